"""Section 010: the right tenants, the right sign-ins, enough rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.exchange_roles import ROLES_FOR_EXCHANGE, role_to_ask_for
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xtmig_kernel.project import Project, Side

SIDES: tuple[Side, Side] = ("source", "target")

# Entra roles that may register applications and consent to an application role of Exchange Online
CONSENTING_ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "e8611ab8-c189-46e8-94e1-60213ab1f814": "Privileged Role Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
}
# the second of them may consent, but not register
REGISTERING_ROLES = {key: name for key, name in CONSENTING_ROLES.items() if name != "Privileged Role Administrator"}
ENDPOINT_CMDLETS = ("New-MigrationEndpoint", "Set-MigrationEndpoint", "Test-MigrationServerAvailability")
RELATIONSHIP_CMDLETS = ("New-OrganizationRelationship", "Set-OrganizationRelationship")


def _domain_is_tenant(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        settings = project.side(side)
        row = seen.one(f"{side}.domain_lookup")
        if row is None:
            yield Judgement(
                "fail",
                settings.domain,
                seen="Microsoft knows no tenant with this domain",
                expected=f"a domain of tenant {settings.tenant_id}",
                remedy=f"Correct {side}.domain in project.yaml.",
            )
            return
        right = row["TenantId"] == settings.tenant_id
        yield Judgement(
            "pass" if right else "fail",
            settings.domain,
            seen=f"belongs to tenant {row['TenantId']}",
            expected=f"tenant {settings.tenant_id}",
            remedy=f"One of {side}.domain and {side}.tenant_id in project.yaml is wrong; correct it.",
        )

    return judge


def _one_cloud(seen: Seen, project: Project) -> Iterable[Judgement]:
    regions = {}
    for side in SIDES:
        row = seen.one(f"{side}.domain_lookup")
        if row is None:
            return
        regions[side] = (row["Cloud"], row["RegionSubScope"] or "")
    same = regions["source"] == regions["target"]
    names = {side: " ".join(part for part in region if part) for side, region in regions.items()}
    yield Judgement(
        "pass" if same else "fail",
        f"{project.source.domain} and {project.target.domain}",
        seen=f"source in {names['source']}, target in {names['target']}",
        expected="both in one cloud",
        remedy="Microsoft does not support moves between clouds; plan this move with another tool.",
    )


def _signed_in_tenant(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        wanted = project.side(side).tenant_id
        organization, token = seen.one(f"{side}.organization"), seen.one(f"{side}.signed_in")
        ids = {row["TenantId"] for row in (organization, token) if row}
        yield Judgement(
            "pass" if ids == {wanted} else "fail",
            str(token["Name"]) if token else side,
            seen=f"signed in to {', '.join(sorted(ids)) or 'no tenant'}",
            expected=wanted,
            remedy=f"Sign in to the {side} tenant with an account of that tenant.",
        )

    return judge


def _own_sign_in(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        token = seen.one(f"{side}.signed_in")
        if token is None:
            return
        wrong = project.application_id is not None and token["ApplicationId"] == project.application_id
        yield Judgement(
            "fail" if wrong else "pass",
            str(token["Name"]),
            seen=f"signed in through application {token['ApplicationId']}",
            expected="a sign-in of the operator's own, never the migration application",
            remedy="Give sign_in.client_id of an application of your own; the migration one only moves mailboxes.",
        )

    return judge


REGISTERING_PERMISSION = "Application.ReadWrite.All"
CONSENTING_PERMISSION = "AppRoleAssignment.ReadWrite.All"


def is_application(seen: Seen, side: Side) -> bool:
    """For an application the token's permissions are its rights; for a person they say only what was asked for.

    Args:
        seen: May hold `signed_in` of the side.
        side: The tenant.
    """
    fact = f"{side}.signed_in"
    token = seen.one(fact) if fact in seen.facts else None
    return token is not None and token["Kind"] == "application"


def roles_of_persons_only(side: Side) -> Callable[[Seen], tuple[str, ...]]:
    """What a rule on an account spares: an application's directory roles are not asked for.

    Args:
        side: The tenant.
    """
    return lambda seen: (f"{side}.directory_roles",) if is_application(seen, side) else ()


def inactive_role(seen: Seen, side: Side, roles: Mapping[str, str]) -> str:
    """What to do where one of some Entra roles is eligible and not activated; empty where that was not seen.

    Args:
        seen: May hold `eligible_roles` of the side.
        side: The tenant.
        roles: Template ID to name.
    """
    fact = f"{side}.eligible_roles"
    if not seen.has(fact):
        return ""
    eligible = sorted(roles[row["RoleTemplateId"]] for row in seen.rows(fact) if row["RoleTemplateId"] in roles)
    if not eligible:
        return ""
    return f"Activate {eligible[0]} in Privileged Identity Management of the {side} tenant: it is eligible, not active."


def remedy_for_cmdlet(seen: Seen, side: Side, cmdlet: str) -> str:
    """What to do where a cmdlet is not offered: activate the role that brings it, or ask for one.

    Args:
        seen: May hold `eligible_roles` of the side.
        side: The tenant.
        cmdlet: Its name.
    """
    return inactive_role(seen, side, ROLES_FOR_EXCHANGE) or (
        f"Ask for {role_to_ask_for(cmdlet)} in the {side} tenant; the service offers only what the roles allow."
    )


def permission_to_ask_for(side: Side, kind: str, name: str) -> str:
    """What to do where a permission is missing.

    Args:
        side: The tenant.
        kind: `application` or `delegated`.
        name: Of Microsoft Graph, such as `"User.Read.All"`.
    """
    return f"Ask for the {kind} permission {name} of Microsoft Graph, with admin consent, in the {side} tenant."


def _may_consent(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        written = (project.consent.target if side == "target" else project.consent.source) == "xtmig"
        token = seen.one(f"{side}.signed_in")
        name = str(token["Name"]) if token else side
        if token is not None and is_application(seen, side):
            yield _by_permissions(side, name, set(token["Permissions"]), written=written)
        else:
            held = {row["RoleTemplateId"] for row in seen.rows(f"{side}.directory_roles")}
            yield _by_roles(side, name, held, inactive_role(seen, side, _enough(side)), written=written)

    return judge


def _enough(side: Side) -> Mapping[str, str]:
    return CONSENTING_ROLES if side == "source" else REGISTERING_ROLES


def _wanted(side: Side, *, written: bool) -> tuple[str, ...]:
    """The permissions with which xtmig registers the application and consents (wire 4.1, 4.4)."""
    if side == "source" and not written:
        return ()
    return (REGISTERING_PERMISSION, CONSENTING_PERMISSION) if written else (REGISTERING_PERMISSION,)


def _scopes(side: Side) -> Callable[[Seen, Project], Iterable[Judgement]]:
    """What a person's role allows can be done only with a permission that the sign-in was given."""

    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        token = seen.one(f"{side}.signed_in")
        written = (project.consent.target if side == "target" else project.consent.source) == "xtmig"
        wanted = () if token is None or is_application(seen, side) else _wanted(side, written=written)
        missing = [name for name in wanted if token is not None and name not in token["Permissions"]]
        for name in missing:
            yield Judgement(
                "fail",
                name,
                seen="not in the token of this session",
                expected=f"{name}, to register the application or to consent to it",
                remedy=permission_to_ask_for(side, "delegated", name),
            )
        if not missing:
            who = str(token["Name"]) if token else side
            what = "holds " + " and ".join(wanted) if wanted else "needs none beside what other checks name"
            yield Judgement("pass", who, seen=what, expected="what xtmig writes to the directory with")

    return judge


