"""Get-Recipient, Get-User, Set-User, Set-Mailbox, Get-MailboxStatistics against the document and the reference."""

from __future__ import annotations

from typing import Any

import pytest
from exchange_answers import delta, done, kind, one, rows
from simulated_pair import Pair, example, make_pair

JOHN = "john@northwindtraders.com"
FORMER = "7a26e700-0000-4000-8000-0000000e0001"
CLEAR = "PermanentlyClearPreviousMailboxInfo"


def everybody() -> dict[str, Any]:
    """The shipped example with one target object more of every kind that is rare."""
    data = example()
    place = data["target"]
    for kind_, alias in (("SharedMailbox", "info"), ("RoomMailbox", "room"), ("EquipmentMailbox", "beamer")):
        address = f"{alias}@northwindtraders.com"
        place["mailboxes"].append(
            {"alias": alias, "display_name": alias, "upn": address, "primary": address, "kind": kind_}
        )
    place["groups"].append({"name": "Guards", "alias": "Guards", "primary": "guards@northwindtraders.com",
                            "kind": "Security"})  # fmt: skip
    return data


def test_all_recipients_are_in_one_list() -> None:
    """Get-Recipient shows every kind of recipient, and no account without mail (cmdlet reference)."""
    found = {
        row["RecipientTypeDetails"]: row["Identity"] for row in rows(make_pair(everybody()), "target", "Get-Recipient")
    }
    assert {
        "UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "MailUser", "GuestMailUser", "MailContact",
        "MailUniversalSecurityGroup", "MailUniversalDistributionGroup", "GroupMailbox",
    } == set(found)  # fmt: skip


@pytest.mark.parametrize(
    ("address", "details"),
    [
        ("fanny.forward@contoso.com", "MailContact"),
        ("corin.corrupt@contoso.com", "GuestMailUser"),
        ("nina@northwindtraders.onmicrosoft.com", "UserMailbox"),
        ("smtp:everyone@northwindtraders.com", "MailUniversalDistributionGroup"),
    ],
)
def test_any_address_finds_its_recipient(pair: Pair, address: str, details: str) -> None:
    """Get-Recipient finds by any SMTP address, of whatever kind the recipient is."""
    assert details == one(pair, "target", "Get-Recipient", Identity=address)["RecipientTypeDetails"]


def test_an_account_without_mail_is_no_recipient(pair: Pair) -> None:
    """A plain user is found by Get-User and not by Get-Recipient."""
    upn = "otto@northwindtraders.onmicrosoft.com"
    assert 404 == pair.exo("target", "Get-Recipient", Identity=upn).status
    row = one(pair, "target", "Get-User", Identity=upn)
    assert ("User", "User") == (row["RecipientType"], row["RecipientTypeDetails"])


def test_recipients_are_narrowed_by_type_and_filter(pair: Pair) -> None:
    """RecipientTypeDetails and Filter let through what fits both."""
    given = {"RecipientTypeDetails": ["MailUser", "MailContact"], "Filter": "Alias -like 'j*'"}
    assert ["john"] == [row["Alias"] for row in rows(pair, "target", "Get-Recipient", **given)]


def test_properties_limit_the_columns(pair: Pair) -> None:
    """With Properties a row holds these alone."""
    row = one(pair, "target", "Get-Recipient", Identity="nina", Properties=["Alias"])
    assert {"Alias": "nina"} == row


def test_deleted_recipients_show_on_request(pair: Pair) -> None:
    """IncludeSoftDeletedRecipients adds what was deleted."""
    found = [rows(pair, "target", "Get-Recipient", Filter="Alias -eq 'john'", IncludeSoftDeletedRecipients=wish)
             for wish in (False, True)]  # fmt: skip
    assert [1, 2] == [len(part) for part in found]


def test_a_long_list_comes_in_pages(pair: Pair) -> None:
    """The pages of a list, joined, are the list (wire 1.6)."""
    order = {"CmdletName": "Get-Recipient", "Parameters": {"ResultSize": "Unlimited"}}
    whole = [row["Identity"] for row in rows(pair, "source", "Get-Recipient", ResultSize="Unlimited")]
    answer = pair.exo_raw("source", order, Prefer="odata.maxpagesize=7")
    found = [row["Identity"] for row in answer.body["value"]]
    while "@odata.nextLink" in answer.body:
        query = "?" + answer.body["@odata.nextLink"].partition("?")[2]
        answer = pair.exo_raw("source", order, query=query, Prefer="odata.maxpagesize=7")
        found += [row["Identity"] for row in answer.body["value"]]
    assert whole == found


def test_a_former_mailbox_shows(pair: Pair) -> None:
    """Get-User tells of a mailbox that was: the document's John (lines 319 to 325)."""
    row = one(pair, "target", "Get-User", Identity=JOHN)
    assert ("UserMailbox", "MailUser", "MailUser") == (
        row["PreviousRecipientTypeDetails"], row["RecipientType"], row["RecipientTypeDetails"],
    )  # fmt: skip


def test_names_are_properties_of_the_user(pair: Pair) -> None:
    """FirstName and LastName come from Get-User, not from Get-Mailbox (doc trap B14)."""
    user = one(pair, "source", "Get-User", Identity="LaraN")
    assert ("Lara", "Newton") == (user["FirstName"], user["LastName"])
    assert "FirstName" not in one(pair, "source", "Get-Mailbox", Identity="LaraN")


