"""Which rules the preflight judges, until `rules.preflight` says so: those of sections 010 to 110, and of 120.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules import (
    add_on,
    application,
    archives,
    connect,
    consent,
    content,
    endpoint,
    exchange_licences,
    first_contact,
    holds,
    on_premises,
    other_moves,
    permissions,
    prepared_licences,
    prepared_rules,
    prerequisites,
    previous,
    proxies,
    quotas,
    relationship,
    release,
    rights,
    scope,
    unlicensed_moves,
    user_matches,
    users,
    verification,
)

if TYPE_CHECKING:
    from xtmig_kernel.rules.rule import Rule

_OF_WAVES = ("large-mailboxes-early", "delegates-together")
_MODULES = (
    connect, first_contact, rights, add_on, exchange_licences, proxies, unlicensed_moves, prerequisites, application,
    consent, endpoint, relationship, release, scope, users, user_matches, previous, prepared_rules, on_premises,
    prepared_licences, verification, holds, other_moves, archives, quotas, permissions, content,
)  # fmt: skip
PREFLIGHT_RULES: tuple[Rule, ...] = tuple(
    rule for module in _MODULES for rule in module.RULES if rule.id not in _OF_WAVES
)
