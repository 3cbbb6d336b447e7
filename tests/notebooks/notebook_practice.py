"""The shipped notebooks, a practice project on which they run without a person, and what they show."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.credentials import Redactor
from xtmig_kernel.store import Entry, Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator_process import SimulatorProcess

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECRETS = {"XTMIG_SOURCE_SECRET": "practice-secret-source", "XTMIG_TARGET_SECRET": "practice-secret-target"}
OPERATORS = {"source": "5c0e5c0e-0000-4000-8000-0000000b0001", "target": "7a26e700-0000-4000-8000-0000000b0001"}


def practice_settings(simulator: SimulatorProcess, connection: Path) -> dict[str, Any]:
    """A project whose operators sign in as applications of their own, as a run without a person needs it."""
    settings: dict[str, Any] = {"format": 1, "id": "practice", "name": "Practice <b>move</b>"}
    for side in ("source", "target"):
        tenant = simulator.connection["tenants"][side]
        sign_in = {"method": "secret", "client_id": OPERATORS[side], "secret": f"env:XTMIG_{side.upper()}_SECRET"}
        settings[side] = {
            "tenant_id": tenant["tenant_id"],
            "domain": tenant["initial_domain"],
            "sign_in": sign_in,
        }
    settings["approvers"] = [
        {"name": "Amara Approver", "upn": "amara.approver@northwindtraders.onmicrosoft.com", "side": "target"}
    ]
    return {**settings, "simulation": str(connection)}


@dataclass(frozen=True)
class Practice:
    """A practice project and the tenants that it is about.

    Args:
        folder: The project folder.
        simulator: The running tenants.
        out: Where executed notebooks go.
    """

    folder: Path
    simulator: SimulatorProcess
    out: Path

    def execute(self, number: str, mode: str) -> dict[str, Any]:
        """Run one notebook as a scheduler does, and give it as it was saved, errors and all."""
        import papermill
        from papermill import PapermillExecutionError

        [source] = (self.folder / "notebooks").glob(f"{number}-*.ipynb")
        target = self.out / f"{mode}-{source.name}"
        parameters = {"project": str(self.folder), "mode": mode, "run": f"test-{mode}"}
        with suppress(PapermillExecutionError):  # the saved notebook says which cell, and how
            papermill.execute_notebook(
                str(source), str(target), parameters, progress_bar=False, store_widget_state=False, cwd=str(self.folder)
            )
        notebook: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
        return notebook

    def run(self, numbers: Sequence[str], mode: str) -> subprocess.CompletedProcess[str]:
        """Run sections by the installed `xtmig`, as a scheduler does; a process of its own, for it keeps kernels."""
        xtmig = shutil.which("xtmig", path=str(Path(sys.executable).parent))
        assert xtmig is not None, "xtmig is not installed beside this interpreter"
        command = [xtmig, "run", *numbers, "--mode", mode, "--project", str(self.folder)]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=600, check=False)

    def ledger(self, *kinds: str) -> list[Entry]:
        return Ledger(self.folder, SystemClock(), Redactor(), "reader").entries(*kinds)


def outputs(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """All outputs of a notebook, in their order."""
    return [output for cell in notebook["cells"] if cell["cell_type"] == "code" for output in cell["outputs"]]


def shown_html(notebook: dict[str, Any]) -> str:
    """All HTML that a notebook shows."""
    return "\n".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs(notebook))
