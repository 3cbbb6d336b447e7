"""Fixtures that tests of several rooms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from core_facts import NOW, StillClock, settings

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

LONG_RUNS = "tests/e2e/long_runs"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """A worker for each file, and one for all files that look at the long runs, so that these are made once."""
    from xdist.scheduler import LoadFileScheduling

    class ByLongRun(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return LONG_RUNS if nodeid.startswith(f"{LONG_RUNS}/") else super()._split_scope(nodeid)

    return ByLongRun(config, log)


@pytest.fixture
def clock() -> StillClock:
    """A clock that stands at `NOW` and moves only when somebody sleeps."""
    return StillClock(NOW)


@pytest.fixture
def redactor() -> Redactor:
    """A redactor that knows no secret yet."""
    return Redactor()


@pytest.fixture
def ledger(tmp_path: Path, clock: StillClock, redactor: Redactor) -> Ledger:
    """A new ledger in an empty folder."""
    return Ledger(tmp_path, clock, redactor, "run-1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project folder with a `project.yaml` that is right."""
    import yaml

    path = tmp_path / "project"
    path.mkdir()
    (path / "project.yaml").write_text(yaml.safe_dump(settings()), encoding="utf-8", newline="\n")
    return path
