"""What the sign-in service tells about a domain without a sign-in (wire 4.10, fact F-26)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from xtmig_kernel.errors import Rejected, Unavailable, UsageError
from xtmig_kernel.m365.http import PASSING, new_session
from xtmig_kernel.m365.waits import Waits

if TYPE_CHECKING:
    from xtmig_kernel.clock import Clock
    from xtmig_kernel.m365.clouds import Hosts

_DOMAIN = re.compile(r"(?=.{3,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UNKNOWN = ("AADSTS90002", "AADSTS900023")
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, *PASSING)


def look_up_domain(hosts: Hosts, domain: str, clock: Clock) -> dict[str, Any] | None:
    """The tenant that a domain belongs to.

    Args:
        hosts: Of the cloud that is asked.
        domain: Such as `"contoso.onmicrosoft.com"`.
        clock: Waits between retries.

    Returns:
        A row of the table `domain_lookup`; None if no tenant has the domain.

    Raises:
        UsageError: It is no domain.
        Unavailable: The sign-in service does not answer.
        Rejected: It answers something unexpected.
    """
    name = domain.strip().lower()
    if not _DOMAIN.fullmatch(name):
        raise UsageError(f"{domain!r} is not a domain.", remedy="Give a domain such as contoso.onmicrosoft.com.")
    answer = _ask(f"{hosts.login}/{name}/v2.0/.well-known/openid-configuration", hosts, clock)
    if answer.status_code == HTTPStatus.BAD_REQUEST and any(code in answer.text for code in _UNKNOWN):
        return None
    try:
        data = answer.json() if answer.status_code == HTTPStatus.OK else None
    except ValueError:
        data = None
    tenant = _GUID.search(str(data.get("issuer") or "")) if isinstance(data, dict) else None
    if not isinstance(data, dict) or tenant is None:
        raise Rejected(
            f"The sign-in service does not tell whose domain {name} is.",
            status=answer.status_code,
            cause=f"HTTP {answer.status_code} without a tenant ID.",
            remedy="Read the tenant ID in the Entra admin center, Overview.",
        )
    sub_scope = str(data.get("tenant_region_sub_scope") or "")
    return {
        "Domain": name,
        "TenantId": tenant[0].lower(),
        "RegionScope": str(data.get("tenant_region_scope") or ""),
        "RegionSubScope": sub_scope,
        "Cloud": _cloud(str(data.get("cloud_instance_name") or ""), sub_scope),
    }


def _ask(url: str, hosts: Hosts, clock: Clock) -> requests.Response:
    waits = Waits(clock)
    with new_session(hosts) as session:
        while True:
            try:
                answer = session.get(url, allow_redirects=False)
            except requests.RequestException as error:
                if waits.wait():
                    continue
                raise Unavailable(
                    "The sign-in service does not answer.",
                    cause=f"{type(error).__name__} at {hosts.login}.",
                    remedy="Check the network and the proxy settings of this machine.",
                ) from None
            if answer.status_code in _BUSY and waits.wait(answer.headers.get("Retry-After")):
                continue
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code in _BUSY:
                raise Unavailable(
                    "The sign-in service cannot answer now.",
                    status=answer.status_code,
                    remedy="Try again in a few minutes.",
                )
            return answer


def _cloud(instance: str, sub_scope: str) -> str:
    """The cloud's name as project.yaml spells it; an unknown instance keeps its own name."""
    if instance.endswith("microsoftonline.us"):
        return "dod" if sub_scope.upper() == "DOD" else "gcc-high"
    if instance.endswith((".cn", "chinacloudapi.cn")):
        return "china"
    if instance in ("microsoftonline.com", ""):
        return "gcc" if sub_scope.upper() == "GCC" else "worldwide"
    return instance
