"""A move that takes days, one section after the other, as a lane in which a run can be killed at any point."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from crash_harness import ENDED, MOST_RUNS, Lane, Point, Stage, World, differing, unsettled
from crash_lanes import is_write

from xtmig_kernel.changes import ExchangeCall
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.m365 import clock_for, connect
from xtmig_kernel.project import load_project

MOST_ROUNDS = 4
HOUR = 3600
REST = 6 * HOUR
"""After each run, until what it has asked of the service is done and both tenants are at rest."""
PATIENCE = (HOUR // 3, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
"""How long people wait before they run a section again that has not come to its end."""


class Chapter(NamedTuple):
    """One section of a story.

    Args:
        section: Its number.
        before: What time and other people do before it is run.
    """

    section: str
    before: Callable[[StoryLane], None]


def nothing(_lane: StoryLane) -> None:
    """Nothing happens before a section is run."""


def on(moment: str) -> Callable[[StoryLane], None]:
    """The section is run at that moment of the calendar."""
    return lambda lane: lane.until(moment)


class StoryLane(Lane):
    """A lane whose stages are the chapters of a story, each as often as it takes.

    Args:
        folder: An empty folder.
        world: Tenants and project as they begin.
        chapters: The story.
    """

    def __init__(self, folder: Path, world: World, chapters: Sequence[Chapter]) -> None:
        super().__init__(folder, world)
        self._chapters = chapters
        self._before: list[Callable[[StoryLane], None]] = []
        self._chapter_of: list[int] = []

    def now(self) -> datetime:
        """What the practice calendar says."""
        return datetime.fromisoformat(self.simulator.control("GET", "/clock")["now"])

    def until(self, moment: str) -> None:
        """Let time pass until a moment; it may have passed already."""
        self.simulator.advance(max(0, (datetime.fromisoformat(moment) - self.now()).total_seconds()))

    def given_at(self) -> datetime:
        """What is approved is approved now: a story takes longer than an approval is valid."""
        return self.now()

    def call(self, side: Any, cmdlet: str, **parameters: Any) -> None:
        """What somebody else does in a tenant."""
        project = load_project(self.project)
        tenant = connect(project, side, redactor=Redactor(), clock=clock_for(project), ask=None, show=None)
        tenant.run(ExchangeCall(cmdlet, parameters))

    def write_settings(self, **settings: Any) -> None:
        """Somebody edits `project.yaml`."""
        file = self.project / "project.yaml"
        held = yaml.safe_load(file.read_text(encoding="utf-8"))
        file.write_text(yaml.safe_dump(held | settings, allow_unicode=True), encoding="utf-8")

    def undisturbed(self) -> list[Stage]:
        """The whole story, in which nobody kills anything; the moment before each stage can be come back to."""
        self.reset()
        shutil.rmtree(self.folder / "copies", ignore_errors=True)
        self.stages, self._before, self._chapter_of = [], [], []
        for number, chapter in enumerate(self._chapters):
            before, left = chapter.before, {"": "never run"}
            for _ in range(MOST_ROUNDS):
                before(self)
                told = self._approved(chapter.section)
                self.simulator.advance(REST)
                now_left = unsettled(told["states"])
                if now_left.keys() == left.keys() and not any(map(is_write, told["points"])):
                    break  # what is left comes with a later chapter
                self._before.append(before)
                self._chapter_of.append(number)
                self.stages.append(Stage(chapter.section, told["points"], told["states"], self.end()))
                before, left = nothing, now_left
                if not left:
                    break
        return self.stages

    def _approved(self, section: str) -> dict[str, Any]:
        """Run a section once all that it plans is approved; what was applied until then is taken back."""
        number = len(self.stages)
        for _ in range(MOST_RUNS):
            self._approve()
            self._remember(number)
            told = self.run([section])[0]
            if not self.learn_approvals():
                return told
            self._go_back(number)
        raise AssertionError(f"section {section} plans something else each time")

    def _remember(self, number: int) -> None:
        copy = self.folder / "copies" / str(number)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.project, copy)
        self.simulator.control("POST", "/remember", {"name": str(number)})

    def _go_back(self, stage: int) -> None:
        super()._go_back(stage)
        self._approve()

    def _goal(self, stage: int) -> int:
        """The last stage of the chapter, for what a section finds to do the next time depends on how long it took."""
        return max(n for n, chapter in enumerate(self._chapter_of) if chapter == self._chapter_of[stage])

    def _finish(self, stage: Stage) -> dict[str, str]:
        """Run a section until it is where it was when nobody killed it, and let both tenants come to rest."""
        left: dict[str, str] = {}
        for patience in (*PATIENCE, 0):
            states = self.run([stage.section])[0]["states"]
            left = {step: state for step, state in unsettled(states).items() if stage.states[step] in ENDED}
            if not left:
                break
            self.simulator.advance(patience)
        self.simulator.advance(REST)
        return left

    def _go_on(self, point: Point, goal: int) -> str | None:
        for number in range(goal + 1, len(self.stages)):
            self._before[number](self)
            self._approve()
            left = self._finish(self.stages[number])
            if left:
                return f"{point}: section {self.stages[number].section} not finished later: {left}"
        if self.end() != self.stages[-1].end:
            return f"{point}: another end: {differing(self.end(), self.stages[-1].end)}"
        self.ledger().verify()
        return None
