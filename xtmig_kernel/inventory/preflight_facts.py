"""Which tables a preflight collects: what the rules of sections 010 to 120 look at, and settings compared later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel import rules
from xtmig_kernel.rules.preflight import PREFLIGHT_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.rules import Rule

_BEFORE_THE_MOVE = (
    rules.connect, rules.first_contact, rules.rights, rules.add_on, rules.exchange_licences, rules.proxies,
    rules.unlicensed_moves, rules.prerequisites, rules.application, rules.consent, rules.endpoint, rules.relationship,
    rules.scope, rules.users, rules.user_matches, rules.previous, rules.prepared_rules, rules.on_premises,
    rules.prepared_licences, rules.verification, rules.holds, rules.other_moves, rules.archives, rules.quotas,
    rules.permissions, rules.content, rules.wave_plan,
)  # fmt: skip
ASKED_ONE_BY_ONE = (
    "calendar_processing",
    "mailbox_sizes",
    "archive_recoverable_folders",
    "hold_tracking",
    "mailbox_permissions",
)
"""Tables for which no bulk read exists; they are read last, the longest at the end."""

COMPARED_LATER = ("mailbox_settings", "client_access", "calendar_processing", "group_memberships", "role_assignments")
_FURTHER = (
    "source.archive_recoverable_folders",
    "source.hold_tracking",
    *(f"source.{table}" for table in COMPARED_LATER),
    "target.role_assignments",
)


def facts_of(judging: Iterable[Rule]) -> tuple[str, ...]:
    """The facts that rules need or are helped by, each once, those that are asked mailbox by mailbox last.

    Args:
        judging: The rules.
    """
    named = dict.fromkeys(fact for rule in judging for fact in (*rule.needs, *rule.helps))
    return tuple(sorted(named, key=_place))


def preflight_facts() -> tuple[str, ...]:
    """The facts that a preflight collects."""
    others = facts_of(rule for module in _BEFORE_THE_MOVE for rule in module.RULES)
    named = dict.fromkeys((*facts_of(PREFLIGHT_RULES), *others, *_FURTHER))
    return tuple(sorted(named, key=_place))


def _place(fact: str) -> int:
    table = fact.partition(".")[2]
    return ASKED_ONE_BY_ONE.index(table) + 1 if table in ASKED_ONE_BY_ONE else 0
