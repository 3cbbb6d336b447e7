"""The end of a move: both objects change places (document lines 513, 530 to 560, 620 to 626)."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import pytest
from exchange_answers import done, kind, one, rows
from moving_pair import (
    DAY,
    DOMAIN,
    address,
    complete,
    details,
    guid_of,
    moving_pair,
    ready,
    state,
    status,
    synced,
)
from simulated_pair import Pair

PLAN = "SPE_E3"


def moved(*aliases: str, plan: bool = True, **mailboxes: Any) -> Pair:
    """The pair after a batch of these was completed; in the target they hold a plan with a mailbox, if wished."""
    data = ready(*aliases, **mailboxes)
    for user in data["target"]["mail_users"]:
        user["licences"] = [*user["licences"], *([PLAN] if plan else [])]
    pair = synced(data, *aliases)
    complete(pair)
    return pair


@pytest.mark.parametrize("kind", ["UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"])
def test_the_target_gets_a_mailbox_of_the_same_kind(kind: str) -> None:
    """Same GUID, same kind; the target's own names stay."""
    pair = moved("anna", anna={"kind": kind})
    row = one(pair, "target", "Get-Mailbox", Identity=address("anna"))
    assert (kind, guid_of("anna")) == (row["RecipientTypeDetails"], row["ExchangeGuid"])
    assert (f"anna@{DOMAIN}", address("anna")) == (row["UserPrincipalName"], row["PrimarySmtpAddress"])
    assert "x500:/o=ExchangeLabs/cn=Recipients/cn=anna" in row["EmailAddresses"]


def test_settings_of_the_directory_are_those_of_a_new_mailbox() -> None:
    """F-111: forwarding, protocols, bookings and the retention policy stay behind; hiding is the MailUser's."""
    set_ = {
        "forwarding": {"smtp_address": "smtp:jo@fabrikam.com", "deliver_and_forward": True},
        "client_access": {"pop": False},
        "calendar_processing": {"automate": "None", "delegates": ["joe"]},
        "retention_policy": "Short",
        "hidden_from_address_lists": True,
    }
    pair = moved("anna", anna={"kind": "RoomMailbox", **set_})
    row = one(pair, "target", "Get-Mailbox", Identity=address("anna"))
    assert (None, None, False) == (
        row["ForwardingAddress"], row["ForwardingSmtpAddress"], row["DeliverToMailboxAndForward"]
    )  # fmt: skip
    assert ("Default MRM Policy", False) == (row["RetentionPolicy"], row["HiddenFromAddressListsEnabled"])
    assert one(pair, "target", "Get-CASMailbox", Identity=address("anna"))["PopEnabled"] is True
    room = one(pair, "target", "Get-CalendarProcessing", Identity=address("anna"))
    assert ("AutoAccept", []) == (room["AutomateProcessing"], room["ResourceDelegates"])


def test_the_source_becomes_a_mail_user_that_points_to_the_target() -> None:
    """Its external address is the target's address in the delivery domain; GUID and addresses stay (line 513)."""
    pair = moved("anna")
    row = one(pair, "source", "Get-MailUser", Identity="anna")
    assert (f"SMTP:anna@{DOMAIN}", guid_of("anna")) == (row["ExternalEmailAddress"], row["ExchangeGuid"])
    assert ["SMTP:anna@contoso.com", "smtp:anna@contoso.onmicrosoft.com"] == row["EmailAddresses"]
    assert 404 == pair.exo("source", "Get-Mailbox", Identity="anna").status


def test_the_archive_moves_with_its_parts() -> None:
    """ArchiveGuid and auxiliary archives are those of the source (document line 647)."""
    archive = {"guid": "5c0e5c0e-0000-4000-8000-0000000aaaa1", "auxiliary": ["5c0e5c0e-0000-4000-8000-0000000aaaa2"]}
    data = ready("anna", anna={"archive": {**archive, "size": "2 GB", "items": 10}})
    data["target"]["mail_users"][0]["archive_guid"] = archive["guid"]
    pair = synced(data, "anna")
    complete(pair)
    row = one(pair, "target", "Get-Mailbox", Identity=address("anna"))
    assert (archive["guid"], "Active") == (row["ArchiveGuid"], row["ArchiveStatus"])
    assert ["Primary", "MainArchive", "AuxArchive"] == [place.split(";")[2] for place in row["MailboxLocations"]]
    assert 10 == one(pair, "target", "Get-MailboxStatistics", Identity=address("anna"), Archive=True)["ItemCount"]


def counts(pair: Pair, side: str, **parameters: Any) -> dict[str, int]:
    """Items by folder, without empty folders."""
    found = rows(pair, side, "Get-MailboxFolderStatistics", Identity="anna", **parameters)
    return {row["FolderPath"]: row["ItemsInFolder"] for row in found if row["ItemsInFolder"]}


