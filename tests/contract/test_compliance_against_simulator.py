"""The names of holds, read from the simulated tenants, which were written from the same facts by other hands."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Reader
from xtmig_kernel.m365 import clock_for, connect
from xtmig_kernel.project import Project

sys.path.insert(0, str(Path(__file__).parents[1]))
from simulator_process import SimulatorProcess, running_simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "examples" / "contoso-northwind.yaml"
SECRETS = {"XTMIG_SOURCE_SECRET": "practice-secret-of-the-source", "XTMIG_TARGET_SECRET": "practice-of-the-target"}
OPERATOR, READER = "5c0e5c0e-0000-4000-8000-0000000b0001", "5c0e5c0e-0000-4000-8000-0000000b0002"
POLICY, HOLD = "7cfb3034-5d45-4ac0-a989-ab3041051209", "5c0e5c0e-0000-4000-8000-0000000f0001"
EDITH, HAL = "edith.discovery@contoso.com", "hal.holden@contoso.com"
TABLES = ("source.retention_policies", "source.case_holds")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """The example with a policy that holds everybody, and an operator who may read policies and cases."""
    data = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    source = data["source"]
    source["applications"][0]["compliance_cmdlets"] = [
        "Get-RetentionCompliancePolicy", "Get-CaseHoldPolicy", "Get-ComplianceCase",
    ]  # fmt: skip
    source["retention_policies"] = [{"guid": POLICY, "name": "Seven years"}, {"guid": HOLD, "name": "Of nobody"}]
    source["organization_holds"] = [f"mbx{POLICY.replace('-', '')}:2"]
    source["compliance_cases"] = [
        {"guid": POLICY, "name": "Litware v. Contoso", "holds": [{"guid": HOLD, "name": "Board"}]}
    ]
    file = tmp_path_factory.mktemp("tenants") / "tenants.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    with running_simulator("--tenants", str(file), environment=SECRETS) as running:
        yield running


@pytest.fixture
def read(simulator: SimulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Tables of the source, read by an application, with these users chosen."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    connection = tmp_path / "connection.json"
    connection.write_text(json.dumps(simulator.connection), encoding="utf-8")

    def as_application(client_id: str, *users: str) -> Any:
        lines = "".join(f"{user},{user.split('@')[0]}@northwindtraders.com\n" for user in users)
        (tmp_path / "users.csv").write_text(f"SourceAddress,TargetAddress\n{lines}", encoding="utf-8")
        sides = {
            side: {
                "tenant_id": simulator.tenant_id(side),
                "domain": simulator.connection["tenants"][side]["initial_domain"],
                "sign_in": {"method": "secret", "client_id": client_id, "secret": "env:XTMIG_SOURCE_SECRET"},
            }
            for side in ("source", "target")
        }
        given = Project.model_validate(
            {"format": 1, "id": "smoke", "name": "Smoke", **sides, "simulation": connection, "folder": tmp_path}
        )
        clock = clock_for(given)
        tenant = connect(given, "source", redactor=Redactor(), clock=clock)
        return Reader(given, {"source": tenant}, clock, {}).read_all([*TABLES, "source.compliance_access"])

    return as_application


def test_policy_and_case_are_named(read: Any) -> None:
    """F-107, F-109, F-110: what the client makes of an entry is what the simulated service has under it."""
    found = read(OPERATOR, EDITH, HAL)
    policies, holds = (found[table] for table in TABLES)
    assert isinstance(policies, Observed), policies
    assert isinstance(holds, Observed), holds
    assert [row["Name"] for row in policies.value] == ["Seven years"]
    assert [(row["Name"], row["Case"]) for row in holds.value] == [("Board", "Litware v. Contoso")]
    (access,) = found["source.compliance_access"].value
    assert access == {"Policies": True, "Cases": True, "Problem": None}


def test_who_may_not_see_cases_is_told_so(read: Any) -> None:
    """F-107: a reader of everything sees the policy, and is denied the case; the rest is read."""
    found = read(READER, EDITH)
    policies, holds = (found[table] for table in TABLES)
    assert isinstance(policies, Observed), policies
    assert isinstance(holds, NotObserved)
    assert holds.reason is Reason.DENIED
    assert found["source.compliance_access"].value[0]["Cases"] is False


def test_a_hold_of_no_case_asks_for_no_case(read: Any, simulator: SimulatorProcess) -> None:
    """F-110: where nobody who moves is held by a case, no hold of a case is read."""
    found = read(OPERATOR, HAL)
    assert found["source.case_holds"].value == ()
