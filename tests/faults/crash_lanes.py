"""Which points of a run are tried, and the lanes that share the work."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from crash_harness import Lane, Point, Stage

LANES = 2
MOST_TRIES = 4


def folders_for_lanes(folder: Path) -> list[Path]:
    """An empty folder for each lane."""
    folders = [folder / f"lane{number}" for number in range(LANES)]
    for item in folders:
        item.mkdir()
    return folders


def _agreed_stages(lanes: Sequence[Lane]) -> list[Stage]:
    """What all lanes do when nobody kills them: waits may differ, but not the sections."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        for _ in range(MOST_TRIES):
            done = list(pool.map(lambda lane: lane.undisturbed(), lanes))
            sections = [[stage.section for stage in stages] for stages in done]
            if all(each == sections[0] for each in sections):
                return done[0]
    raise AssertionError(f"the lanes do not agree on what is to be done: {sections}")


class Lanes:
    """Lanes that share the work; each is used by one thread at a time.

    Args:
        lanes: All of the same world.
    """

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.all = lanes
        self.stages = _agreed_stages(lanes)
        self._free = list(lanes)
        self._lock = threading.Lock()

    def with_lane(self, work: Callable[[Lane], Any]) -> Any:
        with self._lock:
            lane = self._free.pop()
        try:
            return work(lane)
        finally:
            self._free.append(lane)

    def problems(self, points: Iterable[Point]) -> list[str]:
        """What is wrong after kills at these points."""
        with ThreadPoolExecutor(len(self.all)) as pool:
            results = pool.map(lambda point: self.with_lane(lambda lane: lane.killed(point)), points)
            return [problem for problem in results if problem]

    def close(self) -> None:
        for lane in self.all:
            lane.close()


def every_point(stages: Iterable[Stage]) -> Iterator[Point]:
    """Every point of a run; the first of those after a request of a section that writes goes on to the end."""
    for number, stage in enumerate(stages):
        going_on = next((name for name in stage.points if " after " in name and is_request(name)), None)
        times: dict[str, int] = {}
        for name in stage.points:
            times[name] = times.get(name, 0) + 1
            yield Point(number, name, times[name], to_the_end=name == going_on and times[name] == 1)


def is_request(name: str) -> bool:
    """Whether it is a request that changes a tenant; a batch tells what its members are."""
    verbs = re.search(r"(before|after) (.*)", name)
    what = re.sub(r"batch of \d+ ", "", verbs[2] if verbs else "").removeprefix("POST ")
    return not what.startswith(("GET", "Get-", "Test-", "append", "file")) and "/token" not in what


def is_read(name: str) -> bool:
    """Whether it is a request that changes nothing."""
    return not is_request(name) and not re.search(r" (before|after) (file|append) ", name)


def is_write(name: str) -> bool:
    """Whether it is a request that changes a tenant, or what the ledger and the project folder hold of one."""
    return is_request(name) or bool(re.search(r" (file|append (.*, )?(intent|outcome|approval_used)\b)", name))


def _kind(stage: Stage, point: Point) -> tuple[str, str]:
    """A point's kind: its section, and what is carried, however many there are of it and whatever their ids."""
    what = point.name.partition(" ")[2]
    return stage.section, re.sub(r"batch of \d+ |[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", what)


def one_of_each_kind(stages: list[Stage]) -> list[Point]:
    """Of the points around writes the first one of each kind."""
    chosen: dict[tuple[str, str], Point] = {}
    for point in every_point(stages):
        if is_write(point.name):
            chosen.setdefault(_kind(stages[point.stage], point), point)
    return list(chosen.values())
