from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from xtmig_kernel.rules import ALL_RULES
from xtmig_kernel.rules.preflight import CATALOGUE, PREFLIGHT_RULES, known_failures

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "generate.py"))


@pytest.mark.parametrize("name", ["rules.md", "statements.md", "wire-facts.md"])
def test_page_is_current(generator: dict[str, Any], name: str) -> None:
    """A generated page says what the code says; `python docs/generate.py` writes it."""
    assert generator["PAGES"][name]() == (DOCS / "reference" / name).read_text(encoding="utf-8")


def test_every_generated_page_is_checked(generator: dict[str, Any]) -> None:
    """A page that is added to the generator is added to the test."""
    assert set(generator["PAGES"]) == {"rules.md", "statements.md", "wire-facts.md"}


def test_every_rule_is_on_the_page() -> None:
    """The page of the rules names each of them, with its statements."""
    page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8").splitlines()
    for rule in ALL_RULES:
        (line,) = [line for line in page if line.startswith(f"| `{rule.id}` |")]
        assert [text for text in (rule.title, *rule.statements, *rule.needs) if text not in line] == []


def test_every_rule_of_the_preflight_is_on_the_page() -> None:
    """The page tells of each with severity, causes, script check, step and the part of the document."""
    page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8").splitlines()
    for rule in PREFLIGHT_RULES:
        entry = CATALOGUE[rule.id]
        (line,) = [line for line in page if line.startswith(f"| {entry.severity} | `{rule.id}` |")]
        due = (rule.title, *rule.statements, *entry.failures, *entry.steps, entry.link)
        assert [text for text in due if text not in line] == []
        assert ("none does" in line) == (not entry.script_checks)


def test_every_known_cause_is_on_the_page() -> None:
    """The page tells of each known cause what sees it before the move, or why nothing does."""
    page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8").splitlines()
    for cause in known_failures().values():
        (line,) = [line for line in page if line.startswith(f"| {cause.number} |")]
        assert (cause.seen_before or cause.why_not) in line
