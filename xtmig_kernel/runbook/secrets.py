"""Secrets of the migration application: minted on the way to the endpoint, or fetched by reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import (
    Change,
    Credential,
    ExchangeCall,
    GraphCall,
    Level,
    MintedSecret,
    NewPassword,
    ReferredSecret,
    Subject,
)
from xtmig_kernel.credentials import SecretReference, keep_in_keyring, new_password
from xtmig_kernel.m365 import PSCredential

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.changes import Call
    from xtmig_kernel.credentials import Redactor, Secret
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

# what the sign-in service answers while a right secret or consent has not reached all its servers yet
NOT_YET = ("AADSTS7000215", "AADSTS65001", "AADSTS700016")


def credential_in(call: Call) -> Credential | None:
    """The credential among a call's parameters, if there is one.

    Args:
        call: The call.
    """
    if isinstance(call, ExchangeCall):
        return next((value for value in call.parameters.values() if isinstance(value, Credential)), None)
    return None


def mints(change: Change) -> bool:
    """Whether a change makes a secret and hands it on.

    Args:
        change: The change.
    """
    credentials = [credential_in(call) for call in change.calls]
    return any(c is not None and isinstance(c.secret, MintedSecret) for c in credentials)


def minted_name(change: Change) -> str:
    """Display name of the secret that a minting change makes.

    Args:
        change: A change whose first call makes a secret.
    """
    call = change.calls[0]
    return str(call.body["passwordCredential"]["displayName"]) if isinstance(call, GraphCall) else ""


def with_credential(call: ExchangeCall, credential: Any) -> ExchangeCall:
    """The call with the credential as the wire wants it.

    Args:
        call: Holds a `Credential`.
        credential: What takes its place.
    """
    parameters = {n: credential if isinstance(v, Credential) else v for n, v in call.parameters.items()}
    return ExchangeCall(call.cmdlet, parameters)


def with_secrets(call: Call, redactor: Redactor, ask: Callable[[str], str] | None) -> Call:
    """A call with every secret that somebody provides, and every password that is made here.

    A password is handed over before the call, so that whoever owns it has the one that was set, whenever the run ends.

    Args:
        call: With every later value filled in.
        redactor: Learns each secret.
        ask: Asks a person for a secret, or None where nobody can be asked.

    Raises:
        SecretReferenceError: A secret cannot be fetched, or a password cannot be handed over.
    """
    if not isinstance(call, ExchangeCall):
        return call
    credential = credential_in(call)
    if credential is not None and isinstance(credential.secret, ReferredSecret):
        secret = SecretReference.parse(credential.secret.reference).resolve(redactor, ask)
        return with_credential(call, PSCredential(str(credential.user), secret))
    if any(isinstance(value, NewPassword) for value in call.parameters.values()):
        parameters = {n: _made(v, redactor) if isinstance(v, NewPassword) else v for n, v in call.parameters.items()}
        return ExchangeCall(call.cmdlet, parameters)
    return call


def _made(wanted: NewPassword, redactor: Redactor) -> Secret:
    password = new_password(wanted.length, redactor)
    if wanted.route != "discard":
        keep_in_keyring(wanted.route.removeprefix("keyring:"), wanted.user, password)
    return password


def remove_secret(project: Project, application_object_id: str, row: Row, step: str, level: Level) -> Change:
    """The change that removes one secret of the application.

    Args:
        project: The project.
        application_object_id: The application's object ID.
        row: The secret's row in `application_credentials`.
        step: Id of the step.
        level: Approval level.
    """
    name, key_id = str(row["DisplayName"]), str(row["KeyId"])
    return Change(
        step=step,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=Subject("target", "application_credentials", (("KeyId", key_id),), f"client secret {name}"),
        title=f"Remove client secret {name}",
        before={"DisplayName": name},
        after=None,
        calls=(
            GraphCall("POST", "/applications/{id}/removePassword", {"id": application_object_id}, {"keyId": key_id}),
        ),
        level=level,
        undo="A removed secret does not come back; step 070.3 makes a new one.",
        statements=("APP-15",),
    )
