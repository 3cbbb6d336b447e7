"""030 Prerequisites and roles: tenants, clouds, domains, rights. It only looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules.connect import SIDES
from xtmig_kernel.rules.prerequisites import DOMAIN_FACTS, domains_of
from xtmig_kernel.rules.rights import held_permissions, licensing_needed, offered_cmdlets, reading_needed
from xtmig_kernel.rules.rights_needed import cmdlets_needed
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules import Seen

TENANT_FACTS = (
    "source.domain_lookup",
    "target.domain_lookup",
    "source.signed_in",
    "target.signed_in",
    *DOMAIN_FACTS,
)


def tenants(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Both tenants side by side: ID, cloud, region, directory, domains (PRE-10, FAQ-09, GEN-05).

    Args:
        seen: Holds `TENANT_FACTS`.
        project: Names the tenants.
    """
    lines = []
    for side in SIDES:
        lookup, organization = seen.one(f"{side}.domain_lookup") or {}, seen.one(f"{side}.organization") or {}
        region = " ".join(str(part) for part in (lookup.get("RegionScope"), lookup.get("RegionSubScope")) if part)
        lines.append(
            (
                side.upper(),
                str(organization.get("TenantId") or project.side(side).tenant_id),
                str(organization.get("DisplayName") or ""),
                str(lookup.get("Cloud") or "unknown"),
                region or "unknown",
                _directory(organization),
                ", ".join(sorted(domains_of(seen, side))),
            )
        )
    columns = ("side", "tenant ID", "name", "cloud", "region", "directory", "domains")
    return (Exhibit("tenants", "Both tenants, as they say of themselves.", columns, tuple(lines)),)


def _directory(organization: Mapping[str, object]) -> str:
    if not organization:
        return "unknown"
    return "synchronised" if organization.get("DirectorySynchronised") else "cloud only"


def _rights_of(side: Side) -> Callable[[Seen, Project], tuple[Exhibit, ...]]:
    def rights(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
        """Each cmdlet and permission that some section needs, and whether this account has it (ROL-02)."""
        offered, held = offered_cmdlets(seen, side), held_permissions(seen, side)
        lines = [
            ("cmdlet", need.name, need.purpose, "offered" if need.offered(offered) else "not offered")
            for need in cmdlets_needed(side, project)
        ]
        lines += [
            (
                "permission",
                " or ".join(permission.any_of),
                permission.purpose,
                ", ".join(sorted(held & set(permission.any_of))) or "missing",
            )
            for permission in (*reading_needed(side), *licensing_needed(side, project))
        ]
        caption = f"What the account that is signed in to the {side} needs, and what it is offered."
        return (Exhibit(f"rights-{side}", caption, ("kind", "right", "to", "this account"), tuple(lines)),)

    return rights


def _rights(side: Side, number: int) -> Step:
    facts = tuple(f"{side}.{table}" for table in ("signed_in", "directory_roles", "eligible_roles", "offered_cmdlets"))
    endpoint = ("target-may-configure-endpoint",) if side == "target" else ()
    target_only = ("target-may-prepare-users", "target-may-move", "target-may-give-rights")
    later = target_only if side == "target" else ("source-may-manage-scope",)
    return Step(
        id=f"030.{number}",
        title=f"See what the {side} account may do in the whole runbook",
        side=side,
        why="A right that is missing in the night of the move is missing too late.",
        reads=facts,
        verifies=(
            f"{side}-duties",
            f"{side}-may-consent",
            *endpoint,
            f"{side}-may-configure-relationship",
            *later,
            f"{side}-may-read-contents",
            f"{side}-may-clean-up",
            f"{side}-may-read-directory",
            f"{side}-may-license",
        ),
        plans_from=(f"{side}.signed_in", f"{side}.offered_cmdlets"),
        shows=_rights_of(side),
    )


SECTION = Section(
    number="030",
    slug="prerequisites-and-roles",
    title="Prerequisites and roles",
    purpose="See that the two tenants can be partners of a move, and that each account may do what is to come.",
    sides=("source", "target"),
    steps=(
        Step(
            id="030.1",
            title="Compare the two tenants and their domains",
            side=None,
            why="A domain belongs to one tenant, and a move stays within one cloud.",
            reads=TENANT_FACTS,
            verifies=(
                "source-domain-is-tenant",
                "target-domain-is-tenant",
                "source-signed-in-tenant",
                "target-signed-in-tenant",
                "tenant-ids-agreed",
                "one-cloud",
                "domains-not-shared",
            ),
            plans_from=TENANT_FACTS,
            shows=tenants,
        ),
        _rights("source", 2),
        _rights("target", 3),
        Step(
            id="030.4",
            title="See where each directory is mastered, and what never moves",
            side=None,
            why="What comes from an on-premises directory is changed there, and a group does not move at all.",
            reads=("source.organization", "target.organization", "source.chosen_users", "source.recipients"),
            verifies=("source-directory", "target-directory", "users-no-groups"),
        ),
    ),
    document=("FAQ: Exchange roles", "FAQ: shared domain", "FAQ: clouds", "FAQ: groups"),
    guidance=("ROL-04",),
)
