"""The long runs, each made once, two at a time. All tests that look at them are in this folder, for one worker."""

from __future__ import annotations

import json
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from e2e_hostile import Passed, hostile_passed
from e2e_runs import CONTROL, KEYRING_SECRET, OPERATOR_SECRET, PASSWORD_SERVICE, Rehearsal, Walk
from e2e_workplace import (
    SIDES,
    approver_key,
    consent_to_everything,
    example,
    users_csv,
    who_moves,
    workplace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

HYDRATION_SECONDS = 60  # of the simulated calendar: one second of a run


@pytest.fixture(scope="session")
def started_rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A rehearsal of the configuration that is under way: it ends before the first batch."""
    started = Rehearsal(tmp_path_factory.mktemp("rehearsal"), "--until", "110")
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session", autouse=True)
def beside(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Any]]]:
    """The long runs that tests will ask for, one after the other, two at a time."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        futures: dict[str, Future[Any]] = {}
        if "rehearsal" in wanted:
            started = request.getfixturevalue("started_rehearsal")
            futures["rehearsal"] = pool.submit(started.wait)
        for name, make in (("walk", walked), ("passed", hostile_passed)):
            if name in wanted:
                folders = tmp_path_factory.mktemp(name), tmp_path_factory.mktemp(f"outside-{name}")
                futures[name] = pool.submit(lambda make=make, folders=folders: stack.enter_context(make(*folders)))
        try:
            yield futures
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@pytest.fixture(scope="session")
def rehearsal(started_rehearsal: Rehearsal) -> Rehearsal:
    """A rehearsal of the configuration that has ended."""
    started_rehearsal.wait()
    return started_rehearsal


@pytest.fixture(scope="session")
def walk(beside: dict[str, Future[Any]]) -> Walk:
    """A project that has been walked through; see `walked`."""
    made: Walk = beside["walk"].result()
    return made


@pytest.fixture(scope="session")
def passed(beside: dict[str, Future[Any]]) -> Passed:
    """A tenant full of hostile names that has been prepared; see `hostile_passed`."""
    made: Passed = beside["passed"].result()
    return made


@contextmanager
def walked(folder: Path, outside: Path) -> Iterator[Walk]:
    """Plan, approve, consent, apply, apply again, with a users.csv that names addresses alone.

    One operator's secret is in a keyring, the other's in a variable; first passwords go to the keyring.
    """
    key, public = approver_key(outside)
    ring = outside / "keyring.json"
    ring.write_text(json.dumps({"xtmig-e2e/operator": KEYRING_SECRET}), encoding="utf-8")
    tenants = example()
    for side in SIDES:
        tenants[side]["lags"] = {"hydration": HYDRATION_SECONDS}

    def change(settings: dict[str, Any]) -> None:
        settings["name"] = CONTROL
        settings["source"]["sign_in"]["secret"] = "keyring:xtmig-e2e/operator"
        settings["approvers"][0]["public_key"] = public
        settings["users"] = {"choose": "attribute"}
        settings["licences"] = {"usage_location": tenants["target"]["country"]}
        settings["target_users"] = {"passwords": f"keyring:{PASSWORD_SERVICE}"}

    practice = {"XTMIG_SOURCE_SECRET": KEYRING_SECRET, "XTMIG_TARGET_SECRET": OPERATOR_SECRET}
    variables = {
        "XTMIG_TARGET_SECRET": OPERATOR_SECRET,
        "PYTHON_KEYRING_BACKEND": "file_keyring.FileKeyring",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")))),
        "E2E_KEYRING_FILE": str(ring),
    }
    with workplace(folder, tenants, change, practice=practice, variables=variables) as place:
        (place.project / "users.csv").write_text(users_csv(who_moves(tenants)), encoding="utf-8")
        for section, statement in (("020", "LIC-03"), ("030", "PRE-08")):
            place.sign_off(section, statement)
        plan, plan_record = place.run("plan"), place.record()
        place.approve("070", key)
        first = place.run("apply", "050", "090", "100")
        place.approve("100", key)
        consent_to_everything(place)
        apply, before = place.run("apply"), len(place.record())
        again = place.run("apply")
        yield Walk(place, ring, plan, plan_record, first, apply, again, place.record()[before:])
