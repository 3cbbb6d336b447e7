"""Scripts of the move itself: batches that scripts start are the batches that xtmig starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mending import SECRETS
from stand_in_scripts import changes_something, run_section, scripts_of
from stand_in_shell import syntax_errors
from troubled_project import tenants, troubled

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.deep  # a move that is half done, twice

OF_THE_MOMENT = frozenset({"guid", "secret", "key_id"})
CHANGING = ("130", "150", "160", "170", "180", "190", "210")
"""Sections of the move that have something to change in the troubled project."""


def batches(state: dict[str, Any], *names: str) -> list[dict[str, Any]]:
    """Some batches of a state, without their moments and ids."""
    return [plain(row) for row in state["migration_batches"] if row["name"] in names]


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if name not in OF_THE_MOMENT and not _moment(item)}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _moment(value: Any) -> bool:
    return isinstance(value, str) and value[4:5] == "-" and value[10:11] == "T"


def test_batches_started_by_scripts_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Section 130 by scripts leaves the batches, users and settings that section 130 by xtmig leaves."""
    ends = {}
    for way in ("rest", "scripts"):
        (tmp_path / way).mkdir()
        with troubled(tmp_path / way, monkeypatch) as made:
            before = {row["name"] for row in made.simulator.state("target")["migration_batches"]}
            if way == "rest":
                made.run("130")
            else:
                told = run_section(made.folder, "130", made.simulator, tenants(), SECRETS)
                assert "1 of 1 changes made" in told[0]
            state = made.simulator.state("target")
            new = {row["name"] for row in state["migration_batches"]} - before
            ends[way] = {
                row["name"]: sorted(user["identity"] for user in row["users"]) for row in state["migration_batches"]
            }
            ends[f"{way} settings"] = [
                {name: value for name, value in row.items() if name in ("name", "endpoint", "type", "settings", "csv")}
                for row in batches(state, *new)
            ]
            assert new
    assert ends["rest"] == ends["scripts"]
    assert ends["rest settings"] == ends["scripts settings"]


def test_every_section_of_the_move_is_scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the move has something to change, the script changes something, and has no error of syntax."""
    with troubled(tmp_path, monkeypatch) as made:
        for section in CHANGING:
            paths = scripts_of(made.folder, section)
            assert any(map(changes_something, paths)), section
            for path in paths:
                assert [] == syntax_errors(path.read_text(encoding="utf-8-sig")), path.name
