"""Reads of holds, sizes and permissions (shapes 3.4, 3.6, 3.7): what is asked, and what is made of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from canned_reads import cmdlets, guid
from canned_wire import Answer

from xtmig_kernel.evidence import NotObserved, Reason

if TYPE_CHECKING:
    from pathlib import Path

    from canned_reads import Asking
    from canned_wire import Canned

ALL = {"ResultSize": "Unlimited"}
MAILBOX_GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
ARCHIVE = "5c0e5c0e-0000-4000-8000-00000000a001"
LARA, JO = "Lara.Newton@northwindtraders.com", "jo@northwindtraders.com"
MAILBOX: dict[str, Any] = {
    "Name": "LaraN",
    "DisplayName": "Lara Newton",
    "PrimarySmtpAddress": LARA,
    "RecipientTypeDetails": "UserMailbox",
    "EmailAddresses@odata.type": "#Collection(String)",
    "EmailAddresses": [f"SMTP:{LARA}"],
    **guid("ExchangeGuid", MAILBOX_GUID),
    **guid("ArchiveGuid", ARCHIVE),
    "ArchiveStatus": "Active",
    "AutoExpandingArchiveEnabled": True,
    **guid("DisabledArchiveGuid", "00000000-0000-0000-0000-000000000000"),
    "MailboxLocations@odata.type": "#Collection(String)",
    "MailboxLocations": [
        f"1;{MAILBOX_GUID};Primary;eurprd07.prod.outlook.com;d1",
        f"1;{ARCHIVE};MainArchive;eurprd07.prod.outlook.com;d2",
        "1;5c0e5c0e-0000-4000-8000-00000000a002;AuxArchive;eurprd07.prod.outlook.com;d3",
    ],
    "GrantSendOnBehalfTo@odata.type": "#Collection(String)",
    "GrantSendOnBehalfTo": ["Jo"],
    "LitigationHoldEnabled": False,
    "InPlaceHolds@odata.type": "#Collection(String)",
    "InPlaceHolds": ["mbx7cfb30345d454ac0a989ab3041051209:2"],
    "DelayHoldApplied": True,
    "DelayReleaseHoldApplied": False,
    "ComplianceTagHoldApplied": False,
    "ElcProcessingDisabled": False,
    "RetentionPolicy": "Default MRM Policy",
    "ProhibitSendReceiveQuota": "100 GB (107,374,182,400 bytes)",
    "ArchiveQuota": "Unlimited",
    "MailboxMoveStatus": "None",
    "MailboxMoveRemoteHostName": "",
}
STATISTICS = {
    "DisplayName": "Lara Newton",
    "ItemCount": 38211,
    "DeletedItemCount": 2,
    "TotalItemSize": "4.7 GB (5,046,586,572 bytes)",
    "TotalDeletedItemSize": "3.322 KB (3,402 bytes)",
}
JOS = {"Name": "Jo", "DisplayName": "Jo Doe", "PrimarySmtpAddress": JO, "RecipientTypeDetails": "UserMailbox",
       "EmailAddresses": [f"SMTP:{JO}"]}  # fmt: skip


@pytest.fixture
def listed(tmp_path: Path) -> None:
    """Lara's line of users.csv."""
    text = f"SourceAddress,TargetAddress\nLara.Newton@contoso.com,{LARA}\n"
    (tmp_path / "users.csv").write_text(text, encoding="utf-8")


def test_a_state(asking: Asking) -> None:
    """F-75, F-76: one list of all mailboxes tells holds, archives and quotas."""
    asking.answer_cmdlets(Get_Mailbox=lambda _: [MAILBOX])
    (row,) = asking.rows("mailbox_states")
    assert [("Get-Mailbox", ALL)] == cmdlets(asking)
    assert (["mbx7cfb30345d454ac0a989ab3041051209:2"], True, False) == (
        row["InPlaceHolds"], row["DelayHoldApplied"], row["LitigationHoldEnabled"],
    )  # fmt: skip
    assert (1, ARCHIVE, None) == (row["AuxiliaryArchives"], row["ArchiveGuid"], row["DisabledArchiveGuid"])
    assert (107_374_182_400, None, ["Jo"]) == (row["QuotaBytes"], row["ArchiveQuotaBytes"], row["SendOnBehalf"])


