"""What must hold in the tenants: pure functions from facts to findings, one module for each subject."""

from xtmig_kernel.rules import (
    application,
    connect,
    consent,
    endpoint,
    relationship,
    release,
    scope,
    users,
    verification,
)
from xtmig_kernel.rules.rule import Judgement, Rule, Seen, blocks, evaluate

ALL_RULES: tuple[Rule, ...] = (
    *connect.RULES,
    *application.RULES,
    *consent.RULES,
    *endpoint.RULES,
    *relationship.RULES,
    *release.RULES,
    *scope.RULES,
    *users.RULES,
    *verification.RULES,
)

__all__ = ["ALL_RULES", "Judgement", "Rule", "Seen", "blocks", "evaluate"]
