"""Every wire fact, broken on one side, turns a test red."""

from __future__ import annotations

import ast
import re

import pytest
import yaml
from mutations import ROOT, SIDES, TESTS, Copy, Mutation, file_of, mutations, source, table

ALL = mutations()


def facts_on_the_page() -> set[str]:
    """The facts that have a row in docs/reference/wire-facts.md."""
    text = (ROOT / "docs" / "reference" / "wire-facts.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| (F-\d{2,3}) \|", text, re.MULTILINE))


def test_every_fact_is_broken_or_explained() -> None:
    """Each fact of the page has mutations for client and simulator, or a sentence on why a side has none."""
    assert facts_on_the_page() == table().keys()
    for fact, sides in table().items():
        assert set(SIDES) == sides.keys(), fact
        assert all(sides.values()), fact
        assert any(isinstance(entries, list) for entries in sides.values()), fact


def test_no_two_mutations_are_alike() -> None:
    """A mutation is told from the others by its name, and breaks something of its own."""
    assert len({str(mutation) for mutation in ALL}) == len(ALL)
    assert len({(mutation.file, mutation.old, mutation.new) for mutation in ALL}) == len(ALL)


@pytest.mark.parametrize("mutation", ALL, ids=str)
def test_the_table_fits_the_code(mutation: Mutation) -> None:
    """What a mutation replaces stands in the code exactly once, and the code stays readable after it."""
    text = source(mutation)
    assert 1 == text.count(mutation.old)
    broken = text.replace(mutation.old, mutation.new)
    assert broken != text
    if mutation.file.endswith(".py"):
        ast.parse(broken)
    else:
        yaml.safe_load(broken)


@pytest.mark.parametrize("name", sorted({name for mutation in ALL for name in mutation.tests}))
def test_the_tests_of_the_table_exist(name: str) -> None:
    """A test file of the table is one file of the quick tests."""
    assert file_of(name).is_relative_to(TESTS)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the package whose tests are green, room by room."""
    made = Copy(tmp_path_factory.mktemp("mutation"))
    names = {name for mutation in ALL for name in mutation.tests}
    for room in sorted({file_of(name).parent for name in names}):
        outcome = made.run(tuple(sorted(name for name in names if file_of(name).parent == room)))
        assert outcome.code == 0, outcome.said
    return made


@pytest.mark.deep
@pytest.mark.parametrize("mutation", ALL, ids=str)
def test_a_broken_fact_turns_a_test_red(copy: Copy, mutation: Mutation) -> None:
    """With one part of one fact broken on one side, a test of the table fails; the whole copy passed them all."""
    outcome = copy.run_broken(mutation)
    assert outcome.code == 1, outcome.said
    assert outcome.red_tests()