def test_holds_of_the_organisation(asking: Asking) -> None:
    """F-75: the organisation's configuration lists the policies that hold everybody."""
    asking.answer_cmdlets(Get_OrganizationConfig=lambda _: [{"Name": "northwind", "InPlaceHolds": ["mbx7cfb:2"]}])
    assert [{"Hold": "mbx7cfb:2"}] == asking.rows("organization_holds")


@pytest.mark.usefixtures("listed")
def test_sizes(asking: Asking) -> None:
    """F-77: mailbox and archive are asked for by ExchangeGuid, in one batch; sizes are the bytes in brackets."""
    asking.answer_cmdlets(Get_Mailbox=lambda _: [MAILBOX], Get_MailboxStatistics=lambda _: [STATISTICS])
    main, archive = asking.rows("mailbox_sizes")
    assert (False, 38211, 5_046_586_572, 2, 3_402) == (
        main["Archive"], main["Items"], main["Bytes"], main["DeletedItems"], main["DeletedBytes"],
    )  # fmt: skip
    assert archive == main | {"Archive": True}
    assert [{"Identity": MAILBOX_GUID}, {"Identity": MAILBOX_GUID, "Archive": True}] == [
        given for name, given in cmdlets(asking) if name == "Get-MailboxStatistics"
    ]


@pytest.mark.usefixtures("listed")
def test_recoverable_folders_of_an_archive(asking: Asking) -> None:
    """F-100: an archive is asked for by its mailbox's ExchangeGuid and the switch; folders tell items and size."""
    folder = {"Name": "SubstrateHolds", "FolderPath": "/SubstrateHolds", "FolderType": "RecoverableItemsSubstrateHolds",
              "ItemsInFolder": 3, "FolderSize": "3.322 KB (3,402 bytes)"}  # fmt: skip
    asking.answer_cmdlets(Get_Mailbox=lambda _: [MAILBOX], Get_MailboxFolderStatistics=lambda _: [folder])
    row = {"ExchangeGuid": MAILBOX_GUID, "ArchiveGuid": ARCHIVE, "Folder": "SubstrateHolds", "Items": 3, "Bytes": 3402}
    assert [row] == asking.rows("archive_recoverable_folders")
    given = {"Identity": MAILBOX_GUID, "Archive": True, "FolderScope": "RecoverableItems"}
    assert ("Get-MailboxFolderStatistics", given) == cmdlets(asking)[-1]


@pytest.mark.usefixtures("listed")
def test_folders_of_a_mailbox(asking: Asking) -> None:
    """F-87: all folders are asked for, recoverable ones are known by FolderType, and items are the folder's own."""
    folders = [
        {"Name": "Inbox", "FolderPath": "/Inbox", "FolderType": "Inbox", "ItemsInFolder": 412},
        {"Name": "2015", "FolderPath": "/Inbox/Old/2015", "FolderType": "User Created", "ItemsInFolder": "1,500"},
        {"Name": "Versions", "FolderPath": "/Versions", "FolderType": "RecoverableItemsVersions", "ItemsInFolder": 9},
        {"Name": "SubstrateHolds", "FolderPath": "/SubstrateHolds", "FolderType": "RecoverableItemsSubstrateHolds",
         "ItemsInFolder": 5000},
    ]  # fmt: skip
    asking.answer_cmdlets(Get_Mailbox=lambda _: [MAILBOX], Get_MailboxFolderStatistics=lambda _: folders)
    (row,) = asking.rows("folder_shapes")
    assert ("Get-MailboxFolderStatistics", {"Identity": LARA, **ALL}) == cmdlets(asking)[-1]
    assert (4, 1500, "/Inbox/Old/2015", 9, "/Versions", 3) == (
        row["Folders"], row["MostItems"], row["MostItemsFolder"], row["MostRecoverableItems"],
        row["MostRecoverableFolder"], row["Depth"],
    )  # fmt: skip


