"""080 Source: scope and relationship: customization, the scope groups and their members, the relationship."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.changes import Change, ExchangeCall, Later, Level, Subject
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.relationship import ours
from xtmig_kernel.rules.release import (
    ENDPOINTS,
    PRINCIPALS,
    RELATIONSHIPS,
    consented_application,
    released_application,
    unpublished,
)
from xtmig_kernel.rules.scope import (
    GROUP_FACTS,
    GROUPS,
    MEMBER_FACTS,
    SECURITY_GROUP,
    USERS_PER_GROUP,
    in_the_way,
    is_written,
    membership,
    scope_alias,
    scope_group,
    to_take_out,
)
from xtmig_kernel.runbook.customization import customization_plan
from xtmig_kernel.runbook.relationships import RelationshipPlan, Setting, altered
from xtmig_kernel.runbook.sections.s050_application import application_subject
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.scope import Membership

MEMBERS_SECONDS = 300
FACTS_OF_MEMBERS = (GROUPS, *MEMBER_FACTS)
FACTS_OF_RELATIONSHIP = (RELATIONSHIPS, PRINCIPALS, GROUPS)


def plan_groups(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Create the scope groups that are not there; what else bears the name is let be (PRE-04, SRC-05, doc trap C1)."""
    return tuple(
        _created_group(project, name)
        for name in project.scope_group_names
        if scope_group(seen, name) is None and not in_the_way(seen, name)
    )


def _created_group(project: Project, name: str) -> Change:
    alias = scope_alias(name)
    parameters = {"Name": name, "Type": "Security"} | ({"Alias": alias} if alias else {})
    return Change(
        step="080.2",
        side="source",
        tenant_id=project.source.tenant_id,
        subject=Subject("source", "distribution_groups", (("Name", name),), f"scope group {name}"),
        title=f"Create scope group {name}",
        before=None,
        after={"RecipientTypeDetails": SECURITY_GROUP},
        calls=(ExchangeCall("New-DistributionGroup", parameters),),
        level=Level.UNDOABLE,
        undo=f"Remove-DistributionGroup -Identity {quoted(name)} -BypassSecurityGroupManagerCheck",
        statements=("PRE-04", "SRC-05"),
    )


