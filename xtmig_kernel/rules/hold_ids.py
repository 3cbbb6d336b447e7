"""What an entry of InPlaceHolds names: a retention policy, or the hold of a case, by its GUID (F-75). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

_ENTRY = re.compile(r"(mbx|skp|unih)([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?::\d+)?")

_OF_OLD_KIND = re.compile(r"(?:cld)?[0-9a-f]{32}")


@dataclass(frozen=True)
class HoldId:
    """What is behind a hold.

    Args:
        kind: A retention policy, or a hold of an eDiscovery case.
        guid: Its GUID, in lower case with dashes.
    """

    kind: Literal["policy", "case"]
    guid: str


def hold_id(entry: str) -> HoldId | None:
    """What an entry names; None for an exclusion, a hold of the old kind, and whatever names nothing.

    Args:
        entry: Such as `"mbx7cfb30345d454ac0a989ab3041051209:2"` or `"UniH7cfb3034-5d45-4ac0-a989-ab3041051209"`.
    """
    found = _ENTRY.fullmatch(entry.strip().casefold())
    if found is None:
        return None
    return HoldId("case" if found[1] == "unih" else "policy", str(UUID(found[2])))


def old_hold(entry: str) -> str | None:
    """The ID of an In-Place Hold of the old kind, as Get-MailboxSearch takes it; None for what is none.

    Args:
        entry: Such as `"cld9c0a984ca74b457fbe4504bf7d3e00de"`, or 32 hexadecimal digits alone.
    """
    text = entry.strip().casefold()
    return text if _OF_OLD_KIND.fullmatch(text) else None


def hold_key(name: str) -> str | None:
    """One name for a hold however it is written: as an entry, as its GUID, or as an old ID; None for what is no hold.

    Args:
        name: What a person wrote, or an entry of InPlaceHolds.
    """
    found = hold_id(name) or hold_id(f"mbx{name.strip()}")
    return found.guid if found else old_hold(name)
