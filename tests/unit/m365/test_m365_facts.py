"""The page of wire facts, the code and the tests name the same facts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from xtmig_kernel.m365.wire_facts import Unproven, WireFact, unproven_facts, wire_facts

ROOT = Path(__file__).parents[3]
FACT = re.compile(r"\bF-\d{2,3}\b")


def facts_in(*folders: str) -> set[str]:
    """The facts that the Python files in some folders name; ranges such as `F-40 to F-43` in full."""
    texts = [
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in (ROOT / folder).glob("*.py")
        if path.name != Path(__file__).name
    ]
    found = {fact for text in texts for fact in FACT.findall(text)}
    for text in texts:
        for first, last in re.findall(r"F-(\d\d) to F-(\d\d)", text):
            found |= {f"F-{number:02}" for number in range(int(first), int(last) + 1)}
    return found


def facts_on_the_page() -> list[str]:
    """The facts that have a row in the tables."""
    text = (ROOT / "docs" / "reference" / "wire-facts.md").read_text(encoding="utf-8")
    return re.findall(r"^\| (F-\d{2,3}) \|", text, re.MULTILINE)


def test_every_fact_is_written_once() -> None:
    """A fact has one row, and the numbers have no gap."""
    rows = facts_on_the_page()
    assert sorted(rows, key=lambda fact: int(fact[2:])) == [f"F-{number:02}" for number in range(1, len(rows) + 1)]


def test_every_fact_has_a_test_that_names_it() -> None:
    """A fact that no test names could be broken without anybody noticing."""
    assert set(facts_on_the_page()) == facts_in("tests/contract", "tests/unit/m365")


def test_what_is_unproven_is_in_the_grade() -> None:
    """A fact is listed as inferred, remembered or contradicted exactly if its grade says so of a part of it."""
    told = {fact.id: {kind for kind in get_args(Unproven) if kind in fact.grade} for fact in wire_facts()}
    assert told == {fact.id: set(fact.unproven) for fact in wire_facts()}


def test_no_fact_counts_as_shown_without_a_day() -> None:
    """A fact that a live tenant has shown says on which day; none has been shown yet."""
    shown = [fact for fact in wire_facts() if fact.shown_live]
    assert [fact.id for fact in shown if not re.search(r"\d{4}-\d\d-\d\d", fact.grade)] == []
    assert {fact.id for fact in unproven_facts()} == {fact.id for fact in wire_facts() if fact.unproven}


def test_half_a_statement_is_refused() -> None:
    """Who says how a fact is unproven says of which part."""
    with pytest.raises(ValueError, match="F-01"):
        WireFact(id="F-01", fact="x", grade="inferred", unproven=("inferred",))


def test_the_code_names_no_unknown_fact() -> None:
    """What the code refers to stands on the page."""
    assert facts_in("xtmig_kernel/m365") <= set(facts_on_the_page())
