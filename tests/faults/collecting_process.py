"""Collects both tenants of a project as a process of its own, so that it can be killed.

`python collecting_process.py PROJECT [FACT...]`; without facts, all that a preflight needs. Prints each sentence about
how far it is, and the snapshot's id at the end.
"""

from __future__ import annotations

import sys
from pathlib import Path

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.inventory.collecting import SIDES, collect
from xtmig_kernel.inventory.preflight_facts import preflight_facts
from xtmig_kernel.m365 import clock_for, connect
from xtmig_kernel.project import load_project
from xtmig_kernel.store import SnapshotStore


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def main() -> None:
    """Collect, or go on where a killed one stopped."""
    folder, *facts = sys.argv[1:]
    project = load_project(Path(folder))
    clock, redactor = clock_for(project), Redactor()
    tenants = {side: connect(project, side, redactor=redactor, clock=clock) for side in SIDES}
    store = SnapshotStore(project.folder)
    _say(collect(project, tenants, store, clock, facts or preflight_facts(), _say, {}))


if __name__ == "__main__":
    main()
