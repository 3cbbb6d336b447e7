"""Plan mode cannot write, whatever is approved and however well every change would succeed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest
from e2e_workplace import (
    APPROVER,
    SECRETS,
    SIDES,
    Workplace,
    approver_key,
    example,
    users_csv,
    workplace,
)
from simulator_process import writes

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import EngineError, XtmigError
from xtmig_kernel.runbook import open_section
from xtmig_kernel.runs.proposals import proposed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECTIONS = ("050", "060", "070", "080", "090", "100")


@dataclass(frozen=True)
class Told:
    """What was seen of one section while everything in it was approved.

    Args:
        by_commands: What the commands that plan wrote.
        by_engine: What the engine wrote when every step was run in plan mode, before the approvals and after them.
        refusals: What applying each plan by hand came to, in plan mode.
        by_apply: What the same section then wrote in apply mode.
    """

    by_commands: list[str]
    by_engine: list[str]
    refusals: list[XtmigError | None]
    by_apply: list[str]


def written(place: Workplace, act: Callable[[], object]) -> list[str]:
    """What an act wrote to the tenants."""
    before = len(place.record())
    act()
    return writes(place.record()[before:])


def steps(place: Workplace, section: str, mode: Literal["plan", "apply"]) -> list[XtmigError | None]:
    """Run every step as a batch runs it; in plan mode each plan is then applied by hand, too.

    Returns:
        What each of those applies came to.
    """
    refusals: list[XtmigError | None] = []
    opened = open_section(section, project=place.project, mode=mode, redactor=Redactor())
    try:
        for side in opened.section.sides:
            opened.sign_in(side)
        for step in opened.section.steps:
            view = opened.engine.run(step)
            assert view.state != "failed", view.note
            if view.state == "planned":
                try:
                    opened.engine.apply(view)
                    refusals.append(None)
                except XtmigError as error:
                    refusals.append(error)
    finally:
        opened.close()
    return refusals


def commands(place: Workplace, section: str) -> None:
    """Every command that plans."""
    made = [place.run("plan", section).done, place.xtmig("powershell", section, "--project", place.project)]
    if section == SECTIONS[0]:
        made.append(place.xtmig("check-access", place.project))
    for done in made:
        assert done.returncode in (0, 4), done.stderr  # 4: signatures are still waited for


def approve(place: Workplace, section: str, key: Path) -> None:
    """Approve whatever needs it."""
    if proposed(place.project, section):
        done = place.xtmig("approve", section, "--by", APPROVER, "--key", key, "--yes", "--project", place.project)
        assert done.returncode == 0, done.stderr


def told_of(place: Workplace, section: str, key: Path) -> Told:
    """Plan, approve, plan in every way, then apply."""
    refusals: list[XtmigError | None] = []

    def plan() -> None:
        refusals.extend(steps(place, section, "plan"))

    unapproved = written(place, plan)
    approve(place, section, key)
    return Told(
        by_commands=written(place, lambda: commands(place, section)),
        by_engine=unapproved + written(place, plan),
        refusals=refusals,
        by_apply=written(place, lambda: steps(place, section, "apply")),
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told]]:
    """Section by section: planned in every way with all approvals given, then applied."""
    key, public = approver_key(tmp_path_factory.mktemp("key"))
    tenants = example()
    for side in SIDES:
        tenants[side]["lags"] = {"hydration": 60}
        tenants[side]["applications"][0]["permissions"]["graph"].append("AppRoleAssignment.ReadWrite.All")

    def change(settings: dict[str, object]) -> None:
        settings["consent"] = dict.fromkeys(SIDES, "xtmig")
        settings["users"] = {"tag": True}
        settings["licences"] = {"usage_location": "NL"}
        settings["approvers"][0]["public_key"] = public  # type: ignore[index]

    with pytest.MonkeyPatch.context() as patch, workplace(tmp_path_factory.mktemp("plan"), tenants, change) as place:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        movers = [mailbox for mailbox in tenants["source"]["mailboxes"] if mailbox["alias"] in ("LaraN", "hal")]
        (place.project / "users.csv").write_text(users_csv(movers), encoding="utf-8")
        yield {section: told_of(place, section, key) for section in SECTIONS}


@pytest.mark.parametrize("section", SECTIONS)
def test_commands_that_plan_write_nothing(told: dict[str, Told], section: str) -> None:
    """`run` in plan mode, `powershell` and `check-access` send no write, though every approval is there."""
    assert [] == told[section].by_commands


@pytest.mark.parametrize("section", SECTIONS)
def test_the_engine_of_a_plan_writes_nothing(told: dict[str, Told], section: str) -> None:
    """A step that is run as a batch runs it, in plan mode, sends no write, though every approval is there."""
    assert [] == told[section].by_engine


@pytest.mark.parametrize("section", SECTIONS)
def test_applying_in_plan_mode_is_refused(told: dict[str, Told], section: str) -> None:
    """Each plan that is applied in plan mode all the same is refused, with the mode that would apply it."""
    refusals = told[section].refusals
    assert refusals
    assert {EngineError} == {type(error) for error in refusals}
    assert all("this run may only plan" in str(error) for error in refusals)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_change_would_have_succeeded(told: dict[str, Told], section: str) -> None:
    """The same section in apply mode does write, so an empty record says something of plan mode."""
    assert told[section].by_apply
