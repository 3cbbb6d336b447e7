"""A collection that is killed and started again: what is asked twice by the record, and what it comes to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import simulator_process
from big_tenants import SOURCE_INITIAL, TARGET_INITIAL, pair
from crash_harness import SECRETS
from simulator_process import SimulatorProcess, start_simulator

from xtmig_kernel.evidence import Observed
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.store import SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL"),
]

WORKER = Path(__file__).with_name("collecting_process.py")
AT_ONCE = 3
PER_REQUEST = 10
OF_THIS_MACHINE = ("connections", "project_files")
"""Tables that tell of this machine, and differ from run to run."""

FEW_FACTS = (
    "source.mailboxes", "source.mailbox_states", "source.organization_holds", "source.directory_users",
    "source.mailbox_sizes", "source.archive_recoverable_folders", "source.folder_shapes", "target.mail_users",
    "target.directory_users",
)  # fmt: skip


class Disturbed(NamedTuple):
    """What an undisturbed and a killed collection of the same tenants came to.

    Args:
        whole: The requests of the undisturbed one, counted.
        both: Those of the killed one and of the one that went on, counted.
        first: Those of the killed one alone.
        undisturbed: Fact to rows, or the reason why there are none.
        resumed: The same of the one that went on.
    """

    whole: Counter[str]
    both: Counter[str]
    first: Counter[str]
    undisturbed: dict[str, Any]
    resumed: dict[str, Any]


@contextmanager
def world(folder: Path, users: int, page_rows: int, latency: int) -> Iterator[SimulatorProcess]:
    """A simulated pair with so many users, of whom some have archives, under a policy of the whole organisation."""
    made = pair(users, 0, "collecting")
    tenants = made.tenants()
    tenants["source"]["organization_holds"] = ["mbx7cfb30345d454ac0a989ab3041051209:2"]
    file = folder / "tenants.yaml"
    file.write_text(json.dumps(tenants), encoding="utf-8")
    (folder / "users.csv").write_text(made.users_csv(), encoding="utf-8")
    options = ("--page-rows", str(page_rows), "--latency-ms", str(latency))
    simulator = start_simulator(folder, *options, tenants=file, environment=SECRETS)
    try:
        yield simulator
    finally:
        simulator.stop()


def project(folder: Path, name: str, simulator: SimulatorProcess) -> Path:
    """A new project folder of these tenants."""
    tenants = json.loads((folder / "tenants.yaml").read_text(encoding="utf-8"))
    place = folder / name
    place.mkdir()
    (place / "users.csv").write_text((folder / "users.csv").read_text(encoding="utf-8"), encoding="utf-8")
    settings: dict[str, Any] = {
        "format": 1, "id": "collecting", "name": "Collecting", "simulation": str(folder / "connection.json"),
        "requests_at_once": AT_ONCE,
    }  # fmt: skip
    for side, domain in (("source", SOURCE_INITIAL), ("target", TARGET_INITIAL)):
        operator = tenants[side]["applications"][0]
        secret = f"env:{operator['secret_from_env']}"
        settings[side] = {
            "tenant_id": simulator.tenant_id(side), "domain": domain,
            "sign_in": {"method": "secret", "client_id": operator["app_id"], "secret": secret},
        }  # fmt: skip
    new_project(place, settings)
    return place


def start(place: Path, *facts: str) -> subprocess.Popen[str]:
    """A collection as a process of its own."""
    command = [sys.executable, str(WORKER), str(place), *facts]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **SECRETS}
    )


def finish(process: subprocess.Popen[str], seconds: float) -> str:
    """The id of the snapshot, once it is whole."""
    said, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, said
    return said.splitlines()[-1]


def kill_at(process: subprocess.Popen[str], simulator: SimulatorProcess, requests: int) -> None:
    """Kill a collection once so many requests were recorded."""
    record = Path(simulator.connection["record"])
    already = record.read_bytes().count(b"\n")
    while record.read_bytes().count(b"\n") < already + requests:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def asked(lines: list[dict[str, Any]]) -> Counter[str]:
    """Lists and questions with how often they were asked; the pages of one list are one entry.

    What is asked without a token looks at this machine's connections, not at a tenant.
    """
    found: Counter[str] = Counter()
    for line in lines:
        if (
            line["service"] != "login"
            and line["status"] != HTTPStatus.UNAUTHORIZED
            and not line["path"].endswith("/$batch")
        ):
            given = {name: value for name, value in line["parameters"].items() if name != "$skiptoken"}
            call = [line["side"], line["service"], line["cmdlet"] or line["path"], given]
            found[json.dumps(call, sort_keys=True)] += 1
    return found


def rows_of(place: Path, snapshot: str) -> dict[str, Any]:
    """What a snapshot holds, without its times."""
    facts = SnapshotStore(place).facts(snapshot)
    return {
        fact: list(found.value) if isinstance(found, Observed) else found.reason
        for fact, found in facts.items()
        if fact.partition(".")[2] not in OF_THIS_MACHINE
    }


def disturb(
    folder: Path, simulator: SimulatorProcess, facts: tuple[str, ...], part: float, seconds: float
) -> Disturbed:
    """Collect once undisturbed, and once killed after a part of the requests and started again."""
    calm, broken = project(folder, "calm", simulator), project(folder, "broken", simulator)
    undisturbed = finish(start(calm, *facts), seconds)
    whole = simulator.record()
    kill_at(process := start(broken, *facts), simulator, round(part * len(whole)))
    after_kill = simulator.record()[len(whole) :]
    assert process.returncode == -signal.SIGKILL
    resumed = finish(start(broken, *facts), seconds)
    both = simulator.record()[len(whole) :]
    assert len(SnapshotStore(broken).all()) == 1
    return Disturbed(asked(whole), asked(both), asked(after_kill), rows_of(calm, undisturbed), rows_of(broken, resumed))


def twice(seen: Disturbed) -> dict[str, int]:
    """How often more than without disturbance each list or question was asked."""
    return {call: number - seen.whole[call] for call, number in seen.both.items() if number > seen.whole[call]}


def check(seen: Disturbed) -> None:
    """What must hold of a killed collection, whatever its size."""
    assert seen.undisturbed == seen.resumed
    assert set(seen.whole) == set(seen.both), "the same was asked, and nothing else"
    assert 0 < sum(seen.first.values()) < sum(seen.whole.values())
    assert {call: more for call, more in twice(seen).items() if more > 1} == {}, "a list lost more than a page"
    # the answers of requests that were under way are lost; of each cmdlet these are at most as many as are sent at once
    by_cmdlet: Counter[str] = Counter()
    for call in twice(seen):
        by_cmdlet[" ".join(json.loads(call)[:3])] += 1
    assert all(number <= AT_ONCE * PER_REQUEST for number in by_cmdlet.values()), by_cmdlet


def test_killed_small_collection_goes_on(tmp_path: Path) -> None:
    """A killed collection asks nothing again but what was under way, and comes to the same as an undisturbed one."""
    with world(tmp_path, 90, 20, 15) as simulator:
        check(disturb(tmp_path, simulator, FEW_FACTS, 0.6, 60))


@pytest.mark.parametrize("part", [0.02, 0.5, 0.97])
def test_killed_large_collection_goes_on(tmp_path: Path, part: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for everything that a preflight reads of 10,000 mailboxes, killed early, in the middle and late."""
    monkeypatch.setattr(simulator_process, "START_SECONDS", 600)  # a large tenants file takes its time
    users = int(os.environ.get("XTMIG_COLLECTED_MAILBOXES", "10000"))
    with world(tmp_path, users, 1000, 0) as simulator:
        check(disturb(tmp_path, simulator, (), part, 3600))
