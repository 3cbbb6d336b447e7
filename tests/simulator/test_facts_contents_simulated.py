"""Holds, archives, sizes and rights as the simulated tenants show them, against the wire facts of section 120."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from exchange_answers import one, rows
from simulated_pair import example, make_pair

if TYPE_CHECKING:
    from simulated_pair import Pair

SELF = "NT AUTHORITY\\SELF"


def test_holds_of_a_mailbox(pair: Pair) -> None:
    """F-75: holds are flags and a list of texts; the organisation has such a list too."""
    held = one(pair, "source", "Get-Mailbox", Identity="edith.discovery@contoso.com")
    assert ["UniH5c0e5c0e-0000-4000-8000-0000000f0001"] == held["InPlaceHolds"]
    delayed = one(pair, "source", "Get-Mailbox", Identity="delia.delay@contoso.com")
    assert (True, True, False) == (
        delayed["DelayHoldApplied"], delayed["DelayReleaseHoldApplied"], delayed["ComplianceTagHoldApplied"],
    )  # fmt: skip
    assert one(pair, "source", "Get-Mailbox", Identity="hal.holden@contoso.com")["LitigationHoldEnabled"]
    assert [] == one(pair, "source", "Get-OrganizationConfig")["InPlaceHolds"]


def test_places_and_quotas_of_a_mailbox(pair: Pair) -> None:
    """F-76: each place names its kind, an auxiliary archive one of its own; quotas are sizes with their bytes."""
    row = one(pair, "source", "Get-Mailbox", Identity="manny.parts@contoso.com")
    kinds = [place.split(";")[2] for place in row["MailboxLocations"]]
    assert ["Primary", "MainArchive", *["AuxArchive"] * 13] == kinds
    assert "100 GB (107,374,182,400 bytes)" == row["ProhibitSendReceiveQuota"]


def test_sizes(pair: Pair) -> None:
    """F-77: TotalDeletedItemSize is what Recoverable Items hold; with Archive all figures are the archive's."""
    row = one(pair, "source", "Get-MailboxStatistics", Identity="nora.nearly@contoso.com")
    assert "33 GB (35,433,480,192 bytes)" == row["TotalDeletedItemSize"]
    archive = one(pair, "source", "Get-MailboxStatistics", Identity="anton.archer@contoso.com", Archive=True)
    assert archive["IsArchiveMailbox"]


def test_rights(pair: Pair) -> None:
    """F-78: the owner's own right comes first; rights on the object and on the calendar are asked for by themselves."""
    shared = "reception@contoso.com"
    full = rows(pair, "source", "Get-MailboxPermission", Identity=shared)
    assert SELF == full[0]["User"]
    assert [["FullAccess"], ["FullAccess"]] == [row["AccessRights"] for row in full[1:]]
    send_as = rows(pair, "source", "Get-RecipientPermission", Identity=shared)
    assert ["sofie@contoso.onmicrosoft.com"] == [row["Trustee"] for row in send_as if row["Trustee"] != SELF]
    delegator = "sofie.behalf@contoso.com"
    assert ["joe@contoso.onmicrosoft.com"] == one(pair, "source", "Get-Mailbox", Identity=delegator)[
        "GrantSendOnBehalfTo"
    ]
    found = rows(pair, "source", "Get-MailboxFolderStatistics", Identity=delegator, FolderScope="Calendar")
    (calendar,) = [row["Name"] for row in found if row["FolderType"] == "Calendar"]
    on_folder = rows(pair, "source", "Get-MailboxFolderPermission", Identity=f"{delegator}:\\{calendar}")
    assert ["Default", "Anonymous"] == [row["User"] for row in on_folder[:2]]
    assert [["Editor"]] == [row["AccessRights"] for row in on_folder[2:]]


