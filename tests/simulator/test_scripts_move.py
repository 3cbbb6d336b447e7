"""Scripts of the move itself: batches that scripts start are the batches that xtmig starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mending import SECRETS, SECTIONS_LATER
from stand_in_scripts import changes_something, run_section, scripts_of
from stand_in_syntax import syntax_errors
from troubled_project import tenants, troubled

if TYPE_CHECKING:
    from pathlib import Path

    from mending import Administrator

pytestmark = pytest.mark.deep  # a move that is half done, twice

CHANGING = ("130", "150", "160", "170", "180", "190", "210")
"""Sections of the move that have something to change in the troubled project."""


def batches(made: Administrator) -> dict[str, Any]:
    """The batches of the target by name, with their settings and users."""
    return {row["name"]: row for row in made.simulator.state("target")["migration_batches"]}


def started(made: Administrator, *, by_scripts: bool) -> dict[str, Any]:
    """The batches that section 130 has started, some hours later."""
    before = batches(made)
    if by_scripts:
        told = run_section(made.folder, "130", made.simulator, tenants(), SECRETS)
        assert "1 of 1 changes made" in told[0]
    else:
        made.approve(made.run("130", mode="plan"))
        made.run("130")
    made.simulator.advance(SECTIONS_LATER)
    return {name: row for name, row in batches(made).items() if name not in before}


def test_batches_started_by_scripts_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Section 130 by scripts leaves the batches, users and settings that section 130 by xtmig leaves."""
    ends = []
    for way in ("rest", "scripts"):
        (tmp_path / way).mkdir()
        with troubled(tmp_path / way, monkeypatch) as made:
            ends.append(started(made, by_scripts=way == "scripts"))
    assert ends[0] == ends[1]
    assert ["trouble-two"] == list(ends[0])


def test_every_section_of_the_move_is_scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the move has something to change, the script changes something, and has no error of syntax."""
    with troubled(tmp_path, monkeypatch) as made:
        for section in CHANGING:
            paths = scripts_of(made.folder, section)
            assert any(map(changes_something, paths)), section
            for path in paths:
                assert [] == syntax_errors(path.read_text(encoding="utf-8-sig")), path.name
