"""The hosts of each Microsoft 365 cloud, and the address of the consent page.

Host names are those of wire 2 (F-01 in docs/reference/wire-facts.md). Where sources disagree, as for China, the
documented name is built and the other one is accepted for redirects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from xtmig_kernel.m365.simulated import connection_of
from xtmig_kernel.project.clouds import LOGIN_HOSTS, login_address

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.project import CloudName, Project, Side, SideSettings


_COMPLIANCE_HOST = "ps.compliance.protection.outlook.com"
_COMPLIANCE = f"https://{_COMPLIANCE_HOST}"


@dataclass(frozen=True)
class Hosts:
    """Where one tenant's services are.

    Args:
        login: Base URL of the sign-in service, without a slash at its end.
        graph: Base URL of Microsoft Graph, without `/v1.0`.
        exchange: Base URL of the Exchange admin service.
        exchange_scope: What a token for Exchange is asked for with.
        graph_scope: What a token for Graph is asked for with.
        portal: Base URL of the admin consent page.
        host_suffixes: Hosts that a token may be sent to, each with all that ends in it.
        ca_file: Certificate authority to trust instead of the system's; None for live tenants.
        own_hosts: Hosts of the project's own that a token may be sent to, and nothing that ends in them.
        compliance: Base URL of Security & Compliance, None where the cloud's is not known (F-107).
        compliance_scope: What a token for it is asked for with.
    """

    login: str
    graph: str
    exchange: str
    exchange_scope: str
    graph_scope: str
    portal: str
    host_suffixes: tuple[str, ...]
    ca_file: Path | None = None
    own_hosts: tuple[str, ...] = ()
    compliance: str | None = None
    compliance_scope: str | None = None

    def trusts(self, url: str) -> bool:
        """Whether a token may be sent to this address: HTTPS, and a host of this cloud.

        Args:
            url: An absolute URL, such as a next link or the target of a redirect.
        """
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        inside = any(host == suffix or host.endswith(f".{suffix}") for suffix in self.host_suffixes)
        return parts.scheme == "https" and (inside or host in self.own_hosts)

    def of_compliance(self) -> Hosts | None:
        """Security & Compliance in Exchange's place, and no other host to trust; None where it is not known.

        It speaks as Exchange does, and what is meant for one of the two is never sent to the other.
        """
        if self.compliance is None or self.compliance_scope is None:
            return None
        return replace(
            self,
            exchange=self.compliance,
            exchange_scope=self.compliance_scope,
            host_suffixes=(_COMPLIANCE_HOST,) if self.compliance == _COMPLIANCE else (),
            own_hosts=(urlsplit(self.compliance).hostname or "",),
        )


def _cloud(cloud: CloudName, graph: str, exchange: str, *also: str) -> Hosts:
    login = LOGIN_HOSTS[cloud]
    return Hosts(
        login=f"https://{login}",
        graph=f"https://{graph}",
        exchange=f"https://{exchange}",
        exchange_scope=f"https://{exchange}/.default",
        graph_scope=f"https://{graph}/.default",
        portal=f"https://{login}",
        host_suffixes=(graph, exchange, *also),
    )


_WORLDWIDE = replace(
    _cloud("worldwide", "graph.microsoft.com", "outlook.office365.com", "outlook.office.com"),
    compliance=_COMPLIANCE,
    compliance_scope=f"{_COMPLIANCE}/.default",
)
_CLOUDS: dict[CloudName, Hosts] = {
    "worldwide": _WORLDWIDE,
    "gcc": _WORLDWIDE,
    "gcc-high": _cloud("gcc-high", "graph.microsoft.us", "outlook.office365.us"),
    "dod": _cloud("dod", "dod-graph.microsoft.us", "outlook-dod.office365.us"),
    "china": _cloud("china", "microsoftgraph.chinacloudapi.cn", "outlook.office365.cn", "partner.outlook.cn"),
}


def live_hosts(cloud: CloudName) -> Hosts:
    """Where a cloud's services are, before there is a project.

    Args:
        cloud: The cloud.
    """
    return _CLOUDS[cloud]


def hosts_for(project: Project, side: Side) -> Hosts:
    """Where the services of one of the project's tenants are.

    Simulated tenants listen elsewhere, but stand in the cloud that the project names: scopes and endpoint hosts
    stay that cloud's.

    Args:
        project: Live or simulated.
        side: The tenant.

    Raises:
        ProjectFileError: The connection file of simulated tenants cannot be used.
    """
    hosts = _CLOUDS[project.side(side).cloud]
    connection = connection_of(project)
    if connection is None:
        return _with_own(hosts, project.side(side))
    listening = {urlsplit(url).hostname or "" for url in (connection.login, connection.graph, connection.exo)}
    return replace(
        hosts,
        login=connection.login,
        graph=connection.graph,
        exchange=connection.exo,
        compliance=(connection.compliance or None) if hosts.compliance else None,
        portal=connection.portal,
        host_suffixes=tuple(sorted(listening)),
        ca_file=connection.ca_file,
    )


def _with_own(hosts: Hosts, settings: SideSettings) -> Hosts:
    """The same with the hosts that the project names itself; what a token is asked for follows its service's host."""
    login, own = login_address(settings), settings.hosts
    return replace(
        hosts,
        login=login,
        portal=login,
        graph=own.graph or hosts.graph,
        exchange=own.exchange or hosts.exchange,
        graph_scope=f"{own.graph}/.default" if own.graph else hosts.graph_scope,
        exchange_scope=f"{own.exchange}/.default" if own.exchange else hosts.exchange_scope,
        compliance=own.compliance or hosts.compliance,
        compliance_scope=f"{own.compliance}/.default" if own.compliance else hosts.compliance_scope,
        own_hosts=tuple(urlsplit(url).hostname or "" for url in (own.graph, own.exchange) if url),
    )


def consent_url(hosts: Hosts, source_domain: str, application_id: str, redirect_uri: str = "https://office.com") -> str:
    """The page on which an administrator consents to the migration application (CON-05, wire 2).

    Args:
        hosts: The hosts of the tenant that consents.
        source_domain: That tenant's own `.onmicrosoft.com` domain (CON-06).
        application_id: Application (client) ID of the migration application (CON-07).
        redirect_uri: Exactly as the application registers it.
    """
    asked = urlencode({"client_id": application_id, "redirect_uri": redirect_uri}, quote_via=quote, safe="")
    return f"{hosts.portal}/{quote(source_domain, safe='')}/adminconsent?{asked}"
