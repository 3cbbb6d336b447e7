"""How recipients, accounts and groups come from Exchange: rows in the recorded shapes, and every column of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from canned_reads import BY_SECRET, NO_GUID, Asking, cmdlets, guid, listed, number, place, query, several
from canned_wire import Answer

from xtmig_kernel.inventory.reader import SIGNED_IN
from xtmig_kernel.project.model import Names
from xtmig_kernel.tables import BY_NAME

if TYPE_CHECKING:
    from canned_wire import Canned, Login, NotingClock

OBJECT_ID = "5c0e0000-0000-4000-8000-000000000001"
MAILBOX_GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
ARCHIVE = "5c0e0000-0000-4000-8000-0000000000a1"
OLD_ARCHIVE = "5c0e0000-0000-4000-8000-0000000000a2"
DN = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=d11ec1a2-LaraN"
X500 = "/o=ExchangeLabs/cn=f161af74128f460fba5c0c23984b3d6c-Lara"
ALL = {"ResultSize": "Unlimited"}
ENDPOINT = "xtmig-contoso-moves"

NAMES = {"Name": "LaraN", "Alias": "LaraN", "DisplayName": "Lara Newton", "RecipientType": "UserMailbox"}
ATTRIBUTES = {f"CustomAttribute{n}": "" for n in range(1, 16)} | {"CustomAttribute1": "Cross-Tenant-Project"}
MAILBOX: dict[str, Any] = {
    "Identity": "LaraN",
    **NAMES,
    **guid("Guid", "5d1c0f7e-0000-4000-8000-000000000001"),
    "RecipientTypeDetails": "UserMailbox",
    "UserPrincipalName": "LaraN@contoso.onmicrosoft.com",
    "PrimarySmtpAddress": "Lara.Newton@contoso.com",
    "ExternalDirectoryObjectId": OBJECT_ID,
    "IsDirSynced": False,
    **guid("ExchangeGuid", MAILBOX_GUID),
    **guid("ArchiveGuid", ARCHIVE),
    **guid("DisabledArchiveGuid", OLD_ARCHIVE),
    "LegacyExchangeDN": DN,
    **several(
        "EmailAddresses",
        "smtp:LaraN@contoso.onmicrosoft.com",
        "SMTP:Lara.Newton@contoso.com",
        f"X500:{X500}",
        "SIP:lara.newton@contoso.com",
    ),
    **several("PersistedCapabilities", "MIP_S_CLP2", "BPOS_S_Enterprise"),
    **several("GrantSendOnBehalfTo"),
    "UsageLocation": "Ireland",
    "WhenSoftDeleted": None,
    **ATTRIBUTES,
}
COLUMNS: dict[str, Any] = {
    "Name": "LaraN",
    "Alias": "LaraN",
    "DisplayName": "Lara Newton",
    "RecipientTypeDetails": "UserMailbox",
    "UserPrincipalName": "LaraN@contoso.onmicrosoft.com",
    "PrimarySmtpAddress": "Lara.Newton@contoso.com",
    "ObjectId": OBJECT_ID,
    "SmtpAddresses": ["Lara.Newton@contoso.com", "LaraN@contoso.onmicrosoft.com"],
    "X500Addresses": [f"x500:{X500}"],
    "OtherAddresses": ["SIP:lara.newton@contoso.com"],
    "ExchangeGuid": MAILBOX_GUID,
    "ArchiveGuid": ARCHIVE,
    "LegacyExchangeDN": DN,
    "DirectorySynchronised": False,
    "PersistedCapabilities": ["BPOS_S_Enterprise", "MIP_S_CLP2"],
    "CustomAttributes": ["CustomAttribute1=Cross-Tenant-Project"],
}
MAIL_USER = MAILBOX | {
    "RecipientType": "MailUser",
    "RecipientTypeDetails": "MailUser",
    "UserPrincipalName": "LaraN@northwindtraders.onmicrosoft.com",
    "MicrosoftOnlineServicesID": "LaraN@northwindtraders.onmicrosoft.com",
    "ExternalEmailAddress": "SMTP:LaraN@contoso.onmicrosoft.com",
    "RecoverableItemsQuota": "30 GB (32,212,254,720 bytes)",
}


def test_a_mailbox(asking: Asking) -> None:
    """F-45: a mailbox's properties, as they are spelled and annotated in a recorded answer."""
    asking.answer_cmdlets(Get_Mailbox=lambda _: [MAILBOX])
    expected = COLUMNS | {"DisabledArchiveGuid": OLD_ARCHIVE, "UsageLocation": "Ireland"}
    assert [expected] == asking.rows("mailboxes")


