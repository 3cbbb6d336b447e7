"""Reads of holds, archives, sizes and permissions into tables, in the shapes of the wire facts (shapes 3.4 to 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, StillClock, make_project
from test_inventory_users import JOHN as ANOTHER
from test_inventory_users import LARA, ZERO, Side, rows

from xtmig_kernel.errors import AccessDenied
from xtmig_kernel.evidence import NotObserved, Reason
from xtmig_kernel.inventory import Reader

if TYPE_CHECKING:
    from pathlib import Path

GUID = LARA["ExchangeGuid"]
JOHNS = "0000000b-0000-4000-8000-000000000002"
JOHN = ANOTHER | {"ExchangeGuid": JOHNS, "EmailAddresses": ["SMTP:john@contoso.com"]}
ADDRESS = "Lara.Newton@contoso.com"
HELD = LARA | {
    "InPlaceHolds": ["UniH7cfb3034-5d45-4ac0-a989-ab3041051209"],
    "LitigationHoldEnabled": True,
    "ComplianceTagHoldApplied": False,
    "DelayHoldApplied": False,
    "DelayReleaseHoldApplied": False,
    "MailboxLocations": [
        f"1;{GUID};Primary;eurprd07.prod.outlook.com;x",
        "1;0000000a-0000-4000-8000-000000000001;MainArchive;eurprd07.prod.outlook.com;x",
        "1;0000000a-0000-4000-8000-000000000002;AuxArchive;eurprd07.prod.outlook.com;x",
    ],
    "ProhibitSendReceiveQuota": "100 GB (107,374,182,400 bytes)",
    "ArchiveQuota": "Unlimited",
    "GrantSendOnBehalfTo": ["john"],
}
STATISTICS = {
    "ItemCount": 412,
    "TotalItemSize": "3.322 KB (3,402 bytes)",
    "DeletedItemCount": 2,
    "TotalDeletedItemSize": "1 KB (1,024 bytes)",
}
SELF = {"User": "NT AUTHORITY\\SELF", "AccessRights": ["FullAccess", "ReadPermission"], "IsInherited": False}


def project(folder: Path, *sources: str) -> Any:
    """A project whose users.csv lists these source addresses."""
    lines = "".join(f"{address},{address.split('@')[0]}@northwindtraders.com\n" for address in sources)
    (folder / "users.csv").write_text(f"SourceAddress,TargetAddress\n{lines}", encoding="utf-8")
    return make_project(folder=folder)


def read(fact: str, given: Any, **sides: Side) -> Any:
    signed_in: Any = sides
    return Reader(given, signed_in, StillClock(NOW), {}).read(fact)


def calendar(name: str = "Calendar") -> list[dict[str, Any]]:
    return [{"Name": name, "FolderType": "Calendar"}, {"Name": "Birthdays", "FolderType": "User Created"}]


def source(**cmdlets: Any) -> Side:
    """A source that answers everything which permissions are read from; `_` stands for `-` in names of cmdlets."""
    answers = {
        "Get-Mailbox": [LARA | {"GrantSendOnBehalfTo": []}, JOHN],
        "Get-Recipient": [LARA, JOHN | {"DisplayName": "John", "Name": "John"}],
        "Get-User": [JOHN | {"UserPrincipalName": "john@contoso.onmicrosoft.com"}],
        "Get-MailboxPermission": [SELF],
        "Get-RecipientPermission": [],
        "Get-MailboxFolderStatistics": calendar(),
        "Get-MailboxFolderPermission": [],
    }
    return Side(answers | {name.replace("_", "-"): answer for name, answer in cmdlets.items()})


def permissions(folder: Path, side: Side) -> list[tuple[Any, ...]]:
    """Place, trustee, kind and right of every row of Lara's."""
    found = rows(read("source.mailbox_permissions", project(folder, ADDRESS), source=side))
    return [(row["Place"], row["Trustee"], row["TrusteeKind"], row["Right"]) for row in found]


