"""The plans of section 100: what is cleared, created, stamped, taken off and handed over, and what is not."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from core_facts import after, make_project, observed, planned, seen, world
from prepared_facts import (
    ARCHIVE,
    BEFORE_MOVE,
    EXTERNAL,
    FABRIKAM,
    FULL,
    INITIAL,
    NOBODY,
    ON_PREMISES,
    OTHER_GUID,
    OWN,
    SYNCHRONISED,
    VANITY,
    X400,
    deleted,
    lara,
    previous,
    source,
    target_mailbox,
)
from user_facts import (
    LARA_DN,
    LARA_GUID,
    LARA_TARGET_ID,
    LARA_X500,
    chosen,
    directory_user,
    lara_mail_user,
)

from xtmig_kernel.changes import Change, ExchangeCall, Level, NewPassword
from xtmig_kernel.outputs import ProjectFile
from xtmig_kernel.rules import Seen
from xtmig_kernel.runbook import STEPS

SECTION = [step for step in STEPS.values() if step.id.startswith("100.")]
WRITING = ("100.1", "100.2", "100.3", "100.4", "100.6", "100.7", "100.8")


def one(changes: tuple[Change, ...]) -> Change:
    (change,) = changes
    return change


def parameters(change: Change) -> dict[str, Any]:
    (call,) = change.calls
    assert isinstance(call, ExchangeCall)
    return dict(call.parameters)


def files(project: dict[str, Any] | None = None, **changes: Any) -> dict[str, ProjectFile]:
    facts = observed(world(**changes))
    given_facts = Seen({name: facts[name] for name in STEPS["100.5"].plans_from}, seen(world()).now)
    return {file.name: file for file in STEPS["100.5"].files(given_facts, make_project(**project or {}))}


def shown(step: str, **changes: Any) -> Any:
    return STEPS[step].shows(seen(world(**changes)), make_project())


# 100.1 previous mailboxes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"PreviousMailbox": "clear"},
        {"PreviousMailbox": "clear", "PreviousMailboxExport": "share"},
        {"PreviousMailbox": "clear", "PreviousMailboxAgreedBy": "Lara Newton"},
        FULL,
    ],
)
def test_nothing_is_cleared_unless_all_is_said(line: dict[str, str]) -> None:
    """Items are lost only where the file asks for it, names their export, and names who agreed (USR-25)."""
    assert planned("100.1", **previous(**line)) == ()


def test_uncounted_mailbox_is_taken_for_a_full_one() -> None:
    """A deleted mailbox that did not tell what it holds may hold anything (USR-25)."""
    assert planned("100.1", **previous(PreviousMailbox="clear", row=deleted(Items=None, Bytes=None))) == ()


def test_empty_mailbox_is_cleared_on_request() -> None:
    """Where nothing would be lost, the word in the file is enough to plan it."""
    assert one(planned("100.1", **previous(PreviousMailbox="clear", row=deleted(Items=0, Bytes=0))))


def test_clearing_is_irreversible_and_says_what_is_lost() -> None:
    """Clearing needs a second person, and its title tells what it destroys and who agreed (USR-24, USR-25, USR-28)."""
    change = one(planned("100.1", **previous(PreviousMailbox="clear", **FULL)))
    assert (change.level, change.irreversible) == (Level.SECOND_PERSON, True)
    assert all(words in change.title for words in (INITIAL, "412 items", "73,400,320 bytes", "Lara Newton"))
    assert parameters(change) == {"Identity": INITIAL, "PermanentlyClearPreviousMailboxInfo": True, "Confirm": False}


def test_clearing_is_not_done_in_bulk() -> None:
    """Each clearing is made and seen by itself."""
    assert not STEPS["100.1"].bulk


@pytest.mark.parametrize(
    ("altered", "table"),
    [
        (previous(PreviousMailbox="clear", **FULL), "exchange_users"),
        (
            lara(ExchangeGuid=OTHER_GUID)
            | {"source__chosen_users": [chosen(PreviousMailbox="clear", **FULL)]}
            | {"target__soft_deleted_mailboxes": [deleted()]},
            "mail_users",
        ),
        (
            {"source__chosen_users": [chosen(PreviousMailbox="clear", **FULL)]}
            | {"target__soft_deleted_mailboxes": [deleted()]},
            "soft_deleted_mailboxes",
        ),
    ],
)
def test_clearing_is_seen_in_what_it_takes_away(altered: dict[str, Any], table: str) -> None:
    """Each kind of trace is cleared, and read back where it was; after that nothing is planned (USR-22, USR-24)."""
    change = one(planned("100.1", **altered))
    assert change.subject.table == table
    tables = after(change, world(**altered))
    tables["target.soft_deleted_mailboxes"] = []
    assert STEPS["100.1"].plan(seen(tables), make_project()) == ()


def test_clearing_waits_for_other_problems() -> None:
    """What cannot be undone is not done for a user who could not move afterwards anyway."""
    other = lara_mail_user(
        ObjectId=OTHER_GUID, UserPrincipalName="x@northwindtraders.com", Alias="x", SmtpAddresses=[OWN]
    )
    columns = world()["target.recipients"][0].keys()
    recipients = [{c: row[c] for c in columns} for row in (lara_mail_user(), other)]
    altered = previous(PreviousMailbox="clear", **FULL) | {"target__recipients": recipients}
    assert planned("100.1", **altered) == ()


def test_deleted_mailbox_of_a_namesake_counts() -> None:
    """A deleted mailbox under the same name may be the one that clearing destroys, so it must be agreed to."""
    namesake = deleted(ObjectId=OTHER_GUID, UserPrincipalName=INITIAL)
    assert planned("100.1", **previous(PreviousMailbox="clear", row=namesake)) == ()


def test_what_remains_is_shown() -> None:
    """The step shows each object with what it was, what is held, and what the file lacks (USR-22, USR-27)."""
    (exhibit,) = shown("100.1", **previous(PreviousMailbox="clear"))
    assert exhibit.name == "previous-mailboxes"
    ((user, name, kind, guid, held, decision),) = exhibit.rows
    assert (user, name, kind, guid) == ("Lara.Newton@contoso.com", INITIAL, "UserMailbox", "")
    assert "412 items, 73,400,320 bytes" in str(held)
    assert decision == "users.csv lacks PreviousMailboxExport, PreviousMailboxAgreedBy"


def test_nothing_remains_nothing_is_shown() -> None:
    """Where nothing remains there is no table."""
    assert shown("100.1") == ()


@pytest.mark.parametrize("step", WRITING)
def test_target_mailbox_is_never_touched(step: str) -> None:
    """A mailbox that the user has in the target is neither cleared, stamped nor licensed, whatever the file says."""
    mailbox = target_mailbox()
    columns = world()["target.recipients"][0].keys()
    altered = NOBODY | {
        "target__mailboxes": [mailbox],
        "target__recipients": [{column: mailbox[column] for column in columns}],
        "target__directory_users": [directory_user("target", SkuIds=[])],
        "source__chosen_users": [chosen(PreviousMailbox="clear", **FULL)],
    }
    assert planned(step, make_project(**BEFORE_MOVE), **altered) == ()


# 100.2 create -------------------------------------------------------------------------------------------------------


def test_creation_is_the_documents_done_right() -> None:
    """New-MailUser gets what the document's table says, with the target's sign-in domain and the initial address."""
    change = one(planned("100.2", **NOBODY))
    assert parameters(change) == {
        "Name": "LaraN",
        "MicrosoftOnlineServicesID": "LaraN@northwindtraders.onmicrosoft.com",
        "Alias": "LaraN",
        "DisplayName": "Lara Newton",
        "FirstName": "Lara",
        "LastName": "Newton",
        "ExternalEmailAddress": "LaraN@contoso.onmicrosoft.com",
        "PrimarySmtpAddress": "Lara.Newton@northwindtraders.com",
        "Password": NewPassword("discard", INITIAL, 16),
    }
    assert (change.before, change.level, change.subject.key) == (
        None,
        Level.UNDOABLE,
        (("UserPrincipalName", INITIAL),),
    )
    assert change.lag_seconds >= 90


def test_creation_promises_nothing_about_the_primary_address() -> None:
    """The reference calls that parameter on-premises only, so a read without it is no failure (doc trap B18)."""
    assert set(one(planned("100.2", **NOBODY)).after or ()) == {"UserPrincipalName", "Alias", "ExternalEmailAddress"}


def test_names_that_the_source_lacks_are_left_out() -> None:
    """A mailbox without first and last name is created without them, never with blanks."""
    person = dict(world()["source.exchange_users"][0], FirstName=None, LastName="")
    assert (
        not {"FirstName", "LastName"}
        & parameters(one(planned("100.2", **NOBODY, source__exchange_users=[person]))).keys()
    )


@pytest.mark.parametrize("kind", ["SharedMailbox", "RoomMailbox", "EquipmentMailbox"])
def test_nobody_learns_the_password_of_a_room(kind: str) -> None:
    """Who signs in to nothing needs no password in a keyring."""
    project = make_project(target_users__passwords="keyring:northwind")
    password = parameters(one(planned("100.2", project, **NOBODY, **source(RecipientTypeDetails=kind))))["Password"]
    assert password == NewPassword("discard", INITIAL, 16)


def test_password_goes_where_the_project_says() -> None:
    """A person's first password takes the route and the length of the project (SCR-06, SCR-07)."""
    project = make_project(target_users__passwords="keyring:northwind", target_users__password_length=24)
    assert parameters(one(planned("100.2", project, **NOBODY)))["Password"] == NewPassword(
        "keyring:northwind", INITIAL, 24
    )


