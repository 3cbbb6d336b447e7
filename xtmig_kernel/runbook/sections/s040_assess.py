"""040 Assess: both tenants read into one snapshot, and every rule judged that can be, before anything is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.preflight import PREFLIGHT_RULES
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.rules import Rule

USERS = "source.chosen_users"
OF_USERS: tuple[Rule, ...] = tuple(rule for rule in PREFLIGHT_RULES if USERS in rule.needs)
"""Rules that look at the users one by one."""
OF_ORGANISATIONS: tuple[Rule, ...] = tuple(rule for rule in PREFLIGHT_RULES if rule not in OF_USERS)


def _facts(rules: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact for rule in rules for fact in (*rule.needs, *rule.helps)))


SECTION = Section(
    number="040",
    slug="assess",
    title="Assess",
    purpose="Read both tenants once, and judge everything that can be known before the first byte moves.",
    sides=("source", "target"),
    steps=(
        Step(
            id="040.1",
            title="Read both tenants, and judge the two organisations",
            side=None,
            why="What is wrong with an organisation is wrong for every mailbox, so it is told once.",
            reads=_facts(OF_ORGANISATIONS),
            verifies=tuple(rule.id for rule in OF_ORGANISATIONS),
            collects=True,
        ),
        Step(
            id="040.2",
            title="Judge every user who moves",
            side=None,
            why="Whatever would fail in the night of the cutover is cheaper to mend now, while it has a name.",
            reads=_facts(OF_USERS),
            verifies=tuple(rule.id for rule in OF_USERS),
        ),
    ),
)
