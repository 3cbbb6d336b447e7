"""Nobody but the gate of section 160 ever asks for a completion (BAT-03, doc trap C18)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from core_facts import make_project
from cut_facts import DUE, at_gate
from start_facts import BATCH

import xtmig_kernel

ROOT = Path(xtmig_kernel.__file__).parent
GATE = "runbook/cutover_plans.py"
COMPLETING = ("CompleteAfter", "AutoComplete", "SyncAndComplete")
"""Parameters by which a batch or a user completes; a call names them as a key or as an argument's name."""
CALLS = {"ExchangeCall", "invoke", "invoke_many", "run", "run_many"}
# the contract lists cmdlets with their parameters; the simulator is the other party
OURS = sorted(path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "simulator")


def names_in_calls(path: Path) -> set[str]:
    """Texts in calls of cmdlets, however deep, and in pairs of a cmdlet and its parameters."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts: list[ast.AST] = []
        if isinstance(node, ast.Call) and _name(node.func) in CALLS:
            parts = [node]
        elif isinstance(node, ast.Tuple) and node.elts:
            parts = [node.elts[0]]  # a cmdlet and its parameters, as invoke_many takes them
        for part in parts:
            found |= {n.value for n in ast.walk(part) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return found


def _name(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def test_only_the_gate_calls_complete() -> None:
    """Complete-MigrationBatch stands in a call of the gate's plan, and in no other module's."""
    calling = {path.relative_to(ROOT).as_posix() for path in OURS if "Complete-MigrationBatch" in names_in_calls(path)}
    assert calling == {GATE}


@pytest.mark.parametrize("parameter", COMPLETING)
def test_nobody_sets_a_time_of_completion(parameter: str) -> None:
    """No call gives a batch or a user a time at which it completes by itself; the gate has no need of one either."""
    keys = {
        (path.relative_to(ROOT).as_posix(), node.lineno)
        for path in OURS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _name(node.func) == "ExchangeCall"
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and inner.value == parameter
    }
    assert keys == set()


def test_every_plan_but_the_gates_completes_nothing() -> None:
    """In a world where a wave is due, no step but 160.4 plans a call that completes anything, whatever it is named."""
    from core_facts import planned

    from xtmig_kernel.changes import ExchangeCall
    from xtmig_kernel.runbook import STEPS

    project = make_project(**DUE)
    calls = [
        (step, call)
        for step in STEPS
        for change in planned(step, project, **at_gate())
        for call in change.calls
        if isinstance(call, ExchangeCall)
    ]
    completing = [
        (step, call.parameters["Identity"])
        for step, call in calls
        if call.cmdlet.startswith("Complete-") or set(COMPLETING) & set(call.parameters)
    ]
    assert completing == [("160.4", BATCH)]
