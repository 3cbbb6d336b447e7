"""Wire facts of recipients, accounts and groups in the simulated tenants (docs/reference/wire-facts.md)."""

from __future__ import annotations

from typing import Any

import pytest
from directory_cases import ADDON, INITIAL, group, id_of, mail_user, target
from exchange_answers import delta, done, kind, lara, one, rows, with_lara
from simulated_pair import Pair, example, make_pair

LARA = "Lara.Newton@contoso.com"
LARA_GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
NO_GUID = "00000000-0000-0000-0000-000000000000"
GUID_TYPE = {"@data.type": "System.Guid", "@odata.type": "#Guid"}
BYPASS = {"BypassSecurityGroupManagerCheck": True}
COMMON = {
    "Identity", "Name", "Alias", "DisplayName", "Guid", "RecipientType", "RecipientTypeDetails", "UserPrincipalName",
    "PrimarySmtpAddress", "ExternalDirectoryObjectId", "IsDirSynced", "ExchangeGuid", "ArchiveGuid",
    "DisabledArchiveGuid", "LegacyExchangeDN", "EmailAddresses", "PersistedCapabilities", "WhenSoftDeleted",
    *(f"CustomAttribute{n}" for n in range(1, 16)),
}  # fmt: skip
"""Properties of mailboxes and MailUsers alike, as a recorded answer spells them."""


def names(row: dict[str, Any]) -> set[str]:
    """The properties of a row, without annotations."""
    return {key for key in row if "@" not in key}


def test_a_mailbox_is_spelled_as_recorded(pair: Pair) -> None:
    """F-45: a mailbox has the properties that were recorded, and the values of the document's Lara."""
    row = one(pair, "source", "Get-Mailbox", Identity="LaraN")
    further = {"UsageLocation", "SKUAssigned", "AccountDisabled", "ArchiveStatus", "MailboxLocations", "InPlaceHolds",
               "LitigationHoldEnabled", "ProhibitSendQuota", "WhenMailboxCreated"}  # fmt: skip
    assert COMMON | further <= names(row)
    shown = ("Alias", "DisplayName", "RecipientType", "RecipientTypeDetails", "UserPrincipalName", "PrimarySmtpAddress",
             "ExchangeGuid", "CustomAttribute1")  # fmt: skip
    assert tuple(row[name] for name in shown) == (
        "LaraN", "Lara Newton", "UserMailbox", "UserMailbox", "LaraN@contoso.onmicrosoft.com", LARA, LARA_GUID,
        "Cross-Tenant-Project",
    )  # fmt: skip


@pytest.mark.parametrize("alias", ["boardroom", "reception"])
def test_a_mailbox_tells_its_kind(pair: Pair, alias: str) -> None:
    """F-45: RecipientTypeDetails tells rooms and shared mailboxes, RecipientType does not."""
    row = one(pair, "source", "Get-Mailbox", Identity=alias)
    expected = {"boardroom": "RoomMailbox", "reception": "SharedMailbox"}[alias]
    assert ("UserMailbox", expected) == (row["RecipientType"], row["RecipientTypeDetails"])


def test_a_mailbox_has_its_directory_id(pair: Pair) -> None:
    """F-45: ExternalDirectoryObjectId is text, and the id of the same account in Graph."""
    row = one(pair, "source", "Get-Mailbox", Identity="LaraN")
    assert "ExternalDirectoryObjectId@odata.type" not in row
    path = f"/users?$filter=userPrincipalName eq '{row['UserPrincipalName']}'"
    (user,) = pair.graph("source", "GET", path).body["value"]
    assert user["id"] == row["ExternalDirectoryObjectId"]


def test_a_mail_user_is_spelled_as_recorded(pair: Pair) -> None:
    """F-46: a MailUser has the mailbox's properties and its ExternalEmailAddress, with the prefix SMTP."""
    row = one(pair, "target", "Get-MailUser", Identity="john")
    assert COMMON | {"ExternalEmailAddress", "MicrosoftOnlineServicesID"} <= names(row)
    assert "SMTP:john@elsewhere.example" == row["ExternalEmailAddress"]
    assert ("MailUser", "MailUser") == (row["RecipientType"], row["RecipientTypeDetails"])


@pytest.mark.parametrize("name", ["ExchangeGuid", "ArchiveGuid", "DisabledArchiveGuid"])
def test_an_unset_guid_is_zeros(pair: Pair, name: str) -> None:
    """F-47: an unset GUID is a GUID of zeros, typed like any other."""
    row = one(pair, "target", "Get-MailUser", Identity="john")
    assert (NO_GUID, GUID_TYPE) == (row[name], {part: row[f"{name}{part}"] for part in GUID_TYPE})
    mailbox = one(pair, "source", "Get-Mailbox", Identity="joe")
    assert (NO_GUID, NO_GUID) == (mailbox["ArchiveGuid"], mailbox["DisabledArchiveGuid"])


