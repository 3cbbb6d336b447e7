"""One user with both objects side by side: what the source mailbox has, what the target has, what is expected there.

Pure. It compares by what the rules of section 100 compare by (`wanted`), so that card and findings cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from xtmig_kernel.evidence import NotObserved, Observed
from xtmig_kernel.rules.holds import EXPECTED as NO_HOLD
from xtmig_kernel.rules.holds import holds_of
from xtmig_kernel.rules.matching import FACTS as MATCHING
from xtmig_kernel.rules.matching import Match, matches
from xtmig_kernel.rules.movers import SIZES, STATES, in_gb
from xtmig_kernel.rules.prepared import FACTS as PREPARED
from xtmig_kernel.rules.prepared import domain_of, foreign, same, verified_domains, wanted
from xtmig_kernel.rules.quotas import USUAL_RECOVERABLE
from xtmig_kernel.rules.rule import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from xtmig_kernel.evidence import Facts, Row
    from xtmig_kernel.project import Project

FACTS = tuple(dict.fromkeys((*MATCHING, *PREPARED)))
"""Facts without which nobody can say who is who."""
HELPS = (STATES, SIZES)
MAIL_USER = "MailUser"
Values: TypeAlias = tuple[str, ...]
_GUIDS = ("ExchangeGuid", "ArchiveGuid")


@dataclass(frozen=True)
class Line:
    """One attribute of both objects.

    Args:
        attribute: Its name, as Exchange or a person says it.
        source: What the source mailbox has; several where an attribute has several values.
        target: What the target's object has; empty where nothing is there.
        expected: What the target's object must have; of addresses, those that may not be missing.
        ok: Whether it is as expected; None where nothing is expected, or where it was not observed.
    """

    attribute: str
    source: Values
    target: Values
    expected: Values
    ok: bool | None


@dataclass(frozen=True)
class Pair:
    """One user of `users.csv` with both objects.

    Args:
        user: The address in `users.csv`.
        source: How the source mailbox is called; empty where none is known.
        target: How the target's object is called; empty where none is there.
        why: Why it is this target object, in words.
        problems: What stands in the way of preparing the user, in words.
        lines: The attributes; none where no source mailbox is known.
    """

    user: str
    source: str
    target: str
    why: str
    problems: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def wrong(self) -> int:
        """How many attributes are not as expected."""
        return sum(line.ok is False for line in self.lines)


def not_observed(facts: Facts) -> dict[str, str]:
    """Facts that are missing for a comparison, each with the reason.

    Args:
        facts: Everything that was read, or why it was not.
    """
    found = {name: facts.get(name) for name in FACTS}
    return {
        name: fact.detail if isinstance(fact, NotObserved) else "it was not read"
        for name, fact in found.items()
        if not isinstance(fact, Observed)
    }


def side_by_side(user: str, facts: Facts, project: Project, now: datetime) -> Pair | None:
    """Both objects of one user.

    Args:
        user: The address in `users.csv`, in any case.
        facts: What was read; without `FACTS` there is nothing to compare, see `not_observed`.
        project: The project.
        now: The present moment, UTC.

    Returns:
        The pair; None where `users.csv` does not list the user.

    Raises:
        KeyError: One of `FACTS` was not observed.
    """
    if missing := not_observed(facts):
        raise KeyError(next(iter(missing)))
    observed = {name: fact for name in (*FACTS, *HELPS) if isinstance(fact := facts.get(name), Observed)}
    seen = Seen(observed, now)
    match = next((m for m in matches(seen, project) if m.label.casefold() == user.casefold()), None)
    return _pair(match, seen, project) if match else None


def _pair(match: Match, seen: Seen, project: Project) -> Pair:
    lines = tuple(_lines(match, seen, project)) if match.source and match.names else ()
    return Pair(
        user=match.label,
        source=_called(match.source),
        target=_called(match.target),
        why=match.reason,
        problems=tuple(f"{problem.seen}. {problem.remedy}" for problem in match.problems),
        lines=lines,
    )


def _called(row: Row | None) -> str:
    return f"{row['DisplayName']} <{row['PrimarySmtpAddress']}>" if row else ""


def _lines(match: Match, seen: Seen, project: Project) -> Iterator[Line]:
    source, target, want = match.source or {}, match.target, wanted(match, project)

    def line(name: str, column: str, expected: Any, right: Callable[[Row], bool] | None, of: Any = "") -> Line:
        own = _told(source.get(column) if of == "" else of)
        there = _told(target[column]) if target else ()
        ok = None if right is None else target is not None and right(target)
        return Line(name, own, there, _told(expected), ok)

    yield line("Kind", "RecipientTypeDetails", MAIL_USER, lambda row: row["RecipientTypeDetails"] == MAIL_USER)
    yield line("Display name", "DisplayName", (), None)
    yield line("Sign-in name", "UserPrincipalName", want["UserPrincipalName"], _in_domains(seen))
    yield line("Alias", "Alias", (), None)
    yield line("Primary address", "PrimarySmtpAddress", want["PrimarySmtpAddress"], _primary(seen, want))
    yield line("External address", "ExternalEmailAddress", want["ExternalEmailAddress"], _points_back(source, want), ())
    expected = (f"one in {project.delivery_domain}", "none in a domain that the target has not verified")
    yield line("SMTP addresses", "SmtpAddresses", expected, _addresses(match, seen, project))
    for column in _GUIDS:
        yield line(column, column, want[column] or "none", _is(column, want[column]))
    own = [source["LegacyExchangeDN"]]
    expected_name = "the source's among the x500 addresses; one of its own here"
    yield line("LegacyExchangeDN", "LegacyExchangeDN", expected_name, _has_own_name(source), own)
    yield line("x500 addresses", "X500Addresses", want["X500Addresses"], _holds("X500Addresses", want))
    yield line("X400 and others", "OtherAddresses", want["OtherAddresses"], _holds("OtherAddresses", want))
    yield line("Custom attributes", "CustomAttributes", want["CustomAttributes"], _holds("CustomAttributes", want))
    yield from _of_source(source, target, seen)


def _told(value: Any) -> Values:
    if value is None or value == "":
        return ()
    return tuple(str(one) for one in value) if isinstance(value, (list, tuple)) else (str(value),)


def _is(column: str, value: Any) -> Callable[[Row], bool]:
    """An archive may be missing on both sides; a mailbox without ExchangeGuid cannot move."""
    return lambda row: row[column] == value and bool(value or column == "ArchiveGuid")


def _in_domains(seen: Seen) -> Callable[[Row], bool]:
    domains = verified_domains(seen, "target")
    return lambda row: domain_of(row["UserPrincipalName"]) in domains


def _primary(seen: Seen, want: Row) -> Callable[[Row], bool]:
    domains = verified_domains(seen, "target")
    column = "PrimarySmtpAddress"
    return lambda row: domain_of(row[column]) in domains and same(column, row[column], want[column])


def _points_back(source: Row, want: Row) -> Callable[[Row], bool]:
    known = {str(a).casefold() for a in (*source["SmtpAddresses"], source["PrimarySmtpAddress"]) if a}

    def right(row: Row) -> bool:
        external = str(row["ExternalEmailAddress"] or "").casefold()
        return external in known and domain_of(external) == domain_of(want["ExternalEmailAddress"])

    return right


def _addresses(match: Match, seen: Seen, project: Project) -> Callable[[Row], bool]:
    """One in the delivery domain, none in a domain that is not the target's, and not the external one (KNI-05)."""

    def right(row: Row) -> bool:
        addresses: Iterable[str] = row["SmtpAddresses"]
        external = str(row["ExternalEmailAddress"] or "").casefold()
        return (
            any(domain_of(a) == project.delivery_domain for a in addresses)
            and not foreign(match, verified_domains(seen, "target"))
            and external not in {a.casefold() for a in addresses}
        )

    return right