def plan_members(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Make exactly the users of `users.csv` direct members of the scope groups (PRE-05 to PRE-07).

    Nothing is planned for a group that is absent, not usable, or synchronised from a directory of its own.
    """
    groups = {name: group for name in project.scope_group_names if (group := scope_group(seen, name)) is not None}
    writable = {name: group for name, group in groups.items() if not group["DirectorySynchronised"]}
    now = membership(seen)
    added = [
        _added(project, name, writable[name], now.wanted[object_id])
        for name, object_id in _spread(now, project.scope_group_names)
        if name in writable
    ]
    by_name = {name.casefold(): group for name, group in writable.items()}
    removed = [
        _removed(project, by_name[str(row["Group"]).casefold()], row)
        for row in to_take_out(seen, now)
        if str(row["Group"]).casefold() in by_name
    ]
    return (*added, *removed) if is_written(seen) else ()


def _spread(now: Membership, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Who is added to which group: by object ID, each group filled in its turn; who is in already stays (PRE-06)."""
    room = {name: USERS_PER_GROUP - len(now.direct.get(name.casefold(), {})) for name in names}
    for object_id in sorted(now.wanted.keys() - now.members):
        # when all are full, the last one takes the rest: that is slower, and works
        name = next((name for name in names if room[name] > 0), names[-1])
        room[name] -= 1
        yield name, object_id


def _member(group: Row, object_id: str, who: str) -> Subject:
    key = (("Group", str(group["Name"])), ("ObjectId", object_id), ("Membership", "direct"))
    return Subject("source", "scope_members", key, f"{who} in {group['Name']}")


def _call(cmdlet: str, group: Row, object_id: str) -> ExchangeCall:
    return ExchangeCall(
        cmdlet, {"Identity": str(group["ObjectId"]), "Member": object_id, "BypassSecurityGroupManagerCheck": True}
    )


def _added(project: Project, name: str, group: Row, mailbox: Row) -> Change:
    object_id, who = str(mailbox["ObjectId"]), str(mailbox["PrimarySmtpAddress"])
    return Change(
        step="080.3",
        side="source",
        tenant_id=project.source.tenant_id,
        subject=_member(group, object_id, who),
        title=f"Add {who} to {name}",
        before=None,
        after={"ObjectId": object_id},
        calls=(_call("Add-DistributionGroupMember", group, object_id),),
        level=Level.UNDOABLE,
        undo=f"Remove-DistributionGroupMember -Identity {quoted(str(group['ObjectId']))} -Member {quoted(object_id)} "
        "-BypassSecurityGroupManagerCheck",
        statements=("PRE-05", "PRE-06", "PRE-07"),
        lag_seconds=MEMBERS_SECONDS,
    )


def _removed(project: Project, group: Row, row: Row) -> Change:
    object_id, who = str(row["ObjectId"]), str(row["PrimarySmtpAddress"] or row["Name"])
    return Change(
        step="080.3",
        side="source",
        tenant_id=project.source.tenant_id,
        subject=_member(group, object_id, who),
        title=f"Take {who} out of {group['Name']}",
        before={"ObjectId": object_id},
        after=None,
        calls=(_call("Remove-DistributionGroupMember", group, object_id),),
        level=Level.NAMED,
        undo=f"Add-DistributionGroupMember -Identity {quoted(str(group['ObjectId']))} -Member {quoted(object_id)} "
        "-BypassSecurityGroupManagerCheck",
        statements=("PRE-05", "PRE-07"),
        lag_seconds=MEMBERS_SECONDS,
    )


def _released(seen: Seen, project: Project, row: Row | None) -> dict[str, Setting]:
    """Application and published groups; another application that is there is not touched here (doc trap A6)."""
    settings: dict[str, Setting] = {}
    if row is None or released_application(row) is None:
        application = consented_application(seen, project) or Later(application_subject(project), "AppId")
        settings["OAuthApplicationId"] = Setting(application, application)
    missing = unpublished(seen, project, row)
    if missing:
        present = list(row["MailboxMovePublishedScopes"]) if row else []
        settings["MailboxMovePublishedScopes"] = Setting(
            sorted([*present, *missing]), {"Add": missing} if row else missing
        )
    return settings


OPEN = RelationshipPlan(
    side="source",
    step="080.4",
    new=("REL-02", "REL-03", "REL-06", "REL-07", "REL-08", "REL-10", "REL-11", "REL-12"),
    changed=("REL-02", "REL-05", "REL-07", "REL-08", "REL-10", "REL-11", "REL-12"),
    further=_released,
)


def plan_relationship(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Open the relationship with the target for outbound moves; to replace another application needs an approval."""
    return (*OPEN(seen, project), *_replaced(seen, project))


def _replaced(seen: Seen, project: Project) -> tuple[Change, ...]:
    rows, wanted = ours(seen, "source", project), consented_application(seen, project)
    if len(rows) != 1 or wanted is None or released_application(rows[0]) in (None, wanted):
        return ()
    title = f"Replace application {released_application(rows[0])} in organization relationship {rows[0]['Identity']}"
    settings = {"OAuthApplicationId": Setting(wanted, wanted)}
    return (altered("source", "080.4", project, rows[0], settings, title, Level.NAMED, ("REL-05", "REL-11")),)


SECTION = Section(
    number="080",
    slug="source-scope-and-relationship",
    title="Source: scope and relationship",
    purpose="Say in the source tenant whose mailboxes may leave, and to which application of which tenant.",
    sides=("source", "target"),
    steps=(
        Step(
            id="080.1",
            title="Enable organization customization",
            side="source",
            why="A dehydrated organisation refuses groups and relationships.",
            reads=("source.organization_config",),
            verifies=("source-customized",),
            plans_from=("source.organization_config",),
            plan=customization_plan("source", "080.1"),
        ),
        Step(
            id="080.2",
            title="Create the scope groups",
            side="source",
            why="Only who is in a scope group may leave the source; it keeps everybody else where they are.",
            reads=(*GROUP_FACTS, "source.organization_config", *MEMBER_FACTS),
            verifies=("scope-group-found", "scope-group-size"),
            plans_from=GROUP_FACTS,
            plan=plan_groups,
            requires=("source-customized",),
        ),
        Step(
            id="080.3",
            title="Make the users members of the scope groups",
            side="source",
            why="Microsoft's procedure never adds anybody to the group; the first failing test would show it.",
            reads=(*GROUP_FACTS, *MEMBER_FACTS),
            verifies=("scope-members-complete", "scope-members-only", "scope-nested"),
            plans_from=FACTS_OF_MEMBERS,
            plan=plan_members,
            requires=("users-listed", "scope-group-found"),
            bulk=True,
        ),
        Step(
            id="080.4",
            title="Open the organization relationship with the target",
            side="source",
            why="With it the source lets the scope groups out, to the one application that may take them.",
            reads=(
                *FACTS_OF_RELATIONSHIP,
                "source.recipients",
                "source.organization_config",
                *MEMBER_FACTS,
                "source.granted_roles",
                "source.exchange_resource",
                "source.consent_link",
                ENDPOINTS,
            ),
            verifies=(
                "source-after-target",
                "source-relationship-found",
                "source-relationship-by-id",
                "source-relationship-enabled",
                "source-relationship-moves",
                "source-relationship-outbound",
                "source-relationship-application",
                "source-relationship-scopes",
                "source-relationship-one-scope",
            ),
            plans_from=FACTS_OF_RELATIONSHIP,
            plan=plan_relationship,
            requires=(
                "source-customized",
                "source-consent-granted",
                "source-after-target",
                "scope-group-found",
                "scope-members-only",
            ),
        ),
    ),
    document=("Source: consent and relationship",),
)
