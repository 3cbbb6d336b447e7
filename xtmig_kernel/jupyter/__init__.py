"""The notebook's side of xtmig: the kernel that redacts, and what notebooks show.

The names are fetched when they are first used, because the kernel itself is a module of this package and shall start
without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xtmig_kernel.jupyter.face import open_notebook
    from xtmig_kernel.jupyter.forms import project_form
    from xtmig_kernel.jupyter.status import open_status

__all__ = ["open_notebook", "open_status", "project_form"]

_MODULES = {"open_notebook": "face", "open_status": "status", "project_form": "forms"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
