"""Facts about each Microsoft 365 cloud that the wire and the rules need; graded in docs/reference/wire-facts.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xtmig_kernel.project.model import CloudName, SideSettings

LOGIN_HOSTS: dict[CloudName, str] = {
    "worldwide": "login.microsoftonline.com",
    "gcc": "login.microsoftonline.com",
    "gcc-high": "login.microsoftonline.us",
    "dod": "login.microsoftonline.us",
    "china": "login.chinacloudapi.cn",
}

# RemoteServer by cloud: Exchange Online's optimize/required addresses, the usual one first (EPT-04)
REMOTE_SERVERS: dict[CloudName, tuple[str, ...]] = {
    "worldwide": ("outlook.office.com", "outlook.office365.com", "outlook.cloud.microsoft"),
    "gcc": ("outlook.office.com", "outlook.office365.com", "outlook.cloud.microsoft"),
    "gcc-high": ("outlook.office365.us",),
    "dod": ("outlook-dod.office365.us", "webmail.apps.mil"),
    "china": ("partner.outlook.cn", "outlook.office365.cn"),
}


def login_address(settings: SideSettings) -> str:
    """Where the sign-in service of a tenant is: the project's own address, or that of the cloud.

    Args:
        settings: Of the tenant.
    """
    return settings.hosts.login or f"https://{LOGIN_HOSTS[settings.cloud]}"
