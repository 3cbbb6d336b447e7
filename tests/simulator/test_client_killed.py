"""A client that is killed once its batch runs: whatever time passes, nothing completes that nobody asked for."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import yaml
from mending import SECRETS, START, USERS, Administrator
from moving_pair import DAY, HOUR, address, ready
from simulator_process import start_simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator_process import SimulatorProcess

WAVE = {"waves": [{"name": "one", "start": "2026-11-01", "cutover": "2026-11-10T18:00:00Z", "window_hours": 24}]}
"""The wave's own cutover falls into the month, and even then nobody but section 160 may complete it."""
BATCH = "trouble-one"
SECONDS = 60
UNFINISHED = {"Validating", "Queued", "Provisioning", "Syncing", "Synced", "IncrementalSyncing"}
PASSED = [2 * HOUR, 4 * HOUR, *[DAY] * 31]
"""Steps of the simulated clock; what happens in between is looked at after each."""


@pytest.fixture(scope="module")
def administrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Administrator]:
    """Whose `xtmig run 130 --mode apply` was killed, right after the service had taken the batch."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        yield from after_the_kill(tmp_path_factory.mktemp("killed"))


@pytest.fixture
def killed(administrator: Administrator) -> SimulatorProcess:
    """The two tenants after the kill."""
    return administrator.simulator


def after_the_kill(tmp_path: Path) -> Iterator[Administrator]:
    """Two tenants, an approved section 130, and its client dead."""
    data = ready(*USERS)
    file, project, simulation = tmp_path / "tenants.yaml", tmp_path / "project", tmp_path / "simulation"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    project.mkdir()
    simulation.mkdir()
    options = ("--start", START, "--speed", "60")
    simulator = start_simulator(simulation, *options, tenants=file, environment=SECRETS)
    try:
        administrator = Administrator(project, simulator, data, {"move": WAVE})
        administrator.consent()
        simulator.advance(HOUR)
        assert administrator.approve(administrator.run("130", mode="plan"))
        kill_once_started(project, simulator)
        yield administrator
    finally:
        simulator.stop()


def kill_once_started(project: Path, simulator: SimulatorProcess) -> None:
    """Run section 130 as a scheduler does, and kill it and its kernel as soon as the service has the batch."""
    xtmig = shutil.which("xtmig", path=str(Path(sys.executable).parent))
    assert xtmig is not None, "xtmig is not installed beside this interpreter"
    command = [xtmig, "run", "130", "--project", str(project), "--mode", "apply"]
    said = project.parent / "client.txt"
    with said.open("wb") as output:
        client = psutil.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    until = time.monotonic() + SECONDS
    while not batches(simulator) and client.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert client.poll() is None, said.read_text(encoding="utf-8")
    processes = [*client.children(recursive=True), client]  # the kernel is a session of its own
    assert len(processes) > 1
    for process in processes:
        process.kill()
    _, alive = psutil.wait_procs(processes, SECONDS)
    assert alive == []
    assert batches(simulator), said.read_text(encoding="utf-8")


def batches(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = simulator.state("target")["migration_batches"]
    return found


def test_a_month_without_a_client_completes_nothing(killed: SimulatorProcess) -> None:
    """The batch copies and rests: after a month nobody is beyond Synced, and no mailbox has moved (BAT-03)."""
    seen = set()
    for seconds in PASSED:
        killed.advance(seconds)
        (batch,) = batches(killed)
        assert (batch["name"], batch["completion_asked"]) == (BATCH, False)
        assert {user["identity"] for user in batch["users"]} == {address(alias) for alias in USERS}
        seen |= {user["status"] for user in batch["users"]}
    assert "Synced" in seen
    assert seen <= UNFINISHED
    assert len(killed.state("source")["mailboxes"]) == len(USERS)
    assert killed.state("target")["mailboxes"] == []
    completing = [line for line in killed.record() if str(line["cmdlet"]).startswith("Complete-")]
    assert completing == []


def test_who_comes_after_the_kill_makes_no_second_batch(administrator: Administrator) -> None:
    """Section 130 run again reads what the dead client has left: the batch is there, and nothing is planned."""
    views = administrator.run("130")
    assert views["130.1"].changes == ()
    assert [batch["name"] for batch in batches(administrator.simulator)] == [BATCH]
    made = [line for line in administrator.simulator.record() if line["cmdlet"] == "New-MigrationBatch"]
    assert len(made) == 1
