"""The move by HTTP, through a PowerShell and by scripts alone: every section leaves the same behind.

The shell and the scripts' interpreter are stand-ins of ours, so this shows nothing of PowerShell itself.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from e2e_alike import both, lasting
from mending import SECRETS, USERS, project_over
from moving_pair import HOUR, ready
from stand_in_powershell import install, path_with
from stand_in_scripts import PASSES, PAUSE_SECONDS, changes_something, run_section, scripts_of
from stand_in_syntax import syntax_errors
from troubled_project import give_words, tenants, troubled

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.runbook import STEPS, open_section

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mending import Administrator

pytestmark = [
    pytest.mark.deep,  # a move that is half done, three times
    pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a first line that names its interpreter"),
]

CHANGING = ("130", "150", "160", "170", "180", "190")
"""Sections of the move that have something to change in the troubled project."""
RECORDS = "160.3"
"""Records what is there before the cutover; no script does that."""
BEFORE_THE_END = ("070", "120", "130", "140", "150", "160", "170", "190")
WAVE = {"waves": [{"name": "one", "start": "2026-11-01", "cutover": "2026-11-02T14:30:00Z"}]}
WAYS = ("rest", "powershell", "scripts")
APART = timedelta(hours=8)
"""Each section ends at a moment of its own, however long a way takes for it."""


@dataclass
class Way:
    """What one way of moving left behind.

    Args:
        states: Both tenants after each section, and before the first under "first".
        told: What reading the results of scripts told, by section.
        noted: The cmdlets that a shell was asked for, if there is one.
        recorded: The cmdlets that Exchange was asked for.
        errors: The errors of syntax of every script, by its name.
        idle: The sections whose scripts had nothing to change.
        made: How many changes xtmig made, by section.
        synchronised: How often a batch was told to synchronise at once, of which nothing stays in the state.
        removes: Whether the scripts of 210 change anything in the troubled project.
    """

    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)
    noted: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    errors: dict[str, list[Any]] = field(default_factory=dict)
    idle: list[str] = field(default_factory=list)
    made: dict[str, int] = field(default_factory=dict)
    synchronised: int = 0
    removes: bool | None = None


def differences(one: Any, other: Any, place: str = "") -> list[str]:
    """Where two states differ, with what either has there."""
    if isinstance(one, dict) and isinstance(other, dict):
        named = {name: (one.get(name), other.get(name)) for name in (*one, *other)}
    elif isinstance(one, list) and isinstance(other, list):
        left, right = by_name(one), by_name(other)
        named = {name: (left.get(name), right.get(name)) for name in (*left, *right)}
    else:
        return [] if one == other else [f"{place}: {one!r}, {other!r}"]
    return [told for name, (a, b) in named.items() for told in differences(a, b, f"{place}/{name}")]


def by_name(rows: list[Any]) -> dict[str, Any]:
    """Rows by their names; others by their place."""
    names = [
        str((isinstance(row, dict) and (row.get("alias") or row.get("identity"))) or n) for n, row in enumerate(rows)
    ]
    assert len(set(names)) == len(names)
    return dict(zip(names, rows, strict=True))


def now(made: Administrator) -> datetime:
    return datetime.fromisoformat(made.simulator.control("GET", "/clock")["now"])


def by_xtmig(made: Administrator, section: str) -> int:
    """Plan, approve and apply a section, as often as a person would; how many changes were made."""
    changes = 0
    for _ in range(PASSES):
        planned = made.run(section, mode="plan")
        if not any(view.changes for view in planned.values()):
            break
        made.approve(planned)
        give_words(made)  # approving writes the file anew
        done = made.run(section).values()
        changes += sum(outcome.result != "refused" for view in done for outcome in view.outcomes)
        made.simulator.advance(PAUSE_SECONDS)
    return changes


@contextmanager
def shell_in(folder: Path) -> Iterator[tuple[pytest.MonkeyPatch, Path]]:
    """A stand-in for PowerShell in the PATH, and the file in which it notes its cmdlets."""
    notes = folder / "cmdlets"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path_with(install(folder / "bin", folder / "simulation" / "connection.json", notes)))
        yield patch, notes


def carry_out(made: Administrator, found: Way, section: str, data: dict[str, Any], *, scripts: bool) -> None:
    """A section, the one way or the other; every word that it asks for is given."""
    give_words(made)
    if scripts:
        if RECORDS.startswith(section):
            record(made)
        paths = scripts_of(made.folder, section)
        found.errors |= {p.name: syntax_errors(p.read_text(encoding="utf-8-sig")) for p in paths}
        if not any(map(changes_something, paths)):
            found.idle.append(section)
        found.told[section] = run_section(made.folder, section, made.simulator, data, SECRETS)
    else:
        found.made[section] = by_xtmig(made, section)


def record(made: Administrator) -> None:
    """Apply the step that writes nothing but files of the project folder, as in its notebook."""
    opened = open_section(RECORDS[:3], project=made.folder, mode="apply", redactor=Redactor())
    opened.sign_in_to_all()
    assert not opened.engine.run(STEPS[RECORDS]).outcomes
    opened.close()


def moved(folder: Path, way: str) -> Way:
    """Every section of the move, one after the other, in the troubled project."""
    found = Way()
    transport = "powershell" if way == "powershell" else "rest"
    with shell_in(folder) as (patch, notes), troubled(folder, patch, transport=transport) as made:
        moment = now(made)
        found.states["first"] = lasting(both(made.simulator))
        for section in CHANGING:
            carry_out(made, found, section, tenants(), scripts=way == "scripts")
            moment += APART
            made.simulator.advance((moment - now(made)).total_seconds())
            found.states[section] = lasting(both(made.simulator))
        found.recorded = [line["cmdlet"] for line in made.simulator.record() if line.get("cmdlet")]
        found.noted = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
        asked = [line["parameters"] for line in made.simulator.record() if line.get("cmdlet") == "Set-MigrationBatch"]
        found.synchronised = sum("SyncNow" in parameters for parameters in asked)
        if way == "scripts":
            found.removes = any(map(changes_something, scripts_of(made.folder, "210")))
    return found


def ended(folder: Path, way: str) -> Way:
    """A whole move to its end, in which section 210 has everything to remove."""
    found, data = Way(), ready(*USERS)
    data["target"]["migration_endpoints"] = []  # 210 removes what the project itself has made
    settings = {"move": WAVE, "transport": "powershell" if way == "powershell" else "rest"}
    with shell_in(folder) as (patch, notes), project_over(folder, data, patch, settings, speed=60) as made:
        made.consent()
        made.simulator.advance(HOUR)
        for section in BEFORE_THE_END:
            carry_out(made, found, section, data, scripts=False)
            made.simulator.advance(5 * HOUR)
        found.states["first"] = lasting(both(made.simulator))
        carry_out(made, found, "210", data, scripts=way == "scripts")
        found.states["210"] = lasting(both(made.simulator))
        found.recorded = [line["cmdlet"] for line in made.simulator.record() if line.get("cmdlet")]
        found.noted = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    return found


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Way]:
    """The sections of the move by each way."""
    return {way: moved(tmp_path_factory.mktemp(way), way) for way in WAYS}


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Way]:
    """The removal of all access by each way."""
    return {way: ended(tmp_path_factory.mktemp(way), way) for way in WAYS}


@pytest.mark.parametrize("way", ["powershell", "scripts"])
@pytest.mark.parametrize("section", CHANGING)
def test_every_way_leaves_the_same_behind(ways: dict[str, Way], section: str, way: str) -> None:
    """After each section of the move both tenants are the same, whoever has carried it out."""
    first, other = ways["rest"].states[section], ways[way].states[section]
    assert first == other, differences(first, other)


@pytest.mark.parametrize("section", CHANGING)
def test_every_section_has_something_to_do(ways: dict[str, Way], section: str) -> None:
    """Each section of the move has made changes here, as many by either transport: being alike says something."""
    assert ways["rest"].made[section] == ways["powershell"].made[section] > 0


@pytest.mark.parametrize("way", WAYS)
def test_every_way_synchronises_once_more(ways: dict[str, Way], way: str) -> None:
    """Section 150 has the batches that are due synchronise as often by each way."""
    assert ways["rest"].synchronised == ways[way].synchronised > 0


@pytest.mark.parametrize("way", ["powershell", "scripts"])
def test_every_way_removes_the_same(ends: dict[str, Way], way: str) -> None:
    """After section 210 endpoint and batches are gone, and all else is alike, whoever has removed them."""
    first, other = ends["rest"].states["210"], ends[way].states["210"]
    assert first == other, differences(first, other)
    last = ends[way].states["210"]["target"]
    assert ([], []) == (last["migration_endpoints"], last["migration_batches"])
    assert all(ends[way].states["first"]["target"][name] for name in ("migration_endpoints", "migration_batches"))


def test_no_script_removes_access_while_mailboxes_are_left(ways: dict[str, Way]) -> None:
    """In a project with open mailboxes the script of 210 holds no removal, as xtmig itself makes none."""
    assert ways["scripts"].removes is False


@pytest.mark.parametrize("made", ["ways", "ends"])
def test_everything_went_through_the_shell(made: str, request: pytest.FixtureRequest) -> None:
    """With transport powershell every cmdlet that Exchange got came from the shell; with rest none did."""
    found: dict[str, Way] = request.getfixturevalue(made)
    assert sorted(found["powershell"].recorded) == sorted(found["powershell"].noted)
    assert [] == found["rest"].noted


@pytest.mark.parametrize("made", ["ways", "ends"])
def test_every_section_of_the_move_is_scripted(made: str, request: pytest.FixtureRequest) -> None:
    """Where the move has something to change, the script changes something, and has no error of syntax."""
    found: dict[str, Way] = request.getfixturevalue(made)
    assert [] == found["scripts"].idle
    assert {[] == errors for errors in found["scripts"].errors.values()} == {True}
