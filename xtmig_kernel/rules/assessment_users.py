"""The preflight by mailbox and by wave: which findings are about which line of `users.csv`. Pure.

A finding is about a user if its subject is one of the user's addresses on its side, or names it in one of the ways in
which rules name a user together with something else: `RoomMailbox ADDRESS`, `ADDRESS and ADDRESS`. A rule that looks at
the list of users and lacks an observation leaves every user without a verdict of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.evidence import Observed, Unseen
from xtmig_kernel.rules.assessment_causes import ORDER, is_settled, severity_of
from xtmig_kernel.rules.matching import source_holders
from xtmig_kernel.rules.movers import HOLDERS
from xtmig_kernel.rules.rule import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtmig_kernel.evidence import Facts, Finding, Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Rule

CHOSEN = "source.chosen_users"
_OF_TARGET = ("target.mail_users", "target.mailboxes", "target.recipients")
_WITH_KIND = re.compile(r"\w+ (\S+@\S+)")
_TOGETHER = re.compile(r"(\S+@\S+) and (\S+@\S+)")


@dataclass(frozen=True)
class InScope:
    """Who is assessed.

    Args:
        listed: Lines of `users.csv`, or of the proposal for it.
        written: Whether they stand in `users.csv`.
        mailboxes: Lines whose mailbox is still in the source: what is to move.
        moved: Lines whose source object is a MailUser already.
        unclear: Lines to whose address nobody answers, or several do.
    """

    listed: int
    written: bool
    mailboxes: int
    moved: int
    unclear: int

    def as_data(self) -> dict[str, Any]:
        """The numbers as JSON-able data."""
        return dict(vars(self))


@dataclass(frozen=True)
class MailboxLine:
    """One user, and what was found about this user alone; what concerns an organisation is not repeated here.

    Args:
        address: As `users.csv` gives it.
        target: The address in the target, as `users.csv` gives it.
        wave: The wave, an empty text where there is none.
        verdict: The worst verdict; `pass` only where every rule about users had what it needs.
        blockers: How many checks failed without whose mending the move fails or does harm.
        warnings: How many further ones are worth a decision.
        waived: How many are accepted by their owners.
        causes: Ids of the rules that do not hold, the worst first.
    """

    address: str
    target: str
    wave: str
    verdict: str
    blockers: int
    warnings: int
    waived: int
    causes: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """The line as JSON-able data."""
        return {**vars(self), "causes": list(self.causes)}


@dataclass(frozen=True)
class WaveLine:
    """One wave.

    Args:
        wave: Its name as `project.yaml` spells it, else as `users.csv` does; an empty text for users without one.
        users: How many lines of `users.csv` are in it.
        verdicts: Verdict to number of its users.
        blockers: How many blockers its users have.
        warnings: How many warnings.
    """

    wave: str
    users: int
    verdicts: Mapping[str, int]
    blockers: int
    warnings: int

    def as_data(self) -> dict[str, Any]:
        """The line as JSON-able data."""
        return {**vars(self), "verdicts": dict(self.verdicts)}


def in_scope(facts: Facts) -> InScope | None:
    """How many mailboxes are to move; None where the list or the source's mailboxes were not observed.

    Args:
        facts: Everything that was read, or why it was not.
    """
    pairs = _holders(facts)
    if pairs is None:
        return None
    found = [holder["RecipientTypeDetails"] == "MailUser" for _, holder in pairs if holder is not None]
    return InScope(
        listed=len(pairs),
        written=any(user["Line"] for user, _ in pairs),
        mailboxes=found.count(False),
        moved=found.count(True),
        unclear=len(pairs) - len(found),
    )


def _holders(facts: Facts) -> tuple[tuple[Row, Row | None], ...] | None:
    held = {name: fact for name in HOLDERS if isinstance(fact := facts.get(name), Observed)}
    if len(held) < len(HOLDERS):
        return None
    return source_holders(Seen(held, max(fact.at for fact in held.values())))


def _rows(facts: Facts, name: str) -> tuple[Row, ...]:
    fact = facts.get(name)
    return fact.value if isinstance(fact, Observed) else ()


class Users:
    """Finds the lines of `users.csv` that a finding is about.

    Args:
        facts: Everything that was read, or why it was not.
    """

    def __init__(self, facts: Facts) -> None:
        self.rows = _rows(facts, CHOSEN)
        self._listed = {_folded(row["SourceAddress"]): number for number, row in enumerate(self.rows)}
        self._source: dict[str, tuple[int, ...]] = {}
        self._target: dict[str, tuple[int, ...]] = {}
        for number, (user, holder) in enumerate(_holders(facts) or ((row, None) for row in self.rows)):
            self._add(self._source, number, _names(holder) if holder else ())
            self._add(self._target, number, (user["TargetAddress"], user["TargetSignIn"]))
            self._guids(number, holder)
        self._of_target(facts)

    def _guids(self, number: int, holder: Row | None) -> None:
        if holder is not None and holder["ExchangeGuid"]:
            self._add(self._target, number, (holder["ExchangeGuid"],))

    def _of_target(self, facts: Facts) -> None:
        """The target's object with a user's ExchangeGuid is the user's, whatever it is called there."""
        for name in _OF_TARGET:
            for row in _rows(facts, name):
                for number in self._target.get(_folded(row["ExchangeGuid"]), ()):
                    self._add(self._target, number, _names(row))

    @staticmethod
    def _add(index: dict[str, tuple[int, ...]], number: int, names: Iterable[Any]) -> None:
        for folded in {_folded(name) for name in names if name}:
            others = index.get(folded, ())
            if number not in others:
                index[folded] = (*others, number)

    def about(self, finding: Finding) -> tuple[int, ...]:
        """Places in `rows` of the users that a finding is about; none for what concerns an organisation.

        Args:
            finding: The finding.
        """
        subject = _folded(finding.subject)
        for names in ((subject,), _TOGETHER.fullmatch(subject), _WITH_KIND.fullmatch(subject)):
            if names is None:
                continue
            parts = names if isinstance(names, tuple) else names.groups()
            found = [number for part in parts for number in self._with(part, finding.side)]
            if found:
                return tuple(dict.fromkeys(found))
        return ()

    def _with(self, name: str, side: str | None) -> Iterable[int]:
        if name in self._listed:  # the address by which users.csv knows a user means this user alone
            return (self._listed[name],)
        found: set[int] = set()
        if side != "target":
            found.update(self._source.get(name, ()))
        if side != "source":
            found.update(self._target.get(name, ()))
        return sorted(found)


