"""Sections 190 and 200 against the simulated tenants, after their own migration service has moved two mailboxes.

What was counted before the cutover is read through the client and written as the project's baseline; the rest is what a
consultant does on the day after: look, give rights again, license, look again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from xtmig_kernel.changes import ExchangeCall
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.evidence import NotObserved, Observed
from xtmig_kernel.inventory import Reader
from xtmig_kernel.m365 import clock_for, connect
from xtmig_kernel.project import Project
from xtmig_kernel.project.baseline import KINDS, SETTINGS, baseline_name, baseline_text
from xtmig_kernel.rules import ALL_RULES, Seen, evaluate
from xtmig_kernel.rules.baseline_settings import SETTING_FACTS
from xtmig_kernel.rules.mailbox_settings import settings_of
from xtmig_kernel.runbook import STEPS
from xtmig_kernel.tables import BY_NAME

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "simulator"))
from moving_pair import APP_ID, DOMAIN, ENDPOINT, SECRET, address, ready
from simulator_process import SimulatorProcess, running_simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Finding

ENVIRONMENT = {
    "XTMIG_SOURCE_SECRET": "practice-secret-of-the-source",
    "XTMIG_TARGET_SECRET": "practice-secret-of-the-target",
    "XTMIG_MOVE_SECRET": SECRET,
}
OPERATORS = {"source": "5c0e5c0e-0000-4000-8000-0000000b0001", "target": "7a26e700-0000-4000-8000-0000000b0001"}
CONSENTS = "olivia.operator@contoso.onmicrosoft.com"
BATCH = "smoke-pilot"
HOUR = 3600
ANNA: dict[str, Any] = {
    "folders": [
        {"path": "/Sent Items", "items": 7},
        {"path": "/Deletions", "items": 4, "recoverable": True},
        {"path": "/DiscoveryHolds", "items": 6, "recoverable": True},
    ],
    "sizes": {"items": 50, "deleted_items": 10},
    "content": {"outbox_items": 3},
    "forwarding": {"address": "ben", "deliver_and_forward": True},
    "client_access": {"pop": False},
    "access": {
        "full_access": ["ben@contoso.onmicrosoft.com", "cleo@contoso.onmicrosoft.com"],
        "send_as": ["ben@contoso.onmicrosoft.com"],
        "send_on_behalf": ["ben@contoso.onmicrosoft.com"],
        "folders": [{"folder": "Calendar", "user": "ben@contoso.onmicrosoft.com", "rights": ["Editor"]}],
    },
}

LICENSED: dict[str, Any] = {"licences": ["SPE_E3"], "usage_location": "NL"}


class Day:
    """The day after the cutover: both tenants, the project, and what is read of them."""

    def __init__(self, simulator: SimulatorProcess, folder: Path) -> None:
        self.simulator, self.folder = simulator, folder
        connection = folder / "connection.json"
        connection.write_text(json.dumps(simulator.connection), encoding="utf-8")
        sides = {
            side: {
                "tenant_id": simulator.tenant_id(side),
                "domain": simulator.connection["tenants"][side]["initial_domain"],
                "sign_in": {
                    "method": "secret", "client_id": OPERATORS[side], "secret": f"env:XTMIG_{side.upper()}_SECRET",
                },
            }
            for side in ("source", "target")
        }  # fmt: skip
        licences = {"exchange_sku": "SPE_E3", "usage_location": "NL"}
        # the cutover lies in the past, so that the wave's mailboxes are counted on both sides
        move = {"waves": [{"name": "pilot", "cutover": "2026-01-01T00:00:00Z"}]}
        common = {"format": 1, "id": "smoke", "name": "Smoke", "simulation": connection, "folder": folder}
        self.project = Project.model_validate({**common, **sides, "licences": licences, "move": move})
        self.clock = clock_for(self.project)
        redactor = Redactor()
        both: Any = {side: connect(self.project, side, redactor=redactor, clock=self.clock) for side in OPERATORS}
        self.tenants = both

    def exchange(self, side: str, cmdlet: str, **parameters: Any) -> Any:
        """Run a cmdlet of one side."""
        return self.tenants[side].run(ExchangeCall(cmdlet, parameters))

    def facts(self, *names: str) -> dict[str, Any]:
        """Facts, read anew."""
        reader = Reader(self.project, self.tenants, self.clock, {})
        return {name: reader.read(name) for name in dict.fromkeys(names)}

    def rows(self, name: str) -> list[Any]:
        """The rows of a fact that can be read."""
        fact = self.facts(name)[name]
        assert isinstance(fact, Observed), fact
        return list(fact.value)

    def take_baseline(self) -> None:
        """What step 160 does before it completes a wave."""
        (self.folder / "baseline").mkdir()
        at = {"Wave": "pilot", "TakenAt": "2026-11-23T09:00:00Z"}
        for kind, table in zip(KINDS, ("mailbox_permissions", "folder_counts"), strict=True):
            columns = BY_NAME[f"baseline_{kind}"].columns
            text = baseline_text(columns, [at | dict(row) for row in self.rows(f"source.{table}")])
            (self.folder / baseline_name("pilot", kind)).write_text(text, encoding="utf-8", newline="")
        owners = {row["ExchangeGuid"]: row["PrimarySmtpAddress"] for row in self.rows("source.mailboxes")}
        found = settings_of(Seen(self.facts(*SETTING_FACTS), self.clock.now()), "source", owners)
        columns = BY_NAME["baseline_settings"].columns
        rows = [dict.fromkeys(columns) | at | {"Mailbox": owners[guid]} | row for guid, row in found.items()]
        text = baseline_text(columns, rows)
        (self.folder / baseline_name("pilot", SETTINGS)).write_text(text, encoding="utf-8", newline="")

    def findings(self, step: str) -> dict[str, list[Finding]]:
        """What the rules of a step say, by rule."""
        rules = [rule for rule in ALL_RULES if rule.id in STEPS[step].verifies]
        found = evaluate(rules, self.facts(*STEPS[step].reads), self.project, self.clock.now())
        return {rule.id: [finding for finding in found if finding.rule == rule.id] for rule in rules}

    def verdicts(self, step: str) -> dict[str, set[str]]:
        """The kinds of their verdicts, by rule."""
        return {rule: {f.verdict.kind for f in found} for rule, found in self.findings(step).items()}

    def planned(self, step: str) -> Any:
        """What a step plans."""
        facts = self.facts(*STEPS[step].plans_from)
        assert [f for f in facts.values() if isinstance(f, NotObserved)] == []
        return STEPS[step].plan(Seen(facts, self.clock.now()), self.project)

    def apply(self, step: str) -> int:
        """Make what a step plans, call by call, and wait until a read shows it."""
        changes = self.planned(step)
        for change in changes:
            for call in change.calls:
                self.tenants[change.side].run(call)
        self.simulator.advance(600)
        return len(changes)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Anna and Ben have moved; Cleo, who could open Anna's mailbox, stays."""
    folder = tmp_path_factory.mktemp("day")
    tenants = folder / "tenants.yaml"
    data = ready(anna=ANNA | LICENSED, ben=LICENSED, cleo=LICENSED)
    tenants.write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        with running_simulator("--speed", "1", tenants=tenants, environment=ENVIRONMENT) as simulator:
            yield moved(Day(simulator, folder))