def test_nobody_is_created_twice() -> None:
    """Who is there, under whatever name it was found, is not created."""
    assert planned("100.2") == ()


def test_blocked_user_is_not_created() -> None:
    """Where anything stands in the way, nothing is created (doc trap A11)."""
    taken = dict(world()["target.recipients"][0], ObjectId=OTHER_GUID, SmtpAddresses=["x@northwindtraders.com"])
    taken |= {
        "RecipientTypeDetails": "MailContact",
        "ExchangeGuid": None,
        "PrimarySmtpAddress": "x@northwindtraders.com",
    }
    assert planned("100.2", **NOBODY | {"target__recipients": [taken]}) == ()


def test_no_licence_can_overtake() -> None:
    """Creating and stamping wait until no group licenses whoever is created (LIC-13, LIC-14)."""
    assert {step: "target-no-early-group" in STEPS[step].requires for step in ("100.2", "100.3")} == {
        "100.2": True,
        "100.3": True,
    }


# 100.3 stamp --------------------------------------------------------------------------------------------------------

BARE = {
    "ExchangeGuid": None,
    "X500Addresses": [],
    "CustomAttributes": [],
    "SmtpAddresses": [OWN, INITIAL],
}


def test_stamp_is_the_documents_table() -> None:
    """A new MailUser becomes the document's example, its typos mended (USR-17, USR-19)."""
    change = one(planned("100.3", **lara(**BARE)))
    assert parameters(change) == {
        "Identity": INITIAL,
        "ExchangeGuid": LARA_GUID,
        "EmailAddresses": [f"SMTP:{OWN}", f"smtp:{INITIAL}", LARA_X500, f"x500:{LARA_DN}"],
        "CustomAttribute1": "Cross-Tenant-Project",
    }
    assert change.subject.key == (("ObjectId", LARA_TARGET_ID),)


