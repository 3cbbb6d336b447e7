"""Reads of mailboxes, MailUsers, groups, licences and users.csv into tables; rows in the shapes of the wire facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, StillClock, make_project

from xtmig_kernel.errors import AccessDenied, NotFound, ProjectFileError
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.inventory.addresses import by_kind, guid_or_none, without_prefix
from xtmig_kernel.project import load_users

if TYPE_CHECKING:
    from pathlib import Path

ZERO = "00000000-0000-0000-0000-000000000000"
LARA = {
    "Name": "LaraN",
    "Alias": "LaraN",
    "DisplayName": "Lara Newton",
    "RecipientTypeDetails": "UserMailbox",
    "UserPrincipalName": "LaraN@contoso.onmicrosoft.com",
    "PrimarySmtpAddress": "Lara.Newton@contoso.com",
    "EmailAddresses": [
        "smtp:LaraN@contoso.onmicrosoft.com",
        "SMTP:Lara.Newton@contoso.com",
        "X500:/o=ExchangeLabs/cn=Lara",
        "SIP:lara.newton@contoso.com",
    ],
    "ExternalDirectoryObjectId": "5C0E0000-0000-4000-8000-000000000001",
    "ExchangeGuid": "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8",
    "ArchiveGuid": ZERO,
    "LegacyExchangeDN": "/o=First Organization/cn=Lara",
    "IsDirSynced": False,
    "PersistedCapabilities": ["MIP_S_CLP2", "BPOS_S_Enterprise"],
    "CustomAttribute1": "Cross-Tenant-Project",
    "CustomAttribute2": "",
    "DisabledArchiveGuid": ZERO,
    "UsageLocation": "Ireland",
}
JOHN = LARA | {
    "Alias": "john",
    "PrimarySmtpAddress": "john@contoso.com",
    "ExternalDirectoryObjectId": "5c0e0000-0000-4000-8000-000000000002",
    "CustomAttribute1": "",
}


@dataclass
class Side:
    """A signed-in side that answers cmdlets by name and Graph lists by path."""

    cmdlets: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def exchange(self) -> Side:
        return self

    @property
    def graph(self) -> Side:
        return self

    def invoke(self, cmdlet: str, parameters: dict[str, Any] | None = None, *, select: Any = None) -> Any:
        self.asked.append((cmdlet, parameters or {}))
        answer = self.cmdlets[cmdlet]
        rows = answer(parameters) if callable(answer) else answer
        if isinstance(rows, Exception):
            raise rows
        return SimpleNamespace(rows=[{k: v for k, v in row.items() if not select or k in select} for row in rows])

    def invoke_many(self, calls: list[tuple[str, dict[str, Any]]], *, select: Any = None) -> list[Any]:
        answers = []
        for cmdlet, parameters in calls:
            try:
                answers.append(self.invoke(cmdlet, parameters, select=select))
            except (AccessDenied, NotFound) as error:
                answers.append(error)
        return answers

    def get_all(self, path: str, _parameters: dict[str, str] | None = None) -> list[Any]:
        return self.lists[path]


def read(fact: str, side: Side | None = None, **changes: Any) -> Any:
    sides: Any = {fact.partition(".")[0]: side} if side else {}
    return Reader(make_project(**changes), sides, StillClock(NOW), {}).read(fact)


def rows(observation: Any) -> Any:
    assert isinstance(observation, Observed), observation
    return list(observation.value)


def test_addresses_are_taken_apart_by_kind() -> None:
    """SMTP addresses lose their prefix, X500 keeps the rest byte for byte, everything else stays as it is (trap D3)."""
    found = by_kind(["SMTP:A@b.com", "X500:/o=X (Y)/cn=Z", "x400:C=IE;A= ;", "SIP:a@b.com"])
    assert found == {
        "SmtpAddresses": ["A@b.com"],
        "X500Addresses": ["x500:/o=X (Y)/cn=Z"],
        "OtherAddresses": ["SIP:a@b.com", "x400:C=IE;A= ;"],
    }


def test_an_smtp_address_that_holds_x500_is_none() -> None:
    """Only the prefix says what an address is: smtp:x500@contoso.com is an SMTP address (trap D11)."""
    assert by_kind(["smtp:x500@contoso.com"])["X500Addresses"] == []


@pytest.mark.parametrize("unset", [None, "", ZERO, f"{{{ZERO}}}"])
def test_an_unset_guid_is_none(unset: str | None) -> None:
    """Exchange writes an unset GUID as zeros (wire 1.5); no comparison may take that for a value (trap D10)."""
    assert guid_or_none(unset) is None


def test_external_address_has_no_prefix() -> None:
    """ExternalEmailAddress reads SMTP:LaraN@contoso.onmicrosoft.com in the article; the address is what counts."""
    assert without_prefix("SMTP:LaraN@contoso.onmicrosoft.com") == "LaraN@contoso.onmicrosoft.com"


def test_a_mailbox_row() -> None:
    """A mailbox's row: addresses by kind, unset GUIDs as None, custom attributes that hold anything."""
    (row,) = rows(read("source.mailboxes", Side({"Get-Mailbox": [LARA]})))
    assert row["SmtpAddresses"] == ["Lara.Newton@contoso.com", "LaraN@contoso.onmicrosoft.com"]
    assert (row["ExchangeGuid"], row["ArchiveGuid"]) == ("1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8", None)
    assert row["CustomAttributes"] == ["CustomAttribute1=Cross-Tenant-Project"]
    assert row["ObjectId"] == "5c0e0000-0000-4000-8000-000000000001"