FULL = {
    "sizes": {"items": 100, "deleted": "1 GB", "deleted_items": 30},
    "folders": [
        {"path": "/Inbox/Projects", "items": 20},
        {"path": "/Calendar", "items": 5},
        {"path": "/Versions", "items": 4, "recoverable": True},
        {"path": "/DiscoveryHolds", "items": 6, "recoverable": True},
    ],
    "content": {"outbox_items": 3},
}


def test_folders_add_up() -> None:
    """What no folder names is in the inbox, or among the deletions."""
    pair = synced(ready("anna", anna=FULL), "anna")
    visible = {"/Inbox": 72, "/Inbox/Projects": 20, "/Calendar": 5, "/Outbox": 3}
    recoverable = {"/Deletions": 20, "/Versions": 4, "/DiscoveryHolds": 6}
    assert visible | recoverable == counts(pair, "source")
    assert recoverable == counts(pair, "source", FolderScope="RecoverableItems")
    assert {"/Calendar": 5} == counts(pair, "source", FolderScope="Calendar")


def test_visible_content_and_three_recoverable_folders_arrive() -> None:
    """The outbox and other recoverable folders do not (document lines 431, 435)."""
    pair = moved("anna", anna=FULL)
    visible = {"/Inbox": 72, "/Inbox/Projects": 20, "/Calendar": 5}
    assert visible | {"/Deletions": 20, "/Versions": 4} == counts(pair, "target")
    row = one(pair, "target", "Get-MailboxStatistics", Identity="anna")
    assert (97, 24) == (row["ItemCount"], row["DeletedItemCount"])


def test_a_skipped_item_is_missing_in_its_folder() -> None:
    """Approved, the move goes on without it."""
    skipped = [{"kind": "CorruptItem", "folder": "Inbox", "subject": "Scanned invoice", "sender": "a@b.example"}]
    pair = synced(ready("anna", anna={"content": {"skipped": skipped}}), "anna")
    row = details(pair, "anna", IncludeSkippedItems=True)
    assert ("Investigate", True, 1) == (
        row["DataConsistencyScore"], row["HasUnapprovedSkippedItems"], row["SkippedItemCount"]
    )  # fmt: skip
    assert ["CorruptItem", "Inbox", "Scanned invoice"] == [
        row["SkippedItems"][0][name] for name in ("Kind", "FolderName", "Subject")
    ]
    done(pair, "target", "Set-MigrationBatch", Identity="W01", ApproveSkippedItems=True)
    complete(pair)
    assert {"/Inbox": 999} == counts(pair, "target")


def test_full_access_and_rights_on_folders_move_when_both_people_move() -> None:
    """The delegate shows under the name in the target (document lines 535 to 557)."""
    access = {
        "full_access": ["bert@contoso.com"],
        "folders": [{"folder": "Calendar", "user": "bert@contoso.onmicrosoft.com", "rights": ["Editor"]}],
    }
    pair = moved("anna", "bert", anna={"access": access})
    found = rows(pair, "target", "Get-MailboxPermission", Identity="anna")
    assert ["NT AUTHORITY\\SELF", f"bert@{DOMAIN}"] == [row["User"] for row in found]
    assert [["FullAccess", "ReadPermission"], ["FullAccess"]] == [row["AccessRights"] for row in found]
    calendar = rows(pair, "target", "Get-MailboxFolderPermission", Identity="anna:\\Calendar")
    assert {"Default": ["AvailabilityOnly"], "Anonymous": ["None"], "Display bert": ["Editor"]} == {
        row["User"]: row["AccessRights"] for row in calendar
    }


def test_a_right_on_a_folder_is_given_once() -> None:
    """Add-MailboxFolderPermission gives rights on a folder, and refuses whoever has rights there (cmdlet reference)."""
    pair = moving_pair(ready("anna", "bert"))
    given = {"Identity": "anna:\\Calendar", "User": "bert", "AccessRights": ["Editor"]}
    done(pair, "source", "Add-MailboxFolderPermission", **given)
    again = pair.exo("source", "Add-MailboxFolderPermission", **given)
    found = rows(pair, "source", "Get-MailboxFolderPermission", Identity="anna:\\Calendar")
    assert (400, "UserAlreadyExistsInPermissionEntryException") == (again.status, kind(again))
    assert [["Editor"]] == [row["AccessRights"] for row in found if row["User"] == "Display bert"]


