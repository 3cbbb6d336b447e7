"""How the members of the scope groups are read, and which users are tested."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import ENDPOINT, NOW, StillClock, make_project
from user_facts import LARA_GUID, SCOPE

from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory import Reader

if TYPE_CHECKING:
    from pathlib import Path

GROUP_ID, INNER_ID, DYNAMIC_ID = "11111111-0000-4000-8000-00000000000" + "1", "inner-group", "dynamic-group"


class Exchange:
    """Answers by cmdlet and, where several are asked for, by Identity or TestMailbox."""

    def __init__(self, answers: dict[str, list[dict[str, Any]]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def invoke(self, cmdlet: str, parameters: dict[str, Any] | None = None, **_select: Any) -> Any:
        given = parameters or {}
        name = " ".join([cmdlet, *(str(given[key]) for key in ("Identity", "TestMailbox") if key in given)])
        self.asked.append(name)
        return SimpleNamespace(rows=self._answers[name])


def read(fact: str, folder: Path | None = None, **sides: dict[str, list[dict[str, Any]]]) -> tuple[Any, Any]:
    """The rows of a fact, and the Exchange services that were asked."""
    services = {side: Exchange(answers) for side, answers in sides.items()}
    tenants: dict[Any, Any] = {side: SimpleNamespace(exchange=service) for side, service in services.items()}
    project = make_project() if folder is None else make_project().model_copy(update={"folder": folder})
    observation = Reader(project, tenants, StillClock(NOW), {}).read(fact)
    assert isinstance(observation, Observed), observation
    return list(observation.value), services


def someone(name: str, object_id: str, kind: str = "UserMailbox") -> dict[str, Any]:
    """A member as Get-DistributionGroupMember shows it."""
    return {
        "Name": name,
        "PrimarySmtpAddress": f"{name}@contoso.com",
        "RecipientTypeDetails": kind,
        "ExternalDirectoryObjectId": object_id,
    }


def test_members_of_nested_groups_stand_behind_its_name() -> None:
    """A direct member and one of a nested group are told apart, and a group inside itself ends (PRE-07)."""
    members = [someone("lara", "l"), someone("Sales", INNER_ID, "MailUniversalSecurityGroup")]
    inner = [someone("jo", "j"), someone("Sales", INNER_ID, "MailUniversalSecurityGroup")]
    rows, _ = read(
        "source.scope_members",
        source={
            "Get-DistributionGroup": [{"Name": SCOPE.upper(), "ExternalDirectoryObjectId": GROUP_ID}],
            f"Get-DistributionGroupMember {GROUP_ID}": members,
            f"Get-DistributionGroupMember {INNER_ID}": inner,
        },
    )
    assert [(row["ObjectId"], row["Membership"], row["Via"]) for row in rows] == [
        ("l", "direct", ""),
        (INNER_ID, "direct", ""),
        ("j", "nested", "Sales"),
        (INNER_ID, "nested", "Sales"),
    ]


def test_members_of_a_dynamic_group_are_not_asked_for() -> None:
    """Nobody lists the members of a dynamic group, so the cmdlet is not called for it."""
    rows, services = read(
        "source.scope_members",
        source={
            "Get-DistributionGroup": [{"Name": SCOPE, "ExternalDirectoryObjectId": GROUP_ID}],
            f"Get-DistributionGroupMember {GROUP_ID}": [someone("All", DYNAMIC_ID, "DynamicDistributionGroup")],
        },
    )
    assert [row["Membership"] for row in rows] == ["direct"]
    assert f"Get-DistributionGroupMember {DYNAMIC_ID}" not in services["source"].asked


def sampled(folder: Path, users: str, **sides: Any) -> list[str]:
    """Which addresses are tested, given the content of users.csv."""
    (folder / "users.csv").write_text(users, encoding="utf-8")
    rows, _ = read("target.migration_tests", folder, **sides)
    return [row["TestMailbox"] for row in rows]


def target(*mail_users: tuple[str, str | None]) -> dict[str, list[dict[str, Any]]]:
    """A target with its endpoint and these MailUsers, by primary address and ExchangeGuid."""
    rows = [{"PrimarySmtpAddress": address, "ExchangeGuid": guid} for address, guid in mail_users]
    tests = {f"Test-MigrationServerAvailability {address}": [{"Result": "Success"}] for address, _ in mail_users}
    return {"Get-MigrationEndpoint": [{"Identity": ENDPOINT}], "Get-MailUser": rows, **tests}


def test_prepared_users_are_tested_by_their_target_address(tmp_path: Path) -> None:
    """Only who is listed and has an ExchangeGuid is tested, by the primary address in the target (VER-02)."""
    given = target(("lara@northwind.com", LARA_GUID), ("jo@northwind.com", None), ("other@northwind.com", LARA_GUID))
    users = "SourceAddress,TargetAddress\nlara@contoso.com,Lara@northwind.com\njo@contoso.com,jo@northwind.com\n"
    assert sampled(tmp_path, users, target=given) == ["lara@northwind.com"]


@pytest.mark.parametrize(("source_signed_in", "expected"), [(True, ["lara@northwind.com"]), (False, [])])
def test_user_without_target_address_is_found_by_guid(
    tmp_path: Path, source_signed_in: bool, expected: list[str]
) -> None:
    """Where users.csv names no target address, the source mailbox's ExchangeGuid tells who it is."""
    mailbox = {"EmailAddresses": ["SMTP:lara@contoso.com"], "ExchangeGuid": LARA_GUID}
    sides = {"target": target(("lara@northwind.com", LARA_GUID))}
    if source_signed_in:
        sides["source"] = {"Get-Mailbox": [mailbox]}
    assert sampled(tmp_path, "SourceAddress,TargetAddress\nLara@contoso.com,\n", **sides) == expected


def test_sample_is_spread_over_all(tmp_path: Path) -> None:
    """Of many prepared users five are tested, spread evenly over all of them (VER-01)."""
    names = [f"u{n:02}" for n in range(50)]
    users = "SourceAddress,TargetAddress\n" + "".join(f"{n}@contoso.com,{n}@northwind.com\n" for n in names)
    given = target(*((f"{n}@northwind.com", LARA_GUID) for n in names))
    assert sampled(tmp_path, users, target=given) == [f"u{n:02}@northwind.com" for n in (0, 10, 20, 30, 40)]