def test_an_empty_list_is_a_list(pair: Pair) -> None:
    """F-47: a multi-valued property without values is an empty list with its type, and never null."""
    row = one(pair, "source", "Get-Mailbox", Identity="joe")
    assert ([], "#Collection(String)") == (row["InPlaceHolds"], row["InPlaceHolds@odata.type"])
    assert [] == one(pair, "target", "Get-MailUser", Identity="john")["PersistedCapabilities"]


def test_the_primary_address_is_in_capitals() -> None:
    """F-48: one SMTP prefix in capitals, the others not; addresses of other kinds byte for byte."""
    others = ["smtp:a@northwindtraders.com", "x500:/o=First (A)/cn=Lara", "X400:C=IE;A= ;"]
    pair = target([mail_user(proxies=others)])
    row = one(pair, "target", "Get-MailUser", Identity="lara")
    assert ["SMTP:lara@northwindtraders.com", *others] == row["EmailAddresses"]


def test_a_limit_is_a_limit(pair: Pair) -> None:
    """F-44: ResultSize as a number ends the list there, with a warning that there is more."""
    answer = pair.exo("source", "Get-Mailbox", ResultSize=2)
    assert 2 == len(answer.body["value"])
    assert "There are more results available" in answer.body["@adminapi.warnings"][0]


@pytest.mark.parametrize(("given", "expected"), [({}, 1000), ({"ResultSize": "Unlimited"}, 1003)])
def test_a_list_ends_after_a_thousand(given: dict[str, Any], expected: int) -> None:
    """F-44: without ResultSize Unlimited a list of more than a thousand objects ends after the thousandth."""
    pair = target([mail_user(f"u{number}") for number in range(1003)])
    order = {"CmdletName": "Get-MailUser", "Parameters": given}
    answer, found, query = None, 0, ""
    while answer is None or query:
        answer = pair.exo_raw("target", order, query=query)
        found += len(answer.body["value"])
        query = answer.body.get("@odata.nextLink", "").partition("InvokeCommand")[2]
    assert expected == found


def test_what_is_not_selected_is_not_answered(pair: Pair) -> None:
    """F-44: with $select a row holds the named properties and their annotations alone."""
    given = {"CmdletName": "Get-Mailbox", "Parameters": {"Identity": "LaraN"}}
    (row,) = pair.exo_raw("source", given, query="?$select=Alias,ExchangeGuid").body["value"]
    assert {"Alias", "ExchangeGuid", *(f"ExchangeGuid{part}" for part in GUID_TYPE)} == row.keys()


def test_a_recipient_has_no_sign_in_name(pair: Pair) -> None:
    """F-49: Get-Recipient shows mailboxes without UserPrincipalName, and with their ExchangeGuid (trap B13)."""
    row = one(pair, "source", "Get-Recipient", Identity=LARA)
    assert "UserPrincipalName" not in row
    assert (LARA_GUID, "UserMailbox") == (row["ExchangeGuid"], row["RecipientTypeDetails"])


def test_a_deleted_mailbox_is_in_a_list_of_its_own(pair: Pair) -> None:
    """F-51: SoftDeletedMailbox lists deleted mailboxes alone, with the moment of their deletion."""
    living = {row["Alias"] for row in rows(pair, "source", "Get-Mailbox")}
    (row,) = rows(pair, "source", "Get-Mailbox", SoftDeletedMailbox=True)
    assert ("goner", "2026-08-01T08:00:00.0000000+00:00") == (row["Alias"], row["WhenSoftDeleted"])
    assert "goner" not in living


def test_statistics_are_of_one_mailbox(pair: Pair) -> None:
    """F-51: what a mailbox holds is a number of items, and a size with its bytes in brackets."""
    row = one(pair, "source", "Get-MailboxStatistics", Identity="nearly")
    assert (390000, "System.Int32") == (row["ItemCount"], row["ItemCount@data.type"])
    assert row["TotalItemSize"].endswith(" bytes)")


@pytest.mark.parametrize(
    ("alias", "details"),
    [("MoveScope", "MailUniversalSecurityGroup"), ("SalesStaff", "MailUniversalDistributionGroup")],
)
def test_a_group_tells_its_kind(pair: Pair, alias: str, details: str) -> None:
    """F-52: RecipientTypeDetails tells a security group from a plain list; the group has its id in the directory."""
    row = one(pair, "source", "Get-DistributionGroup", Identity=alias)
    assert details == row["RecipientTypeDetails"]
    (same,) = [g for g in pair.graph("source", "GET", "/groups").body["value"] if g["displayName"] == row["Name"]]
    assert same["id"] == row["ExternalDirectoryObjectId"]


