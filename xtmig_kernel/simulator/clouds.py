"""The hosts of Microsoft's clouds (wire 2, [SRC]).

The simulator listens on loopback, but tokens, issuers and endpoint checks speak of the hosts that the real cloud
of a tenant would have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CloudName = Literal["worldwide", "gcc", "gcc_high", "dod", "china"]


@dataclass(frozen=True)
class Cloud:
    """The host names of one cloud.

    Attributes:
        instance: What discovery calls `cloud_instance_name`.
        login: Sign-in host.
        graph: Microsoft Graph host, also the audience of its tokens.
        exchange: Exchange admin host, also the audience of its tokens.
        remote_servers: Hosts that a migration endpoint of this cloud may name.
        exchange_also: Other names of the Exchange admin host, for a token may be asked by any of them.
        compliance: Security & Compliance's host, also the audience of its tokens; None where nobody wrote it down.
    """

    instance: str
    login: str
    graph: str
    exchange: str
    remote_servers: tuple[str, ...]
    exchange_also: tuple[str, ...] = ()
    compliance: str | None = None


_WORLDWIDE = Cloud(
    instance="microsoftonline.com",
    login="login.microsoftonline.com",
    graph="graph.microsoft.com",
    exchange="outlook.office365.com",
    remote_servers=("outlook.office.com", "outlook.office365.com"),
    compliance="ps.compliance.protection.outlook.com",
)

CLOUDS: dict[CloudName, Cloud] = {
    "worldwide": _WORLDWIDE,
    "gcc": _WORLDWIDE,
    "gcc_high": Cloud(
        instance="microsoftonline.us",
        login="login.microsoftonline.us",
        graph="graph.microsoft.us",
        exchange="outlook.office365.us",
        remote_servers=("outlook.office365.us",),
    ),
    "dod": Cloud(
        instance="microsoftonline.us",
        login="login.microsoftonline.us",
        graph="dod-graph.microsoft.us",
        exchange="outlook-dod.office365.us",
        remote_servers=("outlook-dod.office365.us",),
    ),
    "china": Cloud(
        instance="partner.microsoftonline.cn",
        login="login.chinacloudapi.cn",
        graph="microsoftgraph.chinacloudapi.cn",
        exchange="partner.outlook.cn",
        remote_servers=("partner.outlook.cn", "outlook.office365.cn"),
        exchange_also=("outlook.office365.cn",),
    ),
}
