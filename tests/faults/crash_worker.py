"""Runs a project's sections in children that kill themselves at a chosen point. Started by `crash_harness`.

A line on standard input is a task, see `_child`. A point is whatever could be interrupted: before and after each
request to a tenant, each append to the ledger, each file that is written. It is named by its step and by what is
carried, a batch by its members. The answer on standard output is the child's exit status.

Sections are those that a run includes always. They are gone through again while there is a step that a later section
has made possible, as people run them again; a stage is one section in one of these rounds.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import requests.adapters

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.inventory import reader
from xtmig_kernel.m365.simulated import SimulatedClock
from xtmig_kernel.runbook import engine, open_section
from xtmig_kernel.runbook.sections import SECTIONS
from xtmig_kernel.store import Ledger

# by the calendar of a crash test a quarter of an hour is half a second, so that chance would say what is read again
reader.REMEMBERED_FOR = timedelta(days=365)

ENDED = ("looked", "no change", "applied")
MOST_ROUNDS = 4


class Points:
    """Counts the crash points, and dies at one of them.

    Attributes:
        step: Where the run is; part of every point's name.
    """

    def __init__(self, kill_at: list[Any] | None) -> None:
        self.names: list[str] = []
        self.step = ""
        self._times: Counter[str] = Counter()
        self._kill_at = kill_at
        self._lock = threading.Lock()  # several requests of a bulk step are under way at once

    def hit(self, moment: str, what: str) -> None:
        with self._lock:
            name = f"{self.step} {moment} {what}"
            self.names.append(name)
            self._times[name] += 1
            if self._kill_at == [name, self._times[name]]:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any], name: Callable[..., str | None]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            label = name(*args)
            if label is None:
                return function(*args, **kwargs)
            self.hit("before", label)
            result = function(*args, **kwargs)
            self.hit("after", label)
            return result

        return counted


def request_name(_adapter: Any, request: Any) -> str | None:
    """What a request asks for; of a batch, what its members ask for and how many they are."""
    if request.path_url.startswith(("/clock", "/remember")):
        return None  # the practice calendar is no part of a tenant
    path = request.path_url.split("?")[0]
    body = _json(request.body)
    if path.endswith("/$batch"):
        members = Counter(_member_name(member) for member in body["requests"])
        return "batch of " + ", ".join(f"{number} {name}" for name, number in sorted(members.items()))
    return f"{request.method} {_cmdlet(body) or path}"


def _json(body: bytes | str | None) -> Any:
    text = body.decode("utf-8") if isinstance(body, bytes) else body or ""
    return json.loads(text) if text.startswith("{") else {}


def _cmdlet(body: Any) -> str:
    return str(body["CmdletInput"]["CmdletName"]) if "CmdletInput" in body else ""


def _member_name(member: Any) -> str:
    """Without the id of the object, which is another one for each member."""
    path = str(member["url"]).split("?")[0]
    parts = ["…" if len(part) == len("00000000-0000-0000-0000-000000000000") else part for part in path.split("/")]
    return _cmdlet(member.get("body") or {}) or f"{member['method']} {'/'.join(parts)}"


def _append_name(_ledger: Any, items: Any) -> str:
    return "append " + ", ".join(sorted({kind for kind, _ in items}))


def _file_name(_folder: Path, file: Any) -> str:
    return f"file {file.name}"


def settled(states: dict[str, str]) -> bool:
    """Whether every step has come to its end."""
    return all(state in ENDED for state in states.values())


def apply_section(number: str, folder: Path, points: Points) -> dict[str, str]:
    """Run one section as a run without a person does; the state of each step."""
    states: dict[str, str] = {}
    points.step = number
    section = open_section(number, project=folder, mode="apply", redactor=Redactor())
    for side in section.section.sides:
        section.sign_in(side)
    for step in section.section.steps:
        points.step = step.id
        view = section.engine.run(step)
        section.views[step.id] = view
        states[step.id] = view.state + (f" ({view.note}; {view.problem})" if view.state not in ENDED else "")
    points.step = number
    section.close()
    return states


def _child(task: dict[str, Any]) -> None:
    """Carry out one task and write the report.

    `folder`: the project. `stages`: the numbers of the sections to go through; None for all, in rounds. `kill_at`: the
    name of a point and how often it has come by then, or None. `report`: where to write, for each stage, its section,
    its points, the states of its steps, its seconds and the most memory so far. `remember`: a folder for a copy of the
    project before each stage, and both tenants are asked to remember that moment; or None.
    """
    points = Points(task["kill_at"])
    _count(points)
    folder, report = Path(task["folder"]), Path(task["report"])
    stages: list[dict[str, Any]] = []
    for number in task["stages"] or _rounds(stages):
        if task["remember"]:
            _remember(folder, Path(task["remember"]), len(stages))
        points.names, began = [], time.monotonic()
        states = apply_section(number, folder, points)
        stages.append(
            {
                "section": number,
                "points": points.names,
                "states": states,
                "seconds": time.monotonic() - began,
                "peak_kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            }
        )
    report.write_text(json.dumps(stages), encoding="utf-8")


def _rounds(stages: list[dict[str, Any]]) -> Iterator[str]:
    """All sections, and again until each step has come to its end, or a round was like the one before."""
    before: dict[str, str] = {}
    for _ in range(MOST_ROUNDS):
        begin = len(stages)
        yield from (section.number for section in SECTIONS if section.runs == "always")
        states = {step: state for stage in stages[begin:] for step, state in stage["states"].items()}
        if settled(states) or states == before:
            return
        before = states


def _remember(folder: Path, copies: Path, stage: int) -> None:
    shutil.copytree(folder, copies / str(stage))
    connection = json.loads((folder.parent / "simulation" / "connection.json").read_text(encoding="utf-8"))
    requests.post(
        connection["control"] + "/remember",
        json={"name": str(stage)},
        headers={"X-Control-Token": connection["control_token"]},
        timeout=30,
    ).raise_for_status()


def _count(points: Points) -> None:
    """Let whatever can be interrupted hit a point."""
    adapter: Any = requests.adapters.HTTPAdapter
    adapter.send = points.around(adapter.send, request_name)
    ledger: Any = Ledger
    ledger.append_all = points.around(ledger.append_all, _append_name)
    engine_with_files: Any = engine
    engine_with_files.write_file = points.around(engine_with_files.write_file, _file_name)
    _quick_clock()


def _quick_clock() -> None:
    """Ask the practice calendar once, and count on from there: it is asked for each entry, and no part of a tenant."""
    clock: Any = SimulatedClock
    ask, known = clock.now, {}

    def now(self: Any) -> datetime:
        if not known:
            known["speed"] = float(self._ask("GET")["speed"])
            known["at"], known["began"] = ask(self), time.monotonic()
        passed: datetime = known["at"] + timedelta(seconds=(time.monotonic() - known["began"]) * known["speed"])
        return passed

    clock.now = now


def main() -> None:
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                _child(json.loads(line))
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
