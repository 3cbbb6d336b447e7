"""010 Connect: project and tenants, sign-in, what this account may and may not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.connect import SIDES
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from xtmig_kernel.project import Side


def _rights(side: Side, number: int) -> Step:
    endpoint = ("target-may-configure-endpoint",) if side == "target" else ()
    of_target = ("target-may-prepare-users", "target-may-move", "target-may-give-rights", "target-secrets-allowed")
    later = of_target if side == "target" else ("source-may-manage-scope",)
    tables = (
        "signed_in", "organization", "domain_lookup", "organization_config", "directory_roles", "eligible_roles",
        "offered_cmdlets", "secret_policy" if side == "target" else "compliance_access",
    )  # fmt: skip
    return Step(
        id=f"010.{number}",
        title=f"Sign in to the {side} tenant and see what this account may do",
        side=side,
        why="Every later step writes to the tenant that the token names, and can do only what the account may do.",
        reads=tuple(f"{side}.{table}" for table in tables),
        verifies=(
            f"{side}-signed-in-tenant",
            f"{side}-own-sign-in",
            f"{side}-tenant-described",
            f"{side}-may-use-exchange",
            f"{side}-may-consent",
            f"{side}-may-write-directory",
            *endpoint,
            f"{side}-may-configure-relationship",
            *later,
            f"{side}-may-read-contents",
            f"{side}-may-clean-up",
            f"{side}-may-read-directory",
            f"{side}-may-license",
            *(("source-may-name-holds",) if side == "source" else ()),
        ),
    )


SECTION = Section(
    number="010",
    slug="connect",
    title="Connect",
    purpose="Prove that the two tenants are the right ones, sign in to each, and see what each account may do.",
    sides=("source", "target"),
    steps=(
        Step(
            id="010.1",
            title="Look up both tenants by their domains",
            side=None,
            why="A wrong tenant ID is the mistake that every later step would repeat.",
            reads=tuple(f"{side}.{table}" for table in ("connections", "domain_lookup") for side in SIDES),
            verifies=(
                *(
                    f"{side}-{what}"
                    for what in ("services-reached", "clock-agrees", "domain-is-tenant")
                    for side in SIDES
                ),
                "one-cloud",
            ),
        ),
        _rights("source", 2),
        _rights("target", 3),
    ),
    document=("Prerequisites, tenants",),
)
