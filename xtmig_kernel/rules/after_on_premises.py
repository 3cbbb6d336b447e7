"""Section 200: what directories on-premises must say once a mailbox has moved (ONP-01 to 05, ONP-11, KNI-10, KNI-11).

Nothing on-premises can be read from here. The script that is handed over reads it there, and writes a report; where the
report is in the project folder it is judged, and everything else is signed for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.moved import MOVED_FACTS, Moved, moved
from xtmig_kernel.rules.prepared import domain_of
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side

    Judge = Callable[[Seen, Project], Iterable[Judgement]]

SOURCE_REPORT, TARGET_REPORT = "source.on_premises_reports", "target.on_premises_reports"
SOURCE_FACTS, TARGET_FACTS = (*MOVED_FACTS, SOURCE_REPORT), (*MOVED_FACTS, TARGET_REPORT)
SOURCE_STEP, TARGET_STEP, SIGN_IN_STEP = "200.1", "200.2", "200.3"
DEPROVISION = "8"
"""msExchRemoteRecipientType DeprovisionMailbox, for which the service takes foreign addresses away (KNI-10)."""


@dataclass(frozen=True)
class Kept:
    """A moved user of whom a directory on-premises has an object.

    Args:
        moved: The user.
        row: The synchronised object in the cloud on that side.
        address: The address to which that object must point: the mailbox's own in the delivery domain.
        report: What the script read of it, None where there is no report of it.
    """

    moved: Moved
    row: Row
    address: str
    report: Row | None


def kept_on_premises(seen: Seen, project: Project, side: Side) -> tuple[Kept, ...]:
    """Moved users whose object on that side is synchronised from a directory of its own.

    Args:
        seen: Holds `SOURCE_FACTS` or `TARGET_FACTS`.
        project: Gives the delivery domain.
        side: The side.
    """
    reports = {str(row["SourceAddress"]).casefold(): row for row in seen.rows(f"{side}.on_premises_reports")}
    found = []
    for item in moved(seen, project):
        row = item.source if side == "source" else item.target
        address = delivery_address(item, project)
        if item.converted and row is not None and row["DirectorySynchronised"] and address is not None:
            found.append(Kept(item, row, address, reports.get(item.label.casefold())))
    return tuple(found)


def delivery_address(item: Moved, project: Project) -> str | None:
    """The target mailbox's own address in the delivery domain; a domain alone is no target address (doc trap D21).

    Args:
        item: A moved user.
        project: Gives the delivery domain.
    """
    own = item.target["SmtpAddresses"] if item.target is not None else ()
    found = sorted((str(a) for a in own if domain_of(a) == project.delivery_domain), key=str.casefold)
    external = str(item.source["ExternalEmailAddress"] or "") if item.source is not None else ""
    # of several the one that the service itself took
    return next((a for a in found if a.casefold() == external.casefold()), found[0] if found else None)


def plain(address: object) -> str:
    """An address without `SMTP:` and without case.

    Args:
        address: As a directory holds targetAddress.
    """
    return str(address or "").casefold().removeprefix("smtp:")


def _reported(
    side: Side,
    step: str,
    words: str,
    is_wrong: Callable[[Kept], str | None],
    expected: str,
) -> Judge:
    """Judges what was reported, and asks for a signature for everybody else."""

    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        users = kept_on_premises(seen, project, side)
        if not users:
            yield _nobody(side)
            return
        yield from judge_each(
            [user for user in users if user.report is not None],
            lambda user: _wrong(user, is_wrong(user), expected, step),
            of_what="reported users",
            expected=expected,
        )
        silent = sum(user.report is None for user in users)
        if silent:
            yield Judgement("sign", f"{silent} users without a report", remedy=words)

    return judge


def _wrong(user: Kept, seen: str | None, expected: str, step: str) -> Iterable[Judgement]:
    if seen is not None:
        yield Judgement(
            "fail",
            user.moved.label,
            seen=f"the report says: {seen}",
            expected=expected,
            remedy=f"Let the script of step {step} run again on-premises, with -Apply, and put the new report here.",
        )


def _nobody(side: Side) -> Judgement:
    text = f"no moved user is synchronised from a directory of the {side}"
    return Judgement("pass", f"{side}, on-premises", seen=text, expected="each such user is seen to")


def _target_address(user: Kept) -> str | None:
    value = (user.report or {}).get("TargetAddress")
    return None if plain(value) == plain(user.address) else f"targetAddress is {value or 'empty'}, not {user.address}"


def _no_deprovisioning(user: Kept) -> str | None:
    value = str((user.report or {}).get("RemoteRecipientType") or "")
    return f"msExchRemoteRecipientType is {value}" if value == DEPROVISION else None


def _cleared(user: Kept) -> str | None:
    value = str((user.report or {}).get("RemoteRecipientType") or "")
    return f"msExchRemoteRecipientType is {value}, not cleared" if value else None


def _target_side(user: Kept) -> str | None:
    """Either a remote mailbox or a mail user that points at the mailbox: one choice for each organisation (ONP-01)."""
    return None if (user.report or {}).get("RemoteMailbox") else _target_address(user)


def _remote_mailbox(user: Kept) -> str | None:
    if (user.report or {}).get("RemoteMailbox"):
        return _target_address(user)
    return None  # the organisation keeps mail users, which the other rule judges


def new_sign_in(item: Moved) -> str:
    """The sign-in name that a user gets on-premises: that of `users.csv`, otherwise the address in the target (ONP-11).

    Args:
        item: A moved user.
    """
    given = item.user["TargetSignIn"] if item.user is not None else ""
    return str(given or (item.target or {}).get("PrimarySmtpAddress") or "")


def _sign_in(user: Kept) -> str | None:
    wanted = domain_of(new_sign_in(user.moved))
    value = (user.report or {}).get("UserPrincipalName")
    return None if domain_of(value) == wanted else f"userPrincipalName is {value or 'empty'}, not in {wanted}"


def _signed_alone(side: Side, words: str) -> Judge:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        users = kept_on_premises(seen, project, side)
        yield Judgement("sign", counted(len(users), "user"), remedy=words) if users else _nobody(side)

    return judge


RULES: tuple[Rule, ...] = (
    Rule(
        "on-premises-source-address",
        "In the source's directory every moved user points at the mailbox in the target",
        ("ONP-01", "ONP-02"),
        "source",
        SOURCE_FACTS,
        _reported(
            "source",
            SOURCE_STEP,
            "The script of step 200.1 was read and run: targetAddress (RemoteRoutingAddress, ExternalEmailAddress) "
            "of each moved user is its own address in the target's delivery domain.",
            _target_address,
            "targetAddress is the mailbox's address in the delivery domain",
        ),
    ),
    Rule(
        "on-premises-availability",
        "Free/busy of moved users can be seen from on-premises",
        ("ONP-04",),
        "source",
        SOURCE_FACTS,
        _signed_alone(
            "source",
            "From a mailbox on-premises, free/busy of a moved user was looked up and shown: the lookup follows no "
            "chain of mail users, so the object must point at the target itself.",
        ),
    ),
    Rule(
        "on-premises-no-deprovisioning",
        "No moved user's msExchRemoteRecipientType in the source's directory is 8",
        ("KNI-10",),
        "source",
        SOURCE_FACTS,
        _reported(
            "source",
            SOURCE_STEP,
            "msExchRemoteRecipientType of no moved user is 8 (DeprovisionMailbox) in the source's directory.",
            _no_deprovisioning,
            "msExchRemoteRecipientType is not 8",
        ),
    ),
    Rule(
        "on-premises-type-cleared",
        "msExchRemoteRecipientType of moved users was cleared, and their addresses stayed",
        ("KNI-11",),
        "source",
        SOURCE_FACTS,
        _reported(
            "source",
            SOURCE_STEP,
            "Where msExchRemoteRecipientType was 8 it was cleared, and the primary address was still the same after "
            "the next synchronisation.",
            _cleared,
            "msExchRemoteRecipientType is empty",
        ),
    ),
    Rule(
        "on-premises-target-side",
        "In the target's directory every moved user is a remote mailbox, or a mail user that points at the mailbox",
        ("ONP-01",),
        "target",
        TARGET_FACTS,
        _reported(
            "target",
            TARGET_STEP,
            "The script of step 200.2 was read and run, in the one way that the organisation has chosen: remote "
            "mailboxes, or mail users with the new targetAddress.",
            _target_side,
            "a remote mailbox, or targetAddress in the delivery domain",
        ),
    ),
    Rule(
        "on-premises-remote-mailbox",
        "Remote mailboxes in the target's directory route to the delivery domain",
        ("ONP-05",),
        "target",
        TARGET_FACTS,
        _reported(
            "target",
            TARGET_STEP,
            "Where the target wants remote mailboxes, Get-RemoteMailbox in the Exchange Management Shell on-premises "
            "shows each moved user, with a RemoteRoutingAddress in the delivery domain.",
            _remote_mailbox,
            "RemoteRoutingAddress in the delivery domain, where it is a remote mailbox",
        ),
    ),
    Rule(
        "on-premises-sign-in",
        "Sign-in names were changed on-premises for users whose move is completed",
        ("ONP-11",),
        "target",
        TARGET_FACTS,
        _reported(
            "target",
            SIGN_IN_STEP,
            "userPrincipalName of each user in the list of step 200.3 was changed on-premises after the move was "
            "completed, or the domain itself moves to the target.",
            _sign_in,
            "userPrincipalName in the domain of the new sign-in name",
        ),
    ),
)