def test_everything_is_asked_for() -> None:
    """Lists are read to their end: ResultSize Unlimited, never the first thousand."""
    side = Side(
        {"Get-Mailbox": [], "Get-MailUser": [], "Get-Recipient": [], "Get-User": [], "Get-DistributionGroup": []}
    )
    for table in ("mailboxes", "mail_users", "recipients", "exchange_users", "distribution_groups"):
        read(f"target.{table}", side)
    assert [given["ResultSize"] for _, given in side.asked] == ["Unlimited"] * 5


def test_a_mail_user_points_to_its_mailbox() -> None:
    """A MailUser's row has its ExternalEmailAddress without prefix."""
    user = LARA | {"ExternalEmailAddress": "SMTP:LaraN@contoso.onmicrosoft.com", "RecipientTypeDetails": "MailUser"}
    (row,) = rows(read("target.mail_users", Side({"Get-MailUser": [user]})))
    assert row["ExternalEmailAddress"] == "LaraN@contoso.onmicrosoft.com"


def test_what_an_object_was_before() -> None:
    """PreviousRecipientTypeDetails is read from Get-User; None means that it was nothing else (USR-27)."""
    users = [{"PreviousRecipientTypeDetails": "UserMailbox"}, {"PreviousRecipientTypeDetails": "None"}]
    found = rows(read("target.exchange_users", Side({"Get-User": users})))
    assert [row["PreviousRecipientTypeDetails"] for row in found] == ["UserMailbox", None]


def deleted(statistics: Any) -> Any:
    gone = {"ExchangeGuid": "0000000a-0000-4000-8000-000000000001", "DisplayName": "John"}
    return rows(
        read("target.soft_deleted_mailboxes", Side({"Get-Mailbox": [gone], "Get-MailboxStatistics": statistics}))
    )


def test_a_deleted_mailbox_says_what_it_holds() -> None:
    """Items and bytes of a deleted mailbox are read, since clearing loses them for ever (USR-25)."""
    (row,) = deleted([{"ItemCount": 412, "TotalItemSize": "3.322 KB (3,402 bytes)"}])
    assert (row["Items"], row["Bytes"]) == (412, 3402)


def test_an_uncounted_mailbox_is_not_empty() -> None:
    """Where the count was refused, it is unknown, which is not zero."""
    (row,) = deleted(AccessDenied("no"))
    assert (row["Items"], row["Bytes"]) == (None, None)


def test_deleted_mail_users_are_asked_for_as_such() -> None:
    """Only deleted MailUsers are listed; one that was never stamped has no ExchangeGuid (failures 2.2 #26)."""
    zero = "00000000-0000-0000-0000-000000000000"
    gone = {"DisplayName": "Lara", "ExternalDirectoryObjectId": LARA["ExternalDirectoryObjectId"], "ExchangeGuid": zero}
    side = Side({"Get-MailUser": lambda given: [gone] if given.get("SoftDeletedMailUser") else [LARA]})
    (row,) = rows(read("target.soft_deleted_mail_users", side))
    assert (row["DisplayName"], row["ExchangeGuid"]) == ("Lara", None)