def _by_permissions(side: Side, name: str, held: set[str], *, written: bool) -> Judgement:
    """What an application may: it needs one permission to register and one more to consent (wire 4.1, 4.4)."""
    wanted = _wanted(side, written=written)
    if not wanted:
        return _person_consents(name)
    missing = [permission for permission in wanted if permission not in held]
    if not missing:
        seen = "its permissions suffice" + ("" if written else "; a person consents in the browser")
        return Judgement("pass", name, seen=seen, expected=" and ".join(wanted))
    return Judgement(
        "fail",
        name,
        seen=f"its token lacks {' and '.join(missing)}",
        expected=" and ".join(wanted),
        remedy=f"Ask for the application permission{'s' if len(missing) > 1 else ''} {' and '.join(missing)} of "
        f"Microsoft Graph for this application, with admin consent, in the {side} tenant.",
    )


def _by_roles(side: Side, name: str, held: set[str], activate: str, *, written: bool) -> Judgement:
    """What a person may, by their active Entra roles."""
    what = "register the application and consent to it" if side == "target" else "consent to the application"
    enough = held & set(_enough(side))
    if enough:
        roles = ", ".join(sorted(CONSENTING_ROLES[role] for role in enough))
        return Judgement("pass", name, seen=f"holds {roles}", expected=f"an active role that may {what}")
    if side == "source" and not written:
        return _person_consents(name)
    return Judgement(
        "fail",
        name,
        seen="no active role that may do this",
        expected=f"a role that may {what}",
        remedy=activate or "Ask for Cloud Application Administrator in this tenant, or activate it if it is eligible.",
    )


