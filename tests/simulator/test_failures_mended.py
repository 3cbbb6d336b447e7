"""Each cause of failure, met in simulated tenants: section 170 names it, it is mended with approvals, the mailbox arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mending import BATCH, trouble
from planted_failures import all_causes

if TYPE_CHECKING:
    from pathlib import Path

    from planted_failures import Planted

CAUSES = {cause.name: cause for cause in all_causes()}


@pytest.mark.parametrize("name", ["out_of_scope"])
def test_failure_is_named_and_mended(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """x."""
    with trouble(tmp_path, CAUSES[name], monkeypatch) as administrator:
        print(administrator.status("bert"), administrator.status("anna"))
        views = administrator.run("170", mode="plan")
        for v in views.values():
            print(v.step.id, v.state, v.note, v.missing, [c.title for c in v.changes])
        for e in views["170.1"].exhibits:
            print(e.rows)
        for f in views["170.1"].findings:
            if f.verdict.kind not in ("pass",):
                print(f.rule, f.verdict.kind, f.subject, f.seen, f.remedy_step, f.verdict)
        print(administrator.mend())
        print(administrator.status("bert"))
