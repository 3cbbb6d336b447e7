"""Reads after a move: the service's record of it, service plans, and the report of a directory on-premises."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from core_facts import NOW, StillClock, make_project
from user_facts import ADD_ON_SKU, EXCHANGE_SKU, LARA_GUID, LARA_ID, LARA_TARGET_ID

from xtmig_kernel.errors import AccessDenied
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.inventory.after import snapshot_guid

if TYPE_CHECKING:
    from pathlib import Path

OTHER_GUID = "4e3188c6-39f6-4387-adc7-b355b6b852c8"
NEW = "Lara.Newton@northwindtraders.com"


@dataclass
class Side:
    """A signed-in side that answers cmdlets by name, statistics by Identity, and a batch of Graph requests by path."""

    cmdlets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    paths: dict[str, Any] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)

    @property
    def exchange(self) -> Side:
        return self

    @property
    def graph(self) -> Side:
        return self

    def invoke(self, cmdlet: str, _parameters: Any = None, **_select: Any) -> Any:
        return SimpleNamespace(rows=self.cmdlets.get(cmdlet, []))

    def invoke_many(self, calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
        self.asked += calls
        answers = [self.statistics[given["Identity"]] for _, given in calls]
        return [a if isinstance(a, Exception) else SimpleNamespace(rows=a) for a in answers]

    def batch(self, requests: list[Any]) -> list[Any]:
        self.asked += [request.path for request in requests]
        answers = [self.paths[request.path] for request in requests]
        return [a if isinstance(a, Exception) else SimpleNamespace(data={"value": a}) for a in answers]


def read(fact: str, folder: Path, **sides: Side) -> Any:
    """What a read of a fact gives."""
    (folder / "users.csv").write_text("SourceAddress,TargetAddress\nLara.Newton@contoso.com," + NEW + "\n", "utf-8")
    project = make_project().model_copy(update={"folder": folder})
    tenants: dict[Any, Any] = dict(sides)
    return Reader(project, tenants, StillClock(NOW), {}).read(fact)


def rows(fact: str, folder: Path, **sides: Side) -> list[dict[str, Any]]:
    """The rows of a fact that can be read."""
    observation = read(fact, folder, **sides)
    assert isinstance(observation, Observed), observation
    return [dict(row) for row in observation.value]


def migration_user(**changes: Any) -> dict[str, Any]:
    """Lara as Get-MigrationUser shows her."""
    return {
        "Identity": NEW,
        "BatchId": "contoso-moves-pilot",
        "Status": "Completed",
        "MailboxGuid": LARA_GUID,
    } | changes


def snapshot(guid: str) -> dict[str, Any]:
    """A snapshot as a move report holds it: the GUID as base64 of .NET's bytes."""
    text = base64.b64encode(UUID(guid).bytes_le).decode()
    return {"props": [{"PropertyName": "ExchangeGuid", "Values": [{"StrValue": text}]}]}


def move(at: str = "2026-11-22T20:00:00.0000000+00:00", guid: str = LARA_GUID, **changes: Any) -> dict[str, Any]:
    """One entry of MoveHistory."""
    sizes = {"SourceMailboxSize": {"ItemCount": 140}, "TargetMailboxSize": {"ItemCount": 139}}
    report = {"TargetMailboxAfterMove": snapshot(guid), **sizes}
    return {"Status": "Completed", "CompletionTimestamp": at, "Report": report} | changes


def target(history: Any, **changes: Any) -> Side:
    """A target with one completed user whose statistics hold this history."""
    return Side({"Get-MigrationUser": [migration_user(**changes)]}, {LARA_GUID: history})


def test_guid_in_a_snapshot_is_base64() -> None:
    """A move report keeps GUIDs as base64 of .NET's bytes (shapes 3.6)."""
    assert snapshot_guid(snapshot(LARA_GUID), "ExchangeGuid") == LARA_GUID
    assert snapshot_guid({"props": [{"PropertyName": "ExchangeGuid", "Values": "no"}]}, "ExchangeGuid") is None
    assert snapshot_guid("System.Object", "ExchangeGuid") is None