def test_stamp_is_planned_before_there_is_anybody() -> None:
    """A plan on a fresh tenant names the stamp, too, as it will be for what step 100.2 creates."""
    change = one(planned("100.3", **NOBODY))
    created = one(planned("100.3", **lara(**BARE)))
    assert (change.before, change.after, change.calls) == (created.before, created.after, created.calls)
    assert change.subject.key == (("UserPrincipalName", INITIAL),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ExchangeGuid": None},
        {"X500Addresses": []},
        {"X500Addresses": [LARA_X500.upper(), f"x500:{LARA_DN.lower()}"]},
        {"PrimarySmtpAddress": EXTERNAL, "SmtpAddresses": [EXTERNAL, INITIAL]},
        {"SmtpAddresses": [OWN]},
        {"SmtpAddresses": [OWN, INITIAL, VANITY]},
        {"ExternalEmailAddress": VANITY},
        {"ExternalEmailAddress": "nobody@contoso.com"},
        {"CustomAttributes": ["CustomAttribute2=x"]},
        BARE,
    ],
)
def test_after_the_stamp_nothing_is_planned(wrong: dict[str, Any]) -> None:
    """What is stamped exactly as the change says needs no other stamp."""
    altered = lara(**wrong)
    tables = after(one(planned("100.3", **altered)), world(**altered))
    assert STEPS["100.3"].plan(seen(tables), make_project()) == ()


def test_x500_addresses_stay_as_they_are() -> None:
    """Other x500 addresses of the target stay, and the source's are copied byte for byte (USR-07, USR-29)."""
    strange = "x500:/o=Ärger \u202eGroup(FYDIBOHF23SPDLT)/cn=a'b  c"
    change = one(planned("100.3", **lara(X500Addresses=["x500:/o=Own"]), **source(X500Addresses=[strange])))
    assert (change.after or {})["X500Addresses"] == sorted(["x500:/o=Own", strange, f"x500:{LARA_DN}"])


