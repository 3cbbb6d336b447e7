"""Sections 070 and 080: each tenant's organization relationship with the other one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.objects import CAPABILITY, name_is_taken, relationships_with_partner
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project, Side

STEP: dict[Side, str] = {"target": "070.5", "source": "080.4"}


def relationship_fact(side: Side) -> str:
    """The fact that lists a tenant's organization relationships.

    Args:
        side: The tenant.
    """
    return f"{side}.organization_relationships"


def ours(seen: Seen, side: Side, project: Project) -> list[Row]:
    """The relationships of one tenant that hold the other tenant's ID (REL-04).

    Args:
        seen: Holds `relationship_fact(side)`.
        side: The tenant.
        project: Names both tenants.
    """
    return relationships_with_partner(seen.rows(relationship_fact(side)), project.partner(side).tenant_id)


def _found(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        partner, name = project.partner(side).tenant_id, project.relationship_name(side)
        rows = ours(seen, side, project)
        names = ", ".join(str(row["Identity"]) for row in rows)
        if len(rows) == 1:
            yield Judgement("pass", names, seen=f"one relationship holds {partner}", expected="exactly one")
        elif rows:
            yield Judgement(
                "fail",
                names,
                seen=f"{len(rows)} relationships hold {partner}",
                expected="exactly one",
                remedy="Decide with their owners which one stays; take the tenant ID out of the others. "
                "xtmig does not choose between them.",
            )
        elif name_is_taken(seen.rows(relationship_fact(side)), name):
            yield Judgement(
                "fail",
                name,
                seen="a relationship of this name exists and names another partner",
                expected=f"a free name, or a relationship that holds {partner}",
                remedy=f"Choose another names.{side}_relationship in project.yaml; xtmig does not alter that one.",
            )
        else:
            yield Judgement(
                "fail",
                name,
                seen=f"no relationship holds {partner} in DomainNames",
                expected="exactly one",
                remedy=f"Apply step {STEP[side]}.",
                step=STEP[side],
            )

    return judge


def _of_relationship(
    side: Side, attribute: str, expected: str, is_right: Callable[[Any], bool]
) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        for row in ours(seen, side, project):
            value = row[attribute]
            yield Judgement(
                "pass" if is_right(value) else "fail",
                str(row["Identity"]),
                seen=", ".join(value) or "none" if isinstance(value, list) else str(value),
                expected=expected,
                remedy=f"Apply step {STEP[side]}, which keeps every other setting of the relationship.",
                step=STEP[side],
            )

    return judge


def _by_guid(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        partner = project.partner(side)
        for row in seen.rows(relationship_fact(side)):
            if _names_a_domain_only(row, {partner.domain.casefold()}, partner.tenant_id):
                yield Judgement(
                    "warn",
                    str(row["Identity"]),
                    seen=f"names the domain {partner.domain}, not the tenant ID",
                    expected="mailbox moves need the tenant ID (a GUID) in DomainNames",
                    remedy=f"Leave it as it is: it serves Free/Busy. Moves use the relationship of step {STEP[side]}.",
                )
        for row in ours(seen, side, project):
            yield Judgement(
                "pass",
                str(row["Identity"]),
                seen=f"DomainNames holds {partner.tenant_id}",
                expected="the partner's tenant ID, a GUID",
            )

    return judge


def _names_a_domain_only(row: Row, domains: set[str], tenant_id: str) -> bool:
    names = {str(name).casefold() for name in row["DomainNames"]}
    return bool(names & domains) and tenant_id not in names and bool(row["MailboxMoveEnabled"])


def _rules(side: Side) -> tuple[Rule, ...]:
    partner = "source" if side == "target" else "target"
    capability = CAPABILITY[side]

    def rule(
        name: str, title: str, statements: tuple[str, ...], judge: Callable[[Seen, Project], Iterable[Judgement]]
    ) -> Rule:
        return Rule(f"{side}-relationship-{name}", title, statements, side, (relationship_fact(side),), judge)

    return (
        rule(
            "found",
            f"Exactly one organization relationship of the {side} holds the {partner}'s tenant ID",
            ("REL-01" if side == "target" else "REL-02", "REL-04", "REL-05", "REL-06"),
            _found(side),
        ),
        rule(
            "by-id",
            "The relationship for moves names the partner by its tenant ID",
            ("PRE-09", "REL-03"),
            _by_guid(side),
        ),
        rule(
            "enabled",
            "The relationship is enabled",
            ("REL-07",),
            _of_relationship(side, "Enabled", "true", lambda value: value is True),
        ),
        rule(
            "moves",
            "The relationship allows mailbox moves",
            ("REL-08",),
            _of_relationship(side, "MailboxMoveEnabled", "true", lambda value: value is True),
        ),
        rule(
            "inbound" if side == "target" else "outbound",
            f"The relationship's MailboxMoveCapability contains {capability}",
            ("REL-09" if side == "target" else "REL-10",),
            _of_relationship(
                side, "MailboxMoveCapability", f"{capability} among the values", lambda value: capability in value
            ),
        ),
    )


RULES: tuple[Rule, ...] = (*_rules("target"), *_rules("source"))
