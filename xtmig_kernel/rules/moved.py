"""Who has moved, and both objects of each: the source's that is left, and the target's that took the mailbox. Pure.

It goes from the completed migration users of the project's batches to the objects, so that an object that has gone
missing is missed. A mailbox keeps its ExchangeGuid through the move, so both objects are found by it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.batches import DONE, MIGRATION_USERS, our_users, wave_names, wave_of_batch
from xtmig_kernel.rules.match_index import by_address
from xtmig_kernel.rules.matching import source_holders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Seen

MOVED_FACTS = (
    "source.chosen_users",
    "source.mailboxes",
    "source.mail_users",
    "target.mailboxes",
    "target.mail_users",
    MIGRATION_USERS,
)
MAILBOX_KINDS = frozenset({"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"})
WITH_WARNINGS = "CompletedWithWarnings"


@dataclass(frozen=True)
class Moved:
    """One user whose migration user is completed.

    Args:
        entry: The row of `migration_users`.
        wave: The wave of its batch.
        user: The row of `chosen_users`; None where no line of `users.csv` is of this mailbox.
        source: What is left in the source: a row of `mail_users`, of `mailboxes` while it is not converted, or None.
        target: What has taken it: a row of `mailboxes`, of `mail_users` while it is not converted, or None.
    """

    entry: Row
    wave: str
    user: Row | None
    source: Row | None
    target: Row | None

    @property
    def label(self) -> str:
        """How findings name the user: by the address in `users.csv`, otherwise by that in the batch."""
        return str(self.user["SourceAddress"] if self.user is not None else self.entry["Identity"])

    @property
    def guid(self) -> str | None:
        """The mailbox's ExchangeGuid, None where neither side tells it."""
        known = (self.entry["MailboxGuid"], self.target and self.target["ExchangeGuid"])
        return next((str(guid) for guid in known if guid), None)

    @property
    def source_converted(self) -> bool:
        """Whether the source's object is a MailUser that was just read as one."""
        return self.source is not None and self.source["RecipientTypeDetails"] == "MailUser"

    @property
    def target_converted(self) -> bool:
        """Whether the target's object is a mailbox of a kind that moves, and the one that moved by its ExchangeGuid."""
        return (
            self.target is not None
            and self.target["RecipientTypeDetails"] in MAILBOX_KINDS
            and self.guid is not None
            and self.target["ExchangeGuid"] == self.guid
        )

    @property
    def converted(self) -> bool:
        """Whether both objects are what the move makes of them; only then anything is planned for the user."""
        return self.source_converted and self.target_converted


def moved(seen: Seen, project: Project) -> tuple[Moved, ...]:
    """Everybody whose migration user is completed in one of the project's batches, each mailbox once.

    Args:
        seen: Holds `MOVED_FACTS`.
        project: Gives the names of batches.
    """
    return seen.derived(_moved, MOVED_FACTS, project)


def by_source_address(seen: Seen, project: Project) -> dict[str, Moved]:
    """The moved users by every address that their source object answers to, in lower case.

    Args:
        seen: Holds `MOVED_FACTS`.
        project: Gives the names of batches.
    """
    found: dict[str, Moved] = {}
    for item in moved(seen, project):
        row = item.source
        others = (*row["SmtpAddresses"], row["PrimarySmtpAddress"], row["UserPrincipalName"]) if row is not None else ()
        for address in (item.user and item.user["SourceAddress"], *others):
            if address:
                found.setdefault(str(address).casefold(), item)
    return found


def _moved(seen: Seen, project: Project) -> tuple[Moved, ...]:
    names = wave_names(seen, project)
    chosen = _Chosen(seen)
    targets = (*seen.rows("target.mailboxes"), *seen.rows("target.mail_users"))
    target_guids, target_addresses = _by_guid(targets), by_address(targets)
    sources = _by_guid((*seen.rows("source.mailboxes"), *seen.rows("source.mail_users")))
    found: dict[str, Moved] = {}
    for entry in our_users(seen, project):
        if entry["Status"] not in DONE:
            continue
        identity = str(entry["Identity"])
        guid = str(entry["MailboxGuid"] or "")
        target = _only(target_guids.get(guid, [])) or _only(target_addresses.get("address", identity))
        guid = guid or str((target and target["ExchangeGuid"]) or "")
        user, holder = chosen.of(guid, target, identity)
        source = _only(sources.get(guid, [])) or holder
        wave = wave_of_batch(str(entry["BatchId"]), project, names) or ""
        found[guid or identity.casefold()] = Moved(entry, wave, user, source, target)
    return tuple(found.values())


class _Chosen:
    """The lines of `users.csv` by what a completed migration user tells of itself."""

    def __init__(self, seen: Seen) -> None:
        self._by_guid: dict[str, tuple[Row, Row | None]] = {}
        self._by_address: dict[str, tuple[Row, Row | None]] = {}
        for user, holder in source_holders(seen):
            if holder is not None and holder["ExchangeGuid"]:
                self._by_guid.setdefault(str(holder["ExchangeGuid"]), (user, holder))
            if user["TargetAddress"]:
                self._by_address.setdefault(str(user["TargetAddress"]).casefold(), (user, holder))

    def of(self, guid: str, target: Row | None, identity: str) -> tuple[Row | None, Row | None]:
        """The line and the source object, both None where no line is of this mailbox."""
        if guid in self._by_guid:
            return self._by_guid[guid]
        own = (target["PrimarySmtpAddress"], *target["SmtpAddresses"]) if target is not None else ()
        for address in (identity, *own):
            pair = self._by_address.get(str(address or "").casefold())
            if pair is not None:
                return pair
        return None, None


def _by_guid(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["ExchangeGuid"]:
            found[str(row["ExchangeGuid"])].append(row)
    return found


def _only(rows: list[Row]) -> Row | None:
    return rows[0] if len(rows) == 1 else None


__all__ = ["DONE", "MAILBOX_KINDS", "MOVED_FACTS", "WITH_WARNINGS", "Moved", "by_source_address", "moved"]
