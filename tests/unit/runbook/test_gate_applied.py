"""The gate as the engine runs it: what holds it shut, what it proves again, and that it asks once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cut_facts import DUE, at_gate
from fake_tenants import Runbook

from xtmig_kernel.runbook import STEPS

if TYPE_CHECKING:
    from pathlib import Path

SIGNED = ("GEN-07", "FAQ-07", "FAQ-08", "TMS-04", "OUT-04")
COMPLETE = STEPS["160.4"]


def runbook(folder: Path, project: dict[str, Any] = DUE, **changes: Any) -> Runbook:
    return Runbook(folder, project=project, **(changes or at_gate()))
