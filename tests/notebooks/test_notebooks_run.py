"""Notebooks that run without a person, on simulated tenants."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from notebook_practice import SECRETS, outputs, shown_html

from xtmig_kernel.runbook import SECTIONS

if TYPE_CHECKING:
    from notebook_practice import Practice


def test_plan_run_looks_and_writes_nothing(practice: Practice) -> None:
    """Notebooks 010, 050 and 000 in plan mode: cards as plain HTML, both tenants untouched, the ledger complete."""
    before = [practice.simulator.state(side) for side in ("source", "target")]
    executed = [practice.execute(number, "plan") for number in ("010", "050", "000")]
    assert before == [practice.simulator.state(side) for side in ("source", "target")]
    for notebook in executed:
        assert "error" not in {output["output_type"] for output in outputs(notebook)}
        assert "application/vnd.jupyter.widget-view+json" not in json.dumps(notebook)
        assert not [secret for secret in SECRETS.values() if secret in json.dumps(notebook)]
        assert "<b>move</b>" not in shown_html(notebook)
        assert "Practice &lt;b&gt;move&lt;/b&gt;" in shown_html(notebook)
    assert "Planned, not applied" in shown_html(executed[1])
    assert "xtmig mailbox migration practice" in shown_html(executed[1])
    assert "What comes next" in shown_html(executed[2])
    ended = {entry.step: entry.data["state"] for entry in practice.ledger("step_ended")}
    assert {"010.1", "010.2", "010.3", "050.1", "050.2", "050.3"} == set(ended)
    assert "planned" == ended["050.1"]


def test_apply_run_registers_the_application(practice: Practice) -> None:
    """Notebook 050 in apply mode makes what it planned, reads it back, and shows both."""
    notebook = practice.execute("050", "apply")
    assert "made and read back" in shown_html(notebook)
    [application] = [
        one
        for one in practice.simulator.state("target")["applications"]
        if one["unique_name"] == "xtmig mailbox migration practice"
    ]
    assert "AzureADMultipleOrgs" == application["sign_in_audience"]
    assert ["applied", "no change", "no change"] == [e.data["state"] for e in practice.ledger("step_ended")]


def test_error_of_a_step_becomes_a_card(practice: Practice) -> None:
    """An error that the engine knows ends its step, not the notebook: a card and a ledger entry, no traceback."""
    practice.execute("050", "apply")
    notebook = practice.execute("070", "apply")
    assert "error" not in {output["output_type"] for output in outputs(notebook)}
    assert "Needs a second person’s proven approval:" in shown_html(notebook)
    assert "xtmig approve 070 --by amara.approver@northwindtraders.onmicrosoft.com" in shown_html(notebook)
    states = {e.step: e.data["state"] for e in practice.ledger("step_ended") if str(e.step).startswith("070")}
    assert "waiting" == states["070.1"]
    assert "— end of 070 —" in shown_html(notebook)


def test_refused_sign_in_is_told_calmly(practice: Practice) -> None:
    """A sign-in that is refused stops the notebook with a card and the error's own words instead of a traceback."""
    path = practice.folder / "project.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["target"]["sign_in"]["secret"] = "env:XTMIG_SOURCE_SECRET"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    notebook = practice.execute("050", "plan")
    [error] = [output for output in outputs(notebook) if output["output_type"] == "error"]
    told = "\n".join(error["traceback"])
    assert "Traceback" not in told
    assert 'File "' not in told
    assert "TARGET" in told
    assert 'role="alert"' in shown_html(notebook)
    assert "target" in [entry.data["side"] for entry in practice.ledger("problem")]


def test_unusable_project_is_told_calmly(practice: Practice) -> None:
    """A mistake in project.yaml is named by its key, as a card, without a traceback."""
    path = practice.folder / "project.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "colour: blue\n", encoding="utf-8")
    notebook = practice.execute("000", "plan")
    [error] = [output for output in outputs(notebook) if output["output_type"] == "error"]
    assert "Traceback" not in "\n".join(error["traceback"])
    assert "colour: this key is not known" in shown_html(notebook)


@pytest.mark.deep
def test_a_run_tells_what_its_kernels_wait_for(practice: Practice) -> None:
    """F-24: a wait inside a notebook is one line of the run's own progress, and stands in the notebook's output."""
    fault = {"service": "exo", "cmdlet": "Get-*", "kind": "throttled", "retry_after": 1.5}
    practice.simulator.control("POST", "/inject", fault)
    told = practice.run(["010"], "plan")
    sentence = r"Exchange of the (source|target) asked us to wait 2 s \(try 2 of 6\)"
    assert len(re.findall(sentence, told.stdout + told.stderr)) == 1
    [notebook] = (practice.folder / "reports").glob("*/notebooks/010-*.ipynb")
    assert re.search(sentence, notebook.read_text(encoding="utf-8"))



def test_every_notebook_runs_without_a_person(practice: Practice) -> None:
    """All notebooks, also those that run only when named, come to their end in plan mode and touch neither tenant."""
    before = [practice.simulator.state(side) for side in ("source", "target")]
    done = practice.run([section.number for section in SECTIONS], "plan")
    assert "broke off" not in done.stderr, done.stderr
    [archive] = (practice.folder / "reports").iterdir()
    executed = {
        section: json.loads((archive / "notebooks" / section.notebook).read_text("utf-8")) for section in SECTIONS
    }
    for section, notebook in executed.items():
        assert "error" not in {output["output_type"] for output in outputs(notebook)}, section.number
        assert f"— end of {section.number} —" in shown_html(notebook)
    ended = {entry.step for entry in practice.ledger("step_ended")}
    assert ended == {step.id for section in SECTIONS for step in section.steps}
    assert before == [practice.simulator.state(side) for side in ("source", "target")]