def test_a_state_says_what_holds_the_mailbox() -> None:
    """Holds, auxiliary archives by their location's type, quotas in bytes, delegates as Exchange names them."""
    (row,) = rows(read("source.mailbox_states", make_project(), source=Side({"Get-Mailbox": [HELD]})))
    assert row["LitigationHoldEnabled"] is True
    assert ["UniH7cfb3034-5d45-4ac0-a989-ab3041051209"] == row["InPlaceHolds"]
    assert (1, 107_374_182_400, None) == (row["AuxiliaryArchives"], row["QuotaBytes"], row["ArchiveQuotaBytes"])
    assert ["john"] == row["SendOnBehalf"]


def test_what_is_not_told_is_not_no() -> None:
    """A flag or a list of places that Exchange did not tell is unknown, and no hold is taken for absent by it."""
    (row,) = rows(read("source.mailbox_states", make_project(), source=Side({"Get-Mailbox": [LARA]})))
    assert (None, None) == (row["LitigationHoldEnabled"], row["AuxiliaryArchives"])


def test_holds_of_the_organisation() -> None:
    """Each entry of the organisation's InPlaceHolds is a row."""
    side = Side({"Get-OrganizationConfig": [{"InPlaceHolds": ["mbx7cfb:2", "grp1:3"]}]})
    assert ["mbx7cfb:2", "grp1:3"] == [
        row["Hold"] for row in rows(read("source.organization_holds", make_project(), source=side))
    ]


def test_an_organisation_that_tells_no_holds_is_not_without() -> None:
    """A configuration without InPlaceHolds is no observation, and an empty list is one (shapes 3.2)."""
    silent = read("source.organization_holds", make_project(), source=Side({"Get-OrganizationConfig": [{}]}))
    assert isinstance(silent, NotObserved)
    empty = Side({"Get-OrganizationConfig": [{"InPlaceHolds": []}]})
    assert [] == rows(read("source.organization_holds", make_project(), source=empty))


def test_sizes_are_those_of_the_chosen_users(tmp_path: Path) -> None:
    """Only who moves is asked about, by ExchangeGuid, and an archive where there is one (QTA-02)."""
    archived = LARA | {"ArchiveGuid": "0000000a-0000-4000-8000-000000000001"}
    side = Side({"Get-Mailbox": [archived, JOHN], "Get-MailboxStatistics": [STATISTICS]})
    found = rows(read("source.mailbox_sizes", project(tmp_path, "laran@contoso.onmicrosoft.com"), source=side))
    assert [(False, 412, 3402, 2, 1024), (True, 412, 3402, 2, 1024)] == [
        (row["Archive"], row["Items"], row["Bytes"], row["DeletedItems"], row["DeletedBytes"]) for row in found
    ]
    asked = [given for cmdlet, given in side.asked if cmdlet == "Get-MailboxStatistics"]
    assert [{"Identity": GUID}, {"Identity": GUID, "Archive": True}] == asked


def test_one_size_that_was_refused_is_unknown(tmp_path: Path) -> None:
    """A mailbox whose size was refused has a row without numbers; the others keep theirs."""

    def answer(given: dict[str, Any]) -> Any:
        return AccessDenied("no") if given["Identity"] == JOHNS else [STATISTICS]

    side = Side({"Get-Mailbox": [LARA, JOHN], "Get-MailboxStatistics": answer})
    found = rows(read("source.mailbox_sizes", project(tmp_path, ADDRESS, "john@contoso.com"), source=side))
    assert [("john@contoso.com", None), (ADDRESS, 3402)] == [(row["PrimarySmtpAddress"], row["Bytes"]) for row in found]


def test_sizes_that_are_all_refused_are_no_observation(tmp_path: Path) -> None:
    """Where every question was refused, the reason is told, and no table of unknowns."""
    side = Side({"Get-Mailbox": [LARA], "Get-MailboxStatistics": AccessDenied("no")})
    found = read("source.mailbox_sizes", project(tmp_path, ADDRESS), source=side)
    assert isinstance(found, NotObserved)
    assert Reason.DENIED == found.reason


