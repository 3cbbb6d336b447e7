"""A keyring kept in a JSON file, in place of the one of the operating system, which a test machine may lack."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class FileKeyring(KeyringBackend):  # type: ignore[misc]
    """Reads secrets from the file that `E2E_KEYRING_FILE` names."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        """The secret, or None if there is none."""
        held: dict[str, str] = json.loads(Path(os.environ["E2E_KEYRING_FILE"]).read_text(encoding="utf-8"))
        return held.get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:  # noqa: ARG002
        """Refused: no test needs it."""
        raise PermissionError("this keyring is only read")

    def delete_password(self, service: str, username: str) -> None:  # noqa: ARG002
        """Refused: no test needs it."""
        raise PermissionError("this keyring is only read")