def member(name: str, kind: str = "UserMailbox") -> dict[str, Any]:
    return {"Name": name, "RecipientTypeDetails": kind, "ExternalDirectoryObjectId": f"id-{name}"}


def test_nested_members_are_seen_behind_their_group() -> None:
    """Members of a nested group are listed with the group through which they belong; a ring of groups ends (PRE-07)."""
    group = {"Name": "Scope", "ExternalDirectoryObjectId": "id-Scope"}
    inside = {
        "id-scope": [member("lara"), member("Inner", "MailUniversalSecurityGroup")],
        "id-inner": [member("viktor"), member("Scope", "MailUniversalSecurityGroup")],
    }
    side = Side({
        "Get-DistributionGroup": [group, {"Name": "Other", "ExternalDirectoryObjectId": "id-other"}],
        "Get-DistributionGroupMember": lambda given: inside[given["Identity"]],
    })  # fmt: skip
    found = rows(read("source.scope_members", side, names__scope_groups=["Scope"]))
    assert [(row["Name"], row["Via"]) for row in found] == [
        ("lara", ""),
        ("Inner", ""),
        ("viktor", "Inner"),
        ("Scope", "Inner"),
    ]


def test_seats_of_a_subscription() -> None:
    """A subscription's seats: enabled, in warning, and consumed (wire 4.6)."""
    item = {
        "skuId": "946ce899-873d-44bb-9d8b-671870cbfdbf",
        "skuPartNumber": "Cross_tenant_user_data_migration",
        "capabilityStatus": "Enabled",
        "consumedUnits": 3,
        "prepaidUnits": {"enabled": 30, "suspended": 0, "warning": 2, "lockedOut": 0},
        "servicePlans": [{"servicePlanName": "EXCHANGEONLINE_T2TMBXMOVE"}],
    }
    (row,) = rows(read("target.subscribed_skus", Side(lists={"/subscribedSkus": [item]})))
    assert (row["Enabled"], row["Warning"], row["Consumed"]) == (30, 2, 3)
    assert row["ServicePlans"] == ["EXCHANGEONLINE_T2TMBXMOVE"]


def test_group_licences_are_told_apart() -> None:
    """Of a user's licences those that a group gives are known as such, for they cannot be taken from the user."""
    item = {
        "id": "u1",
        "userPrincipalName": "lara@contoso.com",
        "assignedLicenses": [{"skuId": "A"}, {"skuId": "B"}],
        "licenseAssignmentStates": [
            {"skuId": "A", "assignedByGroup": None},
            {"skuId": "B", "assignedByGroup": "g1"},
        ],
    }
    (row,) = rows(read("target.directory_users", Side(lists={"/users": [item]})))
    assert (row["SkuIds"], row["GroupSkuIds"]) == (["a", "b"], ["b"])


def test_groups_without_licences_are_left_out() -> None:
    """Only groups that hand out licences matter; a dynamic one is known as such."""
    groups = [
        {
            "id": "g1",
            "displayName": "All staff",
            "assignedLicenses": [{"skuId": "A"}],
            "groupTypes": ["DynamicMembership"],
        },
        {"id": "g2", "displayName": "Choir", "assignedLicenses": []},
    ]
    (row,) = rows(read("target.licensing_groups", Side(lists={"/groups": groups})))
    assert (row["Id"], row["Dynamic"]) == ("g1", True)


def users_file(folder: Path, text: str) -> dict[str, Any]:
    (folder / "users.csv").write_text(text, encoding="utf-8")
    return {"folder": folder}


def test_users_of_the_file(tmp_path: Path) -> None:
    """Who moves stands in users.csv; no sign-in is needed to read it."""
    changes = users_file(tmp_path, "SourceAddress,TargetAddress\nlara@contoso.com,lara@northwindtraders.com\n")
    (row,) = rows(read("source.chosen_users", **changes))
    assert (row["SourceAddress"], row["TargetAddress"], row["Line"]) == (
        "lara@contoso.com",
        "lara@northwindtraders.com",
        2,
    )