def moved(day: Day) -> Day:
    """Let the simulated service move Anna and Ben."""
    initial = day.simulator.connection["tenants"]["source"]["initial_domain"]
    day.simulator.person(CONSENTS).consent(initial, APP_ID, "https://office.com")
    day.simulator.advance(60)
    lines = ["SourceAddress,TargetAddress,Wave", *(f"{a}@contoso.com,{address(a)},pilot" for a in ("anna", "ben"))]
    (day.folder / "users.csv").write_text("\n".join(lines), encoding="utf-8")
    csv = "\r\n".join(["EmailAddress", address("anna"), address("ben")]).encode()
    batch = {"Name": BATCH, "SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAIN, "AutoStart": True}
    day.exchange("target", "New-MigrationBatch", **batch, CSVData=csv)
    day.simulator.advance(6 * HOUR)
    day.take_baseline()
    day.exchange("target", "Complete-MigrationBatch", Identity=BATCH)
    day.simulator.advance(2 * HOUR)
    return day


def test_both_moves_are_proven(day: Day) -> None:
    """Conversions, forwarding and addresses of what the service has moved all pass (GEN-02 to GEN-04, MFL-01)."""
    assert {row["Status"] for row in day.rows("target.migration_users")} == {"Completed"}
    verdicts = day.verdicts("190.1")
    assert verdicts.pop("mail-rules-reviewed") == {"manual"}
    assert verdicts == {rule: {"pass"} for rule in verdicts}


def test_nothing_is_missing(day: Day) -> None:
    """Every folder that moves holds what it held; the Outbox and other dumpster folders are left out (CNT-01 to 03)."""
    verdicts = day.verdicts("190.2")
    counts = ["moved-folders-filled", "moved-counts", "moved-counted"]
    assert {rule: verdicts[rule] for rule in counts} == {rule: {"pass"} for rule in counts}
    facts = day.facts(*STEPS["190.2"].reads)
    tables = {table.name: table for table in STEPS["190.2"].shows(Seen(facts, day.clock.now()), day.project)}
    (row,) = [row for row in tables["counts-compared"].rows if row[0] == "anna@contoso.com"]
    assert "Outbox" in str(row[5])
    assert "DiscoveryHolds" in str(row[5])
    assert isinstance(row[6], int)


def test_settings_of_before_are_told(day: Day) -> None:
    """The new mailbox forwards nowhere and has every protocol; the colleague is named by the new address (F-111)."""
    found = day.findings("190.2")
    (forwarding,) = (f for f in found["moved-settings-forwarding"] if f.verdict.kind == "warn")
    assert forwarding.seen.startswith("ForwardingAddress was ben@contoso.com, is not set")
    assert forwarding.expected.startswith(f"ForwardingAddress {address('ben')}")
    (protocols,) = (f for f in found["moved-settings-protocols"] if f.verdict.kind == "warn")
    assert (protocols.subject, protocols.seen) == ("anna@contoso.com, protocols", "PopEnabled was false, is true")
    others = ("moved-settings-known", "moved-settings-retention", "moved-settings-address-lists")
    assert [{f.verdict.kind for f in found[rule]} for rule in others] == [{"pass"}] * 3
    assert ["Scope (scope@contoso.com)" in f.seen for f in found["moved-groups"]] == [True, True]
    assert [f.verdict.kind for f in found["moved-settings-bookings"]] == ["skipped"]


def test_what_the_service_recorded_is_read(day: Day) -> None:
    """The service's own record of each move is read, with its end and its items (shapes 3.6)."""
    rows = day.rows("target.move_histories")
    assert len(rows) == 2
    assert [row for row in rows if row["CompletedAt"] is None or row["SourceItems"] is None] == []


def test_rights_are_given_again(day: Day) -> None:
    """Send As and Send on Behalf are lost by the move and given again; who stays is told (PRM-03, PRM-06, PRM-07)."""
    verdicts = day.verdicts("190.3")
    assert verdicts["moved-send-on-behalf"] == verdicts["moved-send-as"] == {"fail"}
    assert verdicts["moved-permissions"] == {"pass"}
    assert verdicts["moved-permissions-lost"] == {"warn"}
    assert day.apply("190.3") == 2
    verdicts = day.verdicts("190.3")
    assert verdicts["moved-send-on-behalf"] == verdicts["moved-send-as"] == {"pass"}
    assert day.planned("190.3") == ()


def test_licences_after_the_move(day: Day) -> None:
    """Both mailboxes get the project's subscription within the days of grace, and its plan is provisioned (LIC-16)."""
    day.apply("190.4")
    assert day.apply("190.5") == 2
    day.simulator.advance(HOUR)
    verdicts = day.verdicts("190.5")
    assert verdicts == {rule: {"pass"} for rule in verdicts}
    assert day.planned("190.5") == ()


def test_plans_of_the_source_are_switched_off(day: Day) -> None:
    """Where it is asked for, Exchange's plans of both leftover MailUsers are off, nobody else's (KNI-08, PLN-07)."""
    licences = day.project.licences.model_copy(update={"strip_source_plans": True})
    plain, day.project = day.project, day.project.model_copy(update={"licences": licences})
    try:
        changes = day.planned("190.6")
        names = {change.subject.label for change in changes}
        assert names == {"anna@contoso.onmicrosoft.com", "ben@contoso.onmicrosoft.com"}
        assert day.apply("190.6") == len(changes)
        assert day.findings("190.6")["left-plans-off"][-1].verdict.kind == "pass"
        assert day.planned("190.6") == ()
    finally:
        day.project = plain