def _person_consents(name: str) -> Judgement:
    return Judgement("skip", name, remedy="the source administrator consents in the browser with their own account")


def _offered(
    side: Side, cmdlets: tuple[str, ...], parameter: str | None = None
) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, _project: Project) -> Iterable[Judgement]:
        offered = {row["Cmdlet"]: row["Parameters"] for row in seen.rows(f"{side}.offered_cmdlets")}
        for cmdlet in cmdlets:
            name = f"{cmdlet} -{parameter}" if parameter else cmdlet
            there = cmdlet in offered and (parameter is None or parameter in offered[cmdlet])
            yield Judgement(
                "pass" if there else "fail",
                name,
                seen="offered to this account" if there else "not offered to this account",
                expected="offered",
                remedy=remedy_for_cmdlet(seen, side, cmdlet),
            )

    return judge


def _per_side(make: Callable[[Side], Rule]) -> tuple[Rule, Rule]:
    return make("source"), make("target")


RULES: tuple[Rule, ...] = (
    *_per_side(
        lambda side: Rule(
            f"{side}-domain-is-tenant",
            f"The {side} tenant's ID and domain belong together",
            ("PRE-08", "REL-03", "CON-06") if side == "source" else ("PRE-08", "REL-03"),
            side,
            (f"{side}.domain_lookup",),
            _domain_is_tenant(side),
        )
    ),
    Rule(
        "one-cloud",
        "Both tenants are in one cloud",
        ("FAQ-09",),
        None,
        ("source.domain_lookup", "target.domain_lookup"),
        _one_cloud,
    ),
    *_per_side(
        lambda side: Rule(
            f"{side}-signed-in-tenant",
            f"The {side} sign-in is of the {side} tenant",
            ("PRE-10", "PRE-12", "SRC-04") if side == "source" else ("PRE-10", "PRE-12", "APP-01", "EPT-01"),
            side,
            (f"{side}.signed_in", f"{side}.organization"),
            _signed_in_tenant(side),
        )
    ),
    *_per_side(
        lambda side: Rule(
            f"{side}-own-sign-in",
            f"The {side} sign-in is not the migration application",
            ("PRE-12",),
            side,
            (f"{side}.signed_in",),
            _own_sign_in(side),
        )
    ),
    *_per_side(
        lambda side: Rule(
            f"{side}-may-consent",
            "The account may register the application and consent to it"
            if side == "target"
            else "The account may consent to the application",
            ("PRE-01",),
            side,
            (f"{side}.signed_in", f"{side}.directory_roles"),
            _may_consent(side),
            roles_of_persons_only(side),
            helps=(f"{side}.eligible_roles",),
        )
    ),
    *_per_side(
        lambda side: Rule(
            f"{side}-may-write-directory",
            "A person's sign-in holds the permissions with which xtmig registers the application and consents",
            ("PRE-01",),
            side,
            (f"{side}.signed_in",),
            _scopes(side),
        )
    ),
    Rule(
        "target-may-configure-endpoint",
        "The account may configure migration endpoints",
        ("PRE-02",),
        "target",
        ("target.offered_cmdlets",),
        _offered("target", ENDPOINT_CMDLETS),
        helps=("target.eligible_roles",),
    ),
    *_per_side(
        lambda side: Rule(
            f"{side}-may-configure-relationship",
            "The account may set MailboxMoveCapability on organization relationships",
            ("PRE-03", "ROL-03"),
            side,
            (f"{side}.offered_cmdlets",),
            _offered(side, RELATIONSHIP_CMDLETS, "MailboxMoveCapability"),
            helps=(f"{side}.eligible_roles",),
        )
    ),
)
