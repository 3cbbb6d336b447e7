"""Section 090: the file it writes, the marks it plans, the tables it shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import after, make_project, planned, seen, world
from matching_worlds import NOBODY_THERE, OTHER_GUID, STRANGER, mail_user, proposed, two_lines
from user_facts import LARA_ID, chosen, lara_mailbox

from xtmig_kernel.changes import Change, ExchangeCall, Level
from xtmig_kernel.errors import StalePlanError
from xtmig_kernel.project import UserRow, read_users
from xtmig_kernel.project.users import as_columns, from_columns
from xtmig_kernel.runbook import STEPS

if TYPE_CHECKING:
    from fake_tenants import Runbook

    from xtmig_kernel.outputs import Exhibit, ProjectFile

BY_ATTRIBUTE = make_project(users={"choose": "attribute"})
TAGGING = make_project(users={"choose": "attribute", "tag": True})
LARA = "Lara.Newton@contoso.com"
NAMES = ("Lara.Newton@northwindtraders.com", "LaraN@northwindtraders.onmicrosoft.com", "LaraN")
EMPTY = {"TargetAddress": "", "TargetSignIn": "", "TargetAlias": ""}


def files(project: Any = BY_ATTRIBUTE, **changes: Any) -> tuple[ProjectFile, ...]:
    return STEPS["090.1"].files(seen(world(**changes)), project)


def written(project: Any = BY_ATTRIBUTE, **changes: Any) -> list[UserRow]:
    (file,) = files(project, **changes)
    assert "users.csv" == file.name
    return list(read_users(file.text))


def exhibits(step: str, project: Any = BY_ATTRIBUTE, **changes: Any) -> dict[str, Exhibit]:
    return {exhibit.name: exhibit for exhibit in STEPS[step].shows(seen(world(**changes)), project)}


def tag(**mailbox: Any) -> tuple[Change, ...]:
    return planned("090.2", TAGGING, source__mailboxes=mailbox)


# 090.1 --------------------------------------------------------------------------------------------------------------


def test_nothing_is_written_when_everybody_is_listed() -> None:
    """A file that says everything is not touched, however it is written."""
    assert () == files(source__proposed_users=proposed(LARA))


def test_nothing_is_written_for_nobody() -> None:
    """Where nobody is proposed and nobody is listed, no file is made."""
    assert () == files(source__chosen_users=[], source__proposed_users=[])


def test_first_list_is_the_proposal_with_names() -> None:
    """Who carries the attribute is listed, with the names that the rules make (SCR-02, SCR-03)."""
    rows = written(source__chosen_users=[], source__proposed_users=proposed(LARA))
    assert [UserRow(LARA, *NAMES, line=2)] == rows


def test_proposal_that_is_not_written_yet_is_written() -> None:
    """While there is no file the proposal stands for it, and is written once."""
    rows = proposed(LARA)
    assert [UserRow(LARA, *NAMES, line=2)] == written(source__chosen_users=rows, source__proposed_users=rows)


def test_lines_that_are_there_stay_as_they_were_written() -> None:
    """Order, overrules and remarks of a person stay; the new line comes last."""
    changes = two_lines()
    ben = changes["source__chosen_users"][1] | {"TargetObject": "new", "Remark": "ask Ann; last day Friday", "Line": 2}
    rows = written(**changes | {"source__chosen_users": [ben], "source__proposed_users": proposed(LARA)})
    assert [from_columns(ben), UserRow(LARA, *NAMES, line=3)] == rows


def test_mailbox_that_is_listed_by_another_address_is_not_listed_twice() -> None:
    """A line may name the mailbox by any of its addresses."""
    lines = [chosen(SourceAddress="LaraN@contoso.onmicrosoft.com")]
    assert () == files(source__chosen_users=lines, source__proposed_users=proposed(LARA))


def test_line_whose_mailbox_is_gone_stays() -> None:
    """A list never shrinks by itself: who is gone stays in it and is reported."""
    gone = chosen(SourceAddress="gone@contoso.com", **EMPTY)
    rows = written(source__chosen_users=[gone], source__proposed_users=proposed(LARA))
    assert [from_columns(gone), UserRow(LARA, *NAMES, line=3)] == rows


def test_empty_names_are_filled_where_they_are_clear() -> None:
    """Names are frozen in the file, so that a later rule or rename does not alter them (USR-11, USR-12)."""
    rows = written(make_project(), source__chosen_users=[chosen(**EMPTY)])
    assert [from_columns(chosen())] == rows


def test_only_empty_names_are_filled() -> None:
    """What a person wrote is kept, and what follows from it is filled in."""
    rows = written(make_project(), source__chosen_users=[chosen(**EMPTY | {"TargetAlias": "lara"})], **NOBODY_THERE)
    assert ["lara@northwindtraders.onmicrosoft.com"] == [row.target_sign_in for row in rows]


def test_names_of_the_object_that_is_there_are_frozen() -> None:
    """Who is there already keeps its sign-in name, and users.csv then says so."""
    changes = mail_user(UserPrincipalName="lara@northwindtraders.com")
    (row,) = written(make_project(), source__chosen_users=[chosen(**EMPTY)], **changes)
    assert "lara@northwindtraders.com" == row.target_sign_in


def test_names_are_not_filled_while_something_blocks() -> None:
    """Two people who want one name get none: a person decides, and the table says why."""
    changes = two_lines(**EMPTY, TargetObject="")
    changes["source__mailboxes"][1]["Alias"] = "LaraN"
    changes["source__chosen_users"][0] |= EMPTY
    assert () == files(make_project(), **changes | NOBODY_THERE)
    rows = exhibits("090.1", make_project(), **changes | NOBODY_THERE)["users-file"].rows
    assert ["names are not clear yet: user-no-doubles"] * 2 == [row[-1] for row in rows]


def test_after_writing_nothing_is_left_to_write() -> None:
    """Reading the file back, the step has nothing more to do."""
    rows = written(source__chosen_users=[], source__proposed_users=proposed(LARA))
    again = [as_columns(row) for row in rows]
    assert () == files(source__chosen_users=again, source__proposed_users=proposed(LARA))


def test_table_tells_what_is_new() -> None:
    """The card shows each line, and what the step adds to it."""
    shown = exhibits("090.1", source__chosen_users=[], source__proposed_users=proposed(LARA))["users-file"]
    assert (("new", LARA, *NAMES, "the line"),) == shown.rows


def test_file_is_written_once(runbook: Runbook) -> None:
    """Applied, the file is there and in the ledger; planned again, there is no change."""
    runbook.project = make_project(users={"choose": "attribute"}).model_copy(update={"folder": runbook.folder})
    runbook.fakes.set("source.chosen_users", [])
    runbook.fakes.set("source.proposed_users", proposed(LARA))
    view = runbook.run("090.1")
    assert "users.csv written" in view.note
    (entry,) = runbook.ledger.entries("file_written")
    assert re.fullmatch("sha256:[0-9a-f]{64}", entry.data["sha256"])
    (row,) = read_users((runbook.folder / "users.csv").read_text(encoding="utf-8"))
    assert (LARA, *NAMES) == (row.source_address, row.target_address, row.target_sign_in, row.target_alias)
    assert () == runbook.plan("090.1").files


def test_work_of_a_person_is_not_overwritten(runbook: Runbook) -> None:
    """Who edits users.csv between plan and apply keeps what they wrote, and is asked to plan again."""
    runbook.project = make_project(users={"choose": "attribute"}).model_copy(update={"folder": runbook.folder})
    runbook.fakes.set("source.chosen_users", [])
    runbook.fakes.set("source.proposed_users", proposed(LARA))
    engine = runbook.engine("090")
    view = engine.plan(STEPS["090.1"])
    mine = b"SourceAddress,TargetAddress\r\nann@contoso.com,\r\n"
    (runbook.folder / "users.csv").write_bytes(mine)
    with pytest.raises(StalePlanError, match=r"users\.csv"):
        engine.apply(view)
    assert mine == (runbook.folder / "users.csv").read_bytes()


# 090.2 --------------------------------------------------------------------------------------------------------------


def test_mark_is_written_where_it_is_wanted() -> None:
    """A listed mailbox without the attribute gets it, beside the others it has; undone by emptying it (SCR-02)."""
    (change,) = tag(CustomAttributes=["CustomAttribute7=Payroll"])
    assert (
        ExchangeCall("Set-Mailbox", {"Identity": LARA_ID, "CustomAttribute1": "Cross-Tenant-Project"}),
    ) == change.calls
    assert ("source", Level.UNDOABLE) == (change.side, change.level)
    assert {"CustomAttributes": ["CustomAttribute7=Payroll"]} == change.before
    assert "-CustomAttribute1 $null" in change.undo
    done = after(change, world(source__mailboxes={"CustomAttributes": ["CustomAttribute7=Payroll"]}))
    assert () == STEPS["090.2"].plan(seen(done), TAGGING)


@pytest.mark.parametrize(
    "mailbox",
    [
        {"CustomAttributes": ["CustomAttribute1=Payroll"]},
        {"CustomAttributes": [], "DirectorySynchronised": True},
        {"CustomAttributes": ["CustomAttribute1=cross-tenant-project"]},
        {"CustomAttributes": [], "ObjectId": None},
    ],
)
def test_mark_is_not_written_over_anything(mailbox: dict[str, Any]) -> None:
    """Neither over another value, nor past an on-premises directory, nor to an object without an ID."""
    assert () == tag(**mailbox)


def test_mark_is_not_written_unasked() -> None:
    """Without users.tag xtmig leaves the attribute alone."""
    assert () == planned("090.2", BY_ATTRIBUTE, source__mailboxes={"CustomAttributes": []})


def test_mark_is_written_once_for_a_mailbox_of_two_lines() -> None:
    """Two lines that name one mailbox are one change."""
    lines = [chosen(), chosen(SourceAddress="LaraN@contoso.onmicrosoft.com", Line=3)]
    changes = planned("090.2", TAGGING, source__chosen_users=lines, source__mailboxes={"CustomAttributes": []})
    assert 1 == len(changes)


def test_mark_is_not_written_for_a_proposal() -> None:
    """Only who stands in users.csv is marked."""
    changes = planned("090.2", TAGGING, source__chosen_users=proposed(LARA), source__mailboxes={"CustomAttributes": []})
    assert () == changes


# 090.3 --------------------------------------------------------------------------------------------------------------


def test_table_shows_both_sides() -> None:
    """One line for each user: the mailbox, its names in the target, the object there, and why that one."""
    (row,) = exhibits("090.3")["users"].rows
    assert (2, LARA, "UserMailbox", *NAMES) == row[:6]
    assert "Lara Newton" in str(row[6])
    assert "ExchangeGuid" in str(row[7])
    assert ("already right", "") == row[8:]


def test_table_shows_the_overrule() -> None:
    """What TargetObject decides is told as such."""
    line = chosen(TargetObject="new", TargetSignIn="lara@northwindtraders.com")
    (row,) = exhibits("090.3", source__chosen_users=[line])["users"].rows
    assert ("users.csv says: a new one", "blocked") == row[7:9]


@pytest.mark.parametrize(
    "changes",
    [
        {"ExchangeGuid": None},
        {"X500Addresses": []},
        {"SmtpAddresses": ["Lara.Newton@northwindtraders.com"]},
        {"ExternalEmailAddress": "Lara.Newton@fabrikam.example"},
        {"PrimarySmtpAddress": "l@northwindtraders.com"},
        {"Alias": "lara"},
    ],
)
def test_what_lacks_something_is_adopted(changes: dict[str, Any]) -> None:
    """Nothing is left to do only where GUID, x500 addresses, names and addresses are there (USR-04, USR-06, MFL-02)."""
    (row,) = exhibits("090.3", **mail_user(**changes))["users"].rows
    assert "adopt" == row[8]


def test_archive_counts_only_where_there_is_one() -> None:
    """A mailbox with an archive needs its GUID stamped, one without needs nothing (USR-05)."""
    (row,) = exhibits("090.3", source__mailboxes={"ArchiveGuid": STRANGER})["users"].rows
    assert "adopt" == row[8]


def test_problems_stand_in_the_row() -> None:
    """Every problem of a user stands in their row, by the id of its rule."""
    (row,) = exhibits("090.3", source__mailboxes=[])["users"].rows
    assert ("no mailbox", "blocked") == (row[2], row[8])
    assert "user-source-one: no mailbox has this address" == row[9]


def test_sums_count_every_line_once() -> None:
    """The bars add up to the lines of users.csv."""
    lines = [chosen(), chosen(SourceAddress="room@contoso.com", Line=3), chosen(SourceAddress="x@contoso.com", Line=4)]
    room = lara_mailbox(
        ObjectId=STRANGER,
        Alias="room",
        RecipientTypeDetails="RoomMailbox",
        PrimarySmtpAddress="room@contoso.com",
        SmtpAddresses=["room@contoso.com", "room@contoso.onmicrosoft.com"],
        ExchangeGuid=OTHER_GUID,
    )
    lines[1] |= EMPTY
    sums = exhibits("090.3", source__chosen_users=lines, source__mailboxes=[lara_mailbox(), room])["matching-sums"]
    assert ("bars", ("Kind", "create", "adopt", "already right", "blocked")) == (sums.kind, sums.columns)
    assert {("RoomMailbox", 1, 0, 0, 0), ("UserMailbox", 0, 0, 1, 0), ("no mailbox", 0, 0, 0, 1)} == set(sums.rows)
