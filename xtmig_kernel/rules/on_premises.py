"""Section 100: users whom the target synchronises from a directory of its own; nothing of them is written in the cloud.

Their administrator gets a file and a script; what only that administrator can know is signed for, and whether the
synchronised object shows it all is waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.prepared import (
    FACTS,
    domain_of,
    foreign,
    in_directory,
    same,
    verified_domains,
    wanted,
)
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.matching import Match

STEP = "100.5"
ORGANIZATIONS = ("source.organization", "target.organization")
ADMINISTRATOR = "the administrator of the target's directory on-premises"
_SINGLE = ("ExchangeGuid", "ArchiveGuid", "ExternalEmailAddress", "PrimarySmtpAddress")


def not_shown(match: Match, project: Project, verified: frozenset[str]) -> list[str]:
    """What the synchronised object does not show yet, in words; empty where it is prepared (KNI-04).

    Args:
        match: A user with a source mailbox and names.
        project: The project.
        verified: The target's accepted domains, in lower case.
    """
    row = match.target
    if row is None:
        return ["no MailUser yet"]
    want = wanted(match, project)
    lacking = [column for column in _SINGLE if not same(column, row[column], want[column])]
    missing = len(set(want["X500Addresses"]) - set(row["X500Addresses"]))
    if missing:
        lacking.append(f"{missing} x500 addresses")
    if not any(domain_of(address) == project.delivery_domain for address in row["SmtpAddresses"]):
        lacking.append(f"an address in {project.delivery_domain}")
    wrong = foreign(match, verified)
    return [*lacking, *([f"still has {', '.join(wrong)}"] if wrong else [])]


def _shows(seen: Seen, project: Project) -> Iterable[Judgement]:
    verified = verified_domains(seen, "target")
    expected = "the synchronised object shows every attribute"

    def judge(match: Match) -> Iterable[Judgement]:
        stops = next((p for p in match.problems if p.blocks), None)
        lacking = not_shown(match, project, verified)
        if stops is not None:
            yield Judgement("fail", match.label, seen=stops.seen, expected=expected, remedy=stops.remedy)
        elif lacking:
            who = f"{ADMINISTRATOR} (file of step {STEP}), and the synchronisation: {match.label}"
            yield Judgement("wait", match.label, seen="; ".join(lacking), expected=expected, remedy=who, step=STEP)

    found = in_directory(seen, project)
    if found:
        yield from judge_each(found, judge, of_what="synchronised users", expected=expected)
    else:
        yield _nobody()


def _nobody() -> Judgement:
    return Judgement(
        "pass", "synchronised users", seen="no user who moves is synchronised", expected="each one is seen to"
    )


def _not_doubled(seen: Seen, project: Project) -> Iterable[Judgement]:
    rows = [seen.one(fact) for fact in ORGANIZATIONS]
    both = all(row is not None and row["DirectorySynchronised"] for row in rows)
    by_directory = project.target_users.made == "on-premises"
    if by_directory:
        text = "users come from the directory, and step 100.2 creates nobody"
    else:
        text = "both tenants are synchronised, and xtmig creates users" if both else "not both tenants are synchronised"
    yield Judgement(
        "warn" if both and not by_directory else "pass",
        "users of the target",
        seen=text,
        expected="one source of users: the directory that serves both tenants, or xtmig",
        remedy="If one directory serves both tenants, set made: on-premises in target_users of project.yaml. If each "
        "tenant has its own, nothing is to be done.",
    )


def _signed(words: str) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        number = len(in_directory(seen, project))
        yield Judgement("sign", f"{number} synchronised users", remedy=words) if number else _nobody()

    return judge


RULES: tuple[Rule, ...] = (
    Rule(
        "on-premises-shows",
        "The synchronised object shows what was set on-premises",
        ("KNI-04",),
        "target",
        FACTS,
        _shows,
    ),
    Rule(
        "on-premises-provisioned",
        "On-premises every user points to its source mailbox, and its primary address is of the target",
        ("KNI-03",),
        "target",
        FACTS,
        _signed(
            "The script of step 100.5 was read and run: targetAddress is the source mailbox, the primary address of "
            "proxyAddresses is in a domain of the target."
        ),
    ),
    Rule(
        "on-premises-not-doubled",
        "Where one directory serves both tenants, xtmig creates no users in the target",
        ("ONP-07",),
        "target",
        ORGANIZATIONS,
        _not_doubled,
    ),
    Rule(
        "on-premises-selective",
        "The target gets its users by a selective synchronisation of those who move",
        ("ONP-08",),
        "target",
        FACTS,
        _signed(
            "Entra Connect of the target synchronises the organizational units of those who move, and nobody else; its "
            "warning that sign-in names do not match was expected."
        ),
    ),
    Rule(
        "on-premises-attributes",
        "Every attribute was in the directory before it was synchronised to the target",
        ("ONP-10",),
        "target",
        FACTS,
        _signed(
            "Before the first synchronisation each user had msExchMailboxGUID, proxyAddresses with all x500 addresses "
            "and the other attributes of the file of step 100.5; nobody has got a second mailbox."
        ),
    ),
    Rule(
        "on-premises-hashes",
        "The three attributes for safe and blocked senders are carried over",
        ("USR-20", "USR-21"),
        "target",
        FACTS,
        _signed(
            "msExchSafeSendersHash, msExchSafeRecipientsHash and msExchBlockedSendersHash are set wherever the source "
            "directory has values, by write-back or by hand."
        ),
    ),
    Rule(
        "on-premises-synchronised",
        "A synchronisation ran after the change on-premises",
        ("SCR-12",),
        "target",
        FACTS,
        _signed("Start-ADSyncSyncCycle ran on the Entra Connect server after the script, without export errors."),
    ),
)