def test_a_mail_user(asking: Asking) -> None:
    """F-46: a MailUser has the mailbox's properties, and its ExternalEmailAddress with the prefix SMTP."""
    asking.answer_cmdlets(Get_MailUser=lambda _: [MAIL_USER])
    expected = COLUMNS | {
        "RecipientTypeDetails": "MailUser",
        "UserPrincipalName": "LaraN@northwindtraders.onmicrosoft.com",
        "ExternalEmailAddress": "LaraN@contoso.onmicrosoft.com",
        "RecoverableItemsQuotaBytes": 32_212_254_720,
    }
    assert [expected] == asking.rows("mail_users")


def test_a_recipient(asking: Asking) -> None:
    """F-49: Get-Recipient shows names, kind, addresses and ExchangeGuid of whatever has an address."""
    asking.answer_cmdlets(Get_Recipient=lambda _: [MAILBOX])
    names = ("Name", "Alias", "DisplayName", "RecipientTypeDetails", "PrimarySmtpAddress", "ObjectId", "SmtpAddresses",
             "X500Addresses", "OtherAddresses", "ExchangeGuid")  # fmt: skip
    assert [{name: COLUMNS[name] for name in names}] == asking.rows("recipients")


def test_the_sign_in_name_is_not_asked_of_get_recipient(asking: Asking) -> None:
    """F-49: UserPrincipalName is a property of mailboxes, MailUsers and accounts, not of Get-Recipient (trap B13)."""
    asking.rows("recipients", listed())
    assert "UserPrincipalName" not in query(asking.asked[0])["$select"].split(",")


@pytest.mark.parametrize(("before", "expected"), [("UserMailbox", "UserMailbox"), ("None", None), (None, None)])
def test_an_account(asking: Asking, before: str | None, expected: str | None) -> None:
    """F-50: Get-User tells first and last name, and what the object was before; None means nothing else."""
    account = MAIL_USER | {"FirstName": "Lara", "LastName": "Newton", "PreviousRecipientTypeDetails": before}
    asking.answer_cmdlets(Get_User=lambda _: [account])
    assert asking.rows("exchange_users") == [
        {
            "ObjectId": OBJECT_ID,
            "UserPrincipalName": "LaraN@northwindtraders.onmicrosoft.com",
            "DisplayName": "Lara Newton",
            "FirstName": "Lara",
            "LastName": "Newton",
            "RecipientTypeDetails": "MailUser",
            "PreviousRecipientTypeDetails": expected,
        }
    ]


TABLES = {
    "mailboxes": "Get-Mailbox",
    "mail_users": "Get-MailUser",
    "recipients": "Get-Recipient",
    "exchange_users": "Get-User",
    "distribution_groups": "Get-DistributionGroup",
}


@pytest.mark.parametrize("table", TABLES)
def test_a_list_is_asked_for_as_a_whole(asking: Asking, table: str) -> None:
    """F-44: without ResultSize Unlimited a list ends after its first thousand."""
    asking.rows(table, listed())
    assert [(TABLES[table], ALL)] == cmdlets(asking)


