"""A secret that does not show itself, and the three ways in which a project may refer to one."""

from __future__ import annotations

import getpass
import hmac
import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

from xtmig_kernel.errors import SecretReferenceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.credentials.redactor import Redactor

_HIDDEN = "••••"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Secret:
    """A text that only `reveal` gives out.

    Two secrets are equal when their texts are; the comparison takes the same time wherever they differ.
    A secret cannot be hashed, pickled or made into JSON.

    Args:
        text: The secret itself.
        redactor: Registers it there, so that it is taken out of whatever the process writes.
        label: What it is, as an error message would call it.

    Raises:
        UsageError: It is too short for the redactor.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str, redactor: Redactor | None = None, label: str = "The secret") -> None:
        self.__text = text
        if redactor is not None:
            redactor.register(text, label)

    def reveal(self) -> str:
        """The secret itself, for the one call that needs it."""
        return self.__text

    def __repr__(self) -> str:
        return f"Secret('{_HIDDEN}')"

    def __str__(self) -> str:
        return _HIDDEN

    def __format__(self, specification: str) -> str:
        return _HIDDEN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        ours, theirs = (secret.reveal().encode("utf-8", "surrogatepass") for secret in (self, other))
        return hmac.compare_digest(ours, theirs)

    __hash__ = None  # type: ignore[assignment]  # a hash by value would tell secrets apart

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A secret cannot be pickled.")


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is, without the secret.

    Args:
        kind: `"env"`, `"keyring"` or `"prompt"`.
        name: The environment variable, or the keyring's service; empty for a prompt.
        user: The keyring's user name; empty otherwise.
    """

    kind: Literal["env", "keyring", "prompt"]
    name: str = ""
    user: str = ""

    @classmethod
    def parse(cls, text: str) -> SecretReference:
        """Read `env:NAME`, `keyring:SERVICE/USER` or `prompt`.

        Args:
            text: The reference as it stands in a project file.

        Raises:
            SecretReferenceError: It is none of the three. The message never repeats the text: it may
                be the secret itself, put there by mistake.
        """
        kind, _, place = text.strip().partition(":")
        service, slash, user = place.rpartition("/")
        if kind == "prompt" and not place:
            return cls("prompt")
        if kind == "env" and _VARIABLE.fullmatch(place):
            return cls("env", place)
        if kind == "keyring" and slash and service and user:
            return cls("keyring", service, user)
        raise SecretReferenceError(
            "This is not a reference to a secret.",
            cause="Its text is not repeated here, in case it is the secret itself.",
            remedy="Write env:NAME, keyring:SERVICE/USER or prompt; replace a secret that stood in a file.",
        )

    def __str__(self) -> str:
        place = f"{self.name}/{self.user}" if self.kind == "keyring" else self.name
        return f"{self.kind}:{place}" if place else self.kind

    def resolve(self, redactor: Redactor, ask: Callable[[str], str] | None = None) -> Secret:
        """Fetch the secret.

        Args:
            redactor: Registers it before anybody else sees it.
            ask: Shows its argument to a person and returns what they type; without it, `prompt` asks on
                the terminal.

        Returns:
            The secret, registered.

        Raises:
            SecretReferenceError: It is not there, or nobody can be asked.
            UsageError: It is shorter than six characters.
        """
        fetch = {"env": self._from_environment, "keyring": self._from_keyring}
        text = fetch[self.kind]() if self.kind in fetch else _from_person(ask)
        return Secret(text, redactor, f"The secret from {self}")

    def _from_environment(self) -> str:
        text = os.environ.get(self.name, "")
        if not text:
            state = "empty" if self.name in os.environ else "not set"
            raise SecretReferenceError(
                f"The environment variable {self.name} is {state}.",
                remedy=f"Set {self.name} before starting xtmig, or refer to the secret in another way.",
            )
        return text

    def _from_keyring(self) -> str:
        import keyring
        import keyring.errors

        try:
            text = keyring.get_password(self.name, self.user)
        except keyring.errors.KeyringError as error:
            raise SecretReferenceError(
                f"The keyring of this computer cannot be read for {self}.",
                cause=f"{type(error).__name__}: {error}",
                remedy="Unlock or set up the keyring, or refer to the secret as env:NAME.",
            ) from error
        if not text:
            raise SecretReferenceError(
                f"The keyring holds nothing under {self}.",
                remedy=f"Store it with: keyring set {self.name} {self.user}",
            )
        return text


def _from_person(ask: Callable[[str], str] | None) -> str:
    if ask is None:
        if not (sys.stdin and sys.stdin.isatty()):
            raise SecretReferenceError(
                "The secret is to be typed in, but there is nobody to ask: this is not a terminal.",
                remedy="Refer to it as env:NAME or keyring:SERVICE/USER for runs without a person.",
            )
        ask = getpass.getpass
    text = ask("Secret (it is not shown): ")
    if not text:
        raise SecretReferenceError("Nothing was typed in.", remedy="Run this again and type the secret.")
    return text