def test_clearing_destroys_what_was_left(pair: Pair) -> None:
    """After clearing, the previous values and the deleted mailbox are gone (lines 306 to 342)."""
    pair.world.tenants["target"].mail_users[0].exchange_guid = FORMER
    assert 1 == len(rows(pair, "target", "Get-Mailbox", Identity=FORMER, SoftDeletedMailbox=True))
    done(pair, "target", "Set-User", Identity=JOHN, **{CLEAR: True}, Confirm=False)
    assert "None" == one(pair, "target", "Get-User", Identity=JOHN)["PreviousRecipientTypeDetails"]
    assert 404 == pair.exo("target", "Get-Mailbox", Identity=FORMER, SoftDeletedMailbox=True).status
    guid = one(pair, "target", "Get-MailUser", Identity=JOHN)["ExchangeGuid"]
    assert "00000000-0000-0000-0000-000000000000" == guid


@pytest.mark.parametrize("wish", [{}, {"Confirm": True}, {"WhatIf": True, "Confirm": False}])
def test_clearing_asks_first(pair: Pair, wish: dict[str, Any]) -> None:
    """Clearing without a plain Confirm false only asks and changes nothing (lines 336 to 341; doc trap A3)."""
    answer = pair.exo("target", "Set-User", Identity=JOHN, **{CLEAR: True}, **wish)
    assert JOHN in answer.body["@adminapi.confirmationmessage"]
    assert "UserMailbox" == one(pair, "target", "Get-User", Identity=JOHN)["PreviousRecipientTypeDetails"]


def test_clearing_touches_nobody_else() -> None:
    """Another deleted mailbox survives the clearing of John's."""
    data = everybody()
    data["target"]["mailboxes"][-1]["soft_deleted"] = "2026-10-01T00:00:00Z"
    pair = make_pair(data)
    done(pair, "target", "Set-User", Identity=JOHN, **{CLEAR: True}, Confirm=False)
    assert ["beamer"] == [row["Alias"] for row in rows(pair, "target", "Get-Mailbox", SoftDeletedMailbox=True)]


def test_a_living_mailbox_is_not_cleared(pair: Pair) -> None:
    """An account with a mailbox cannot be cleared of it."""
    answer = pair.exo("target", "Set-User", Identity="nina", **{CLEAR: True}, Confirm=False)
    assert "InvalidOperationException" == kind(answer)
    assert 200 == pair.exo("target", "Get-Mailbox", Identity="nina").status


def test_custom_attributes_of_a_mailbox(pair: Pair) -> None:
    """Set-Mailbox changes the attribute that is given and no other."""
    done(pair, "source", "Set-Mailbox", Identity="LaraN", CustomAttribute15="moved")
    row = one(pair, "source", "Get-Mailbox", Identity="LaraN")
    assert ("Cross-Tenant-Project", "moved") == (row["CustomAttribute1"], row["CustomAttribute15"])


def test_delegates_are_added_or_replaced(pair: Pair) -> None:
    """A plain list replaces all delegates, Add leaves them (doc trap A10)."""
    joe, anton = "joe@contoso.onmicrosoft.com", "anton@contoso.onmicrosoft.com"
    done(pair, "source", "Set-Mailbox", Identity="sofie", GrantSendOnBehalfTo=delta(Add=["anton"]))
    assert [joe, anton] == one(pair, "source", "Get-Mailbox", Identity="sofie")["GrantSendOnBehalfTo"]
    done(pair, "source", "Set-Mailbox", Identity="sofie", GrantSendOnBehalfTo=["anton"])
    assert [anton] == one(pair, "source", "Get-Mailbox", Identity="sofie")["GrantSendOnBehalfTo"]


def test_statistics_of_a_mailbox(pair: Pair) -> None:
    """Sizes are texts with bytes, counts are numbers (shapes 3.6)."""
    row = one(pair, "source", "Get-MailboxStatistics", Identity="nearly")
    assert (390000, 61000, False) == (row["ItemCount"], row["DeletedItemCount"], row["IsArchiveMailbox"])
    assert "33 GB (35,433,480,192 bytes)" == row["TotalDeletedItemSize"]


def test_statistics_of_an_archive(pair: Pair) -> None:
    """With Archive the figures are the archive's; without an archive nothing is found."""
    row = one(pair, "source", "Get-MailboxStatistics", Identity="anton", Archive=True)
    assert ("5c0e5c0e-0000-4000-8000-0000000e0001", True) == (row["MailboxGuid"], row["IsArchiveMailbox"])
    assert 404 == pair.exo("source", "Get-MailboxStatistics", Identity="joe", Archive=True).status


def test_statistics_of_a_deleted_mailbox(pair: Pair) -> None:
    """A deleted mailbox is found by its GUID with IncludeSoftDeletedRecipients, and only then."""
    assert 404 == pair.exo("target", "Get-MailboxStatistics", Identity=FORMER).status
    row = one(pair, "target", "Get-MailboxStatistics", Identity=FORMER, IncludeSoftDeletedRecipients=True)
    assert 5200 == row["ItemCount"]


def test_a_guest_is_among_the_mail_users(pair: Pair) -> None:
    """Get-MailUser shows guests with their own kind."""
    row = one(pair, "target", "Get-MailUser", Identity="corin.corrupt@contoso.com")
    assert "GuestMailUser" == row["RecipientTypeDetails"]
