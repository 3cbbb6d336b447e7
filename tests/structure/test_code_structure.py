"""The house rules that a tool can see in the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import xtmig_kernel

ROOT = Path(xtmig_kernel.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
NAMES = [path.relative_to(ROOT).as_posix() for path in MODULES]


def calls_of(path: Path, method: str) -> list[ast.Call]:
    """Calls of a method of that name in a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    ]


def receiver(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return ast.unparse(call.func.value)


@pytest.mark.parametrize("name", NAMES)
def test_modules_are_small(name: str) -> None:
    """A module of more than 500 lines is two modules."""
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= 500


@pytest.mark.parametrize(("method", "door"), [("run", "runbook/door.py"), ("run_many", "runbook/bulk.py")])
def test_only_the_door_runs_calls(method: str, door: str) -> None:
    """Every call of a change passes through the one door: nothing else calls `run` or `run_many` of a tenant."""
    others = {
        (name, receiver(call))
        for name in NAMES
        if not name.startswith("simulator/") and name != door
        for call in calls_of(ROOT / name, method)
    }
    assert {who for _, who in others if not who.endswith("engine") and who != "subprocess"} == set()
    assert calls_of(ROOT / door, method)


def test_inventory_only_reads() -> None:
    """The inventory names every cmdlet that it calls, and each of them only reads."""
    calls = [call for name in NAMES if name.startswith("inventory/") for call in calls_of(ROOT / name, "invoke")]
    cmdlets = [call.args[0].value if isinstance(call.args[0], ast.Constant) else None for call in calls]
    assert cmdlets
    assert [cmdlet for cmdlet in cmdlets if not str(cmdlet).startswith(("Get-", "Test-"))] == []


@pytest.mark.parametrize("method", ["invoke", "request"])
def test_nobody_else_talks_to_tenants(method: str) -> None:
    """Outside the wire and the inventory nobody calls a service of a tenant."""
    allowed = ("m365/", "inventory/", "simulator/")
    found = {
        (name, receiver(call))
        for name in NAMES
        if not name.startswith(allowed)
        for call in calls_of(ROOT / name, method)
    }
    assert {(name, who) for name, who in found if "_http" not in who} == set()


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("rules/", "runbook/sections/"))])
def test_pure_rooms_ask_for_no_time(name: str) -> None:
    """Rules and plans take the time that they are given; they never ask the machine for it."""
    asked = [receiver(call) for method in ("now", "today", "utcnow") for call in calls_of(ROOT / name, method)]
    assert asked == []


def test_notebooks_and_command_line_hold_no_rule() -> None:
    """Verdicts are made by rules alone: no other room constructs a pass or a failure."""
    made = {
        name
        for name in NAMES
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Passed", "Failed", "Warned")
    }
    assert made == {"rules/rule.py"}


def test_secrets_are_revealed_on_the_wire_only() -> None:
    """A secret's text is taken out where it is sent, compared or redacted, and nowhere else."""
    revealing = {name for name in NAMES if calls_of(ROOT / name, "reveal")}
    assert {name for name in revealing if not name.startswith(("credentials/", "m365/"))} == set()
