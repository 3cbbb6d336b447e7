"""What must hold in the tenants: pure functions from facts to findings, one module for each subject."""

from xtmig_kernel.rules import (
    add_on,
    application,
    connect,
    consent,
    endpoint,
    exchange_licences,
    failure_rules,
    on_premises,
    prepared_licences,
    prepared_rules,
    prerequisites,
    previous,
    proxies,
    relationship,
    release,
    rights,
    scope,
    unlicensed_moves,
    user_matches,
    users,
    verification,
    wave_plan,
)
from xtmig_kernel.rules.rule import Judgement, Rule, Seen, blocks, evaluate

ALL_RULES: tuple[Rule, ...] = (
    *connect.RULES,
    *rights.RULES,
    *add_on.RULES,
    *exchange_licences.RULES,
    *proxies.RULES,
    *unlicensed_moves.RULES,
    *prerequisites.RULES,
    *application.RULES,
    *consent.RULES,
    *endpoint.RULES,
    *relationship.RULES,
    *release.RULES,
    *scope.RULES,
    *users.RULES,
    *user_matches.RULES,
    *previous.RULES,
    *prepared_rules.RULES,
    *on_premises.RULES,
    *prepared_licences.RULES,
    *verification.RULES,
    *failure_rules.RULES,
    *wave_plan.RULES,
)

__all__ = ["ALL_RULES", "Judgement", "Rule", "Seen", "blocks", "evaluate"]
