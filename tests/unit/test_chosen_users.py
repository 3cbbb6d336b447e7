"""Who moves, as the inventory reads it: users.csv, or the attribute, or the group that project.yaml names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, StillClock, make_project

from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader

if TYPE_CHECKING:
    from pathlib import Path

LARA, BEN, GROUP = (f"77777777-000{number}-4000-8000-000000000000" for number in (1, 2, 3))


@dataclass
class _Reply:
    rows: list[dict[str, Any]]


@dataclass
class FakeExchange:
    """Exchange of the source: two mailboxes and a group; rows as the wire gives them (shapes 3.4)."""

    members: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def invoke(self, cmdlet: str, *_parameters: Any, **_further: Any) -> _Reply:
        self.asked.append(cmdlet)
        answers = {
            "Get-Mailbox": [
                _mailbox("Lara.Newton@contoso.com", LARA, CustomAttribute1="Cross-Tenant-Project"),
                _mailbox("ben.king@contoso.com", BEN, CustomAttribute1="cross-tenant-PROJECT"),
                _mailbox("ann@contoso.com", None, CustomAttribute1="Cross-Tenant-Project-2"),
                _mailbox("zoe@contoso.com", None, CustomAttribute11="Cross-Tenant-Project"),
            ],
            "Get-DistributionGroup": [
                {"Name": "Movers", "Alias": "movers-2026", "ExternalDirectoryObjectId": GROUP, "ManagedBy": []}
            ],
            "Get-DistributionGroupMember": self.members,
        }
        return _Reply(answers[cmdlet])


def _mailbox(address: str, object_id: str | None, **attributes: str) -> dict[str, Any]:
    return {
        "PrimarySmtpAddress": address,
        "ExternalDirectoryObjectId": object_id or "",
        "EmailAddresses": [f"SMTP:{address}"],
        "RecipientTypeDetails": "UserMailbox",
    } | attributes


@dataclass
class FakeTenant:
    """The source, signed in."""

    exchange: FakeExchange


def read(folder: Path, fact: str, exchange: FakeExchange | None, **users: Any) -> Any:
    project = make_project(users=users).model_copy(update={"folder": folder})
    tenants: dict[Any, Any] = {"source": FakeTenant(exchange)} if exchange else {}
    return Reader(project, tenants, StillClock(NOW), {}).read(f"source.{fact}")


def addresses(observed: Any) -> list[str]:
    assert isinstance(observed, Observed)
    return [row["SourceAddress"] for row in observed.value]


def test_file_alone_says_who_moves(tmp_path: Path) -> None:
    """Where users.csv is, nothing is asked of the tenant for it."""
    (tmp_path / "users.csv").write_text("SourceAddress,TargetAddress\nx@contoso.com,\n", encoding="utf-8")
    exchange = FakeExchange()
    assert ["x@contoso.com"] == addresses(read(tmp_path, "chosen_users", exchange, choose="attribute"))
    assert [] == exchange.asked


def test_without_a_file_the_proposal_stands_for_it(tmp_path: Path) -> None:
    """The proposal has no lines, so that nobody takes it for what a person has decided."""
    observed = read(tmp_path, "chosen_users", FakeExchange(), choose="attribute")
    assert ["ben.king@contoso.com", "Lara.Newton@contoso.com"] == addresses(observed)
    assert {0} == {row["Line"] for row in observed.value}
    assert "names nobody yet" in observed.source


def test_attribute_is_compared_whole_and_without_case(tmp_path: Path) -> None:
    """The attribute's value counts, no longer one and no attribute whose name begins alike (SCR-02, doc trap D14)."""
    found = addresses(read(tmp_path, "proposed_users", FakeExchange(), choose="attribute"))
    assert ["ben.king@contoso.com", "Lara.Newton@contoso.com"] == found


@pytest.mark.parametrize("name", ["Movers", "MOVERS-2026"])
def test_group_is_found_by_name_or_alias(tmp_path: Path, name: str) -> None:
    """Members that are mailboxes are proposed; one without an object ID is nobody's match."""
    members = [
        {"ExternalDirectoryObjectId": BEN, "RecipientTypeDetails": "UserMailbox"},
        {"ExternalDirectoryObjectId": "", "RecipientTypeDetails": "MailContact"},
    ]
    found = read(tmp_path, "proposed_users", FakeExchange(members), choose="group", group=name)
    assert ["ben.king@contoso.com"] == addresses(found)


def test_group_that_is_not_there_is_told(tmp_path: Path) -> None:
    """An empty proposal would say that nobody moves; a missing group says that nobody knows."""
    found = read(tmp_path, "proposed_users", FakeExchange(), choose="group", group="Movers 2")
    assert isinstance(found, NotObserved)
    assert "no mail-enabled group Movers 2" in found.detail


def test_list_by_hand_has_no_proposal(tmp_path: Path) -> None:
    """Where users.csv is written by hand, nobody is proposed, and no tenant is asked."""
    assert [] == addresses(read(tmp_path, "proposed_users", None, choose="file"))


def test_without_a_sign_in_nobody_knows(tmp_path: Path) -> None:
    """Who carries the attribute is not known while nobody is signed in to the source."""
    found = read(tmp_path, "proposed_users", None, choose="attribute")
    assert isinstance(found, NotObserved)
    assert Reason.NOT_ASKED == found.reason


def test_wrong_file_is_no_list(tmp_path: Path) -> None:
    """A file that somebody breaks while a notebook is open is not taken for an empty one."""
    (tmp_path / "users.csv").write_text("SourceAddress\n", encoding="utf-8")
    found = read(tmp_path, "chosen_users", FakeExchange(), choose="file")
    assert isinstance(found, NotObserved)
    assert "missing column" in found.detail
