"""Who is signed in, as the access tokens tell it. Pure.

Claims are read without verifying the signature. That is enough here: a token comes straight from the sign-in service
over TLS, is used only to refuse early and to show who is signed in, and is verified by the service that it is sent to,
which grants nothing on the strength of what is read here.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.errors import MigrationApplicationError, SignInError, WrongTenantError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtmig_kernel.project import Side


@dataclass(frozen=True)
class Identity:
    """Who is signed in to a tenant.

    Args:
        tenant_id: GUID of the tenant that issued the tokens.
        kind: A person, or an application of the organisation's own.
        name: User principal name, or the application's display name.
        object_id: GUID of the user or service principal.
        application_id: GUID of the application through which it is signed in.
        role_template_ids: Entra roles that the tokens name.
        permissions: Delegated permissions of a person, application permissions of an application.
    """

    tenant_id: str
    kind: Literal["person", "application"]
    name: str
    object_id: str
    application_id: str
    role_template_ids: tuple[str, ...]
    permissions: tuple[str, ...]


def claims_of(token: str) -> dict[str, Any]:
    """The claims of an access token.

    Args:
        token: The token.

    Raises:
        SignInError: It cannot be read, so nobody can say which tenant it is of.
    """
    try:
        part = token.split(".")[1]
        data = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, binascii.Error):
        data = None
    if not isinstance(data, dict):
        raise SignInError(
            "The access token cannot be read.",
            cause="So it cannot be proven which tenant it belongs to.",
            remedy="Sign in again; if it stays so, use another sign-in method.",
        )
    return data


def application_of(claims: Mapping[str, Any]) -> str:
    """The application ID that a token was issued to: `appid` in version 1 tokens, `azp` in version 2.

    Args:
        claims: Of an access token.
    """
    return str(claims.get("appid") or claims.get("azp") or "").lower()


def is_person(claims: Mapping[str, Any]) -> bool:
    """Whether a token was issued for a person, and not for an application on its own.

    Args:
        claims: Of an access token.
    """
    return bool(claims.get("scp")) or claims.get("idtyp") == "user"


def identity_of(tokens: Iterable[Mapping[str, Any]]) -> Identity:
    """Who is signed in.

    Args:
        tokens: The claims of each access token of one sign-in; the first one names the account.
    """
    every = list(tokens)
    first = every[0]
    person = is_person(first)
    names = ("upn", "preferred_username", "unique_name") if person else ("app_displayname",)
    name = next((str(first[key]) for key in names if first.get(key)), str(first.get("name") or first.get("oid") or ""))
    permissions: set[str] = set()
    roles: set[str] = set()
    for claims in every:
        permissions.update(str(claims.get("scp") or "").split() if person else map(str, claims.get("roles") or ()))
        roles.update(str(role).lower() for role in claims.get("wids") or ())
    return Identity(
        tenant_id=str(first.get("tid") or "").lower(),
        kind="person" if person else "application",
        name=name,
        object_id=str(first.get("oid") or "").lower(),
        application_id=application_of(first),
        role_template_ids=tuple(sorted(roles)),
        permissions=tuple(sorted(permissions)),
    )


def prove_tenant(claims: Mapping[str, Any], side: Side, expected: str, other: str) -> None:
    """Refuse a token of another tenant (EPT-01).

    Args:
        claims: Of an access token.
        side: The tenant that it is meant for.
        expected: That tenant's ID.
        other: The ID of the project's other tenant.

    Raises:
        WrongTenantError: Names both IDs, and says so if the two sign-ins are swapped.
    """
    found = str(claims.get("tid") or "").lower()
    if found == expected:
        return
    cause = None
    if found == other:
        cause = "That is the project's other tenant: the two sign-ins are swapped."
    elif is_person(claims):
        cause = "So it is where an account is at home in another tenant, as a guest's or a partner administrator's is."
    raise WrongTenantError(
        f"The sign-in is for tenant {found or '(unknown)'}, but the {side} tenant is {expected}.",
        side=side,
        cause=cause,
        remedy=f"Sign in with an account of the {side} tenant itself; nothing was sent.",
        statements=("EPT-01",),
    )


def refuse_migration_application(claims: Mapping[str, Any], side: Side, application_id: str | None) -> None:
    """Refuse the migration application as the operator's own sign-in.

    Args:
        claims: Of an access token.
        side: The tenant that it is for.
        application_id: The migration application's ID; None while there is none.

    Raises:
        MigrationApplicationError: The token was issued to it.
    """
    if application_id and application_of(claims) == application_id.lower():
        raise MigrationApplicationError(
            f"The sign-in uses the migration application {application_id}.",
            side=side,
            cause="That application is multi-tenant and may move mailboxes; its secret stays with the endpoint.",
            remedy="Sign in as a person, or with a single-tenant application of your own.",
        )
