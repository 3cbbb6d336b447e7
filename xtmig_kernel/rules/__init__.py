"""What must hold in the tenants: pure functions from facts to findings, one module for each subject."""

from xtmig_kernel.rules import (
    application,
    connect,
    consent,
    endpoint,
    exchange_licences,
    on_premises,
    prepared_licences,
    prepared_rules,
    previous,
    relationship,
    user_matches,
    users,
)
from xtmig_kernel.rules.rule import Judgement, Rule, Seen, blocks, evaluate

ALL_RULES: tuple[Rule, ...] = (
    *connect.RULES,
    *application.RULES,
    *consent.RULES,
    *endpoint.RULES,
    *relationship.RULES,
    *users.RULES,
    *user_matches.RULES,
    *exchange_licences.RULES,
    *previous.RULES,
    *prepared_rules.RULES,
    *on_premises.RULES,
    *prepared_licences.RULES,
)

__all__ = ["ALL_RULES", "Judgement", "Rule", "Seen", "blocks", "evaluate"]
