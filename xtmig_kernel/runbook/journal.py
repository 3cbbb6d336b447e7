"""What the ledger says about changes that were begun. Reading only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Subject
from xtmig_kernel.clock import from_text

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.store import Entry, Ledger


@dataclass(frozen=True)
class Intent:
    """A change that was begun, as the ledger holds it.

    Args:
        seq: Number of the ledger's entry.
        step: Id of the step.
        change: Hash of the change.
        title: What the change does.
        subject: The object.
        before: The attributes before, None where it was absent.
        after: The attributes that it shall have, None where it shall go.
        mints: Name of the secret that it makes, or None.
        at: When it was begun, UTC.
        lag: How long the service may take to show it.
    """

    seq: int
    step: str
    change: str
    title: str
    subject: Subject
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    mints: str | None
    at: datetime
    lag: timedelta

    @property
    def known_by(self) -> datetime:
        """When a read must show the change, if it took effect."""
        return self.at + self.lag


def _intent(entry: Entry) -> Intent:
    data = entry.data["data"]
    subject = data["subject"]
    return Intent(
        seq=entry.seq,
        step=str(entry.step),
        change=entry.data["change"],
        title=data["title"],
        subject=Subject(subject["side"], subject["table"], tuple((c, v) for c, v in subject["key"]), subject["label"]),
        before=data["before"],
        after=data["after"],
        mints=_minted_name(data["calls"]),
        at=from_text(entry.at),
        lag=timedelta(seconds=data["lag_seconds"]),
    )


def _minted_name(calls: list[dict[str, Any]]) -> str | None:
    for call in calls:
        if call.get("path", "").endswith("/addPassword"):
            return str(call["body"]["passwordCredential"]["displayName"])
    return None


def _begun(entry: Entry, section: str) -> bool:
    return entry.kind == "intent" and str(entry.step).startswith(section + ".")


def open_intents(ledger: Ledger, section: str) -> list[Intent]:
    """Changes of a section that were begun, and of which nobody knows what became.

    Args:
        ledger: The project's ledger.
        section: Number of the section.
    """
    entries = ledger.entries("intent", "outcome")
    closed = {entry.data["intent"] for entry in entries if entry.kind == "outcome"}
    return [_intent(e) for e in entries if _begun(e, section) and e.seq not in closed]


def not_yet_seen(ledger: Ledger, section: str) -> list[Intent]:
    """Changes of a section that the service accepted, but that no read has shown yet.

    Args:
        ledger: The project's ledger.
        section: Number of the section.
    """
    entries = ledger.entries("intent", "outcome", "read_back")
    done = {e.data["intent"] for e in entries if e.kind == "outcome" and e.data["result"] == "done"}
    settled = {e.data["intent"] for e in entries if e.kind == "read_back" and e.data["matches"]}
    settled |= {e.data["intent"] for e in entries if e.kind == "outcome" and e.data["result"] == "not done"}
    return [_intent(e) for e in entries if _begun(e, section) and e.seq in done - settled]