def test_history_of_a_moved_mailbox(tmp_path: Path) -> None:
    """The service's record of a completed move gives its end and the items of both sides (shapes 3.6)."""
    side = target([{"MoveHistory": [move()]}])
    (row,) = rows("target.move_histories", tmp_path, target=side)
    assert (row["ExchangeGuid"], row["Mailbox"], row["Status"]) == (LARA_GUID, NEW, "Completed")
    assert (row["SourceItems"], row["TargetItems"]) == (140, 139)
    assert str(row["CompletedAt"]).startswith("2026-11-22T20:00:00")
    ((cmdlet, given),) = side.asked
    assert (cmdlet, given) == (
        "Get-MailboxStatistics",
        {"Identity": LARA_GUID, "IncludeMoveHistory": True, "IncludeMoveReport": True},
    )


def test_last_move_of_this_mailbox_counts(tmp_path: Path) -> None:
    """Of several records the last one counts, and one whose snapshot is of another mailbox does not."""
    earlier, other = move("2025-01-01T00:00:00Z", Status="Failed"), move("2027-01-01T00:00:00Z", OTHER_GUID)
    (row,) = rows("target.move_histories", tmp_path, target=target([{"MoveHistory": [earlier, move(), other]}]))
    assert (row["Status"], row["SourceItems"]) == ("Completed", 140)


@pytest.mark.parametrize(
    "answer", [[], [{"MoveHistory": None}], [{"MoveHistory": "System.Object"}], AccessDenied("no")]
)
def test_mailbox_without_a_record_has_no_values(tmp_path: Path, answer: Any) -> None:
    """Where the service tells nothing, nothing is claimed: no number, no time."""
    (row,) = rows("target.move_histories", tmp_path, target=target(answer))
    assert {row[column] for column in ("Status", "CompletedAt", "SourceItems", "TargetItems")} == {None}


@pytest.mark.parametrize("other", [{"Status": "Synced"}, {"BatchId": "somebody-else"}, {"MailboxGuid": None}])
def test_nobody_else_is_asked_about(tmp_path: Path, other: dict[str, Any]) -> None:
    """Only completed users of this project's batches are asked about, and never with a blank identity."""
    side = target([], **other)
    assert rows("target.move_histories", tmp_path, target=side) == []
    assert side.asked == []


def exchange_object(object_id: str, address: str, guid: str) -> dict[str, Any]:
    """A mailbox or MailUser as Exchange shows it."""
    return {
        "ExternalDirectoryObjectId": object_id,
        "PrimarySmtpAddress": address,
        "UserPrincipalName": address,
        "EmailAddresses": [f"SMTP:{address}"],
        "ExchangeGuid": guid,
    }


DETAILS = [
    {
        "skuId": EXCHANGE_SKU.upper(),
        "skuPartNumber": "SPE_E3",
        "servicePlans": [
            {"servicePlanId": "P1", "servicePlanName": "EXCHANGE_S_ENTERPRISE", "provisioningStatus": "Success",
             "appliesTo": "User"},
            {"servicePlanId": "P2", "servicePlanName": "MICROSOFT_SEARCH", "provisioningStatus": "Success",
             "appliesTo": "Company"},
        ],
    },
    {"skuId": ADD_ON_SKU, "skuPartNumber": "ADD_ON", "servicePlans": []},
]  # fmt: skip


def source() -> Side:
    """A source with what is left of Lara's mailbox, and somebody who is not in `users.csv`."""
    lara = exchange_object(LARA_ID, "Lara.Newton@contoso.com", LARA_GUID)
    other = exchange_object("other", "other@contoso.com", OTHER_GUID)
    return Side({"Get-MailUser": [lara], "Get-Mailbox": [other]}, {}, {f"/users/{LARA_ID}/licenseDetails": DETAILS})