@pytest.mark.parametrize("unset", [NO_GUID, None, ""])
def test_an_unset_guid(asking: Asking, unset: str | None) -> None:
    """F-47: an unset GUID is all zeros, and is no value."""
    bare = dict.fromkeys(("ExchangeGuid", "ArchiveGuid", "DisabledArchiveGuid"), unset)
    asking.answer_cmdlets(Get_Mailbox=lambda _: [MAILBOX | bare])
    (row,) = asking.rows("mailboxes")
    assert [None] * 3 == [row[name] for name in bare]


def test_an_empty_list(asking: Asking) -> None:
    """F-47: a multi-valued property without values is an empty list; a null one is read in the same way."""
    for empty in (several("EmailAddresses") | several("PersistedCapabilities"),
                  {"EmailAddresses": None, "PersistedCapabilities": None}):  # fmt: skip
        asking.answer_cmdlets(Get_Mailbox=lambda _, empty=empty: [MAILBOX | empty])
        (row,) = asking.rows("mailboxes")
        lists = ("SmtpAddresses", "X500Addresses", "OtherAddresses", "PersistedCapabilities")
        assert [[]] * 4 == [row[name] for name in lists]


def test_the_kind_of_an_address_is_its_prefix(asking: Asking) -> None:
    """F-48: the prefix says of which kind an address is, in any case; what follows it counts byte for byte."""
    addresses = ("x500:/o=First (A)/cn=Lara", "X500:/O=second/cn=lara", "smtp:x500@contoso.com", "x400:C=IE;A= ;",
                 "SPO:SPO_1@SPO_2", "EUM:x500;phone-context=x", "plain@contoso.com")  # fmt: skip
    asking.answer_cmdlets(Get_Mailbox=lambda _: [MAILBOX | several("EmailAddresses", *addresses)])
    (row,) = asking.rows("mailboxes")
    assert ["x500:/O=second/cn=lara", "x500:/o=First (A)/cn=Lara"] == row["X500Addresses"]
    assert ["plain@contoso.com", "x500@contoso.com"] == row["SmtpAddresses"]
    assert ["EUM:x500;phone-context=x", "SPO:SPO_1@SPO_2", "x400:C=IE;A= ;"] == row["OtherAddresses"]


DELETED = MAILBOX | {"WhenSoftDeleted@data.type": "System.DateTime", "WhenSoftDeleted": "2026-10-20T08:00:00.0000000Z"}
HELD = {
    "DisplayName": "Lara Newton",
    **guid("MailboxGuid", MAILBOX_GUID),
    **number("ItemCount", 412),
    **number("DeletedItemCount", 3),
    "TotalItemSize": "3.322 KB (3,402 bytes)",
}


def batched(*answers: Answer) -> Any:
    """A $batch that gives its members these answers, in their order."""
    parts = [{"id": str(n), "status": a.status, "headers": {}, "body": a.body} for n, a in enumerate(answers)]
    return lambda _: Answer(body={"responses": parts})


def test_a_deleted_mailbox_and_what_it_holds(asking: Asking, canned: Canned) -> None:
    """F-51: SoftDeletedMailbox lists deleted mailboxes; each one's statistics are asked for with deleted ones."""
    asking.answer_cmdlets(Get_Mailbox=lambda _: [DELETED])
    canned.handlers["/$batch"] = batched(listed(HELD))
    assert asking.rows("soft_deleted_mailboxes") == [
        {
            "ObjectId": OBJECT_ID,
            "ExchangeGuid": MAILBOX_GUID,
            "DisplayName": "Lara Newton",
            "UserPrincipalName": "LaraN@contoso.onmicrosoft.com",
            "PrimarySmtpAddress": "Lara.Newton@contoso.com",
            "SoftDeletedAt": "2026-10-20T08:00:00.0000000Z",
            "Items": 412,
            "Bytes": 3402,
        }
    ]
    listing, batch = asking.asked
    assert ALL | {"SoftDeletedMailbox": True} == listing.body["CmdletInput"]["Parameters"]
    (member,) = batch.body["requests"]
    assert member["body"]["CmdletInput"] == {
        "CmdletName": "Get-MailboxStatistics",
        "Parameters": {"Identity": MAILBOX_GUID, "IncludeSoftDeletedRecipients": True},
    }