def test_a_group_names_its_owners(pair: Pair) -> None:
    """F-52: ManagedBy names the owners, as a list."""
    row = one(pair, "source", "Get-DistributionGroup", Identity="MoveScope")
    assert ["olivia.operator@contoso.onmicrosoft.com"] == row["ManagedBy"]


def test_members_have_their_directory_ids(pair: Pair) -> None:
    """F-53: a member shows name, kind, address and id, of whatever kind it is; a group is found by its id."""
    identity = one(pair, "source", "Get-DistributionGroup", Identity="SalesStaff")["ExternalDirectoryObjectId"]
    found = {row["Alias"]: row for row in rows(pair, "source", "Get-DistributionGroupMember", Identity=identity)}
    assert {"sofie", "joe"} == found.keys()
    joe = one(pair, "source", "Get-Mailbox", Identity="joe")
    columns = ("Name", "PrimarySmtpAddress", "RecipientTypeDetails", "ExternalDirectoryObjectId")
    assert [joe[column] for column in columns] == [found["joe"][column] for column in columns]


def test_members_are_changed_by_object_id(pair: Pair) -> None:
    """F-60: group and member may be named by their directory ids."""
    group_id = one(pair, "source", "Get-DistributionGroup", Identity="SalesStaff")["ExternalDirectoryObjectId"]
    vera, joe = (one(pair, "source", "Get-Mailbox", Identity=a)["ExternalDirectoryObjectId"] for a in ("vera", "joe"))
    done(pair, "source", "Add-DistributionGroupMember", Identity=group_id, Member=vera, Confirm=False, **BYPASS)
    done(pair, "source", "Remove-DistributionGroupMember", Identity=group_id, Member=joe, Confirm=False, **BYPASS)
    pair.advance(3)
    members = rows(pair, "source", "Get-DistributionGroupMember", Identity=group_id)
    assert {"sofie", "vera"} == {row["Alias"] for row in members}


def test_a_removal_of_a_member_asks_first(pair: Pair) -> None:
    """F-60: Remove-DistributionGroupMember asks unless Confirm is false; Add does not."""
    asked = pair.exo("source", "Remove-DistributionGroupMember", Identity="SalesStaff", Member="joe", **BYPASS)
    assert "@adminapi.confirmationmessage" in asked.body
    done(pair, "source", "Add-DistributionGroupMember", Identity="SalesStaff", Member="vera", **BYPASS)


@pytest.mark.parametrize(
    ("wish", "details"), [("Security", "Security"), ("security", "Security"), (None, "Distribution")]
)
def test_the_type_makes_a_security_group(pair: Pair, wish: str | None, details: str) -> None:
    """F-59: only Type Security makes a security group; without Type it is a plain list."""
    given = {"Name": "Wave 1"} | ({"Type": wish} if wish else {})
    (row,) = done(pair, "source", "New-DistributionGroup", **given).body["value"]
    assert f"MailUniversal{details}Group" == row["RecipientTypeDetails"]


def relationship(pair: Pair, **changes: Any) -> list[str]:
    """What the source's relationship publishes after a change."""
    opened = {"DomainNames": [pair.tenant_id("target")], "Enabled": True, "MailboxMoveEnabled": True}
    scopes = {"MailboxMovePublishedScopes": ["MoveScope"]}
    done(pair, "source", "New-OrganizationRelationship", Name="North", **opened, **scopes)
    done(pair, "source", "Set-OrganizationRelationship", Identity="North", **changes)
    pair.advance(3)
    found: list[str] = one(pair, "source", "Get-OrganizationRelationship", Identity="North")[
        "MailboxMovePublishedScopes"
    ]
    return found


def test_groups_are_added_to_what_is_published(pair: Pair) -> None:
    """F-61: Add leaves the groups that are published already; a group is shown by its name."""
    added = relationship(pair, MailboxMovePublishedScopes=delta(Add=["NestedMovers"]))
    assert ["Cross-tenant move scope", "Nested movers"] == added


def test_a_list_of_groups_replaces_what_is_published(pair: Pair) -> None:
    """F-61: a plain list is what is published afterwards (trap A6)."""
    assert ["Nested movers"] == relationship(pair, MailboxMovePublishedScopes=["NestedMovers"])


def test_only_a_group_can_be_published(pair: Pair) -> None:
    """F-61: what is no mail-enabled group cannot be published."""
    given = {"Name": "North", "DomainNames": ["x"], "MailboxMovePublishedScopes": ["nobody"]}
    assert 404 == pair.exo("source", "New-OrganizationRelationship", **given).status


