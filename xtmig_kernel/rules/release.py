"""Section 080: for whom the source's relationship lets mailboxes out: application and published scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.objects import our_endpoint
from xtmig_kernel.rules.relationship import STEP, ours, relationship_fact
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.scope import GROUPS, scope_group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

RELATIONSHIPS = relationship_fact("source")
PRINCIPALS = "source.service_principals"
ENDPOINTS = "target.migration_endpoints"
_NOBODY = ("", "none", "00000000-0000-0000-0000-000000000000")


def released_application(row: Row) -> str | None:
    """The application that a relationship lets mailboxes out to, in lower case; None where there is none (REL-11).

    Args:
        row: A row of `organization_relationships`.
    """
    text = str(row["OAuthApplicationId"] or "").strip("{} ").lower()
    return None if text in _NOBODY else text


def consented_application(seen: Seen, project: Project) -> str | None:
    """The application ID that the source's relationship must name, None while it is not known in the source.

    Args:
        seen: Holds `source.service_principals`.
        project: May name the application.
    """
    row = seen.one(PRINCIPALS)
    known = project.application_id or (row and str(row["AppId"]))
    return str(known).lower() if known else None


def unpublished(seen: Seen, project: Project, row: Row | None) -> list[str]:
    """The project's scope groups that a relationship does not publish yet, by name (REL-12).

    Args:
        seen: Holds `source.distribution_groups`.
        project: Names the groups.
        row: The relationship, None for a new one.
    """
    published = row["MailboxMovePublishedScopes"] if row else ()
    return [name for name in project.scope_group_names if not _publishes(published, name, scope_group(seen, name))]


def _publishes(scopes: Iterable[str], name: str, group: Row | None) -> bool:
    """Whether a list of scopes holds a group, by whichever identity the service shows it."""
    identities = {name} | (
        {str(group[c]) for c in ("Name", "Alias", "ObjectId", "PrimarySmtpAddress")} if group else set()
    )
    known = {identity.casefold() for identity in identities}
    return any(str(scope).rsplit("/", 1)[-1].casefold() in known for scope in scopes)


def _application(seen: Seen, project: Project) -> Iterable[Judgement]:
    wanted = consented_application(seen, project)
    for row in ours(seen, "source", project):
        present = released_application(row)
        if wanted is None:
            yield Judgement(
                "fail",
                str(row["Identity"]),
                seen=present or "no application",
                expected="the migration application's ID, which is not known in the source yet",
                remedy="Let the source's administrator consent first (step 060.2).",
                step="060.2",
            )
            continue
        other = present is not None and present != wanted
        yield Judgement(
            "pass" if present == wanted else "fail",
            str(row["Identity"]),
            seen=f"application {present}" if present else "no application",
            expected=f"application {wanted}",
            remedy=f"Ask whether anything still moves with {present}: a relationship holds one application alone. "
            f"If not, approve and apply step {STEP['source']}."
            if other
            else f"Apply step {STEP['source']}.",
            step=STEP["source"],
        )


def _scopes(seen: Seen, project: Project) -> Iterable[Judgement]:
    for row in ours(seen, "source", project):
        missing = unpublished(seen, project, row)
        yield Judgement(
            "fail" if missing else "pass",
            str(row["Identity"]),
            seen="publishes " + (", ".join(row["MailboxMovePublishedScopes"]) or "no group"),
            expected="publishes " + ", ".join(project.scope_group_names),
            remedy=f"Apply step {STEP['source']}. If it was applied, Exchange has refused the group: it must be a "
            "mail-enabled security group.",
            step=STEP["source"],
        )


def _one_scope(seen: Seen, project: Project) -> Iterable[Judgement]:
    for row in ours(seen, "source", project):
        scopes = list(row["MailboxMovePublishedScopes"])
        yield Judgement(
            "warn" if len(scopes) > 1 else "pass",
            str(row["Identity"]),
            seen=f"{len(scopes)} published: {', '.join(scopes)}" if scopes else "none published yet",
            expected="one published group",
            remedy="In 2021 the service took one group only, and Microsoft's validation script looks at the first one "
            "alone. If users of the other groups are refused as out of scope, use one group in names.scope_groups. "
            "Who is in a group of somebody else's project may leave, too.",
        )


def _after_target(seen: Seen, project: Project) -> Iterable[Judgement]:
    """The target comes first; where nobody is signed in there, its own administrator sees to that (PRE-12)."""
    if not seen.has(ENDPOINTS):
        yield Judgement(
            "skip", project.endpoint_name, remedy="the target was not read here; its own administrator configures it"
        )
        return
    there = our_endpoint(seen, project) is not None
    yield Judgement(
        "pass" if there else "fail",
        project.endpoint_name,
        seen="the target's endpoint is there" if there else "the target's endpoint is missing",
        expected="the target is configured before the source",
        remedy="Apply step 070.2 first.",
        step="070.2",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "source-after-target",
        "The target's endpoint is there before the source opens its relationship",
        ("PRE-11", "PRE-12"),
        "source",
        (RELATIONSHIPS,),
        _after_target,
        helps=(ENDPOINTS,),
    ),
    Rule(
        "source-relationship-application",
        "The relationship lets mailboxes out to the consented migration application",
        ("REL-11",),
        "source",
        (RELATIONSHIPS, PRINCIPALS),
        _application,
    ),
    Rule(
        "source-relationship-scopes",
        "The relationship publishes the scope groups",
        ("REL-12",),
        "source",
        (RELATIONSHIPS, GROUPS),
        _scopes,
    ),
    Rule(
        "source-relationship-one-scope",
        "The relationship publishes one group and no more",
        ("PRE-06", "REL-12"),
        "source",
        (RELATIONSHIPS,),
        _one_scope,
    ),
)