def test_many_are_asked_ten_at_a_time(tmp_path: Path) -> None:
    """Questions about 25 mailboxes go in three requests, and each answer stands beside its mailbox."""
    many = [
        LARA | {"ExchangeGuid": f"{n:08}-0000-4000-8000-000000000001", "PrimarySmtpAddress": f"u{n:02}@contoso.com"}
        for n in range(1, 26)
    ]
    for row in many:
        row["EmailAddresses"] = [f"SMTP:{row['PrimarySmtpAddress']}"]
    side = Side({
        "Get-Mailbox": many,
        "Get-MailboxStatistics": lambda given: [STATISTICS | {"ItemCount": int(given["Identity"][:8])}],
    })  # fmt: skip
    requests: list[int] = []
    one_by_one = side.invoke_many
    side.invoke_many = lambda calls: requests.append(len(calls)) or one_by_one(calls)  # type: ignore[method-assign, func-returns-value]
    given = project(tmp_path, *(str(row["PrimarySmtpAddress"]) for row in many))
    found = rows(read("source.mailbox_sizes", given, source=side))
    assert [10, 10, 5] == sorted(requests, reverse=True)
    assert list(range(1, 26)) == [row["Items"] for row in found]


def test_the_target_is_asked_for_the_same_mailboxes(tmp_path: Path) -> None:
    """In the target it is the mailbox with the user's ExchangeGuid, whatever it is called there."""
    moved = LARA | {"RecipientTypeDetails": "MailUser", "ExternalEmailAddress": "SMTP:l@northwindtraders.com"}
    there = LARA | {"PrimarySmtpAddress": "x@northwindtraders.com", "EmailAddresses": []}
    other = there | {"ExchangeGuid": JOHNS, "EmailAddresses": ["SMTP:Lara.Newton@northwindtraders.com"]}
    target = Side({"Get-Mailbox": [there, other], "Get-MailboxStatistics": [STATISTICS]})
    home = Side({"Get-Mailbox": [], "Get-MailUser": [moved]})
    found = rows(read("target.mailbox_sizes", project(tmp_path, ADDRESS), source=home, target=target))
    assert [GUID] == [row["ExchangeGuid"] for row in found]


def test_the_target_alone_goes_by_the_target_address(tmp_path: Path) -> None:
    """While nobody is signed in to the source, TargetAddress says which mailbox of the target is meant."""
    there = LARA | {"EmailAddresses": ["SMTP:lara.newton@northwindtraders.com"]}
    target = Side({"Get-Mailbox": [there, JOHN], "Get-MailboxStatistics": [STATISTICS]})
    found = rows(read("target.mailbox_sizes", project(tmp_path, ADDRESS), target=target))
    assert [GUID] == [row["ExchangeGuid"] for row in found]


def test_the_owners_own_right_is_read(tmp_path: Path) -> None:
    r"""Get-MailboxPermission lists NT AUTHORITY\\SELF first, as in the document (PRM-05); each right is a row."""
    assert [
        ("mailbox", "NT AUTHORITY\\SELF", "Self", "FullAccess"),
        ("mailbox", "NT AUTHORITY\\SELF", "Self", "ReadPermission"),
    ] == permissions(tmp_path, source())


@pytest.mark.parametrize("name", ["john@contoso.com", "John", "JOHN@contoso.onmicrosoft.com"])
def test_a_trustee_is_known_by_any_name(tmp_path: Path, name: str) -> None:
    """Address, display name or sign-in name: the row says the primary address and what kind of object it is."""
    given = {"User": name, "AccessRights": ["FullAccess"], "IsInherited": False, "Deny": False}
    side = source(Get_MailboxPermission=[given])
    assert [("mailbox", "john@contoso.com", "UserMailbox", "FullAccess")] == permissions(tmp_path, side)


