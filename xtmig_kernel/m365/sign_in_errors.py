"""What the sign-in service refuses, in words (Microsoft's AADSTS codes, fact F-25). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xtmig_kernel.errors import SignInError

if TYPE_CHECKING:
    from xtmig_kernel.project import Side

_CODE = re.compile(r"AADSTS(\d+)")

_DEVICE = "Sign in from a device and place that the tenant's Conditional Access policy allows, or set method: browser."
_MFA = "Sign in again with method: browser, and complete the second factor."
_WORDS: dict[str, tuple[str, str]] = {
    "90002": ("There is no such tenant.", "Correct the tenant ID in project.yaml, and check that the cloud is right."),
    "900023": ("That is neither a tenant ID nor a domain of a tenant.", "Correct the tenant ID in project.yaml."),
    "700016": (
        "The application is not known in this tenant.",
        "Check client_id, and that the application is registered in this very tenant.",
    ),
    "7000215": (
        "The application's secret is wrong.",
        "Give the secret's value, not its ID, and check that it belongs to this application.",
    ),
    "7000222": ("The application's secret has expired.", "Make a new secret for your sign-in application."),
    "700027": (
        "The application's certificate is not accepted.",
        "Upload the certificate to your sign-in application, and check its dates.",
    ),
    "700024": (
        "The certificate's proof is not accepted at this time of day.",
        "Set this computer's clock: the proof is valid for minutes around the present.",
    ),
    "7000229": (
        "The application is registered, but not present in this tenant.",
        "Have an administrator of this tenant consent to it once, which makes its enterprise application.",
    ),
    "65001": (
        "Nobody has consented to the permissions that are asked for.",
        "Have an administrator of this tenant sign in once and accept, or grant consent in the Entra admin center.",
    ),
    "50034": ("The account is not in this tenant.", "Sign in with an account of this tenant; check the address."),
    "50126": ("User name or password is wrong.", "Sign in again."),
    "50105": ("The account is not assigned to the application.", "Assign the account to it in the Entra admin center."),
    "50020": (
        "The account belongs to another tenant and is no guest here.",
        "Sign in with an account of this tenant; close other Microsoft sessions in the browser first.",
    ),
    "50057": ("The account is disabled.", "Enable the account, or sign in with another one."),
    "50053": ("The account is locked after too many tries.", "Wait, or have the account unlocked."),
    "50055": ("The password has expired.", "Change the password, then sign in again."),
    "50076": ("A second factor is asked for.", _MFA),
    "50079": ("A second factor must be set up first.", _MFA),
    "50074": ("A second factor is asked for.", _MFA),
    "53000": ("The device does not comply with the tenant's policy.", _DEVICE),
    "53003": ("A Conditional Access policy blocks this sign-in.", _DEVICE),
    "50199": ("The sign-in needs a confirmation in the browser.", "Sign in again and confirm."),
    "700082": ("The kept sign-in has expired.", "Sign in again."),
    "70043": ("The kept sign-in has expired by the tenant's policy.", "Sign in again."),
    "70008": ("The kept sign-in has expired.", "Sign in again."),
    "90094": ("An administrator must consent first.", "Have an administrator of this tenant sign in once and accept."),
    "90072": ("The account is not in this tenant.", "Sign in with an account of this tenant."),
}
_ASKS = {
    "65001": "admin consent to the sign-in application for the permissions that it asks for",
    "90094": "admin consent to the sign-in application for the permissions that it asks for",
    "7000229": "admin consent to the sign-in application in this tenant",
    "50105": "the assignment of this account to the sign-in application",
    "50057": "an account that is enabled",
    "53000": "a device that the tenant's policy accepts, or an exception from that policy for this account",
    "53003": "an exception from the Conditional Access policy that blocks this account, or a device that it allows",
}
"""What an administrator can be asked for, by code."""
_BLOCKED_CODE = (
    "A Conditional Access policy blocks this sign-in; many organisations block the device code.",
    "Set sign_in.method: browser for this side in project.yaml; if that is blocked as well, ask for an exception.",
)
_ASK_CODE = "sign-in by device code for this account, where signing in by browser is not possible either"
_OTHERS = {
    "temporarily_unavailable": ("The sign-in service is busy.", "Wait a few minutes, then sign in again."),
    "access_denied": ("The sign-in was declined.", "Sign in again and accept."),
    "authorization_declined": ("The sign-in was declined.", "Sign in again and accept."),
    "expired_token": ("The code was not used in time.", "Sign in again and enter the new code."),
    "interaction_required": (
        "The kept sign-in is not enough for this service.",
        "What it would tell is left out; nobody is asked to sign in a second time for it.",
    ),
    "abort": ("The sign-in was cancelled.", "Sign in again."),
}


def sign_in_error(side: Side, error: str, description: str, method: str = "") -> SignInError:
    """A refusal of the sign-in service as an error with cause and remedy.

    Args:
        side: The tenant.
        error: The OAuth error, such as `"invalid_client"`.
        description: The service's own words; holds the AADSTS code where there is one.
        method: How the sign-in was tried, such as `"device_code"`, which some policies block alone.

    Returns:
        An error whose message names the code.
    """
    found = _CODE.search(description)
    code = found[1] if found else ""
    message, remedy = _WORDS.get(code) or _OTHERS.get(
        error, ("The sign-in was refused.", "Read the service's words, mend what they name, and sign in again.")
    )
    ask = _ASKS.get(code, "")
    if code == "53003" and method == "device_code":
        (message, remedy), ask = _BLOCKED_CODE, _ASK_CODE
    name = f"AADSTS{code}" if code else error
    refused = SignInError(f"{message} ({name})", side=side, cause=_first_sentence(description), remedy=remedy)
    refused.ask = ask
    return refused


def _first_sentence(description: str) -> str | None:
    """The service's words without its trace and time stamps."""
    text = re.split(r"\s*(?:Trace ID|Correlation ID|Timestamp):", description)[0].strip()
    return text[:400] or None