def test_before_the_file_the_proposal_counts(tmp_path: Path) -> None:
    """While there is no users.csv, whoever carries the attribute is proposed, on line 0 (SCR-02)."""
    side = Side({"Get-Mailbox": [JOHN, LARA]})
    found = read("source.chosen_users", side, folder=tmp_path, users__choose="attribute")
    assert [(row["SourceAddress"], row["Line"]) for row in rows(found)] == [("Lara.Newton@contoso.com", 0)]


def test_an_attribute_counts_whatever_its_case(tmp_path: Path) -> None:
    """Exchange compares the attribute's value without case, and so do we (trap D14)."""
    side = Side({"Get-Mailbox": [LARA | {"CustomAttribute1": "cross-tenant-PROJECT"}]})
    assert len(rows(read("source.proposed_users", side, folder=tmp_path, users__choose="attribute"))) == 1


def test_users_of_a_group(tmp_path: Path) -> None:
    """With a group, its members are proposed, those of nested groups too; groups are not persons."""
    group = {"Name": "Movers", "Alias": "movers", "ExternalDirectoryObjectId": "id-movers"}
    members = [{"ExternalDirectoryObjectId": JOHN["ExternalDirectoryObjectId"], "RecipientTypeDetails": "UserMailbox"}]
    side = Side({
        "Get-Mailbox": [JOHN, LARA],
        "Get-DistributionGroup": [group],
        "Get-DistributionGroupMember": members,
    })  # fmt: skip
    found = read("source.proposed_users", side, folder=tmp_path, users__choose="group", users__group="movers")
    assert [row["SourceAddress"] for row in rows(found)] == ["john@contoso.com"]


def test_a_group_that_is_not_there_is_no_empty_list(tmp_path: Path) -> None:
    """A named group that does not exist proposes nobody, and that is no observation."""
    side = Side({"Get-Mailbox": [LARA], "Get-DistributionGroup": []})
    found = read("source.proposed_users", side, folder=tmp_path, users__choose="group", users__group="movers")
    assert isinstance(found, NotObserved)
    assert "movers" in found.detail


def test_without_file_and_sign_in_nobody_was_asked(tmp_path: Path) -> None:
    """Where there is neither a file nor a sign-in to the source, who moves was not asked."""
    found = read("source.chosen_users", folder=tmp_path, users__choose="attribute")
    assert isinstance(found, NotObserved)
    assert found.reason == Reason.NOT_ASKED


def test_a_wrong_file_is_not_an_empty_one(tmp_path: Path) -> None:
    """A users.csv that cannot be used is told with its line, and is never taken for nobody."""
    changes = users_file(tmp_path, "SourceAddress,TargetAddress\nnobody,\n")
    with pytest.raises(ProjectFileError, match="line 2"):
        load_users(tmp_path)
    assert isinstance(read("source.chosen_users", **changes), NotObserved)


SAMPLE_ROWS = "\n".join(f"u{n}@contoso.com,u{n}@northwindtraders.com" for n in range(50))


def test_a_sample_is_tested_by_primary_target_address(tmp_path: Path) -> None:
    """At most five prepared users are tested, each by its primary address in the target (VER-02)."""
    changes = users_file(tmp_path, "SourceAddress,TargetAddress\n" + SAMPLE_ROWS + "\n")
    present = [LARA | {"PrimarySmtpAddress": f"u{n}@northwindtraders.com"} for n in range(50)]
    side = Side({
        "Get-MigrationEndpoint": [{"Identity": "xtmig-contoso-moves"}],
        "Get-MailUser": present,
        "Test-MigrationServerAvailability": [{"Result": "Success"}],
    })  # fmt: skip
    found = rows(read("target.migration_tests", side, **changes))
    assert len(found) == 5
    assert {row["TestMailbox"].partition("@")[2] for row in found} == {"northwindtraders.com"}


def test_nobody_prepared_is_nobody_to_test(tmp_path: Path) -> None:
    """A user whose ExchangeGuid is not stamped is not tested yet."""
    changes = users_file(tmp_path, "SourceAddress,TargetAddress\nlara@contoso.com,u0@northwindtraders.com\n")
    unstamped = LARA | {"PrimarySmtpAddress": "u0@northwindtraders.com", "ExchangeGuid": ZERO}
    side = Side({"Get-MigrationEndpoint": [{"Identity": "xtmig-contoso-moves"}], "Get-MailUser": [unstamped]})
    assert rows(read("target.migration_tests", side, **changes)) == []