@pytest.mark.usefixtures("listed")
def test_tracked_holds(asking: Asking) -> None:
    """F-101: the log is JSON; a hold is its `hid` with its kind, and one that has ended is none."""
    log = (
        '[{"ed":"0001-01-01T00:00:00.0000000","hid":"mbx7cfb30345d454ac0a989ab3041051209:2","ht":4},'
        '{"ed":"2026-05-01T00:00:00.0000000Z","hid":"mbx1111:2","ht":4}]'
    )
    asking.answer_cmdlets(
        Get_OrganizationConfig=lambda _: [{"Name": "northwind", "InPlaceHolds": ["mbx7cfb:2"]}],
        Get_Mailbox=lambda _: [MAILBOX],
        Export_MailboxDiagnosticLogs=lambda _: [{"MailboxLog": log, "LogName": "HoldTracking"}],
    )
    row = {"ExchangeGuid": MAILBOX_GUID, "Hold": "mbx7cfb30345d454ac0a989ab3041051209:2", "Kind": 4}
    assert [row] == asking.rows("hold_tracking")
    asked = ("Export-MailboxDiagnosticLogs", {"Identity": MAILBOX_GUID, "ComponentName": "HoldTracking"})
    assert asked == cmdlets(asking)[-1]


@pytest.mark.usefixtures("listed")
def test_permissions(asking: Asking) -> None:
    """F-78: each mailbox is asked by its address; trustees come by any of their names, and leave as addresses."""
    asking.answer_cmdlets(
        Get_Mailbox=lambda _: [MAILBOX],
        Get_Recipient=lambda _: [MAILBOX, JOS],
        Get_User=lambda _: [],
        Get_MailboxPermission=lambda _: [
            {"User": "NT AUTHORITY\\SELF", "AccessRights": ["FullAccess"], "IsInherited": False, "Deny": False},
            {"User": JO, "AccessRights": ["FullAccess"], "IsInherited": False, "Deny": False},
        ],
        Get_RecipientPermission=lambda _: [{"Trustee": JO, "AccessRights": ["SendAs"], "AccessControlType": "Deny"}],
        Get_MailboxFolderStatistics=lambda _: [{"Name": "Kalender", "FolderType": "Calendar"}],
        Get_MailboxFolderPermission=lambda _: [{"User": "Jo Doe", "AccessRights": ["Editor"]}],
    )
    found = asking.rows("mailbox_permissions")
    assert [
        ("mailbox", "NT AUTHORITY\\SELF", "FullAccess", False),
        ("mailbox", JO, "FullAccess", False),
        ("recipient", JO, "SendAs", True),
        ("Kalender", JO, "Editor", False),
        ("recipient", JO, "SendOnBehalf", False),
    ] == [(row["Place"], row["Trustee"], row["Right"], row["Deny"]) for row in found]
    asked = dict(cmdlets(asking))
    assert {"Identity": LARA, "FolderScope": "Calendar"} == asked["Get-MailboxFolderStatistics"]
    assert {"Identity": f"{LARA}:\\Kalender"} == asked["Get-MailboxFolderPermission"]


@pytest.mark.usefixtures("listed")
def test_refused_permissions_are_no_observation(asking: Asking, canned: Canned) -> None:
    """An account without the roles gets no table, and the reason is told."""
    asking.answer_cmdlets(Get_Mailbox=lambda _: [MAILBOX], Get_Recipient=lambda _: [], Get_User=lambda _: [])
    canned.handlers["/$batch"] = lambda seen: Answer(
        body={"responses": [{"id": part["id"], "status": 403, "body": {}} for part in seen.body["requests"]]}
    )
    found = asking.read("mailbox_permissions")
    assert isinstance(found, NotObserved)
    assert Reason.DENIED == found.reason
