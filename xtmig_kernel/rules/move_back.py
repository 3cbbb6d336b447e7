"""Section 300: what a move back needs, in the first project and in the one for the way back (BCK-01 to BCK-06).

The same rules serve both. In the first project they say whether the way back is open; in the one that is made for the
way back (`back_from` in `project.yaml`) they say whether it was set up as Microsoft's document asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.batches import WAVE_FACTS, everybody
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import matches
from xtmig_kernel.rules.objects import CAPABILITY
from xtmig_kernel.rules.own import own_changes, own_fact
from xtmig_kernel.rules.relationship import STEP, ours, relationship_fact
from xtmig_kernel.rules.release import released_application, unpublished
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.scope import MEMBER_FACTS, membership, scope_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules.batches import Moving
    from xtmig_kernel.rules.matching import Match

SIDES: tuple[Side, ...] = ("target", "source")
BOTH = frozenset(CAPABILITY.values())
RELATIONSHIPS = tuple(relationship_fact(side) for side in SIDES)
_NOT_YET = "section 300 of the project that is made for the move back judges it"


def _edited(seen: Seen, project: Project) -> Iterable[Judgement]:
    for side in SIDES:
        rows = ours(seen, side, project)
        names = ", ".join(str(row["Identity"]) for row in rows) or f"{side} tenant"
        own = own_changes(seen, side, "organization_relationships")
        changes = [own.get(str(row["Identity"]).casefold()) for row in rows]
        if len(rows) > 1:
            yield Judgement(
                "fail",
                names,
                seen=f"the {side} has {len(rows)} relationships with the same partner",
                expected="the one that is there, edited",
                remedy="Decide with their owners which one stays, and take the tenant ID out of the others.",
            )
        elif not rows or (project.back_from and changes[0] is not None and changes[0].created):
            made = "was made anew" if rows else "is gone"
            yield Judgement(
                "warn",
                names,
                seen=f"the {side}'s relationship {made}",
                expected="the relationship of the first move, edited",
                remedy="The first project was cleaned up, so there was none to edit. "
                f"Step {STEP[side]} of the project for the way back makes one; see that no second one is made.",
            )
        else:
            yield Judgement("pass", names, seen=f"the {side} has one, not made anew", expected="one, edited")


def _both_ways(seen: Seen, project: Project) -> Iterable[Judgement]:
    if not project.back_from:
        yield Judgement("skip", "MailboxMoveCapability", remedy=_NOT_YET)
        return
    for side in SIDES:
        for row in ours(seen, side, project):
            present = set(row["MailboxMoveCapability"])
            yield Judgement(
                "pass" if present >= BOTH else "fail",
                f"{row['Identity']} ({side})",
                seen=", ".join(sorted(present)) or "none",
                expected=", ".join(sorted(BOTH)),
                remedy=f"Apply step {STEP[side]}, which adds {CAPABILITY[side]}. If the other value is gone, somebody "
                "overwrote it: moves in the first direction have stopped; set both with its owner.",
                step=STEP[side],
            )


def _new_application(seen: Seen, project: Project) -> Iterable[Judgement]:
    if not project.back_from:
        yield Judgement("skip", "OAuthApplicationId", remedy=_NOT_YET)
        return
    owned = {
        str(row["AppId"]).casefold()
        for row in seen.rows("source.service_principals")
        if str(row["OwnerTenantId"] or "").casefold() == project.target.tenant_id
    }
    for row in ours(seen, "source", project):
        released = released_application(row)
        yield Judgement(
            "pass" if released in owned else "fail",
            str(row["Identity"]),
            seen=f"application {released}" if released else "no application",
            expected=f"the new application, registered in {project.target.domain} and consented to here",
            remedy="Register and consent in this project (050, 060), then approve and apply step 080.4: the "
            "application of the first move is registered in the other tenant, and cannot take mailboxes there.",
            step="080.4",
        )


def _new_scope(seen: Seen, project: Project) -> Iterable[Judgement]:
    if not project.back_from:
        yield Judgement("skip", "MailboxMovePublishedScopes", remedy=_NOT_YET)
        return
    now = membership(seen)
    outside = now.wanted.keys() - now.members
    groups = [name for name in project.scope_group_names if scope_group(seen, name) is not None]
    for row in ours(seen, "source", project):
        missing = unpublished(seen, project, row)
        right = bool(groups) and not missing and not outside and now.listed
        yield Judgement(
            "pass" if right else "fail",
            str(row["Identity"]),
            seen=f"publishes {', '.join(row['MailboxMovePublishedScopes']) or 'no group'}; {len(outside)} of "
            f"{len(now.wanted)} returning mailboxes are in none of this project's groups",
            expected=f"publishes {', '.join(project.scope_group_names)}, security groups with every returning mailbox",
            remedy="Apply steps 080.2 to 080.4 of this project.",
            step="080.4" if missing and groups else "080.3" if groups else "080.2",
        )


def _leftovers(seen: Seen, project: Project) -> Iterable[Judgement]:
    if project.back_from:
        found = [match for match in matches(seen, project) if match.source is not None]
        yield from judge_each(found, _awaited, of_what="returning users", expected="the object left behind is there")
        return
    moved = returning(seen, project)
    if not moved:
        yield Judgement("skip", "users", remedy="nobody of users.csv has moved, so nobody can move back")
        return
    yield from judge_each(moved, _can_return, of_what="moved users", expected="the object left behind is there")


def _awaited(match: Match) -> Iterator[Judgement]:
    guid = match.target and match.target["ExchangeGuid"]
    if match.source is not None and (match.target is None or guid != match.source["ExchangeGuid"]):
        yield Judgement(
            "fail",
            match.label,
            seen="no MailUser with its ExchangeGuid is left in the tenant that it came from",
            expected="the MailUser that the first move left",
            remedy="Sections 090 and 100 find or make one; its old memberships and addresses may be lost.",
        )


def _can_return(user: Moving) -> Iterator[Judgement]:
    if user.source is None or not user.source["ObjectId"] or not user.source["PrimarySmtpAddress"]:
        yield Judgement(
            "fail",
            user.label,
            seen="the MailUser that is left in the source shows no object ID or no address",
            expected="an object to which the mailbox can return",
            remedy="Look at the object in the source; without it section 100 of the way back makes a new one.",
        )


def returning(seen: Seen, project: Project) -> tuple[Moving, ...]:
    """Who has moved, and so can move back.

    Args:
        seen: Holds `WAVE_FACTS`.
        project: The first project.
    """
    return tuple(
        user
        for user in everybody(seen, project)
        if user.mailbox is not None and user.source is not None and user.source["RecipientTypeDetails"] == "MailUser"
    )


def _licences(seen: Seen, project: Project) -> Iterable[Judgement]:
    users = len(seen.rows("source.chosen_users")) if project.back_from else len(returning(seen, project))
    # a sign-off of the first project was given for its own moves, so that it says nothing about the way back
    yield Judgement(
        "sign" if project.back_from else "warn",
        f"{users} licences for the way back",
        seen=f"{users} mailboxes would move back",
        expected="one licence for each move",
        remedy=f"Procurement confirms that {users} more Cross Tenant User Data Migration licences are bought, or that "
        "Microsoft accepts the first ones for the way back: one licence pays for one move, and a licence that was used "
        "still shows on its user.",
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "back-leftovers",
        "Each mailbox finds the object again that it left behind",
        ("BCK-01",),
        None,
        WAVE_FACTS,
        _leftovers,
    ),
    Rule(
        "back-relationships-edited",
        "Each tenant has one relationship with the other, and the move back makes no second one",
        ("BCK-02", "BCK-03"),
        None,
        (*RELATIONSHIPS, *(own_fact(side) for side in SIDES)),
        _edited,
    ),
    Rule(
        "back-capabilities",
        "Both relationships allow moves in both directions",
        ("BCK-04",),
        None,
        RELATIONSHIPS,
        _both_ways,
    ),
    Rule(
        "back-application",
        "The new source lets mailboxes out to the application of the new target",
        ("BCK-05",),
        "source",
        (relationship_fact("source"), "source.service_principals"),
        _new_application,
    ),
    Rule(
        "back-scope",
        "The new source publishes a group of its own with every returning mailbox",
        ("BCK-06",),
        "source",
        (relationship_fact("source"), "source.distribution_groups", *MEMBER_FACTS),
        _new_scope,
    ),
    Rule(
        "back-licences",
        "Licences for the way back are bought",
        ("LIC-03",),
        None,
        WAVE_FACTS,
        _licences,
    ),
)
