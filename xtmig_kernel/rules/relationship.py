"""Section 070: the target's organization relationship with the source tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.objects import INBOUND, name_is_taken, relationships_with_partner
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

FACT = "target.organization_relationships"
STEP = "070.5"


def _found(seen: Seen, project: Project) -> Iterable[Judgement]:
    partner = project.source.tenant_id
    rows = relationships_with_partner(seen.rows(FACT), partner)
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
    elif name_is_taken(seen.rows(FACT), project.relationship_name("target")):
        yield Judgement(
            "fail",
            project.relationship_name("target"),
            seen="a relationship of this name exists and names another partner",
            expected=f"a free name, or a relationship that holds {partner}",
            remedy="Choose another names.target_relationship in project.yaml; xtmig does not alter that one.",
        )
    else:
        yield Judgement(
            "fail",
            project.relationship_name("target"),
            seen=f"no relationship holds {partner} in DomainNames",
            expected="exactly one",
            remedy=f"Apply step {STEP}.",
            step=STEP,
        )


def _of_relationship(
    attribute: str, expected: str, is_right: Callable[[Any], bool]
) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        for row in relationships_with_partner(seen.rows(FACT), project.source.tenant_id):
            value = row[attribute]
            yield Judgement(
                "pass" if is_right(value) else "fail",
                str(row["Identity"]),
                seen=", ".join(value) or "none" if isinstance(value, list) else str(value),
                expected=expected,
                remedy=f"Apply step {STEP}, which keeps every other setting of the relationship.",
                step=STEP,
            )

    return judge


def _by_guid(seen: Seen, project: Project) -> Iterable[Judgement]:
    domains = {project.source.domain.casefold()}
    for row in seen.rows(FACT):
        if _names_a_domain_only(row, domains, project.source.tenant_id):
            yield Judgement(
                "warn",
                str(row["Identity"]),
                seen=f"names the domain {project.source.domain}, not the tenant ID",
                expected="mailbox moves need the tenant ID (a GUID) in DomainNames",
                remedy="Leave it as it is: it serves Free/Busy. Moves use the relationship of step " + STEP + ".",
            )
    for row in relationships_with_partner(seen.rows(FACT), project.source.tenant_id):
        yield Judgement(
            "pass",
            str(row["Identity"]),
            seen=f"DomainNames holds {project.source.tenant_id}",
            expected="the partner's tenant ID, a GUID",
        )


def _names_a_domain_only(row: Row, domains: set[str], tenant_id: str) -> bool:
    names = {str(name).casefold() for name in row["DomainNames"]}
    return bool(names & domains) and tenant_id not in names and bool(row["MailboxMoveEnabled"])


def _rule(
    rule_id: str,
    title: str,
    statements: tuple[str, ...],
    judge: Callable[[Seen, Project], Iterable[Judgement]],
) -> Rule:
    return Rule(rule_id, title, statements, "target", (FACT,), judge)


RULES: tuple[Rule, ...] = (
    _rule(
        "target-relationship-found",
        "Exactly one organization relationship of the target holds the source's tenant ID",
        ("REL-01", "REL-04", "REL-05", "REL-06"),
        _found,
    ),
    _rule(
        "target-relationship-by-id",
        "The relationship for moves names the partner by its tenant ID",
        ("PRE-09", "REL-03"),
        _by_guid,
    ),
    _rule(
        "target-relationship-enabled",
        "The relationship is enabled",
        ("REL-07",),
        _of_relationship("Enabled", "true", lambda value: value is True),
    ),
    _rule(
        "target-relationship-moves",
        "The relationship allows mailbox moves",
        ("REL-08",),
        _of_relationship("MailboxMoveEnabled", "true", lambda value: value is True),
    ),
    _rule(
        "target-relationship-inbound",
        "The relationship's MailboxMoveCapability contains Inbound",
        ("REL-09",),
        _of_relationship("MailboxMoveCapability", "Inbound among the values", lambda value: INBOUND in value),
    ),
)