def _folded(name: Any) -> str:
    return str(name or "").casefold()


def _names(row: Row) -> tuple[Any, ...]:
    return (*(row["SmtpAddresses"] or ()), row["PrimarySmtpAddress"], row.get("UserPrincipalName"))


def lines_of(findings: Iterable[Finding], rules: Mapping[str, Rule], facts: Facts) -> tuple[MailboxLine, ...]:
    """One line for each user.

    Args:
        findings: All findings.
        rules: The rules by their ids.
        facts: Everything that was read, or why it was not.
    """
    users = Users(facts)
    of_user: list[list[Finding]] = [[] for _ in users.rows]
    unseen: dict[str, None] = {}
    for finding in findings:
        if isinstance(finding.verdict, Unseen) and CHOSEN in rules[finding.rule].needs:
            unseen[finding.rule] = None
        for number in users.about(finding):
            of_user[number].append(finding)
    return tuple(_line(row, own, tuple(unseen)) for row, own in zip(users.rows, of_user, strict=True))


def _line(user: Row, findings: list[Finding], unseen: tuple[str, ...]) -> MailboxLine:
    left = [finding for finding in findings if not is_settled(finding)]
    left.sort(key=lambda finding: ORDER.index(finding.verdict.kind))
    counts = Counter([finding.verdict.kind for finding in left])
    weights = Counter([severity_of(finding) for finding in left if finding.verdict.kind in ("fail", "warn")])
    kinds = [*counts, *(["not_observed"] if unseen else []), "pass"]
    return MailboxLine(
        address=str(user["SourceAddress"]),
        target=str(user["TargetAddress"] or ""),
        wave=str(user["Wave"] or ""),
        verdict=min(kinds, key=ORDER.index),
        blockers=weights["blocks"],
        warnings=weights["warns"],
        waived=counts["waived"],
        causes=tuple(dict.fromkeys([*(finding.rule for finding in left), *unseen])),
    )


def waves_of(mailboxes: Iterable[MailboxLine], project: Project) -> tuple[WaveLine, ...]:
    """One line for each wave: those of `project.yaml` in their order, those that `users.csv` alone names, and no wave.

    Args:
        mailboxes: The users.
        project: Its waves. Names are compared without case.
    """
    spelt = {wave.name.casefold(): wave.name for wave in project.move.waves}
    in_wave: dict[str, list[MailboxLine]] = {key: [] for key in spelt}
    without: list[MailboxLine] = []
    for line in mailboxes:
        key = line.wave.casefold()
        spelt.setdefault(key, line.wave)
        (in_wave.setdefault(key, []) if key else without).append(line)
    found = [_wave(spelt[key], lines) for key, lines in in_wave.items()]
    return (*found, _wave("", without)) if without else tuple(found)


def _wave(name: str, lines: list[MailboxLine]) -> WaveLine:
    counts = Counter(line.verdict for line in lines)
    return WaveLine(
        wave=name,
        users=len(lines),
        verdicts={kind: counts[kind] for kind in ORDER if counts[kind]},
        blockers=sum(line.blockers for line in lines),
        warnings=sum(line.warnings for line in lines),
    )