def test_legacy_dn_is_not_added_twice() -> None:
    """A LegacyExchangeDN that is among the source's x500 addresses already stands once in the list (doc trap D17)."""
    addresses = parameters(one(planned("100.3", **lara(**BARE), **source(X500Addresses=[f"x500:{LARA_DN}"]))))
    assert [a for a in addresses["EmailAddresses"] if a.startswith("x500:")] == [f"x500:{LARA_DN}"]


def test_only_x500_addresses_are_copied() -> None:
    """An SMTP address that contains x500 is not one of them (doc trap D11)."""
    change = one(planned("100.3", **lara(**BARE), **source(SmtpAddresses=[EXTERNAL, VANITY, "x500@contoso.com"])))
    assert not [a for a in parameters(change)["EmailAddresses"] if "x500@" in a]


def test_x400_and_other_kinds() -> None:
    """The source's X400 address is copied; what the target has of other kinds stays; the source's SIP is not copied."""
    own = "SPO:SPO_1@SPO_2"
    change = one(
        planned("100.3", **lara(OtherAddresses=[own]), **source(OtherAddresses=[X400, "SIP:lara.newton@contoso.com"]))
    )
    assert (change.after or {})["OtherAddresses"] == sorted([own, X400])


def test_archive_guid_only_with_an_archive() -> None:
    """Where the source has no archive no ArchiveGuid is sent, not even zeros (USR-05, doc trap D10)."""
    assert "ArchiveGuid" not in parameters(one(planned("100.3", **lara(**BARE))))
    assert parameters(one(planned("100.3", **lara(), **source(ArchiveGuid=ARCHIVE))))["ArchiveGuid"] == ARCHIVE


@pytest.mark.parametrize("column", ["ExchangeGuid", "ArchiveGuid"])
def test_no_guid_is_replaced(column: str) -> None:
    """A GUID of its own stays with the object: what it belongs to is for its owner to decide (USR-22)."""
    altered = lara(**{column: OTHER_GUID}, CustomAttributes=[]) | source(ArchiveGuid=ARCHIVE)
    assert not [c for c in planned("100.3", **altered) if column in parameters(c)]


def test_marker_of_somebody_else_stays() -> None:
    """An attribute that marks something else is not overwritten."""
    assert planned("100.3", **lara(CustomAttributes=["CustomAttribute1=Sales"])) == ()


def test_external_address_is_not_a_proxy_afterwards() -> None:
    """Where the external address had become the primary one, it leaves the addresses (USR-14, KNI-05, doc trap D9)."""
    change = one(planned("100.3", **lara(PrimarySmtpAddress=EXTERNAL, SmtpAddresses=[EXTERNAL, INITIAL])))
    assert parameters(change)["EmailAddresses"][:2] == [f"SMTP:{OWN}", f"smtp:{INITIAL}"]
    assert not [a for a in parameters(change)["EmailAddresses"] if EXTERNAL in a]


def test_stamp_leaves_other_foreign_addresses() -> None:
    """An address of the object's own past needs a named approval, so it is not taken off along with the stamp."""
    change = one(planned("100.3", **lara(SmtpAddresses=[OWN, FABRIKAM])))
    assert FABRIKAM in (change.after or {})["SmtpAddresses"]


def test_primary_address_is_never_a_parameter_of_the_stamp() -> None:
    """PrimarySmtpAddress and EmailAddresses in one call do not go together (doc trap B18)."""
    for wrong in (BARE, {"PrimarySmtpAddress": INITIAL}):
        assert "PrimarySmtpAddress" not in parameters(one(planned("100.3", **lara(**wrong))))


def test_addresses_are_compared_as_a_whole() -> None:
    """What a list replaces is what the door compares before it writes."""
    change = one(planned("100.3", **lara(SmtpAddresses=[OWN])))
    assert set(change.before or ()) == {"PrimarySmtpAddress", "SmtpAddresses", "X500Addresses", "OtherAddresses"}


@pytest.mark.parametrize("name", [None, "", " "])
def test_no_stamp_without_an_identity(name: str | None) -> None:
    """An object without a sign-in name is never written to, by whatever other name."""
    assert planned("100.3", **lara(UserPrincipalName=name, ExchangeGuid=None)) == ()