def test_a_relationship_holds_one_application(pair: Pair) -> None:
    """F-61: OAuthApplicationId is one text, which a new one replaces (trap A6)."""
    relationship(pair, OAuthApplicationId="a")
    done(pair, "source", "Set-OrganizationRelationship", Identity="North", OAuthApplicationId="b")
    assert "b" == one(pair, "source", "Get-OrganizationRelationship", Identity="North")["OAuthApplicationId"]


def test_the_password_needs_its_parameter_set(pair: Pair) -> None:
    """F-54: Password binds beside MicrosoftOnlineServicesID, and not without it."""
    given = {name: value for name, value in lara().items() if name != "MicrosoftOnlineServicesID"}
    assert "AmbiguousParameterSetException" == kind(pair.exo("target", "New-MailUser", **given))


def test_an_archive_guid_is_kept(pair: Pair) -> None:
    """F-56: ExchangeGuid and ArchiveGuid are taken as text and shown as GUIDs."""
    with_lara(pair)
    guids = {"ExchangeGuid": LARA_GUID.upper(), "ArchiveGuid": "5C0E5C0E-0000-4000-8000-0000000E0001"}
    done(pair, "target", "Set-MailUser", Identity="LaraN", **guids)
    row = one(pair, "target", "Get-MailUser", Identity="LaraN")
    assert {name: value.lower() for name, value in guids.items()} == {name: row[name] for name in guids}


def test_a_guid_must_be_one(pair: Pair) -> None:
    """F-56: a text that is no GUID is refused as a bad value."""
    answer = pair.exo("target", "Set-MailUser", Identity="john", ExchangeGuid="none")
    assert (400, "ParameterTransformationException") == (answer.status, kind(answer))


def member(pair: Pair, number: int, cmdlet: str, **parameters: Any) -> dict[str, Any]:
    """A member of a batch for the source."""
    bearer = f"Bearer {pair.operator_token('source')}"
    return {
        "id": str(number), "method": "POST", "url": f"/adminapi/beta/{pair.tenant_id('source')}/InvokeCommand",
        "headers": {"Authorization": bearer}, "body": {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}},
    }  # fmt: skip


def test_a_refused_write_keeps_no_other_back(pair: Pair) -> None:
    """F-64: of the writes in a batch each is done or refused by itself, and answered under its id."""
    add = "Add-DistributionGroupMember"
    wanted = ("vera", "joe", "hal")
    members = [member(pair, n, add, Identity="SalesStaff", Member=who, **BYPASS) for n, who in enumerate(wanted)]
    url, bearer = f"/adminapi/beta/{pair.tenant_id('source')}/$batch", f"Bearer {pair.operator_token('source')}"
    answer = pair.send("exo", "POST", url, {"requests": members}, Authorization=bearer)
    assert [add] * 3 == [entry.cmdlet for entry in pair.outcomes[-1].entries[1:]]
    assert {"0": 200, "1": 400, "2": 200} == {part["id"]: part["status"] for part in answer.body["responses"]}
    pair.advance(3)
    found = rows(pair, "source", "Get-DistributionGroupMember", Identity="SalesStaff")
    assert {"sofie", "joe", "vera", "hal"} == {row["Alias"] for row in found}


def test_a_refused_licence_keeps_no_other_back() -> None:
    """F-64: in Graph's batch too each write has its own status."""
    pair = target([mail_user(), mail_user("mona", usage_location=None)], [group("staff", [])])
    body = {"addLicenses": [{"skuId": ADDON, "disabledPlans": []}], "removeLicenses": []}
    members = [
        {"id": str(n), "method": "POST", "url": f"/users/{id_of(pair, alias)}/assignLicense", "body": body,
         "headers": {"Content-Type": "application/json"}} for n, alias in enumerate(("mona", "lara"))
    ]  # fmt: skip
    answer = pair.graph("target", "POST", "/$batch", {"requests": members})
    assert {"0": 400, "1": 200} == {part["id"]: part["status"] for part in answer.body["responses"]}
    path = f"/users/lara@{INITIAL}?$select=assignedLicenses"
    assert [ADDON] == [held["skuId"] for held in pair.graph("target", "GET", path).body["assignedLicenses"]]


def test_an_archive_is_shown_by_its_guid() -> None:
    """F-45: a mailbox with an archive shows the archive's GUID, and the GUID of one that was disabled."""
    data = example()
    data["source"]["mailboxes"][0] |= {
        "archive": {"guid": "5c0e5c0e-0000-4000-8000-0000000e0009"},
        "disabled_archive_guid": "5c0e5c0e-0000-4000-8000-0000000e0008",
    }
    row = one(make_pair(data), "source", "Get-Mailbox", Identity="LaraN")
    assert "5c0e5c0e-0000-4000-8000-0000000e0009" == row["ArchiveGuid"]
    assert "5c0e5c0e-0000-4000-8000-0000000e0008" == row["DisabledArchiveGuid"]