@pytest.mark.parametrize(("first", "second", "kept"), [("bert", "anna", True), ("anna", "bert", False)])
def test_a_right_is_lost_when_the_mailbox_moves_before_its_delegate(first: str, second: str, kept: bool) -> None:
    """In two waves, a delegate who is there already keeps the right; one who comes later does not (line 560)."""
    from moving_pair import moving_pair, new_batch

    pair = moving_pair(ready("anna", "bert", anna={"access": {"full_access": ["bert@contoso.com"]}}))
    for name, alias in (("W01", first), ("W02", second)):
        new_batch(pair, alias, name=name)
        pair.advance(DAY)
        complete(pair, name)
    found = rows(pair, "target", "Get-MailboxPermission", Identity="anna")
    assert kept == (f"bert@{DOMAIN}" in [row["User"] for row in found])


def test_a_right_of_somebody_who_stays_is_lost_and_counts_as_good() -> None:
    """A right on a folder for nobody in the target is a skipped CorruptFolderACL, which needs no approval (#50)."""
    access = {
        "full_access": ["stays@contoso.com"],
        "folders": [{"folder": "Calendar", "user": "stays@contoso.com", "rights": ["Reviewer"]}],
    }
    data = ready("anna", "stays", anna={"access": access})
    data["target"]["mail_users"].pop()
    pair = synced(data, "anna")
    row = details(pair, "anna", IncludeSkippedItems=True)
    complete(pair)
    assert ("Good", False, ["CorruptFolderACL"]) == (
        row["DataConsistencyScore"], row["HasUnapprovedSkippedItems"], [i["Kind"] for i in row["SkippedItems"]]
    )  # fmt: skip
    assert "Completed" == status(pair, "anna")
    assert ["NT AUTHORITY\\SELF"] == [r["User"] for r in rows(pair, "target", "Get-MailboxPermission", Identity="anna")]


def test_a_right_moves_although_the_delegate_was_stamped_late() -> None:
    """Whose ExchangeGuid came after the batch was made is known as a delegate all the same."""
    data = ready("anna", "bert", anna={"access": {"full_access": ["bert@contoso.com"]}})
    data["target"]["mail_users"][1]["exchange_guid"] = None
    pair = synced(data, "anna", "bert")
    done(pair, "target", "Set-MailUser", Identity="bert", ExchangeGuid=guid_of("bert"))
    done(pair, "target", "Start-MigrationUser", Identity=address("bert"))
    pair.advance(DAY)
    complete(pair)
    found = rows(pair, "target", "Get-MailboxPermission", Identity="anna")
    assert f"bert@{DOMAIN}" in [row["User"] for row in found]


def test_what_the_directory_keeps_does_not_move() -> None:
    """Send on behalf is gone in the target, Send As stays at the source's object (document line 534; failures 2.4)."""
    access = {"send_as": ["bert@contoso.com"], "send_on_behalf": ["bert@contoso.com"]}
    pair = moved("anna", "bert", anna={"access": access})
    assert [] == one(pair, "target", "Get-Mailbox", Identity="anna")["GrantSendOnBehalfTo"]
    trustees = {
        side: [row["Trustee"] for row in rows(pair, side, "Get-RecipientPermission", Identity="anna")]
        for side in ("source", "target")
    }
    assert {"source": ["bert@contoso.onmicrosoft.com"], "target": ["NT AUTHORITY\\SELF"]} == trustees


def test_rights_can_be_set_again() -> None:
    """Send As and send on behalf are stamped in the target, once: again changes nothing (document line 534)."""
    pair = moved("anna", "bert")
    for _ in range(2):
        done(pair, "target", "Add-RecipientPermission", Identity="anna", Trustee="bert", AccessRights=["SendAs"])
        delta = {"@odata.type": "#Exchange.GenericHashTable", "Add": ["bert"]}
        done(pair, "target", "Set-Mailbox", Identity="anna", GrantSendOnBehalfTo=delta)
        done(pair, "target", "Add-MailboxPermission", Identity="anna", User="bert", AccessRights=["FullAccess"])
    bert = f"bert@{DOMAIN}"
    assert ["NT AUTHORITY\\SELF", bert] == [
        row["Trustee"] for row in rows(pair, "target", "Get-RecipientPermission", Identity="anna")
    ]
    assert [bert] == one(pair, "target", "Get-Mailbox", Identity="anna")["GrantSendOnBehalfTo"]
    assert ["NT AUTHORITY\\SELF", bert] == [
        row["User"] for row in rows(pair, "target", "Get-MailboxPermission", Identity="anna")
    ]


