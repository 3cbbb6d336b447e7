"""What sections 190 and 200 show and write: tables, mails for people, scripts for directories on-premises."""

from __future__ import annotations

import csv
import io
from typing import Any

from after_facts import BOTH, FORWARD, MOVED, NEW, OLD, STAYS, T8_OLD, arrived, before, entry, folder, history, left
from core_facts import make_project, seen, world

from xtmig_kernel.outputs import Exhibit, ProjectFile
from xtmig_kernel.runbook import STEPS

SYNCHRONISED = {"DirectorySynchronised": True}


def files(step: str, altered: dict[str, Any]) -> dict[str, ProjectFile]:
    """What the step would write, by name."""
    return {file.name: file for file in STEPS[step].files(seen(world(**altered)), make_project())}


def shown(step: str, altered: dict[str, Any]) -> dict[str, Exhibit]:
    """What the step shows, by name."""
    return {item.name: item for item in STEPS[step].shows(seen(world(**altered)), make_project())}


def table(file: ProjectFile) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(file.text.removeprefix("\ufeff"))))


def test_nothing_is_shown_or_written_before_anybody_moved() -> None:
    """Before the first completion there is no table and no file."""
    for step in ("190.1", "190.2", "190.3"):
        assert shown(step, {}) == {}
    for step in ("190.7", "200.1", "200.2", "200.3"):
        assert files(step, {}) == {}


def test_both_sides_of_a_moved_user_are_shown() -> None:
    """Each completed user is a line with both objects and the address that the source forwards to (GEN-02, GEN-03)."""
    (row,) = shown("190.1", MOVED)["moved-users"].rows
    assert row == ("pilot", OLD, "Completed", "MailUser", FORWARD, "UserMailbox", NEW)


def test_service_record_stands_beside_the_counts() -> None:
    """Items before and now, what is missing, and what the service itself recorded are one line (shapes 3.6)."""
    altered = MOVED | {
        "source__baseline_folders": [before(items=10), before("/Outbox", 2)],
        "target__folder_counts": [folder(items=7)],
        "target__move_histories": [history(SourceItems=12, TargetItems=10)],
    }
    tables = shown("190.2", altered)
    assert tables["counts-compared"].rows == (
        (OLD, 10, 7, 0, 3, "/Outbox, 2 items (the Outbox stays in Outlook)", 12, 10),
    )
    assert tables["folders-short"].rows == ((OLD, "/Inbox", 10, 7, 0, 3),)


def test_uncounted_is_not_zero() -> None:
    """A mailbox that was not counted is told as not counted, not as empty."""
    tables = shown("190.2", MOVED | {"source__baseline_folders": [], "target__folder_counts": []})
    ((_, then, now, _, missing, *_rest),) = tables["counts-compared"].rows
    assert (then, now, missing) == ("not counted", "not counted", "unknown")
    assert "folders-short" not in tables


def test_every_right_is_accounted_for() -> None:
    """A right that ends is in the table with the reason (PRM-07)."""
    (row,) = shown("190.3", STAYS)["permissions-compared"].rows
    assert row == (OLD, T8_OLD, "FullAccess", "", "", "lost: the delegate stays")


def test_mails_are_written_for_each_wave() -> None:
    """Each wave has a mail, and a table of its people with new address, sign-in name and the rights that ended."""
    written = files("190.7", STAYS)
    assert set(written) == {"mails/pilot-after.csv", "mails/pilot-after.txt"}
    (row,) = table(written["mails/pilot-after.csv"])
    assert (row["Name"], row["NewAddress"], row["NewSignIn"], row["OldAddress"]) == ("Lara Newton", NEW, FORWARD, OLD)
    assert row["RightsThatEnded"] == f"{T8_OLD}: FullAccess"


def test_mail_names_every_column_and_every_task() -> None:
    """The mail's fields are the table's columns, and it tells of Outlook, Teams, Outbox, signature and voicemail."""
    written = files("190.7", MOVED)
    text = written["mails/pilot-after.txt"].text
    (row,) = table(written["mails/pilot-after.csv"])
    assert [column for column in row if "{" + column + "}" not in text] == []
    for task in ("Outlook", "Teams meetings", "Outbox", "signature", "Voicemail"):
        assert task in text


