"""Simulated tenants and a project that runs without a person."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from notebook_practice import ROOT, SECRETS, Practice, practice_settings
from simulator_process import start_simulator

from xtmig_kernel.runs.folder import new_project

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Practice]:
    monkeypatch.setenv("JUPYTER_PATH", str(ROOT / "share" / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XTMIG_SECRET_VARIABLES", ",".join(SECRETS))
    simulation = tmp_path / "simulation"
    simulation.mkdir()
    simulator = start_simulator(simulation, environment=dict(os.environ))
    folder, out = tmp_path / "project", tmp_path / "out"
    new_project(folder, practice_settings(simulator, simulation / "connection.json"))
    out.mkdir()
    yield Practice(folder, simulator, out)
    simulator.stop()
