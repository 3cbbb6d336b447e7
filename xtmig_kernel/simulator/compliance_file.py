"""What a tenants file says of retention policies and eDiscovery cases."""

from __future__ import annotations

from pydantic import Field

from .recipients_file import Part

GUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class RetentionPolicy(Part):
    """A retention policy. A mailbox under it names it as `mbx` and the GUID without dashes, chats as `skp`."""

    guid: str = Field(pattern=GUID)
    name: str
    enabled: bool = True
    mode: str = "Enforce"
    workload: str = "Exchange"
    teams: bool = False


class CaseHold(Part):
    """A hold of a case. A mailbox under it names it as `UniH` and the GUID."""

    guid: str = Field(pattern=GUID)
    name: str
    enabled: bool = True


class ComplianceCase(Part):
    """An eDiscovery case with its holds."""

    guid: str = Field(pattern=GUID)
    name: str
    closed: bool = False
    holds: list[CaseHold] = Field(default_factory=list)
