"""What each account may do, beyond section 010's own needs: judged by what the session offers, not by titles of roles.

Which cmdlets the sections call is in `rights_needed`; the permissions are those of Microsoft Graph that sections 020,
100 and 190 use (wire 4.18). For a person the token's permissions are what the session may ask for, and a directory
role must back them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.connect import (
    RELATIONSHIP_CMDLETS,
    SIDES,
    inactive_role,
    is_application,
    permission_to_ask_for,
    remedy_for_cmdlet,
    roles_of_persons_only,
)
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rights_needed import (
    MOVE_CAPABILITY,
    SETUP,
    START_CMDLET,
    Need,
    clean_up_needs,
    content_needs,
    move_needs,
    prepare_needs,
    right_needs,
    scope_needs,
    source_content_needs,
)
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xtmig_kernel.project import Project, Side

LICENSING_ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
    "4d6ac14f-3453-41d0-bef9-a3e0c569773a": "License Administrator",
}


@dataclass(frozen=True)
class Permission:
    """A right in Microsoft Graph that some section needs.

    Args:
        any_of: Names of permissions, each of which is enough; the first is the least.
        purpose: What for, in words.
    """

    any_of: tuple[str, ...]
    purpose: str


def reading_needed(side: Side) -> tuple[Permission, ...]:
    """What must be allowed to read in Graph.

    Args:
        side: The tenant.
    """
    groups = Permission(("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"), "see groups that license")
    return (
        Permission(("User.Read.All", "User.ReadWrite.All", "Directory.Read.All"), "see users and their licences"),
        Permission(("Organization.Read.All", "Directory.Read.All"), "see subscriptions"),
        Permission(
            ("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"),
            "see the migration application and who has consented",
        ),
        *((groups,) if side == "target" else ()),
    )


def licensing_needed(side: Side, project: Project) -> tuple[Permission, ...]:
    """What must be allowed to give out licences; nothing where the project gives none out on that side.

    Args:
        side: The tenant.
        project: Says on which side licences are given, and whether usage locations are set.
    """
    if not project.licenses_on(side):
        return ()
    assigning = Permission(("LicenseAssignment.ReadWrite.All", "User.ReadWrite.All"), "assign licences")
    location = Permission(("User.ReadWrite.All",), "set usage locations")
    return (assigning, location) if project.licences.usage_location else (assigning,)


def offered_cmdlets(seen: Seen, side: Side) -> dict[str, list[str]]:
    """What the session offers: cmdlet to parameters.

    Args:
        seen: Holds `offered_cmdlets` of that side.
        side: The tenant.
    """
    return {str(row["Cmdlet"]): list(row["Parameters"]) for row in seen.rows(f"{side}.offered_cmdlets")}


def held_permissions(seen: Seen, side: Side) -> frozenset[str]:
    """The permissions of Microsoft Graph in the session's token.

    Args:
        seen: Holds `signed_in` of that side.
        side: The tenant.
    """
    token = seen.one(f"{side}.signed_in")
    return frozenset(token["Permissions"]) if token else frozenset()


def _offers(side: Side, needs: Callable[[Project], Iterable[Need]]) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        offered = offered_cmdlets(seen, side)

        def missing(need: Need) -> Iterable[Judgement]:
            if not need.offered(offered):
                yield Judgement(
                    "fail",
                    need.name,
                    seen="not offered to this account",
                    expected=f"offered, to {need.purpose}",
                    remedy=remedy_for_cmdlet(seen, side, need.cmdlet),
                )

        yield from judge_each(needs(project), missing, of_what="cmdlets", expected="offered to this account")

    return judge


def _missing(side: Side, held: frozenset[str], kind: str, permission: Permission) -> Iterable[Judgement]:
    if not held & set(permission.any_of):
        first = permission.any_of[0]
        yield Judgement(
            "fail",
            first,
            seen="not in the token of this session",
            expected=" or ".join(permission.any_of) + f", to {permission.purpose}",
            remedy=permission_to_ask_for(side, kind, first),
        )


def _kind(seen: Seen, side: Side) -> str:
    token = seen.one(f"{side}.signed_in")
    return "application" if token and token["Kind"] == "application" else "delegated"


def _reads(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, _project: Project) -> Iterable[Judgement]:
        held, kind = held_permissions(seen, side), _kind(seen, side)
        yield from judge_each(
            reading_needed(side),
            lambda permission: _missing(side, held, kind, permission),
            of_what="kinds of reading",
            expected="allowed in Microsoft Graph",
        )

    return judge


def _licenses(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        needed, held, kind = licensing_needed(side, project), held_permissions(seen, side), _kind(seen, side)
        if not needed:
            yield Judgement("skip", f"licences of the {side}", remedy=f"xtmig gives out no licence in the {side}")
            return
        yield from judge_each(
            needed,
            lambda permission: _missing(side, held, kind, permission),
            of_what="permissions",
            expected="there to give out licences",
        )
        if is_application(seen, side):
            return
        roles = {str(row["RoleTemplateId"]) for row in seen.rows(f"{side}.directory_roles")} & set(LICENSING_ROLES)
        if not roles:
            yield Judgement(
                "fail",
                "role to assign licences",
                seen="no active role that may assign licences",
                expected=" or ".join(sorted(LICENSING_ROLES.values())),
                remedy=inactive_role(seen, side, LICENSING_ROLES)
                or f"Ask for License Administrator in the {side} tenant, or activate it if it is eligible.",
            )

    return judge


def _duties(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, _project: Project) -> Iterable[Judgement]:
        offered, token = offered_cmdlets(seen, side), seen.one(f"{side}.signed_in")
        setup = Need(RELATIONSHIP_CMDLETS[1], "", MOVE_CAPABILITY).offered(offered)
        moves = Need(START_CMDLET, "").offered(offered)
        duties = [*(["setup"] if setup else []), *(["moves"] if moves else [])]
        yield Judgement(
            "pass" if duties else "warn",
            str(token["Name"]) if token else side,
            seen=f"Exchange duties: {' and '.join(duties) or 'neither'}; Entra roles: {_roles(seen, side)}",
            expected="the duty of setup, or of moves; two people may share them",
            remedy=f"Let somebody sign in to the {side} who has {SETUP}, or the management role Move Mailboxes.",
        )

    return judge


def _roles(seen: Seen, side: Side) -> str:
    if is_application(seen, side):
        return "not asked for, since an application's permissions are its rights"
    return ", ".join(sorted(str(row["DisplayName"]) for row in seen.rows(f"{side}.directory_roles"))) or "none"


def _of(side: Side) -> tuple[Rule, ...]:
    signed_in, roles, cmdlets = f"{side}.signed_in", f"{side}.directory_roles", f"{side}.offered_cmdlets"
    eligible = f"{side}.eligible_roles"
    return (
        Rule(
            f"{side}-may-read-contents",
            "The account may see what is in mailboxes and who may open them",
            ("ROL-02",),
            side,
            (cmdlets,),
            _offers(side, source_content_needs if side == "source" else content_needs),
            helps=(eligible,),
        ),
        Rule(
            f"{side}-may-clean-up",
            "The account may take away what the move needed",
            ("ROL-02",),
            side,
            (cmdlets,),
            _offers(side, lambda _project: clean_up_needs(side)),
            helps=(eligible,),
        ),
        Rule(
            f"{side}-may-read-directory",
            "The account may read users, subscriptions and groups",
            ("ROL-02",),
            side,
            (signed_in,),
            _reads(side),
        ),
        Rule(
            f"{side}-may-license",
            "The account may give out licences where the project wants it",
            ("ROL-02",),
            side,
            (signed_in, roles),
            _licenses(side),
            spares=roles_of_persons_only(side),
            helps=(eligible,),
        ),
        Rule(
            f"{side}-duties",
            "The account's roles and Exchange duties are known",
            ("ROL-02",),
            side,
            (signed_in, roles, cmdlets),
            _duties(side),
            spares=roles_of_persons_only(side),
        ),
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "source-may-manage-scope",
        "The account may read mailboxes and fill the scope group",
        ("ROL-02",),
        "source",
        ("source.offered_cmdlets",),
        _offers("source", scope_needs),
        helps=("source.eligible_roles",),
    ),
    Rule(
        "target-may-prepare-users",
        "The account may prepare the target's users",
        ("ROL-02",),
        "target",
        ("target.offered_cmdlets",),
        _offers("target", prepare_needs),
        helps=("target.eligible_roles",),
    ),
    Rule(
        "target-may-move",
        "The account may make, watch, stop and complete batches",
        ("ROL-01",),
        "target",
        ("target.offered_cmdlets",),
        _offers("target", move_needs),
        helps=("target.eligible_roles",),
    ),
    Rule(
        "target-may-give-rights",
        "The account may give delegates their rights again after the move",
        ("ROL-02",),
        "target",
        ("target.offered_cmdlets",),
        _offers("target", right_needs),
        helps=("target.eligible_roles",),
    ),
    *(rule for side in SIDES for rule in _of(side)),
)
