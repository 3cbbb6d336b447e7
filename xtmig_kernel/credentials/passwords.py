"""First passwords of new users, by the policy of the document's sample (SCR-06, SCR-07)."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING

from xtmig_kernel.credentials.secret import Secret
from xtmig_kernel.errors import SecretReferenceError, UsageError

if TYPE_CHECKING:
    from xtmig_kernel.credentials.redactor import Redactor

CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!@#$%^&*")
FEWEST_CLASSES = 3
SHORTEST, LONGEST = 12, 256


def new_password(length: int, redactor: Redactor) -> Secret:
    """A password from the system's source of randomness: each character drawn alike from all classes.

    Drawn again until three of the four classes occur. The document's sample draws whole alphabets and one character
    too many (doc trap D15).

    Args:
        length: Number of characters, 12 to 256.
        redactor: Learns it before anybody else does.

    Raises:
        UsageError: The length is outside the policy.
    """
    if not SHORTEST <= length <= LONGEST:
        raise UsageError(f"a password of {length} characters is outside the policy of {SHORTEST} to {LONGEST}")
    while True:
        text = "".join(secrets.choice("".join(CLASSES)) for _ in range(length))
        if sum(any(character in text for character in kind) for kind in CLASSES) >= FEWEST_CLASSES:
            return Secret(text, redactor, "The first password")


def keep_in_keyring(service: str, user: str, password: Secret) -> None:
    """Hand a password over: into the system's protected store, under the name of the person who gets it.

    Args:
        service: The keyring's service.
        user: User principal name.
        password: What is kept; an older one of that user is replaced.

    Raises:
        SecretReferenceError: The keyring cannot be written.
    """
    import keyring
    import keyring.errors

    try:
        keyring.set_password(service, user, password.reveal())
    except keyring.errors.KeyringError as error:
        raise SecretReferenceError(
            f"The keyring of this computer takes no password under {service}.",
            cause=type(error).__name__,
            remedy="Unlock or set up the keyring, or set target_users: passwords: discard.",
        ) from None
