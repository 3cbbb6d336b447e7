"""What the preflight judges is complete: statements, known causes and the checks of Microsoft's script."""

from __future__ import annotations

import pytest

from xtmig_kernel.rules.preflight import CATALOGUE, PREFLIGHT_RULES, known_failures, left_out, script_checks
from xtmig_kernel.runbook import STEPS
from xtmig_kernel.statements import statements
from xtmig_kernel.statements.sections import ANCHORS, QUESTIONS, parts

TO_BE_SEEN = {"check", "prerequisite", "prohibition", "limit", "warning"}
IDS = [rule.id for rule in PREFLIGHT_RULES]


def test_every_rule_has_an_entry() -> None:
    """Rules and entries are the same, each once."""
    assert sorted(CATALOGUE) == sorted(IDS)
    assert len(set(IDS)) == len(IDS)


def test_statements_are_answered_or_left_out_for_a_reason() -> None:
    """Each check, prerequisite, prohibition, limit and warning of the document is judged, or it is said why not."""
    answered = {statement for rule in PREFLIGHT_RULES for statement in rule.statements}
    due = {item.id for item in statements().values() if item.kind in TO_BE_SEEN}
    assert due - answered == set(left_out())


def test_known_causes_are_seen_beforehand() -> None:
    """Each known cause that something shows before the move is seen by a rule, and no other is claimed to be."""
    seen = {cause for entry in CATALOGUE.values() for cause in entry.failures}
    assert seen == {cause.number for cause in known_failures().values() if cause.seen_before}


@pytest.mark.parametrize("cause", known_failures().values(), ids=lambda cause: cause.number)
def test_known_cause_is_seen_or_it_is_said_why_not(cause) -> None:
    """A known cause says what shows it before the move, or why nothing does."""
    assert bool(cause.seen_before) != bool(cause.why_not)


def test_checks_of_the_script_are_covered() -> None:
    """Each check of Microsoft's script is covered by a rule, and none is invented."""
    covered = {check for entry in CATALOGUE.values() for check in entry.script_checks}
    assert covered == set(script_checks())


@pytest.mark.parametrize("rule", IDS)
def test_entry_names_steps_and_parts_that_exist(rule: str) -> None:
    """An entry leads to steps of the runbook and to a part of the document."""
    entry = CATALOGUE[rule]
    assert [step for step in entry.steps if step not in STEPS] == []
    assert entry.section in {*ANCHORS, *QUESTIONS}
    assert entry.severity in ("blocks", "warns")


def test_each_part_of_the_document_has_an_anchor() -> None:
    """Every part in which a statement stands can be linked to."""
    assert {part for item in statements().values() for part in parts(item)} == {*ANCHORS, *QUESTIONS}
