"""How code in a notebook finds the kernel's redactor."""

from __future__ import annotations

from IPython import get_ipython

from xtmig_kernel.credentials import Redactor


def kernel_redactor() -> Redactor | None:
    """The redactor of the kernel that runs this code.

    Returns:
        None outside a notebook and in a kernel that does not redact; nothing typed there would be kept
        out of the notebook, so callers should not ask for secrets.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    redactor = getattr(kernel, "redactor", None)
    return redactor if isinstance(redactor, Redactor) else None
