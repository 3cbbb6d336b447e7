"""What `xtmig simulate --mailboxes N --prepared` makes is a clean pair, over the network and with its own project."""

from __future__ import annotations

from pathlib import Path

import pytest
from planting import told

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.inventory.reader import Reader
from xtmig_kernel.m365 import clock_for, connect
from xtmig_kernel.project import load_project
from xtmig_kernel.rules import evaluate
from xtmig_kernel.rules.preflight import PREFLIGHT_RULES
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.runs.practice import generated_tenants, practice_project, practice_tenants, take_users_over

MAILBOXES = 25


@pytest.mark.deep
def test_prepared_practice_tenants_are_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The practice project of prepared tenants has no finding, and lists everybody."""
    file = generated_tenants(tmp_path / "simulation", MAILBOXES, "process", prepared=True)
    with practice_tenants(tmp_path / "simulation", file) as practice:
        for name, value in practice.environment.items():
            monkeypatch.setenv(name, value)
        new_project(tmp_path / "project", practice_project(practice, file))
        take_users_over(file, tmp_path / "project")
        project = load_project(tmp_path / "project")
        clock, redactor = clock_for(project), Redactor()
        tenants = {side: connect(project, side, redactor=redactor, clock=clock) for side in ("source", "target")}
        names = [fact for rule in PREFLIGHT_RULES for fact in (*rule.needs, *rule.helps)]
        facts = Reader(project, tenants, clock, {}).read_all(names)
        findings = evaluate(PREFLIGHT_RULES, facts, project, clock.now(), tell_all=True)
        assert [] == practice.stats()["unsupported"]
    assert set() == told(findings)
    (listed,) = [finding for finding in findings if finding.rule == "users-listed"]
    assert f"{MAILBOXES} users" == listed.seen