@pytest.mark.parametrize("name", ["S-1-5-21-1004336348", "Lara Newton"])
def test_a_trustee_whom_nobody_or_several_answer_for_stays_as_named(tmp_path: Path, name: str) -> None:
    """A SID, or a name that two recipients bear, is kept as it came and has no kind."""
    given = {"User": name, "AccessRights": ["FullAccess"], "IsInherited": False}
    side = source(Get_MailboxPermission=[given], Get_Recipient=[LARA, JOHN])
    assert [("mailbox", name, None, "FullAccess")] == permissions(tmp_path, side)


def test_rights_of_the_object_and_of_the_calendar(tmp_path: Path) -> None:
    """Send As, Send on Behalf, and roles on the calendar, which a German mailbox calls Kalender (PRM-01)."""
    side = source(
        Get_Mailbox=[LARA | {"GrantSendOnBehalfTo": ["John"]}],
        Get_MailboxPermission=[SELF | {"AccessRights": ["FullAccess"]}],
        Get_RecipientPermission=[{"Trustee": "john@contoso.com", "AccessRights": ["SendAs"]}],
        Get_MailboxFolderStatistics=calendar("Kalender"),
        Get_MailboxFolderPermission=[
            {"User": "Default", "AccessRights": ["AvailabilityOnly"]},
            {"User": {"DisplayName": "John", "UserType": "Internal"}, "AccessRights": ["Editor"]},
        ],
    )
    assert [
        ("mailbox", "NT AUTHORITY\\SELF", "Self", "FullAccess"),
        ("recipient", "john@contoso.com", "UserMailbox", "SendAs"),
        ("Kalender", "Default", "Default", "AvailabilityOnly"),
        ("Kalender", "john@contoso.com", "UserMailbox", "Editor"),
        ("recipient", "john@contoso.com", "UserMailbox", "SendOnBehalf"),
    ] == permissions(tmp_path, side)
    asked = [given["Identity"] for cmdlet, given in side.asked if cmdlet == "Get-MailboxFolderPermission"]
    assert [f"{ADDRESS}:\\Kalender"] == asked


@pytest.mark.parametrize("refused", ["Get-MailboxPermission", "Get-RecipientPermission", "Get-MailboxFolderStatistics"])
def test_a_mailbox_that_was_not_read_whole_has_no_row(tmp_path: Path, refused: str) -> None:
    """Where one of a mailbox's questions was refused, it has no row at all: half of its rights would look like all."""
    side = source(**{refused.replace("-", "_"): AccessDenied("no")})
    assert [] == permissions(tmp_path, side)


def test_a_mailbox_without_calendar_has_its_other_rights(tmp_path: Path) -> None:
    """A mailbox that has no calendar is asked for none."""
    side = source(Get_MailboxFolderStatistics=[])
    assert ["FullAccess", "ReadPermission"] == [right for *_, right in permissions(tmp_path, side)]
    assert "Get-MailboxFolderPermission" not in [cmdlet for cmdlet, _ in side.asked]


def test_nobody_is_asked_about_without_a_name(tmp_path: Path) -> None:
    """A mailbox without ExchangeGuid or address is left out: a blank identity would mean every mailbox."""
    blank = [LARA | {"ExchangeGuid": ZERO}, LARA | {"PrimarySmtpAddress": None}]
    side = Side({"Get-Mailbox": blank, "Get-MailboxStatistics": [STATISTICS]})
    assert [] == rows(read("source.mailbox_sizes", project(tmp_path, ADDRESS), source=side))


def test_lines_of_those_who_stay_are_known(tmp_path: Path) -> None:
    """Who is excluded is no chosen user, and the line in users.csv is still known, so that no step loses it."""
    given = project(tmp_path, ADDRESS, "john@contoso.com")
    users = given.users.model_copy(update={"exclude": {"JOHN@contoso.com": "leaves in May"}})
    given = given.model_copy(update={"users": users})
    assert ["john@contoso.com"] == [r["SourceAddress"] for r in rows(read("source.staying_users", given))]
    assert [ADDRESS] == [r["SourceAddress"] for r in rows(read("source.chosen_users", given))]
