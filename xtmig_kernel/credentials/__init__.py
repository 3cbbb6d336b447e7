"""Secrets: how the project refers to them, how they are held and how they are kept out of output."""

from xtmig_kernel.credentials.passwords import keep_in_keyring, new_password
from xtmig_kernel.credentials.redactor import MARK, RedactingFilter, RedactingStream, Redactor
from xtmig_kernel.credentials.secret import Secret, SecretReference

__all__ = [
    "MARK",
    "RedactingFilter",
    "RedactingStream",
    "Redactor",
    "Secret",
    "SecretReference",
    "keep_in_keyring",
    "new_password",
]