def test_recoverable_folders_of_an_archive(pair: Pair) -> None:
    """F-100: an archive's recoverable folders are listed with Archive and the scope; what is planted there is told."""
    data = example()
    archer = next(m for m in data["source"]["mailboxes"] if m["alias"] == "anton")
    archer["archive_folders"] = [{"path": "/SubstrateHolds", "items": 4, "size": "2 KB", "recoverable": True}]
    asked = {"Identity": archer["primary"], "Archive": True, "FolderScope": "RecoverableItems"}
    found = rows(make_pair(data), "source", "Get-MailboxFolderStatistics", **asked)
    (held,) = [row for row in found if row["Name"] == "SubstrateHolds"]
    assert (4, "2 KB (2,048 bytes)") == (held["ItemsInFolder"], held["FolderSize"])
    before = rows(pair, "source", "Get-MailboxFolderStatistics", **asked)
    assert "SubstrateHolds" not in [row["Name"] for row in before]


def test_all_folders_of_a_mailbox() -> None:
    """F-87: without a scope recoverable folders are listed too, and are known by their FolderType."""
    data = example()
    lara = next(m for m in data["source"]["mailboxes"] if m["alias"] == "LaraN")
    lara["folders"] = [
        {"path": "/Projects", "items": 7, "subfolders": 2},
        {"path": "/Versions", "items": 3, "recoverable": True},
        {"path": "/SubstrateHolds", "items": 4, "recoverable": True},
    ]
    found = rows(make_pair(data), "source", "Get-MailboxFolderStatistics", Identity=lara["primary"])
    kinds = {row["FolderPath"]: (row["FolderType"], row["ItemsInFolder"]) for row in found}
    assert ("User Created", 7) == kinds["/Projects"]
    assert ("RecoverableItemsVersions", 3) == kinds["/Versions"]
    assert ("RecoverableItemsSubstrateHolds", 4) == kinds["/SubstrateHolds"]
    assert {"/Projects/1", "/Projects/2"} == {path for path in kinds if path.startswith("/Projects/")}


def test_a_list_of_folders_ends_after_a_thousand() -> None:
    """F-87: further folders are told only where ResultSize is `Unlimited`."""
    data = example()
    lara = next(m for m in data["source"]["mailboxes"] if m["alias"] == "LaraN")
    lara["folders"] = [{"path": "/Projects", "subfolders": 1200}]
    pair, asked = make_pair(data), {"Identity": lara["primary"]}
    first = pair.exo("source", "Get-MailboxFolderStatistics", **asked).body
    assert (1000, False) == (len(first["value"]), "@odata.nextLink" in first)
    first = pair.exo("source", "Get-MailboxFolderStatistics", **asked, ResultSize="Unlimited").body
    assert (1000, True) == (len(first["value"]), "@odata.nextLink" in first)


def test_folders_that_are_not_listed() -> None:
    """What `unreadable` says of folders refuses the list of all of them; the calendar alone is still told."""
    data = example()
    lara = next(m for m in data["source"]["mailboxes"] if m["alias"] == "LaraN")
    lara["unreadable"] = ["folders"]
    pair = make_pair(data)
    assert 400 <= pair.exo("source", "Get-MailboxFolderStatistics", Identity=lara["primary"]).status
    found = rows(pair, "source", "Get-MailboxFolderStatistics", Identity=lara["primary"], FolderScope="Calendar")
    assert ["Calendar"] == [row["Name"] for row in found]


def test_tracked_holds() -> None:
    """F-101: a policy of everybody is tracked as kind 4 where no exclusion is in effect yet."""
    data = example()
    data["source"]["organization_holds"] = ["mbx7cfb:2", "grp9:1"]
    excluded, held, late = data["source"]["mailboxes"][:3]
    excluded["holds"], held["holds"] = {"in_place": ["-mbx7cfb"]}, {}
    late["holds"] = {"in_place": ["-mbx7cfb"], "tracked": ["mbx7cfb:2"]}
    pair = make_pair(data)
    for mailbox, expected in ((excluded, []), (held, [("mbx7cfb:2", 4)]), (late, [("mbx7cfb:2", 4)])):
        asked = {"Identity": mailbox["primary"], "ComponentName": "HoldTracking"}
        (log,) = [row["MailboxLog"] for row in rows(pair, "source", "Export-MailboxDiagnosticLogs", **asked)]
        assert expected == [(entry["hid"], entry["ht"]) for entry in json.loads(log)]
