"""How long users take to be created and stamped: ten in a request, or one call at a time, with 80 ms for each answer.

Run it from the repository: `python benchmarks/prepare_users.py [USERS]`. Both ways make half of the users each, in one
run, by the same plans and through the same door; every object is compared before and read back after.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "faults"), str(ROOT / "tests")]

from big_tenants import pair  # noqa: E402
from crash_harness import SECRETS  # noqa: E402
from simulator_process import SimulatorProcess, start_simulator  # noqa: E402

from xtmig_kernel.credentials import Redactor  # noqa: E402
from xtmig_kernel.runbook import open_section  # noqa: E402
from xtmig_kernel.runs.folder import new_project  # noqa: E402

if TYPE_CHECKING:
    from xtmig_kernel.runbook.session import SectionRun

LATENCY_MS = 80
STEPS = ("100.2", "100.3")
SIDES = ("source", "target")


def settings(simulator: SimulatorProcess, tenants: dict[str, Any], connection: Path) -> dict[str, Any]:
    """The content of `project.yaml`."""
    found: dict[str, Any] = {"format": 1, "id": "benchmark", "name": "Benchmark", "simulation": str(connection)}
    for side in SIDES:
        tenant, operator = simulator.connection["tenants"][side], tenants[side]["applications"][0]
        secret = f"env:{operator['secret_from_env']}"
        found[side] = {
            "tenant_id": tenant["tenant_id"],
            "domain": tenant["initial_domain"],
            "sign_in": {"method": "secret", "client_id": operator["app_id"], "secret": secret},
        }
    return found


def measure(section: SectionRun, bulk_seconds: dict[bool, float]) -> int:
    """Carry out both steps, one half of the changes each way; how many changes there were in a half."""
    number = 0
    for step_id in STEPS:
        view = section.engine.plan(section.step(step_id))
        half = len(view.changes) // 2
        for bulk, changes in ((True, view.changes[:half]), (False, view.changes[half : 2 * half])):
            planned = replace(view, step=replace(view.step, bulk=bulk), changes=changes)
            begun = time.perf_counter()
            made = section.engine.apply(planned)
            bulk_seconds[bulk] += time.perf_counter() - begun
            if made.state != "applied":
                raise SystemExit(f"{step_id}: {made.state}, {made.note}")
        number = max(number, half)
    return number


def main() -> None:
    """Print seconds for a thousand users either way, and how many times faster ten in a request are."""
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    made = pair(users, 0, "benchmark")
    tenants = made.tenants()
    tenants["target"]["lags"] = {"mail_user_readable": 0}  # what Microsoft needs is waited for either way
    os.environ.update(SECRETS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "tenants.yaml"
        file.write_text(json.dumps(tenants), encoding="utf-8")
        simulator = start_simulator(folder, "--latency-ms", str(LATENCY_MS), tenants=file, environment=SECRETS)
        project = folder / "project"
        project.mkdir()
        (project / "users.csv").write_text(made.users_csv(), encoding="utf-8")
        new_project(project, settings(simulator, tenants, folder / "connection.json"))
        section = open_section("100", project=project, mode="apply", redactor=Redactor())
        for side in section.section.sides:
            section.sign_in(side)
        seconds = {True: 0.0, False: 0.0}
        half = measure(section, seconds)
        section.close()
        simulator.stop()
    for bulk, what in ((True, "ten in a request"), (False, "one call at a time")):
        print(f"{what:20}{seconds[bulk] / half * 1000:>10,.0f} s for 1,000 users ({half} measured)")
    print(f"{'ratio':20}{seconds[False] / seconds[True]:>10.1f}")


if __name__ == "__main__":
    main()