def test_stamped_attributes_are_counted() -> None:
    """The step shows every attribute with its origin and for how many users it is right (USR-03)."""
    (exhibit,) = shown("100.3", **lara(ExchangeGuid=None))
    numbers = {row[0]: row[2:] for row in exhibit.rows}
    assert (numbers["ExchangeGuid"], numbers["X500Addresses"]) == ((0, 1), (1, 0))


# 100.4 foreign addresses --------------------------------------------------------------------------------------------


def test_foreign_address_needs_a_name() -> None:
    """An address of a domain that the target does not own is taken off by name, with an approval (KNI-02)."""
    change = one(planned("100.4", **lara(SmtpAddresses=[OWN, INITIAL, FABRIKAM])))
    assert change.level == Level.NAMED
    assert parameters(change) == {"Identity": INITIAL, "EmailAddresses": {"Remove": [f"smtp:{FABRIKAM}"]}}


def test_approval_survives_the_stamp() -> None:
    """The removal that was approved before the stamp is the same one after it."""
    altered = lara(**BARE | {"SmtpAddresses": [INITIAL, FABRIKAM, VANITY]})
    before = one(planned("100.4", **altered))
    tables = after(one(planned("100.3", **altered)), world(**altered))
    assert one(STEPS["100.4"].plan(seen(tables), make_project())).hash == before.hash
    done = after(before, tables)
    assert STEPS["100.4"].plan(seen(done), make_project()) == ()
    assert STEPS["100.3"].plan(seen(done), make_project()) == ()


# 100.5 on-premises --------------------------------------------------------------------------------------------------


def test_synchronised_user_gets_a_file() -> None:
    """The administrator gets every attribute, addresses one by one; present names are left alone (KNI-03)."""
    written = files(None, **lara(ExchangeGuid=None, SmtpAddresses=[OWN, VANITY], **SYNCHRONISED))
    assert set(written) == {"artifacts/on-premises-target.csv", "artifacts/on-premises-target.ps1"}
    text = written["artifacts/on-premises-target.csv"].text.removeprefix("\ufeff")
    rows = [tuple(row[2:]) for row in csv.reader(io.StringIO(text))]
    assert {
        ("change", "msExchMailboxGUID", "set", LARA_GUID),
        ("change", "targetAddress", "set", f"SMTP:{EXTERNAL}"),
        ("change", "proxyAddresses", "add", f"SMTP:{OWN}"),
        ("change", "proxyAddresses", "add", f"smtp:{INITIAL}"),
        ("change", "proxyAddresses", "add", f"x500:{LARA_DN}"),
        ("change", "proxyAddresses", "add", LARA_X500),
        ("change", "proxyAddresses", "remove", f"smtp:{VANITY}"),
    } <= set(rows)
    assert not [row for row in rows if row[1] in ("displayName", "mailNickname")]
    assert not [row for row in rows if row[1] == "msExchArchiveGUID"]


def test_new_user_on_premises_is_in_the_file() -> None:
    """Where users are made on-premises, one that is not there yet is created by the script, not in the cloud."""
    assert "-Create $true" in files(ON_PREMISES, **NOBODY)["artifacts/on-premises-target.ps1"].text
    assert planned("100.2", make_project(**ON_PREMISES), **NOBODY) == ()


def test_no_file_where_nothing_is_missing() -> None:
    """A synchronised user that shows everything is in no file, and neither is a user of the cloud."""
    assert (files(None, **lara(**SYNCHRONISED)), files(None, **lara(ExchangeGuid=None))) == ({}, {})


def test_hostile_names_stay_text() -> None:
    """A name from the tenant is data: it neither ends a literal of the script nor begins a formula of the table."""
    name = "=cmd|'/c calc'!A1 $(Remove-Item) `x ’; Stop-Computer"
    written = files(ON_PREMISES, **NOBODY, **source(DisplayName=name))
    doubled = name.replace("'", "''").replace("’", "’’")
    assert f"displayName = '{doubled}'" in written["artifacts/on-premises-target.ps1"].text
    text = written["artifacts/on-premises-target.csv"].text.removeprefix("\ufeff")
    (value,) = [row[5] for row in csv.reader(io.StringIO(text)) if row[3] == "displayName"]
    assert value == f"'{name}"


# all of them --------------------------------------------------------------------------------------------------------


def test_every_writing_step_wants_the_users_listed() -> None:
    """Nothing is written before users.csv says who moves."""
    assert [step.id for step in SECTION if not step.only_looks and "users-listed" not in step.requires] == []
