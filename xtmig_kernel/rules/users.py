"""Section 090: who moves, and how the source marks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.project.users import USERS_FILE
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import source_holders
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.user_matches import MOST_TOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

CHOSEN, PROPOSED = "source.chosen_users", "source.proposed_users"
HOLDERS = (CHOSEN, "source.mailboxes", "source.mail_users")
STEP, TAGGING_STEP = "090.1", "090.2"
_ALL_IN = f"table users-file, step {STEP}"


def attribute_value(row: Row, attribute: str) -> str:
    """The value of a custom attribute; an empty text where it is not set.

    Args:
        row: A row with `CustomAttributes`.
        attribute: Such as `"CustomAttribute1"`.
    """
    start = f"{attribute}="
    return next((str(text)[len(start) :] for text in row["CustomAttributes"] if str(text).startswith(start)), "")


def carries(row: Row, project: Project) -> bool:
    """Whether a mailbox carries the mark of this project; Exchange compares such values without case.

    Args:
        row: A row of `mailboxes` or `mail_users`.
        project: Names attribute and value.
    """
    return attribute_value(row, project.users.attribute).casefold() == project.users.value.casefold()


def _listed(seen: Seen, _project: Project) -> Iterable[Judgement]:
    rows = seen.rows(CHOSEN)
    written = [row for row in rows if row["Line"]]
    would = f"nobody is listed; {counted(len(rows), 'user')} would be" if rows else "nobody is listed"
    yield Judgement(
        "pass" if written else "fail",
        USERS_FILE,
        seen=counted(len(written), "user") if written else would,
        expected="at least one user",
        remedy=f"Step {STEP} writes it where project.yaml says who moves; look through it, and correct what is not "
        "right. Otherwise write it by hand.",
        step=STEP,
    )


def _complete(seen: Seen, project: Project) -> Iterable[Judgement]:
    choice = project.users
    if choice.choose == "file":
        yield Judgement("pass", USERS_FILE, seen="it is written by hand, and alone says who moves", expected="the same")
        return
    who = f"{choice.attribute} {choice.value}" if choice.choose == "attribute" else f"group {choice.group}"
    written = [pair for pair in source_holders(seen) if pair[0]["Line"]]
    proposed = {str(row["SourceAddress"]).casefold() for row in seen.rows(PROPOSED)}
    if proposed and not written:
        text = f"nobody is listed; {len(proposed)} belong to {who}"
        yield Judgement("warn", USERS_FILE, text, "everybody listed", f"Step {STEP} lists them.", STEP)
        return
    listed = {address for pair in written for address in _addresses(*pair)}
    step = TAGGING_STEP if choice.choose == "attribute" and choice.tag else None
    yield from judge_each(
        seen.rows(PROPOSED),
        lambda row: _not_listed(row, listed, who),
        of_what=f"of {who}",
        expected="listed",
        at_most=MOST_TOLD,
        all_in=_ALL_IN,
    )
    yield from judge_each(
        written,
        lambda pair: _not_belonging(pair, proposed, who, step),
        of_what="users",
        expected=f"belong to {who}",
        at_most=MOST_TOLD,
        all_in=_ALL_IN,
    )


def _not_listed(row: Row, listed: set[str], who: str) -> Iterator[Judgement]:
    if str(row["SourceAddress"]).casefold() not in listed:
        yield Judgement(
            "warn",
            str(row["SourceAddress"]),
            seen=f"belongs to {who} and is not listed",
            expected="listed",
            remedy=f"Step {STEP} adds it. Who is not to move is taken out of {who} in the source.",
            step=STEP,
        )


def _not_belonging(pair: tuple[Row, Row | None], proposed: set[str], who: str, step: str | None) -> Iterator[Judgement]:
    user, holder = pair
    moved = holder is not None and holder["RecipientTypeDetails"] == "MailUser"
    if not moved and not _addresses(user, holder) & proposed:
        yield Judgement(
            "warn",
            str(user["SourceAddress"]),
            seen=f"is listed and does not belong to {who}",
            expected=f"belongs to {who}",
            remedy=f"Put it into {who}, or take its line out of {USERS_FILE}; nothing takes it out by itself.",
            step=step,
        )


def _addresses(user: Row, holder: Row | None) -> set[str]:
    others = holder["SmtpAddresses"] if holder else ()
    return {str(address).casefold() for address in (user["SourceAddress"], *others)}


def _tagged(seen: Seen, project: Project) -> Iterable[Judgement]:
    choice = project.users
    holders = [holder for user, holder in source_holders(seen) if holder is not None and user["Line"]]
    if not choice.tag and not all(carries(holder, project) for holder in holders):
        yield Judgement("skip", choice.attribute, remedy="users.tag is off, so xtmig leaves the attribute alone")
        return

    def judge(holder: Row) -> Iterator[Judgement]:
        value = attribute_value(holder, choice.attribute)
        if carries(holder, project):
            return
        if value:
            remedy = "Choose another users.attribute in project.yaml; xtmig never overwrites what somebody else wrote."
        elif holder["DirectorySynchronised"]:
            there = choice.attribute.replace("Custom", "extension")
            remedy = f"Set {there} in the on-premises directory, and let it synchronise."
        else:
            remedy = f"Apply step {TAGGING_STEP}."
        yield Judgement(
            "fail",
            str(holder["PrimarySmtpAddress"]),
            seen=f"{choice.attribute} is {value}" if value else f"{choice.attribute} is empty",
            expected=f"{choice.attribute} is {choice.value}",
            remedy=remedy,
            step=None if value or holder["DirectorySynchronised"] else TAGGING_STEP,
        )

    yield from judge_each(
        holders,
        judge,
        of_what="users",
        expected=f"{choice.attribute} is {choice.value}",
        at_most=MOST_TOLD,
        all_in=_ALL_IN,
    )


RULES = (
    Rule(
        "users-listed",
        "users.csv says who moves",
        ("SCR-02", "SCR-03", "PRE-05"),
        "source",
        (CHOSEN,),
        _listed,
    ),
    Rule(
        "users-complete",
        "Everybody who is to move by the source's attribute or group is listed, and nobody else",
        ("SCR-02", "SCR-03"),
        "source",
        (*HOLDERS, PROPOSED),
        _complete,
    ),
    Rule(
        "users-tagged",
        "The source mailboxes of the users carry this project's attribute",
        ("SCR-02",),
        "source",
        HOLDERS,
        _tagged,
    ),
)
