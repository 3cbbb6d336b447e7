"""A keyring kept in a JSON file, in place of the one of the operating system, which a test machine may lack."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class FileKeyring(KeyringBackend):  # type: ignore[misc]
    """Keeps secrets in the file that `E2E_KEYRING_FILE` names."""

    priority = 1

    def _held(self) -> dict[str, str]:
        held: dict[str, str] = json.loads(self._file().read_text(encoding="utf-8"))
        return held

    def _file(self) -> Path:
        return Path(os.environ["E2E_KEYRING_FILE"])

    def get_password(self, service: str, username: str) -> str | None:
        """The secret, or None if there is none."""
        return self._held().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a secret, in place of an older one."""
        self._file().write_text(json.dumps(self._held() | {f"{service}/{username}": password}), encoding="utf-8")

    def delete_password(self, service: str, username: str) -> None:  # noqa: ARG002
        """Refused: no test needs it."""
        raise PermissionError("nothing is taken out of this keyring")