def test_service_plans_of_the_chosen_users(tmp_path: Path) -> None:
    """Every plan of the users of users.csv is a row, by object ID, and nobody else is asked about (PLN-03)."""
    side = source()
    found = rows("source.licence_plans", tmp_path, source=side)
    assert [(r["UserId"], r["SkuId"], r["PlanName"], r["AppliesTo"]) for r in found] == [
        (LARA_ID, EXCHANGE_SKU, "EXCHANGE_S_ENTERPRISE", "User"),
        (LARA_ID, EXCHANGE_SKU, "MICROSOFT_SEARCH", "Company"),
    ]
    assert side.asked == [f"/users/{LARA_ID}/licenseDetails"]


@pytest.mark.parametrize(
    ("address", "guid", "sides"),
    [(NEW, OTHER_GUID, ()), ("renamed@northwindtraders.com", LARA_GUID, ("source",))],
    ids=["by TargetAddress", "by the source's ExchangeGuid"],
)
def test_target_users_are_found(tmp_path: Path, address: str, guid: str, sides: tuple[str, ...]) -> None:
    """In the target a user is found by TargetAddress, and by the ExchangeGuid of the source's object."""
    there = Side(
        {"Get-Mailbox": [exchange_object(LARA_TARGET_ID, address, guid)]},
        {},
        {f"/users/{LARA_TARGET_ID}/licenseDetails": DETAILS},
    )
    found = rows("target.licence_plans", tmp_path, target=there, **dict.fromkeys(sides, source()))
    assert {row["UserId"] for row in found} == {LARA_TARGET_ID}


def test_a_part_of_the_plans_is_not_all_of_them(tmp_path: Path) -> None:
    """Where one user's licences were refused, the fact was not observed."""
    side = source()
    side.paths[f"/users/{LARA_ID}/licenseDetails"] = AccessDenied("no")
    observation = read("source.licence_plans", tmp_path, source=side)
    assert isinstance(observation, NotObserved)
    assert observation.reason == Reason.DENIED


REPORT = {
    "SourceAddress": "Lara.Newton@contoso.com",
    "UserPrincipalName": "LaraN@contoso.com",
    "TargetAddress": "SMTP:LaraN@northwindtraders.onmicrosoft.com",
    "RemoteRecipientType": None,
    "RemoteMailbox": False,
    "ReadAt": "2026-11-22T21:00:00Z",
}


def report(folder: Path, text: str) -> Any:
    """What is read of this report."""
    (folder / "on-premises").mkdir()
    (folder / "on-premises" / "source-report.json").write_text(text, encoding="utf-8")
    return read("source.on_premises_reports", folder)


@pytest.mark.parametrize("content", [[REPORT], REPORT], ids=["a list", "one alone"])
def test_report_of_the_script_is_read(tmp_path: Path, content: Any) -> None:
    """The report is read without a sign-in, with Windows' mark at its start, a list of one written as the one."""
    observation = report(tmp_path, "\ufeff" + json.dumps(content))
    assert isinstance(observation, Observed)
    assert [dict(row) for row in observation.value] == [REPORT]


def test_no_report_is_no_row(tmp_path: Path) -> None:
    """While nobody has handed the report back, there are no rows, and the read says so."""
    observation = read("source.on_premises_reports", tmp_path)
    assert isinstance(observation, Observed)
    assert (observation.value, observation.source) == ((), "on-premises/source-report.json is not there")


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"SourceAddress": "a@b.c"}]', '[{"ReadAt": "x"}]'])
def test_spoiled_report_is_not_observed(tmp_path: Path, text: str) -> None:
    """Whatever is no report of the script is not taken for one."""
    observation = report(tmp_path, text)
    assert isinstance(observation, NotObserved)
    assert observation.reason == Reason.UNSUPPORTED
