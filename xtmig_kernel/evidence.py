"""Observation, or no verdict.

A read gives `Observed` or `NotObserved`. A verdict that claims anything about a tenant is made from
observations, and cannot be made without one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from xtmig_kernel.project import Side

T = TypeVar("T")
Row: TypeAlias = "Mapping[str, Any]"


class Reason(StrEnum):
    """Why something was not observed."""

    DENIED = "denied"
    TIMED_OUT = "timed out"
    THROTTLED = "throttled"
    UNSUPPORTED = "unsupported"
    OFFLINE = "offline"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Observed(Generic[T]):
    """What a read returned.

    Args:
        value: What was there; an empty tuple means that really nothing was.
        at: When it was read, UTC.
        source: The call that read it, as a person would name it.
        derived: What was worked out of it, kept for as long as it is; see `Seen.derived`. No part of what was read.
    """

    value: T
    at: datetime
    source: str
    derived: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)


@dataclass(frozen=True)
class NotObserved:
    """A read that gave nothing, and why.

    Args:
        reason: One of the closed set.
        detail: One sentence for a person.
        at: When it was tried, UTC.
    """

    reason: Reason
    detail: str
    at: datetime


Observation: TypeAlias = Observed[T] | NotObserved
Facts: TypeAlias = "Mapping[str, Observation[tuple[Row, ...]]]"


class NoObservationError(ValueError):
    """A verdict was claimed without an observation: a fault of this program, never of the tenant."""


@dataclass(frozen=True)
class _Judged:
    observations: tuple[Observed[Any], ...]

    def __post_init__(self) -> None:
        if not self.observations or not all(isinstance(o, Observed) for o in self.observations):
            raise NoObservationError(f"{type(self).__name__} needs at least one observation")


@dataclass(frozen=True)
class Passed(_Judged):
    """Seen to be right."""

    kind = "pass"


@dataclass(frozen=True)
class Failed(_Judged):
    """Seen to be wrong."""

    kind = "fail"


@dataclass(frozen=True)
class Warned(_Judged):
    """Seen, and worth a thought."""

    kind = "warn"


@dataclass(frozen=True)
class Unseen:
    """No verdict, because something was not observed."""

    reason: Reason
    detail: str
    kind = "not_observed"


@dataclass(frozen=True)
class Waiting:
    """Right, or in the hands of somebody; look again.

    Args:
        waits_for: Who or what is waited for.
        until: When to look again, UTC; None where a person decides when.
    """

    waits_for: str
    until: datetime | None
    kind = "waiting"


@dataclass(frozen=True)
class Manual:
    """Only a person can say.

    Args:
        instruction: What the person shall do or confirm.
        signed_by: Who has said so, or None.
    """

    instruction: str
    signed_by: str | None = None
    kind = "manual"


@dataclass(frozen=True)
class Skipped:
    """Does not apply here, and why."""

    reason: str
    kind = "skipped"


@dataclass(frozen=True)
class Waived:
    """Accepted by its owner until a date; never counted as passed."""

    reason: str
    owner: str
    until: date
    kind = "waived"


Verdict: TypeAlias = Passed | Failed | Warned | Unseen | Waiting | Manual | Skipped | Waived


@dataclass(frozen=True)
class Finding:
    """What one rule says about one subject.

    Args:
        rule: Id of the rule.
        title: What must hold, one sentence.
        statements: Ids of the statements that it answers.
        side: The tenant concerned, or None for both or neither.
        subject: The object, as an administrator names it.
        verdict: The judgement.
        seen: What was seen, in words.
        expected: What was expected, in words.
        remedy: What to do, or an empty text where nothing is to be done.
        remedy_step: Id of the step that does it, if there is one.
    """

    rule: str
    title: str
    statements: tuple[str, ...]
    side: Side | None
    subject: str
    verdict: Verdict
    seen: str = ""
    expected: str = ""
    remedy: str = ""
    remedy_step: str | None = None

    def as_data(self) -> dict[str, Any]:
        """The finding as JSON-able data for ledger, result and report."""
        from xtmig_kernel.clock import as_text

        verdict = self.verdict
        data: dict[str, Any] = {
            "rule": self.rule,
            "title": self.title,
            "statements": list(self.statements),
            "side": self.side,
            "subject": self.subject,
            "verdict": verdict.kind,
            "seen": self.seen,
            "expected": self.expected,
            "remedy": self.remedy,
            "remedy_step": self.remedy_step,
            "observed": [],
        }
        if isinstance(verdict, _Judged):
            data["observed"] = [{"source": o.source, "at": as_text(o.at)} for o in verdict.observations]
        elif isinstance(verdict, Unseen):
            data |= {"reason": verdict.reason.value, "detail": verdict.detail}
        elif isinstance(verdict, Waiting):
            data |= {"waits_for": verdict.waits_for, "until": as_text(verdict.until) if verdict.until else None}
        elif isinstance(verdict, Manual):
            data |= {"instruction": verdict.instruction, "signed_by": verdict.signed_by}
        elif isinstance(verdict, Skipped):
            data |= {"reason": verdict.reason}
        else:
            data |= {"reason": verdict.reason, "owner": verdict.owner, "until": verdict.until.isoformat()}
        return data
