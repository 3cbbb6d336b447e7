"""The long runs: each is made once, and two of them at the same time."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from e2e_runs import CONTROL, KEYRING_SECRET, OPERATOR_SECRET, Rehearsal, Walk
from e2e_workplace import APPROVER, SIDES, approver_key, consent_to_everything, example, workplace

if TYPE_CHECKING:
    from collections.abc import Iterator

HYDRATION_SECONDS = 60  # of the simulated calendar: one second of a run


@pytest.fixture(scope="session")
def started_rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A rehearsal that is under way."""
    started = Rehearsal(tmp_path_factory.mktemp("rehearsal"))
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session", autouse=True)
def _rehearse_beside(request: pytest.FixtureRequest) -> None:
    """Where a test will ask for it, the rehearsal runs beside the first tests instead of after them."""
    if any("rehearsal" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("started_rehearsal")


@pytest.fixture(scope="session")
def rehearsal(started_rehearsal: Rehearsal) -> Rehearsal:
    """A rehearsal that has ended."""
    started_rehearsal.wait()
    return started_rehearsal


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Plan, approve, consent, apply, apply again; one operator's secret is in a keyring, the other's in a variable."""
    outside = tmp_path_factory.mktemp("outside")
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

    practice = {"XTMIG_SOURCE_SECRET": KEYRING_SECRET, "XTMIG_TARGET_SECRET": OPERATOR_SECRET}
    variables = {
        "XTMIG_TARGET_SECRET": OPERATOR_SECRET,
        "PYTHON_KEYRING_BACKEND": "file_keyring.FileKeyring",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(Path(__file__).parent), os.environ.get("PYTHONPATH")))),
        "E2E_KEYRING_FILE": str(ring),
    }
    folder = tmp_path_factory.mktemp("walk")
    with workplace(folder, tenants, change, practice=practice, variables=variables) as place:
        word = ("--sign-off", "PRE-08", "--by", APPROVER, "--note", "told by telephone", "--project", place.project)
        assert place.xtmig("approve", "030", *word).returncode == 0
        plan, plan_record = place.run("plan"), place.record()
        approved = place.xtmig("approve", "070", "--by", APPROVER, "--key", key, "--yes", "--project", place.project)
        assert approved.returncode == 0, approved.stderr
        place.run("apply", "050")
        consent_to_everything(place)
        apply, before = place.run("apply"), len(place.record())
        again = place.run("apply")
        yield Walk(place, plan, plan_record, apply, again, place.record()[before:])
