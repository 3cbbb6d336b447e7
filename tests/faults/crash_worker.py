"""Runs a project's sections in children that kill themselves at a chosen point. Started by `crash_harness`.

A line on standard input is `{"folder": …, "kill_at": [name, nth], "report": …}`. A point is whatever could be
interrupted: before and after each request to a tenant, before and after each append to the ledger. Without `kill_at`
nothing is killed, and the report lists the points. The answer on standard output is the child's exit status.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests.adapters

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.runbook import open_section
from xtmig_kernel.store import Ledger

SECTIONS = ("010", "050", "060", "070")


class Points:
    """Counts the crash points, and dies at one of them."""

    def __init__(self, kill_at: list[Any] | None) -> None:
        self.names: list[str] = []
        self._kill_at = kill_at

    def hit(self, name: str) -> None:
        self.names.append(name)
        if self._kill_at == [name, self.names.count(name)]:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any], name: Callable[..., str | None]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            label = name(*args)
            if label is None:
                return function(*args, **kwargs)
            self.hit(f"before {label}")
            result = function(*args, **kwargs)
            self.hit(f"after {label}")
            return result

        return counted


def _request_name(_adapter: Any, request: Any) -> str | None:
    if request.path_url.startswith("/clock"):
        return None  # the practice clock is no part of a tenant
    body = request.body.decode("utf-8") if isinstance(request.body, bytes) else request.body or ""
    cmdlet = json.loads(body)["CmdletInput"]["CmdletName"] if "CmdletInput" in body else ""
    return f"{request.method} {cmdlet or request.path_url.split('?')[0]}"


def _append_name(_ledger: Any, items: Any) -> str:
    return "append " + ", ".join(sorted({kind for kind, _ in items}))


def _apply(folder: Path) -> dict[str, str]:
    states: dict[str, str] = {}
    for number in SECTIONS:
        section = open_section(number, project=folder, mode="apply", redactor=Redactor())
        for side in section.section.sides:
            section.sign_in(side)
        for step in section.section.steps:
            view = section.engine.run(step)
            section.views[step.id] = view
            problem = f" ({view.problem})" if view.problem else ""
            states[step.id] = view.state + problem
        section.close()
    return states


def _child(task: dict[str, Any]) -> None:
    points = Points(task["kill_at"])
    adapter: Any = requests.adapters.HTTPAdapter
    adapter.send = points.around(adapter.send, _request_name)
    ledger: Any = Ledger
    ledger.append_all = points.around(ledger.append_all, _append_name)
    states = _apply(Path(task["folder"]))
    report = {"points": points.names, "states": states}
    Path(task["report"]).write_text(json.dumps(report), encoding="utf-8")


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
