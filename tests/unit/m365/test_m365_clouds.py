"""Hosts of each cloud, and the consent page's address."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from xtmig_kernel.errors import ProjectFileError
from xtmig_kernel.m365 import consent_url, hosts_for
from xtmig_kernel.project import Project
from xtmig_kernel.project.clouds import REMOTE_SERVERS

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "11111111-1111-4111-8111-111111111111"
TARGET = "22222222-2222-4222-8222-222222222222"


def project(cloud: str = "worldwide", **more: Any) -> Project:
    """A project in one cloud."""
    return Project.model_validate(
        {
            "format": 1,
            "id": "contoso-moves",
            "name": "n",
            "source": {"tenant_id": SOURCE, "domain": "contoso.onmicrosoft.com", "cloud": cloud},
            "target": {"tenant_id": TARGET, "domain": "northwind.onmicrosoft.com", "cloud": cloud},
            "transport": "rest",
            **more,
        }
    )


@pytest.mark.parametrize(
    ("cloud", "login", "graph", "exchange", "remote"),
    [
        (
            "worldwide", "login.microsoftonline.com", "graph.microsoft.com", "outlook.office365.com",
            "outlook.office.com",
        ),
        ("gcc", "login.microsoftonline.com", "graph.microsoft.com", "outlook.office365.com", "outlook.office.com"),
        ("gcc-high", "login.microsoftonline.us", "graph.microsoft.us", "outlook.office365.us", "outlook.office365.us"),
        (
            "dod", "login.microsoftonline.us", "dod-graph.microsoft.us", "outlook-dod.office365.us",
            "outlook-dod.office365.us",
        ),
        (
            "china", "login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn", "outlook.office365.cn",
            "partner.outlook.cn",
        ),
    ],
)  # fmt: skip
def test_each_cloud_has_its_hosts(cloud: str, login: str, graph: str, exchange: str, remote: str) -> None:
    """F-01: sign-in, Graph, Exchange and the usual RemoteServer of each cloud (EPT-04)."""
    hosts = hosts_for(project(cloud), "source")
    assert (f"https://{login}", f"https://{graph}", f"https://{exchange}") == (hosts.login, hosts.graph, hosts.exchange)
    assert f"https://{exchange}/.default" == hosts.exchange_scope
    assert f"https://{graph}/.default" == hosts.graph_scope
    assert remote == REMOTE_SERVERS[cloud][0]  # type: ignore[index]


def with_hosts(**hosts: str) -> Project:
    """A project in China whose source names hosts of its own."""
    source = {"tenant_id": SOURCE, "domain": "contoso.onmicrosoft.com", "cloud": "china", "hosts": hosts}
    return project("china", source=source)


def test_a_side_may_name_its_own_hosts() -> None:
    """F-01: a host that the project names takes the place of the cloud's, and its token is asked for that host."""
    given = with_hosts(exchange="https://partner.outlook.cn/", login="https://login.partner.microsoftonline.cn")
    hosts, other = hosts_for(given, "source"), hosts_for(given, "target")
    assert ("https://partner.outlook.cn", "https://partner.outlook.cn/.default") == (
        hosts.exchange, hosts.exchange_scope,
    )  # fmt: skip
    assert "https://login.partner.microsoftonline.cn" == hosts.login == hosts.portal
    assert "https://microsoftgraph.chinacloudapi.cn" == hosts.graph
    assert "https://outlook.office365.cn" == other.exchange


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://exchange.contoso.example/x", True),
        ("https://eu.exchange.contoso.example/x", False),
        ("https://outlook.office365.cn/x", True),
        ("https://contoso.example/x", False),
        ("http://exchange.contoso.example/x", False),
    ],
)
def test_a_token_goes_to_exactly_the_hosts_that_are_named(url: str, trusted: bool) -> None:
    """F-27: a host of the project's own is trusted by its whole name, and nothing that ends in it."""
    assert trusted is hosts_for(with_hosts(exchange="https://exchange.contoso.example"), "source").trusts(url)


