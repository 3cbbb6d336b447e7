"""Where tokens live between two sign-ins: in memory, unless the project asks to keep them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import UsageError

if TYPE_CHECKING:
    from xtmig_kernel.project import Side


def token_cache(side: Side, tenant_id: str, *, keep: bool) -> Any:
    """A cache for msal.

    Args:
        side: The tenant, for messages.
        tenant_id: Its ID; each tenant has a file of its own.
        keep: Whether the tokens shall outlive this process, encrypted by the operating system.

    Raises:
        UsageError: They shall be kept, and this machine offers no encryption for them.
    """
    import msal

    if not keep:
        return msal.TokenCache()
    import msal_extensions

    folder = user_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        store = msal_extensions.build_encrypted_persistence(str(folder / f"tokens-{tenant_id}.bin"))
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        # Tokens in a plain file would be a way into the tenant for whoever reads it.
        raise UsageError(
            "The sign-in cannot be kept on this machine.",
            side=side,
            cause=f"There is no encrypted store for it ({type(error).__name__}).",
            remedy="Set keep_tokens: false in project.yaml, or set up the system's keyring.",
        ) from None
    return msal_extensions.PersistedTokenCache(store)


def user_folder() -> Path:
    """The folder for what belongs to this person on this machine, never to a project."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "xtmig"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "xtmig"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "xtmig"
