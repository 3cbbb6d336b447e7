"""The `xtmig` kernel: IPython, with secrets taken out of everything it says.

Jupyter starts it as `python -m xtmig_kernel.jupyter.kernel -f CONNECTION_FILE` (see
`share/jupyter/kernels/xtmig/kernel.json`). Nothing else should import this module: as a main module it
would exist twice. Notebook code finds the redactor with `kernel_access.kernel_redactor`.
"""

from __future__ import annotations

import os
from logging import LogRecord, StreamHandler
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from traitlets import DottedObjectName, Type, default
from traitlets.config import Config

from xtmig_kernel.credentials import RedactingFilter, Redactor
from xtmig_kernel.errors import UsageError
from xtmig_kernel.jupyter.kernel_session import RedactingSession
from xtmig_kernel.jupyter.kernel_streams import separate_from_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_client.session import Session

SECRET_VARIABLES = "XTMIG_SECRET_VARIABLES"  # noqa: S105  the name of a variable that holds names
"""Environment variable with the names, separated by commas, of the variables that hold secrets."""


def _worth_reading(record: LogRecord) -> bool:
    """Whether a line of the kernel's log tells the person who runs a notebook anything.

    Messages between JupyterLab or papermill and the kernel stay on this machine, and an interrupt at the end is how
    papermill stops a kernel.
    """
    text = record.getMessage()
    return "running over TCP without encryption" not in text and "KeyboardInterrupt caught in kernel" not in text


class RedactingKernel(IPythonKernel):
    """An IPython kernel whose session redacts."""

    @property
    def redactor(self) -> Redactor:
        """The redactor of this process; secrets registered here appear in no message."""
        return cast("RedactingSession", self.session).redactor


class RedactingKernelApp(IPKernelApp):
    """Starts the kernel with a redacting session, redacting streams, and no history on disk."""

    kernel_class = Type(RedactingKernel, klass="ipykernel.kernelbase.Kernel")  # type: ignore[assignment]
    outstream_class = DottedObjectName("xtmig_kernel.jupyter.kernel_streams.RedactingOutStream")

    def initialize(self, argv: list[str] | None = None) -> None:
        """Start the kernel; its log holds only what is worth reading, from its first line on.

        The profile's folders are asked for while it starts and never again, so they go at once: a kernel that is killed
        at its end could not remove them any more.
        """
        self.log.addFilter(_worth_reading)
        super().initialize(argv)  # type: ignore[no-untyped-call]
        rmtree(self.ipython_dir, ignore_errors=True)

    @default("ipython_dir")
    def _no_profile_in_the_home(self) -> str:
        """A folder that goes with the kernel, so that it leaves no profile behind and runs nobody's start-up files.

        It lies in `IPYTHONDIR` where that is a folder: a run names one there that goes with the run, even if the kernel
        has to be killed at the end.
        """
        named = os.environ.get("IPYTHONDIR", "")
        place = named if named and Path(named).is_dir() else None
        self._own_folder = TemporaryDirectory(prefix="xtmig-kernel-", dir=place, ignore_cleanup_errors=True)
        os.environ["IPYTHONDIR"] = self._own_folder.name  # where IPython's shell asks once more
        return self._own_folder.name

    @default("session")
    def _redacting_session(self) -> Session:
        return RedactingSession(parent=self, username="kernel")

    def init_io(self) -> None:
        """Replace the standard streams; what still reaches the terminal, the kernel's log, is redacted."""
        redactor = cast("RedactingSession", self.session).redactor
        _register_variables(redactor, self.log.warning)
        self.quiet = True  # otherwise every print would be echoed, as it is, on the terminal
        super().init_io()  # type: ignore[no-untyped-call]
        terminal = separate_from_terminal()
        for handler in self.log.handlers:
            handler.addFilter(RedactingFilter(redactor))
            if terminal is not None and isinstance(handler, StreamHandler):
                handler.setStream(terminal)

    def init_kernel(self) -> None:
        """Create the kernel; IPython's history, which holds the source of every cell, is not kept."""
        self.update_config(Config({"HistoryManager": {"enabled": False}}))
        super().init_kernel()  # type: ignore[no-untyped-call]


def _register_variables(redactor: Redactor, warn: Callable[..., None]) -> None:
    """Register the secrets that the environment holds, before any cell can show them."""
    for name in filter(None, map(str.strip, os.environ.get(SECRET_VARIABLES, "").split(","))):
        if text := os.environ.get(name, ""):
            try:
                redactor.register(text, f"The secret in the environment variable {name}")
            except UsageError as error:
                warn("%s", error)


if __name__ == "__main__":
    RedactingKernelApp.launch_instance()
