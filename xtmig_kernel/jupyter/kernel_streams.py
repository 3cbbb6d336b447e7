"""Standard output and error of the kernel process, kept away from the terminal that started it.

On Linux and macOS ipykernel leads everything that is written to the process's own output, by
subprocesses for instance, through a pipe into the notebook, and also copies it, as it is, to the
terminal. Here it goes into the notebook only. On Windows ipykernel has no such pipe and the terminal
would get it all; here it goes nowhere.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

from ipykernel.iostream import OutStream

_READ_BYTES = 1000


class RedactingOutStream(OutStream):
    """A notebook stream without an echo on the terminal; the session redacts what it sends."""

    def fileno(self) -> int:
        """The descriptor for subprocesses to write to: the pipe into the notebook, not the terminal.

        Raises:
            io.UnsupportedOperation: There is no pipe (Windows).
        """
        if not self._should_watch:
            raise io.UnsupportedOperation("fileno")
        descriptor: int = self._original_stdstream_fd
        return descriptor

    def _watch_pipe_fd(self) -> None:
        if self._fid is None:
            return
        # Decoding piece by piece must not break a letter, or a secret with that letter is not recognized.
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        try:
            while (data := os.read(self._fid, _READ_BYTES)) and self._should_watch:
                self.write(decoder.decode(data))
        except Exception:  # as in ipykernel: shown when the stream closes
            self._exc = sys.exc_info()


def separate_from_terminal() -> TextIO | None:
    """Where no pipe leads the process's own output into the notebook, lead it to the null device.

    Returns:
        A stream to the terminal for the kernel's log, or None where the pipe is in place.
    """
    if getattr(sys.stdout, "_should_watch", False):
        return None
    try:
        terminal = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    except OSError:  # a process without a console has nothing to keep apart
        return None
    null = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    return terminal
