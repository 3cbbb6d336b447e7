"""Notebooks and examples that come with the package, from a wheel or from a checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from xtmig_kernel.errors import UsageError


def shipped(name: str) -> Path:
    """A folder of files that come with xtmig.

    Args:
        name: `"notebooks"` or `"examples"`.

    Raises:
        UsageError: The installation is incomplete.
    """
    package = Path(str(files("xtmig_kernel")))
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise UsageError(f"this installation lacks its {name}", remedy="Install xtmig again.")
