"""Of many findings that are alike the first are told, or all of them where all are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases_licensing import NEEDED
from core_facts import NOW, make_project, observed, world
from stay_facts import JO, LARA, lara_and_jo

from xtmig_kernel.rules import ALL_RULES, Judgement, Rule, evaluate
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Finding
    from xtmig_kernel.rules import Seen

FACT = "source.chosen_users"


def _odd_is_wrong(number: int) -> Iterator[Judgement]:
    if number % 2:
        yield Judgement("fail", f"user {number}", seen="odd", expected="even", remedy="make it even")
    elif number % 10 == 0:
        yield Judgement("warn", f"user {number}", seen="round", expected="even", remedy="look at it")


def _rule(number: int, groups: int = 1) -> Rule:
    def judge(_seen: Seen, _project: object) -> Iterable[Judgement]:
        for _ in range(groups):
            yield from judge_each(
                range(number), _odd_is_wrong, of_what="users", expected="even", at_most=3, all_in="table users"
            )

    return Rule("a-rule", "All are even", (), "source", (FACT,), judge)


def _findings(number: int, groups: int = 1, *, tell_all: bool = False) -> list[Finding]:
    return evaluate([_rule(number, groups)], observed(world()), make_project(), NOW, tell_all=tell_all)


def test_first_ones_are_told_and_the_rest_counted() -> None:
    """Of twenty users of whom ten fail, three are told, and one finding stands for the other seven."""
    failed = [f for f in _findings(20) if f.verdict.kind == "fail"]
    assert [f.subject for f in failed] == ["user 1", "user 3", "user 5", "7 more users"]
    assert failed[-1].seen == "7 more users like these: see table users"


def test_kinds_are_counted_apart() -> None:
    """Warnings are not pushed out of the list by failures."""
    assert [f.subject for f in _findings(20) if f.verdict.kind == "warn"] == ["user 0", "user 10"]


def test_all_are_told_where_all_are_asked_for() -> None:
    """With `tell_all` each user that is not right has a finding with its own subject and words."""
    failed = [f for f in _findings(1000, tell_all=True) if f.verdict.kind == "fail"]
    assert [f.subject for f in failed] == [f"user {number}" for number in range(1, 1000, 2)]
    assert {f.seen for f in failed} == {"odd"}


@pytest.mark.parametrize("tell_all", [False, True])
def test_those_that_are_right_are_one_finding(tell_all: bool) -> None:
    """Whoever is right is counted in one passing finding, all told or not."""
    (passed,) = [f for f in _findings(20, tell_all=tell_all) if f.verdict.kind == "pass"]
    assert passed.subject == "8 of 20 users"


def test_lists_of_one_rule_are_folded_apart() -> None:
    """A rule that judges two lists tells the first ones of both."""
    subjects = [f.subject for f in _findings(20, 2) if f.verdict.kind == "fail"]
    assert subjects == ["user 1", "user 3", "user 5", "7 more users"] * 2


def test_users_who_wait_for_a_licence_are_one_finding_or_one_each() -> None:
    """Whoever is licensed elsewhere is a number, and a finding of their own where all are asked for (LIC-09)."""
    facts = observed(world(**lara_and_jo() | NEEDED))
    (rule,) = [rule for rule in ALL_RULES if rule.id == "users-have-add-on"]
    few = evaluate([rule], facts, make_project(), NOW)
    every = evaluate([rule], facts, make_project(), NOW, tell_all=True)
    assert [(f.subject, f.verdict.kind) for f in few] == [("2 of 2 users", "fail")]
    assert [(f.subject, f.verdict.kind) for f in every] == [(LARA, "fail"), (JO, "fail")]


def test_folded_judgements_are_not_folded_again() -> None:
    """What was folded once passes unchanged."""
    once = list(folded(_rule(20).judge(None, None)))  # type: ignore[arg-type]
    assert once == list(folded(once))
