from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from crash_harness import ENDED, NOT_REACHED, Lane, small_world
from crash_lanes import Lanes, every_point, folders_for_lanes, is_request, is_write, one_of_each_kind
from crash_worlds import KILLED

from xtmig_kernel.runbook.sections import BY_NUMBER, SECTIONS
from xtmig_kernel.runbook.step import Step, nothing_to_change

# the deep test can be cut short while one works on it: 10 takes every tenth point
EVERY = int(os.environ.get("XTMIG_CRASH_EVERY", "1"))
# steps that change something, and have nothing to do in this project
OTHERWISE_DONE = {
    "050.2": "the registration of 050.1 is complete at once",
    "050.3": "it takes away what others have asked for, and nobody has",
    "070.3": "the secret is minted with the endpoint, and is still valid",
    "070.4": "the application's only secret is the endpoint's",
    "100.5": "nobody is synchronised from on-premises, for such a user waits for its administrator",
    "100.7": "the licence for moves is given in the source, by 020.4",
}

# Sections that run when named are killed in tests/faults/test_crash_move.py, which lives through the days between them;
# what is said here is why the others need no kill.
WHEN_NAMED = {
    "140": "it only looks",
    "200": "it writes files of the project alone, each as a whole",
    "220": "it only looks",
    "300": "it writes one file, as a whole; sections 070 and 080, killed here, edit the relationships",
}


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lanes]:
    world = small_world()
    first, *others = folders_for_lanes(tmp_path_factory.mktemp("crash"))
    teacher = Lane(first, world)
    teacher.learn()
    made = Lanes([teacher, *(Lane(folder, world, teacher.approved) for folder in others)])
    yield made
    made.close()


def test_a_run_killed_around_a_write_of_each_kind_continues_to_the_same_end(lanes: Lanes) -> None:
    """Killed before or after a write to a tenant, its intent or its outcome, running again leads to the same state."""
    points = one_of_each_kind(lanes.stages)
    assert {lanes.stages[point.stage].section for point in points if point.to_the_end} == _sections_that_write()
    assert lanes.problems(points) == []


@pytest.mark.deep
def test_a_run_killed_anywhere_continues_to_the_same_end(lanes: Lanes) -> None:
    """Killed before or after any request and any append to the ledger, running again leads to the same state."""
    points = [
        point
        for point in every_point(lanes.stages)
        # after a read nothing has happened that had not before the next point
        if " before " in point.name or is_write(point.name)
    ]
    problems = lanes.problems(points[::EVERY])
    missed = [problem for problem in problems if problem.endswith(NOT_REACHED)]
    assert [problem for problem in problems if problem not in missed] == []
    assert len(missed) <= len(points) / 20


def _writes(step: Step) -> bool:
    return not step.only_looks


def test_sections_that_are_left_out_have_a_reason() -> None:
    """Every section is killed here or in a story of the move, or the table says why not."""
    named = {section.number for section in SECTIONS if section.runs != "always"}
    assert set(WHEN_NAMED) == named - set(KILLED)


def test_sections_that_need_no_kill_change_no_tenant() -> None:
    """No step of a section that the table leaves out has a plan of changes."""
    steps = [step for number in WHEN_NAMED for step in BY_NUMBER[number].steps]
    assert [step.id for step in steps if step.plan is not nothing_to_change] == []


def _sections_that_write() -> set[str]:
    writing = {step.id for section in SECTIONS if section.runs == "always" for step in section.steps if _writes(step)}
    return {step.partition(".")[0] for step in writing - set(OTHERWISE_DONE)}


def test_every_step_that_can_write_is_killed_while_it_writes(lanes: Lanes) -> None:
    """The project of this test gives each step something to change, except those that the table gives a reason for."""
    wrote = {name.partition(" ")[0] for stage in lanes.stages for name in stage.points if is_write(name)}
    steps = {step.id for section in SECTIONS if section.runs == "always" for step in section.steps if _writes(step)}
    assert steps - wrote == set(OTHERWISE_DONE)


def test_bulk_steps_are_killed_between_two_requests(lanes: Lanes) -> None:
    """Users are created, stamped, put into the scope and licensed in more than one request."""
    batches: dict[str, list[str]] = {}
    for name in (name for stage in lanes.stages for name in stage.points if " before batch of " in name):
        batches.setdefault(name.partition(" ")[0], []).append(name)
    several = {step for step, names in batches.items() if len([n for n in names if is_request(n)]) > 1}
    assert {"020.4", "080.3", "100.2", "100.3", "100.8"} <= several


def test_the_undisturbed_run_makes_each_object_once(lanes: Lanes) -> None:
    """One application with one secret, one endpoint that holds it, one relationship with the partner on each side."""
    end = lanes.stages[-1].end
    ours = [a for a in end["target"]["applications"] if a["unique_name"]]
    assert [len(a["passwords"]) for a in ours] == [1]
    assert [e["holds_the_only_secret"] for e in end["target"]["migration_endpoints"]] == [True]
    for side, capability in (("target", "Inbound"), ("source", "RemoteOutbound")):
        moves = [r for r in end[side]["organization_relationships"] if r["MailboxMoveEnabled"]]
        assert [r["MailboxMoveCapability"] for r in moves] == [capability]


def test_the_undisturbed_run_gives_each_user_one_object_one_place_and_one_licence(lanes: Lanes) -> None:
    """A MailUser for each line of users.csv, each a member of the scope once, each licence one unit."""
    end = lanes.stages[-1].end
    users = len(end["users.csv"]) - 1
    moving = [row["exchange_guid"] for row in end["target"]["mail_users"] if row["exchange_guid"]]
    assert len(set(moving)) == len(moving) == users
    scope = next(group for group in end["source"]["groups"] if len(group["members"]) == users)
    assert len(set(scope["members"])) == users
    for side in ("source", "target"):
        held = [(row["user"], row["part_number"]) for row in end[side]["licence_assignments"]]
        assert len(set(held)) == len(held)


def test_the_undisturbed_run_comes_to_its_end(lanes: Lanes) -> None:
    """After the last stage of the run each step has ended, or was right already."""
    last = {step: state for stage in lanes.stages for step, state in stage.states.items()}
    assert {step: state for step, state in last.items() if state not in ENDED} == {}


def test_a_second_run_writes_nothing(lanes: Lanes) -> None:
    """Each section applied again finds nothing to change, and the tenants receive no write."""

    def work(lane: Lane) -> None:
        lane.reset()
        lane.run()
        before = len(lane.simulator.record())
        states = {step: state for stage in lane.run() for step, state in stage["states"].items()}
        assert set(states.values()) == {"looked", "no change"}
        later = lane.simulator.record()[before:]
        writes = [
            line
            for line in later
            if (line["service"] != "login" and not (line["cmdlet"] or "Get-").startswith(("Get-", "Test-")))
            or (line["service"] == "graph" and line["method"] != "GET" and not line["path"].endswith("/$batch"))
        ]
        assert writes == []

    lanes.with_lane(work)