def test_rights_can_be_taken_away() -> None:
    """Remove-MailboxPermission and Remove-RecipientPermission; both ask first."""
    access = {"full_access": ["bert@contoso.com"], "send_as": ["bert@contoso.com"]}
    pair = synced(ready("anna", "bert", anna={"access": access}), "anna")
    for cmdlet, name, right in (
        ("Remove-MailboxPermission", "User", "FullAccess"), ("Remove-RecipientPermission", "Trustee", "SendAs"),
    ):  # fmt: skip
        facts = {"Identity": "anna", name: "bert", "AccessRights": [right]}
        assert "@adminapi.confirmationmessage" in pair.exo("source", cmdlet, **facts).body
        done(pair, "source", cmdlet, Confirm=False, **facts)
    assert 1 == len(rows(pair, "source", "Get-MailboxPermission", Identity="anna"))
    assert 1 == len(rows(pair, "source", "Get-RecipientPermission", Identity="anna"))


def test_the_service_remembers_both_objects_before_and_after() -> None:
    """MoveHistory holds numbers and, with a report, four snapshots; GUIDs are base64 (shapes 3.6)."""
    pair = moved("anna")
    row = one(pair, "target", "Get-MailboxStatistics", Identity="anna", IncludeMoveHistory=True, IncludeMoveReport=True)
    (history,) = row["MoveHistory"]
    assert ("Completed", 1000, 1000) == (
        history["Status"], history["TotalMailboxItemCount"], history["ItemsTransferred"]
    )  # fmt: skip
    types, guids = {}, set()
    report = history["Report"]
    sizes = [report.pop(name)["ItemCount"] for name in ("SourceMailboxSize", "TargetMailboxSize")]
    assert [1000, 1000] == sizes
    for name, snapshot in report.items():
        values = {prop["PropertyName"]: prop["Values"][0]["StrValue"] for prop in snapshot["props"]}
        types[name] = values["RecipientTypeDetails"]
        guids.add(str(UUID(bytes_le=base64.b64decode(values["ExchangeGuid"]))))
    assert {
        "SourceMailboxBeforeMove": "UserMailbox", "SourceMailUserAfterMove": "MailUser",
        "TargetMailUserBeforeMove": "MailUser", "TargetMailboxAfterMove": "UserMailbox",
    } == types  # fmt: skip
    assert {guid_of("anna")} == guids


def test_without_a_plan_the_mailbox_goes_after_thirty_days() -> None:
    """The document's grace period (line 626); a plan given in time keeps it."""
    unlicensed, licensed = moved("anna", plan=False), moved("anna")
    for pair in (unlicensed, licensed):
        pair.advance(29 * DAY)
        assert 200 == pair.exo("target", "Get-Mailbox", Identity="anna").status
        pair.advance(2 * DAY)
    assert 404 == unlicensed.exo("target", "Get-Mailbox", Identity="anna").status
    assert 200 == licensed.exo("target", "Get-Mailbox", Identity="anna").status


def test_a_source_that_cannot_be_converted_is_a_warning() -> None:
    """The target has the mailbox, and the source has it still (failures 2.3 #55)."""
    pair = moved("anna", anna={"conversion_fails": True})
    assert "CompletedWithWarnings" == status(pair, "anna")
    assert [200, 200] == [pair.exo(side, "Get-Mailbox", Identity="anna").status for side in ("source", "target")]


def test_move_requests_show_what_moves() -> None:
    """In the target those of batches, with the flag of the document's command (line 446)."""
    pair = synced(ready("anna", bert={"sizes": {"total": "101 GB"}}), "anna", "bert")
    (row,) = rows(pair, "target", "Get-MoveRequest", Flags="CrossTenant")
    assert ("anna", "Synced", "MigrationService:W01") == (row["Alias"], row["Status"], row["BatchName"])
    numbers = one(pair, "target", "Get-MoveRequestStatistics", Identity="anna")
    assert (95, 1000, "Perfect") == (
        numbers["PercentComplete"], numbers["TotalMailboxItemCount"], numbers["DataConsistencyScore"]
    )  # fmt: skip


def test_a_move_of_the_service_itself_is_not_shown() -> None:
    """An administrator's move shows in the source, an internal one does not (ERR-14)."""
    mailboxes = {"anna": {"move_status": "InProgress"}, "bert": {"move_status": "InProgress", "move_internal": True}}
    pair = synced(ready(**mailboxes), "anna", "bert")
    assert ["anna"] == [row["Alias"] for row in rows(pair, "source", "Get-MoveRequest")]
    assert ["InProgress"] * 2 == [row["MailboxMoveStatus"] for row in rows(pair, "source", "Get-Mailbox")]


def test_the_state_shows_batches_and_content() -> None:
    """`/state` names every user with its status, and the items of every folder."""
    pair = moved("anna")
    view = state(pair)["target"]
    (batch,) = view["migration_batches"]
    assert ("W01", "Completed", "Completed") == (batch["name"], batch["status"], batch["users"][0]["status"])
    assert [{"/Inbox": 1000}] == [mailbox["item_counts"] for mailbox in view["mailboxes"]]