def test_a_deleted_mail_user(asking: Asking) -> None:
    """F-51: SoftDeletedMailUser lists deleted MailUsers, in one page for all."""
    asking.answer_cmdlets(Get_MailUser=lambda _: [DELETED])
    (row,) = asking.rows("soft_deleted_mail_users")
    assert (row["ObjectId"], row["ExchangeGuid"], row["SoftDeletedAt"]) == (
        OBJECT_ID, MAILBOX_GUID, "2026-10-20T08:00:00.0000000Z",
    )  # fmt: skip
    assert [("Get-MailUser", ALL | {"SoftDeletedMailUser": True})] == cmdlets(asking)


def test_a_deleted_mailbox_that_does_not_tell_is_not_empty(asking: Asking, canned: Canned) -> None:
    """F-51: where a mailbox's statistics are refused, what it holds is unknown; the others' are read."""
    other = DELETED | {"ExchangeGuid": ARCHIVE}
    kind = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    refused = {"error": {"code": "NotFound", "message": "x", "details": [{"message": f"Ex|{kind}|not there"}]}}
    asking.answer_cmdlets(Get_Mailbox=lambda _: [other, DELETED])
    canned.handlers["/$batch"] = batched(Answer(404, refused), listed(HELD))
    assert [(None, None), (412, 3402)] == [(r["Items"], r["Bytes"]) for r in asking.rows("soft_deleted_mailboxes")]


GROUP = {
    "Name": "Movers",
    "Alias": "movers",
    "PrimarySmtpAddress": "movers@contoso.com",
    "GroupType": "Universal, SecurityEnabled",
    "RecipientTypeDetails": "MailUniversalSecurityGroup",
    "ExternalDirectoryObjectId": OBJECT_ID,
    **several("ManagedBy", "Organization Management"),
    "IsDirSynced": True,
}


def test_a_group(asking: Asking) -> None:
    """F-52: RecipientTypeDetails tells a security group; ManagedBy names its owners."""
    asking.answer_cmdlets(Get_DistributionGroup=lambda _: [GROUP])
    assert asking.rows("distribution_groups") == [
        {
            "ObjectId": OBJECT_ID,
            "Name": "Movers",
            "Alias": "movers",
            "PrimarySmtpAddress": "movers@contoso.com",
            "RecipientTypeDetails": "MailUniversalSecurityGroup",
            "ManagedBy": ["Organization Management"],
            "DirectorySynchronised": True,
        }
    ]


@pytest.fixture
def scope_asking(
    tmp_path: Path, canned: Canned, clock: NotingClock, application_login: Login, canned_cloud: None
) -> Asking:
    """Signed in for a project whose scope group is Movers."""
    return Asking(tmp_path, canned, clock, BY_SECRET, names=Names(scope_groups=("Movers",)))


def test_members_of_a_group(scope_asking: Asking) -> None:
    """F-53: a group's direct members, asked for by its object ID; a group among them is asked for in its turn."""
    inner = GROUP | {"Name": "Inner", "ExternalDirectoryObjectId": ARCHIVE}
    members = {OBJECT_ID: [MAILBOX, inner], ARCHIVE: [MAIL_USER | {"ExternalDirectoryObjectId": OLD_ARCHIVE}]}
    scope_asking.answer_cmdlets(
        Get_DistributionGroup=lambda _: [GROUP], Get_DistributionGroupMember=lambda given: members[given["Identity"]]
    )
    rows = scope_asking.rows("scope_members")
    assert rows[0] == {
        "Group": "Movers",
        "ObjectId": OBJECT_ID,
        "Name": "LaraN",
        "PrimarySmtpAddress": "Lara.Newton@contoso.com",
        "RecipientTypeDetails": "UserMailbox",
        "Membership": "direct",
        "Via": "",
    }
    assert [(ARCHIVE, "direct", ""), (OLD_ARCHIVE, "nested", "Inner")] == [
        (row["ObjectId"], row["Membership"], row["Via"]) for row in rows[1:]
    ]
    asked = [given for name, given in cmdlets(scope_asking) if name == "Get-DistributionGroupMember"]
    assert [{"Identity": OBJECT_ID, **ALL}, {"Identity": ARCHIVE, **ALL}] == asked


