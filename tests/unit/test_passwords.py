from __future__ import annotations

import string
from typing import Any

import keyring
import keyring.errors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xtmig_kernel.credentials import Redactor, Secret, keep_in_keyring, new_password
from xtmig_kernel.errors import SecretReferenceError, UsageError

ALLOWED = set(string.ascii_letters + string.digits + "!@#$%^&*")


@given(length=st.integers(12, 256))
@settings(max_examples=60)
def test_password_policy(length: int) -> None:
    """A first password has the asked length, only the document's characters, and three of its four classes (SCR-06)."""
    text = new_password(length, Redactor()).reveal()
    classes = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!@#$%^&*")
    assert len(text) == length
    assert set(text) <= ALLOWED
    assert sum(bool(set(text) & set(kind)) for kind in classes) >= 3


@pytest.mark.parametrize("length", [0, 11, 257])
def test_length_outside_the_policy(length: int) -> None:
    """The policy is 12 to 256 characters; anything else is refused (SCR-06)."""
    with pytest.raises(UsageError):
        new_password(length, Redactor())


def test_no_two_are_alike() -> None:
    """Every user gets a password of their own (SCR-07)."""
    redactor = Redactor()
    assert len({new_password(16, redactor).reveal() for _ in range(200)}) == 200


def test_a_password_is_redacted() -> None:
    """From the moment it exists, a password is taken out of whatever is written."""
    redactor = Redactor()
    text = new_password(16, redactor).reveal()
    assert text not in redactor.redact(f"password is {text}")


def test_handed_to_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring holds the password under the service of project.yaml and the user's sign-in name."""
    kept: dict[Any, str] = {}
    monkeypatch.setattr(keyring, "set_password", lambda service, user, text: kept.__setitem__((service, user), text))
    keep_in_keyring("northwind-passwords", "lara@northwindtraders.com", Secret("Passw0rd-of-Lara"))
    assert kept == {("northwind-passwords", "lara@northwindtraders.com"): "Passw0rd-of-Lara"}


def test_a_locked_keyring_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the keyring takes nothing, the error says what to do and holds no password."""

    def refuse(*_: object) -> None:
        raise keyring.errors.KeyringError("locked while keeping Passw0rd-of-Lara")

    monkeypatch.setattr(keyring, "set_password", refuse)
    with pytest.raises(SecretReferenceError) as caught:
        keep_in_keyring("northwind-passwords", "lara@northwindtraders.com", Secret("Passw0rd-of-Lara"))
    assert "Passw0rd-of-Lara" not in str(caught.value)
    assert caught.value.remedy
