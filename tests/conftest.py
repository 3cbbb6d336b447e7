"""Fixtures that tests of several rooms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from core_facts import NOW, StillClock, settings

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from pathlib import Path


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
