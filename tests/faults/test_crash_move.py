"""Runs of the move, over days, that are killed and run again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from crash_harness import ENDED, NOT_REACHED, Point, World
from crash_lanes import Lanes, every_point, folders_for_lanes, is_request, is_write
from crash_story import Chapter, StoryLane
from crash_worlds import STOPPED, TROUBLE, WHOLE, stopped_world, trouble_world, whole_world
from mending import SECRETS

# the deep tests can be cut short while one works on them: 10 takes every tenth point
EVERY = int(os.environ.get("XTMIG_CRASH_EVERY", "1"))


def _lanes(
    factory: pytest.TempPathFactory, world: Callable[[], World], chapters: Sequence[Chapter]
) -> Iterator[Lanes]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        made = Lanes([StoryLane(folder, world(), chapters) for folder in folders_for_lanes(factory.mktemp("story"))])
        yield made
        made.close()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lanes]:
    yield from _lanes(tmp_path_factory, stopped_world, STOPPED)


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lanes]:
    yield from _lanes(tmp_path_factory, trouble_world, TROUBLE)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lanes]:
    yield from _lanes(tmp_path_factory, whole_world, WHOLE)


def _tried(lanes: Lanes) -> list[Point]:
    """Every point, but those after a read: then nothing has happened that had not before the next point."""
    return [point for point in every_point(lanes.stages) if " before " in point.name or is_write(point.name)]


def _survives(lanes: Lanes, points: Sequence[Point]) -> None:
    problems = lanes.problems(points)
    missed = [problem for problem in problems if problem.endswith(NOT_REACHED)]
    left = [problem for problem in problems if problem not in missed]
    assert not left, "\n".join(left)
    assert len(missed) <= len(points) / 20


@pytest.mark.deep
def test_a_stop_killed_anywhere_comes_to_the_same_end(stopped: Lanes) -> None:
    """Batches started, stopped, and a user taken out: killed at any point, running again leads to the same state."""
    _survives(stopped, _tried(stopped)[::EVERY])


@pytest.mark.deep
def test_a_mend_killed_anywhere_comes_to_the_same_end(trouble: Lanes) -> None:
    """A batch resumed, a user put into a new one: killed at any point, running again leads to the same state."""
    _survives(trouble, _tried(trouble)[::EVERY])


@pytest.mark.deep
def test_a_move_killed_anywhere_comes_to_the_same_end(whole: Lanes) -> None:
    """From the start of the batch to the clean up: killed at any point, running again leads to the same state."""
    _survives(whole, _tried(whole)[::EVERY])