def test_accepted_domains(asking: Asking) -> None:
    """F-43: Get-AcceptedDomain answers DomainName, its kind, and which one is the default and the initial one."""
    rows = [
        {"Name": "x", "DomainName": "Contoso.com", "DomainType": "Authoritative", "Default": True},
        {"Name": "y", "DomainName": "contoso.onmicrosoft.com", "DomainType": "InternalRelay", "InitialDomain": True},
    ]
    assert asking.rows("accepted_domains", listed(*rows)) == [
        {"DomainName": "contoso.com", "DomainType": "Authoritative", "Default": True, "InitialDomain": False},
        {
            "DomainName": "contoso.onmicrosoft.com",
            "DomainType": "InternalRelay",
            "Default": False,
            "InitialDomain": True,
        },
    ]
    assert [("Get-AcceptedDomain", {})] == cmdlets(asking)


def test_offered_cmdlets(asking: Asking) -> None:
    """F-04: what the account is offered is a table of cmdlets, each with its parameters."""
    text = "function script:Set-MailUser\n{\n  param(\n  ${Identity},\n  ${ExchangeGuid}\n  )\n}\n"
    file = {"fileContent": text, "exportedCmdlets": "Set-MailUser"}
    assert [{"Cmdlet": "Set-MailUser", "Parameters": ["ExchangeGuid", "Identity"]}] == asking.rows(
        "offered_cmdlets", Answer(body={"value": [file]})
    )
    assert place(asking.asked[0]).endswith("/EXOModuleFile")


TESTED = {
    "Result": "Failed",
    "Message": "The connection to the server could not be completed.",
    "ConnectionSettings": None,
    "ErrorDetail": "Microsoft.Exchange.Migration.MigrationServerConnectionFailedException: x",
}


def test_users_are_tested_by_endpoint_and_mailbox(asking: Asking, tmp_path: Path) -> None:
    """F-63: the test of a user takes Endpoint and, as TestMailbox, the primary address in the target."""
    (tmp_path / "users.csv").write_text("SourceAddress,TargetAddress\na@contoso.com,b@x.com\n", encoding="utf-8")
    prepared = MAIL_USER | {"PrimarySmtpAddress": "b@x.com"}
    asking.answer_cmdlets(
        Get_MigrationEndpoint=lambda _: [{"Identity": ENDPOINT}],
        Get_MailUser=lambda _: [prepared],
        Test_MigrationServerAvailability=lambda _: [TESTED],
    )
    assert asking.rows("migration_tests") == [
        {
            "Endpoint": ENDPOINT,
            "TestMailbox": "b@x.com",
            "Result": "Failed",
            "Message": TESTED["Message"],
            "ErrorDetail": TESTED["ErrorDetail"],
        }
    ]
    assert ("Test-MigrationServerAvailability", {"Endpoint": ENDPOINT, "TestMailbox": "b@x.com"}) == cmdlets(asking)[-1]


def test_every_table_of_a_service_is_read_from_canned_answers() -> None:
    """Each table that Exchange or Graph answers is read in a test of wire facts, from an answer of that shape."""
    texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_facts_*.py")]
    read = {name for text in texts for name in re.findall(r'\.rows\(\s*"(\w+)"', text)}
    from_tokens = {"signed_in"}
    assert SIGNED_IN.keys() - from_tokens <= read <= BY_NAME.keys()
