"""Which tables a preflight collects: what its rules look at, and settings compared later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.preflight import PREFLIGHT_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.rules import Rule

ASKED_ONE_BY_ONE = (
    "calendar_processing",
    "mailbox_sizes",
    "archive_recoverable_folders",
    "hold_tracking",
    "folder_shapes",
    "mailbox_permissions",
)
"""Tables for which no bulk read exists; they are read last, the longest at the end."""

COMPARED_LATER = ("mailbox_settings", "client_access", "calendar_processing", "group_memberships", "role_assignments")
_FURTHER = (*(f"source.{table}" for table in COMPARED_LATER), "target.role_assignments")


def facts_of(judging: Iterable[Rule]) -> tuple[str, ...]:
    """The facts that rules need or are helped by, each once, those that are asked mailbox by mailbox last.

    Args:
        judging: The rules.
    """
    named = dict.fromkeys(fact for rule in judging for fact in (*rule.needs, *rule.helps))
    return tuple(sorted(named, key=_place))


def preflight_facts() -> tuple[str, ...]:
    """The facts that a preflight collects."""
    named = dict.fromkeys((*facts_of(PREFLIGHT_RULES), *_FURTHER))
    return tuple(sorted(named, key=_place))


def _place(fact: str) -> int:
    table = fact.partition(".")[2]
    return ASKED_ONE_BY_ONE.index(table) + 1 if table in ASKED_ONE_BY_ONE else 0