def _has_own_name(source: Row) -> Callable[[Row], bool]:
    name = source["LegacyExchangeDN"]
    return lambda row: bool(name) and f"x500:{name}" in row["X500Addresses"]


def _holds(column: str, want: Row) -> Callable[[Row], bool]:
    """Every value that is wanted is there; x500 addresses byte for byte (USR-29), others without case."""

    def right(row: Row) -> bool:
        if column == "OtherAddresses":
            return {a.casefold() for a in want[column]} <= {a.casefold() for a in row[column]}
        return set(want[column]) <= set(row[column])

    return right


def _of_source(source: Row, target: Row | None, seen: Seen) -> Iterator[Line]:
    """What keeps a mailbox back and stands on the source's side alone."""
    guid = source["ExchangeGuid"]
    state = _row_of(seen, STATES, guid)
    if state is not None:
        held = holds_of(state)
        yield Line("Holds", tuple(held) or ("none",), (), (f"in the source: {NO_HOLD}",), not held)
    size = _row_of(seen, SIZES, guid)
    if size is not None:
        yield Line("Size", _sized(size["Bytes"]), (), (), None)
        quota = (target or {}).get("RecoverableItemsQuotaBytes") or USUAL_RECOVERABLE
        fits = None if size["DeletedBytes"] is None else size["DeletedBytes"] < quota
        room = (f"room for {in_gb(quota)}",)
        yield Line("Recoverable Items", _sized(size["DeletedBytes"]), room, ("they fit into the target's quota",), fits)


def _sized(size: int | None) -> Values:
    return ("not told",) if size is None else (in_gb(size),)


def _row_of(seen: Seen, fact: str, guid: Any) -> Row | None:
    rows: Sequence[Row] = seen.rows(fact) if seen.has(fact) else ()
    return next((r for r in rows if guid and r["ExchangeGuid"] == guid and not r.get("Archive")), None)