def test_nobody_gets_a_mail_for_a_room() -> None:
    """Shared and room mailboxes, and users who have not arrived, get no mail."""
    assert files("190.7", MOVED | {"target__mailboxes": [arrived(RecipientTypeDetails="RoomMailbox")]}) == {}
    assert files("190.7", MOVED | {"target__mailboxes": []}) == {}


def test_mail_table_holds_no_formula() -> None:
    """A name that a spreadsheet would run is text (written by somebody, opened in Excel)."""
    written = files("190.7", MOVED | {"target__mailboxes": [arrived(DisplayName='=HYPERLINK("x")')]})
    assert "'=HYPERLINK" in written["mails/pilot-after.csv"].text


def test_source_script_names_each_users_own_address() -> None:
    """The source's directory gets an address for each user, never a domain (ONP-01, ONP-02, doc trap D21)."""
    written = files("200.1", MOVED | {"source__mail_users": [left(**SYNCHRONISED)]})
    script = written["on-premises/source-moved.ps1"].text
    assert (
        f"Set-Moved -SourceAddress '{OLD}' -SignIn 'LaraN@contoso.onmicrosoft.com' -TargetAddress '{FORWARD}'" in script
    )
    assert "-Clear msExchRemoteRecipientType" in script


def test_values_from_a_tenant_are_quoted() -> None:
    """What came from a tenant is a literal, whatever quotation marks it holds (PowerShell knows five)."""
    evil = "o\u2019x'; Remove-ADUser a@contoso.com"
    written = files("200.1", MOVED | {"source__mail_users": [left(**SYNCHRONISED, UserPrincipalName=evil)]})
    line = next(x for x in written["on-premises/source-moved.ps1"].text.splitlines() if x.startswith("Set-Moved"))
    assert "-SignIn 'o\u2019\u2019x''; Remove-ADUser a@contoso.com' " in line


def test_scripts_change_nothing_unasked() -> None:
    """Every line that changes a directory stands behind -Apply and can be tried with -WhatIf."""
    altered = MOVED | {"source__mail_users": [left(**SYNCHRONISED)], "target__mailboxes": [arrived(**SYNCHRONISED)]}
    for step, name in (("200.1", "on-premises/source-moved.ps1"), ("200.2", "on-premises/target-moved.ps1")):
        text = files(step, altered)[name].text
        guard = text.index("if ($Apply -and $PSCmdlet.ShouldProcess")
        report = text.index("$script:Report += ")
        for cmdlet in ("Set-ADUser -", "-Clear ", "Enable-RemoteMailbox -Identity", "Set-RemoteMailbox -Identity",
                       "Set-MailUser -Identity"):  # fmt: skip
            places = [i for i in range(len(text)) if text.startswith(cmdlet, i) and not _in_comment(text, i)]
            assert all(guard < place < report for place in places)


def _in_comment(text: str, place: int) -> bool:
    return text[text.rfind("\n", 0, place) + 1 :].lstrip().startswith("#")


def test_target_script_asks_which_way() -> None:
    """The target's organisation chooses remote mailboxes or mail users, with a routing address (ONP-05, trap B8)."""
    written = files("200.2", MOVED | {"target__mailboxes": [arrived(**SYNCHRONISED)]})
    script = written["on-premises/target-moved.ps1"].text
    assert "[Parameter(Mandatory)] [ValidateSet('RemoteMailbox', 'MailUser')] [string] $As" in script
    assert "-RemoteRoutingAddress $TargetAddress" in script


def test_only_completed_and_converted_users_are_handed_over() -> None:
    """Before the move Enable-RemoteMailbox could ask for a new mailbox, so nobody else is named (ONP-05)."""
    synchronised = BOTH | {"target__mailboxes": [arrived(**SYNCHRONISED)]}
    for altered in (
        synchronised | {"target__migration_users": [entry(Status="Synced")]},
        synchronised | {"source__mail_users": []},
        MOVED,
    ):
        assert files("200.2", altered) == {}


def test_sign_in_names_are_listed() -> None:
    """Whose sign-in name changes on-premises is listed with the new one of users.csv (ONP-11)."""
    written = files("200.3", MOVED | {"target__mailboxes": [arrived(**SYNCHRONISED)]})
    (row,) = table(written["on-premises/sign-in-names.csv"])
    assert list(row.values()) == [OLD, "LaraN@contoso.onmicrosoft.com", FORWARD]
