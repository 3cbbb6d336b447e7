"""Section 090: whom each user becomes in the target; one rule for each kind of problem that matching finds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import FACTS, Match, matches
from xtmig_kernel.rules.rule import Judgement, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules.rule import Seen

MOST_TOLD = 25
ALL_IN = "table users, step 090.3"


def _every(_match: Match) -> bool:
    return True


def _found(match: Match) -> bool:
    return match.source is not None


def _named(match: Match) -> bool:
    return match.names is not None


@dataclass(frozen=True)
class _Code:
    """A kind of problem and the rule that reports it.

    Args:
        id: The problem's code.
        title: What must hold, one sentence.
        statements: The document's statements that it answers.
        side: The tenant concerned.
        of: Which users can be judged by it; the others are another rule's matter.
        expected: What holds for those that are right.
    """

    id: str
    title: str
    statements: tuple[str, ...]
    side: Side
    of: Callable[[Match], bool]
    expected: str


CODES: tuple[_Code, ...] = (
    _Code(
        "user-source-one",
        "Exactly one source mailbox answers to each address in users.csv",
        ("SCR-03",),
        "source",
        _every,
        "one mailbox has the address",
    ),
    _Code(
        "user-source-kind",
        "Each user's source mailbox is of a kind that moves",
        ("SCR-02",),
        "source",
        _found,
        "a user, shared, room, equipment or linked mailbox",
    ),
    _Code(
        "user-source-complete",
        "Everything that the target's MailUser is made from was read of each source mailbox",
        ("SCR-04",),
        "source",
        _found,
        "object ID, names, ExchangeGuid and LegacyExchangeDN",
    ),
    _Code(
        "user-source-initial",
        "Each source mailbox has an address in the source's initial domain, for the target to point at",
        ("USR-13",),
        "source",
        _found,
        "an address in the initial domain",
    ),
    _Code(
        "user-name-parts",
        "The rules for target addresses find what they need: first and last name, alias, address",
        ("SCR-04", "SCR-08"),
        "source",
        _found,
        "everything to make the address from",
    ),
    _Code(
        "user-name-fits",
        "The target takes each user's names: their length and their characters",
        ("USR-11", "USR-12"),
        "target",
        _named,
        "names that the target takes",
    ),
    _Code(
        "user-domain-accepted",
        "Addresses and sign-in names are in domains that the target has verified",
        ("USR-11", "USR-12", "USR-16", "SCR-08", "MFL-02", "BAT-06"),
        "target",
        _named,
        "domains of the target",
    ),
    _Code(
        "user-no-doubles",
        "No two lines of users.csv mean one mailbox, one target object or one name",
        ("SCR-03", "SCR-05"),
        "target",
        _found,
        "nobody else wants the same",
    ),
    _Code(
        "user-address-free",
        "No other object of the target has the address or the delivery address",
        ("USR-12", "MFL-02"),
        "target",
        _named,
        "addresses that are free or the user's own",
    ),
    _Code(
        "user-sign-in-free",
        "No other object of the target has the sign-in name, as such or as an address",
        ("USR-11",),
        "target",
        _named,
        "a sign-in name that is free or the user's own",
    ),
    _Code(
        "user-alias-free",
        "No other object of the target has the alias, as such or as its Name",
        ("SCR-08",),
        "target",
        _named,
        "an alias that is free or the user's own",
    ),
    _Code(
        "user-guid-free",
        "No other object of the target has the source mailbox's ExchangeGuid, a deleted one neither",
        ("USR-04", "USR-25"),
        "target",
        _named,
        "a GUID that is free or the user's own",
    ),
    _Code(
        "user-not-deleted",
        "No deleted mailbox of the target bears the user's names",
        ("USR-25",),
        "target",
        _named,
        "names that no deleted mailbox bears",
    ),
    _Code(
        "user-no-pointer",
        "Nothing else in the target points at the source mailbox: no contact, no guest, no second MailUser",
        ("USR-13",),
        "target",
        _named,
        "nothing else that points at the mailbox",
    ),
    _Code(
        "user-target-one",
        "At most one object of the target stands for each user",
        ("USR-01",),
        "target",
        _found,
        "one object or none",
    ),
    _Code(
        "user-target-kind",
        "The target object that stands for a user is a MailUser, or there is none yet",
        ("USR-01", "LIC-14"),
        "target",
        _found,
        "a MailUser, or nothing yet",
    ),
    _Code(
        "user-target-own",
        "The MailUser that stands for a user belongs to no other source user",
        ("USR-13", "USR-04"),
        "target",
        _found,
        "an object of the user's own, or nothing yet",
    ),
    _Code(
        "user-no-other-guid",
        "No MailUser keeps an ExchangeGuid that is not the source mailbox's",
        ("USR-22", "USR-23"),
        "target",
        _found,
        "no ExchangeGuid, or the source mailbox's",
    ),
    _Code(
        "user-no-previous-mailbox",
        "No MailUser had a mailbox of its own before",
        ("USR-22", "USR-23", "USR-27"),
        "target",
        _found,
        "no previous mailbox",
    ),
    _Code(
        "user-not-licensed-early",
        "No MailUser has an Exchange licence before its ExchangeGuid is stamped",
        ("LIC-14",),
        "target",
        _found,
        "no Exchange licence before the stamp",
    ),
)


@dataclass(frozen=True)
class _Told:
    """The problems of all users by kind, for most users have none and each kind has a rule of its own.

    Args:
        concerned: Code to the users who have such a problem.
        judged: Which users can be judged, to their number.
    """

    concerned: dict[str, list[Match]]
    judged: dict[Callable[[Match], bool], int]


def _told(seen: Seen, project: Project) -> _Told:
    found = matches(seen, project)
    concerned: dict[str, list[Match]] = defaultdict(list)
    for match in found:
        for code in dict.fromkeys(problem.code for problem in match.problems):
            concerned[code].append(match)
    return _Told(dict(concerned), {of: sum(map(of, found)) for of in {code.of for code in CODES}})


def _judge(code: _Code) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def of_user(match: Match) -> Iterator[Judgement]:
        problems = [problem for problem in match.problems if problem.code == code.id]
        yield Judgement(
            "fail" if any(problem.blocks for problem in problems) else "warn",
            match.label,
            seen="; ".join(problem.seen for problem in problems),
            expected=code.expected,
            remedy=" ".join(dict.fromkeys(problem.remedy for problem in problems)),
        )

    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        told = seen.derived(_told, FACTS, project)
        concerned = [match for match in told.concerned.get(code.id, ()) if code.of(match)]
        return judge_each(
            concerned,
            of_user,
            of_what="users",
            expected=code.expected,
            at_most=MOST_TOLD,
            all_in=ALL_IN,
            right=told.judged[code.of] - len(concerned),
        )

    return judge


RULES: tuple[Rule, ...] = tuple(
    Rule(code.id, code.title, code.statements, code.side, FACTS, _judge(code)) for code in CODES
)