@pytest.mark.parametrize(
    "address",
    [
        "http://outlook.office365.cn",
        "outlook.office365.cn",
        "https://outlook.office365.cn/adminapi",
        "https://outlook.office365.cn:8443",
        "https://person@outlook.office365.cn",
        "https://outlook.office365.cn?x=1",
        "https://10.0.0.1",
        "https://localhost",
        "https://",
    ],
)
def test_an_address_that_is_no_host_alone_is_refused(address: str) -> None:
    """Tokens go where project.yaml says, so it takes https and the name of a host, and nothing else."""
    with pytest.raises(ValidationError, match="a host alone"):
        with_hosts(graph=address)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://outlook.office365.com/x", True),
        ("https://eur01.outlook.office365.com/x", True),
        ("https://graph.microsoft.com/v1.0", True),
        ("https://outlook.office365.com.evil.example/x", False),
        ("https://evil-outlook.office365.com.example/x", False),
        ("https://notoutlook.office365.com/x", False),
        ("http://outlook.office365.com/x", False),
        ("https://outlook.office365.us/x", False),
        ("https://outlook.office365.com@evil.example/x", False),
    ],
)
def test_tokens_go_to_hosts_of_the_cloud_alone(url: str, trusted: bool) -> None:
    """F-27: a regional host belongs to the cloud; a host that only looks like one does not."""
    assert trusted is hosts_for(project(), "source").trusts(url)


def test_the_consent_link_names_tenant_application_and_return_address() -> None:
    """F-38: the source's own domain, the application's ID and the registered address, percent-encoded (CON-05)."""
    hosts = hosts_for(project(), "source")
    expected = (
        f"https://login.microsoftonline.com/contoso.onmicrosoft.com/adminconsent"
        f"?client_id={TARGET}&redirect_uri=https%3A%2F%2Foffice.com"
    )
    assert expected == consent_url(hosts, "contoso.onmicrosoft.com", TARGET)


def test_nothing_slips_into_the_consent_link() -> None:
    """F-38: a value cannot add parameters or a path."""
    url = consent_url(hosts_for(project(), "source"), "a/b?c", "x&redirect_uri=https://evil.example")
    assert "/a%2Fb%3Fc/adminconsent?client_id=x%26redirect_uri%3Dhttps%3A%2F%2Fevil.example&redirect_uri=" in url


def connection(folder: Path, **more: Any) -> Path:
    """A connection file as simulated tenants write it."""
    names = ("login", "graph", "exo", "portal", "control")
    data = {name: f"https://localhost:{1000 + i}" for i, name in enumerate(names)}
    data |= {"ca_file": str(folder / "ca.pem"), "control_token": "opens-the-controls", "extra": 1}
    path = folder / "connection.json"
    path.write_text(json.dumps(data | more), encoding="utf-8")
    return path


def test_simulated_tenants_listen_elsewhere_in_the_same_cloud(tmp_path: Path) -> None:
    """A simulated project has the connection file's hosts, and the cloud's scopes and RemoteServer values."""
    connection(tmp_path)
    given = project("gcc-high", simulation="connection.json", folder=tmp_path)
    hosts, live = hosts_for(given, "target"), hosts_for(project("gcc-high"), "target")
    listening = (hosts.login, hosts.graph, hosts.exchange, hosts.portal)
    assert listening == tuple(f"https://localhost:{port}" for port in (1000, 1001, 1002, 1003))
    assert live.exchange_scope == hosts.exchange_scope
    assert (tmp_path / "ca.pem", ("localhost",)) == (hosts.ca_file, hosts.host_suffixes)
    assert consent_url(hosts, "c.onmicrosoft.com", TARGET).startswith("https://localhost:1003/c.onmicrosoft.com/")


@pytest.mark.parametrize("content", ["", "[]", '{"login": "x"}'])
def test_a_wrong_connection_file_is_told(tmp_path: Path, content: str) -> None:
    """A file that is no connection file is named, with the command that makes one."""
    path = tmp_path / "connection.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ProjectFileError, match=r"connection\.json") as caught:
        hosts_for(project(simulation=path), "source")
    assert "xtmig simulate" in str(caught.value.remedy)


def test_a_missing_connection_file_is_told(tmp_path: Path) -> None:
    """Simulated tenants that were never started are told as that."""
    with pytest.raises(ProjectFileError, match="not there"):
        hosts_for(project(simulation=tmp_path / "none.json"), "source")


def test_the_control_token_is_not_shown(tmp_path: Path) -> None:
    """The repr of a connection hides the token that opens the controls."""
    from xtmig_kernel.m365.simulated import read_connection

    found = read_connection(connection(tmp_path))
    assert "opens-the-controls" not in repr(found)
    assert "control_token" in {field.name for field in fields(found)}
