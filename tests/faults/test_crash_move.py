"""Runs of the move, over days, that are killed and run again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from crash_harness import ENDED, NOT_REACHED, Point, World
from crash_lanes import Lanes, every_point, folders_for_lanes, is_read, is_write, one_of_each_kind
from crash_story import Chapter, StoryLane
from crash_worlds import KILLED, STOPPED, TROUBLE, WHOLE, stopped_world, trouble_world, whole_world
from mending import SECRETS
from moving_pair import address, guid_of

from xtmig_kernel.runbook import BY_NUMBER

# the deep tests can be cut short while one works on them: 10 takes every tenth point
EVERY = int(os.environ.get("XTMIG_CRASH_EVERY", "1"))


def _lanes(factory: pytest.TempPathFactory, world: Callable[[], World], chapters: Sequence[Chapter]) -> Iterator[Lanes]:
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
    """Every point, but those at which nothing has happened that had not at another one that is tried.

    That is so after a read, and before a read of a kind that the step has begun already: what lasts is written by
    requests that change a tenant, by the ledger and as files, and around each of these a run is killed.
    """
    return [
        point
        for point in every_point(lanes.stages)
        if is_write(point.name) or (" before " in point.name and (point.time == 1 or not is_read(point.name)))
    ]


def _survives(lanes: Lanes, points: Sequence[Point]) -> None:
    problems = lanes.problems(points)
    missed = [problem for problem in problems if problem.endswith(NOT_REACHED)]
    left = [problem for problem in problems if problem not in missed]
    assert not left, "\n".join(left)
    assert len(missed) <= len(points) / 20


def test_a_start_of_batches_killed_around_a_write_makes_each_batch_once(stopped: Lanes) -> None:
    """Killed before or after a batch is made, its intent or its outcome, running again makes no second one."""
    points = one_of_each_kind(stopped.stages[:1])
    assert {stopped.stages[point.stage].section for point in points} == {"130"}
    assert stopped.problems(points) == []


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


def _user(end: dict[str, Any], alias: str) -> tuple[str, str]:
    """A user's batch and status in it."""
    batches = end["target"]["migration_batches"]
    found = [(b["name"], u["status"]) for b in batches for u in b["users"] if u["identity"] == address(alias)]
    assert len(found) == 1
    return str(found[0][0]), str(found[0][1])


def test_the_undisturbed_stop_stops_who_was_named_and_nobody_else(stopped: Lanes) -> None:
    """The named batch is stopped, the named user is in no batch, and everybody else is copied on."""
    end = stopped.stages[-1].end
    assert _user(end, "anna") == ("crash-one", "Syncing")
    assert _user(end, "carl") == ("crash-two", "Stopped")
    assert address("bert") not in [u["identity"] for b in end["target"]["migration_batches"] for u in b["users"]]


@pytest.mark.deep
def test_the_undisturbed_mend_lets_everybody_go_on(trouble: Lanes) -> None:
    """Who met a cause that is gone is resumed; whose archive has grown begins again in a new batch."""
    end = trouble.stages[-1].end
    assert _user(end, "anna") == _user(end, "carl") == ("crash-one", "Synced")
    assert _user(end, "bert") == ("crash-one-r2", "Synced")


@pytest.mark.deep
def test_the_undisturbed_move_moves_everybody_and_leaves_no_access(whole: Lanes) -> None:
    """Each mailbox is in the target, the source has a mail user for it, and nothing that opened the way is left."""
    end = whole.stages[-1].end
    aliases = ("anna", "bert", "carl")
    assert {box["exchange_guid"] for box in end["target"]["mailboxes"]} == {guid_of(alias) for alias in aliases}
    assert end["source"]["mailboxes"] == []
    assert {user["upn"] for user in end["source"]["mail_users"]} == {f"{a}@contoso.onmicrosoft.com" for a in aliases}
    assert end["target"]["migration_batches"] == end["target"]["migration_endpoints"] == []
    assert [item for side in ("source", "target") for item in end[side]["applications"] if item["unique_name"]] == []
    for side in ("source", "target"):
        assert [r["name"] for r in end[side]["organization_relationships"] if r.get("MailboxMoveEnabled")] == []
    assert end["source"]["groups"] == []


@pytest.mark.deep
def test_every_step_that_can_write_is_killed_while_it_writes(stopped: Lanes, trouble: Lanes, whole: Lanes) -> None:
    """Each step of a section of the move has something to change in one of these stories."""
    stages = [stage for lanes in (stopped, trouble, whole) for stage in lanes.stages]
    wrote = {name.partition(" ")[0] for stage in stages for name in stage.points if is_write(name)}
    steps = {step.id for number in KILLED for step in BY_NUMBER[number].steps if not step.only_looks}
    assert steps - wrote == set()


@pytest.mark.deep
def test_every_undisturbed_story_comes_to_its_end(stopped: Lanes, trouble: Lanes, whole: Lanes) -> None:
    """When a section of the move was run as often as it takes, each of its steps has ended or comes later."""
    for lanes in (stopped, trouble, whole):
        last = {step: state for stage in lanes.stages for step, state in stage.states.items()}
        left = {step for step, state in last.items() if state not in ENDED}
        # the day before still names what the gate itself decides, once that is due
        assert left <= {"150.3"}
