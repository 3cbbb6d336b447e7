"""Plan mode of sections 130 to 300, in tenants where each of them has something to change: not one write is sent."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from simulator_process import is_write, writes
from troubled_project import troubled

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import EngineError
from xtmig_kernel.runbook import open_section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mending import Administrator

    from xtmig_kernel.runbook import StepView

pytestmark = pytest.mark.deep  # a project of five waves, and a command that runs ten notebooks

SECTIONS = ("130", "150", "160", "170", "180", "190", "200", "210", "220", "300")
CHANGES = {
    *("130.1", "150.2", "160.2", "160.4", "170.2", "170.3", "170.4", "170.5", "180.1", "180.2", "180.3"),
    *("190.3", "190.4", "190.5", "190.6", "210.2", "210.6"),
}
"""The steps that have a tenant to change here; 210's others take away what the project itself has made."""
FILES = {"160.3", "190.7", "300.1"}
KEPT_BY_RUNS = ("ledger.db", "inventory.db", "reports", ".lock", "project.lock")


@pytest.fixture(scope="module")
def administrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Administrator]:
    """Whose project has something to change in every section, and every change of it is approved."""
    with (
        pytest.MonkeyPatch.context() as patch,
        troubled(tmp_path_factory.mktemp("troubled"), patch) as made,
    ):
        made.approve(made.run(*SECTIONS, mode="plan"))
        yield made


def sent_by(administrator: Administrator, act: Callable[[], object]) -> list[dict[str, Any]]:
    """What an act sent to the tenants."""
    before = len(administrator.simulator.record())
    act()
    return administrator.simulator.record()[before:]


def project_files(administrator: Administrator) -> set[str]:
    """The project's own files: what a run keeps about itself is not among them."""
    found = (path.relative_to(administrator.folder) for path in administrator.folder.rglob("*") if path.is_file())
    return {str(path) for path in found if not str(path).startswith(KEPT_BY_RUNS)}


def test_plans_of_all_sections_write_nothing(administrator: Administrator) -> None:
    """Each section has something to change, and all of it is approved; no request changes a tenant, no file is made."""
    views: dict[str, StepView] = {}
    before = project_files(administrator)
    record = sent_by(administrator, lambda: views.update(administrator.run(*SECTIONS, mode="plan")))
    assert (CHANGES, FILES) == (
        {step for step, view in views.items() if view.changes}, {step for step, view in views.items() if view.files},
    )  # fmt: skip
    assert {("source", "exo"), ("source", "graph"), ("target", "exo"), ("target", "graph")} <= {
        (line["side"], line["service"]) for line in record
    }
    assert ([], before) == (writes(record), project_files(administrator))


@pytest.mark.parametrize("number", sorted({step[:3] for step in CHANGES}))
def test_applying_in_plan_mode_is_refused(administrator: Administrator, number: str) -> None:
    """A plan that is applied in plan mode all the same is refused before anything is sent."""
    refused: list[str] = []

    def apply_all() -> None:
        section = open_section(number, project=administrator.folder, mode="plan", redactor=Redactor())
        for side in section.section.sides:
            section.sign_in(side)
        for step in section.section.steps:
            view = section.engine.plan(step)
            if view.state == "planned":
                with pytest.raises(EngineError, match="this run may only plan"):
                    section.engine.apply(view)
                refused.append(step.id)
        section.close()

    assert [] == writes(sent_by(administrator, apply_all))
    assert {step for step in CHANGES if step.startswith(number)} <= set(refused)


def test_the_command_s_plan_writes_nothing(administrator: Administrator) -> None:
    """`xtmig run` in plan mode over all these notebooks, and `xtmig powershell` of each, change no tenant."""
    xtmig = shutil.which("xtmig", path=str(Path(sys.executable).parent))
    assert xtmig is not None, "xtmig is not installed beside this interpreter"
    answers: list[subprocess.CompletedProcess[str]] = []

    def command(*arguments: str) -> None:
        done = subprocess.run(
            [xtmig, *arguments, "--project", str(administrator.folder)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=400, check=False,
        )  # fmt: skip
        answers.append(done)

    def plan() -> None:
        command("run", *SECTIONS, "--mode", "plan", "--json")
        for number in sorted({step[:3] for step in CHANGES}):
            command("powershell", number)

    record = sent_by(administrator, plan)
    result = json.loads((Path(json.loads(answers[0].stdout)["archive"]) / "result.json").read_text(encoding="utf-8"))
    assert CHANGES == {planned["step"] for planned in result["planned"] if planned["lines"]}
    assert [] == [done.stderr for done in answers[1:] if done.returncode not in (0, 4)]
    assert [] == writes(record)


def test_the_same_sections_write_when_applied(administrator: Administrator) -> None:
    """Applied with the same approvals, sections 130 and 180 do write, so an empty record says something."""
    record = sent_by(administrator, lambda: administrator.run("130", "180"))
    assert {"New-MigrationBatch", "Stop-MigrationBatch"} <= {line["cmdlet"] for line in record if is_write(line)}
