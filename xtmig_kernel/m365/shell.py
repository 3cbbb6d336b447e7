"""A PowerShell of this machine as a child process that is asked one line at a time and answers with one line.

Requests go to its standard input alone: nothing of them stands on a command line, in the environment or on a disk.
Environment variables that hold a secret of this run are not handed on. An answer is the one line of standard output
that is JSON and repeats the request's random id; whatever else the shell prints there is passed over.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import threading
import time
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from uuid import uuid4

from xtmig_kernel.credentials import RedactingStream
from xtmig_kernel.errors import UsageError
from xtmig_kernel.m365.watching import watched_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.credentials import Redactor

BRIDGE = Path(__file__).with_name("bridge.ps1")
_SHELLS = ("pwsh", "powershell")
"""PowerShell 7 first, then Windows PowerShell 5.1."""

# A script file runs under the policy RemoteSigned wherever group policy does not say otherwise; the default of a
# Windows client lets no script run at all.
_OPTIONS = ("-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned", "-File")
_STOP_SECONDS = 5
_TOLD_CHARACTERS = 500


class ShellLost(Exception):
    """The shell gave no answer, so nobody knows what became of the request.

    Args:
        said: The end of what it printed on standard error, redacted.
        late: Whether the time was up; else it had ended.
    """

    def __init__(self, said: str, *, late: bool) -> None:
        super().__init__("no answer")
        self.said = said
        self.late = late


def shell_command() -> tuple[str, ...]:
    """How the bridge is started here.

    Raises:
        UsageError: This machine has no PowerShell.
    """
    found = next((path for path in map(shutil.which, _SHELLS) if path), None)
    if found is None:
        raise UsageError(
            "PowerShell is not installed on this machine.",
            cause="project.yaml says transport: powershell, and neither pwsh nor powershell is in the PATH.",
            remedy="Install PowerShell 7, in it Install-Module ExchangeOnlineManagement; or choose transport: rest.",
        )
    return (found, *_OPTIONS, str(BRIDGE))


class Shell:
    """One running shell. Not for several threads at once.

    Args:
        command: Program and arguments.
        redactor: Knows the secrets that the shell must not inherit and whose echo must not be shown.

    Raises:
        UsageError: The program cannot be started.
    """

    def __init__(self, command: Sequence[str], redactor: Redactor) -> None:
        environment = {name: value for name, value in os.environ.items() if redactor.redact(value) == value}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the program is the one that the PATH names
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise UsageError(
                "PowerShell could not be started.",
                cause=f"{type(error).__name__} for {command[0]}.",
                remedy="Start it once by hand, or choose transport: rest.",
            ) from None
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._said = _Said(redactor)
        self._readers = (
            threading.Thread(target=_pass_on, args=(self._process.stdout, self._lines), daemon=True),
            threading.Thread(target=self._said.listen, args=(self._process.stderr,), daemon=True),
        )
        for reader in self._readers:
            reader.start()
        self._end = weakref.finalize(self, _end, self._process, self._readers)

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to a request. A shell that gave none is ended, and cannot be asked again.

        Args:
            request: JSON data; it is given an id here.
            seconds: How long to wait, by the wall clock.

        Raises:
            ShellLost: It ended, or the time was up.
        """
        with watched_line(request) as tell:
            answer = self._answer(request, seconds)
            tell(answer)
        return answer

    def _answer(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        request_id = uuid4().hex
        line = json.dumps({"id": request_id, **request}).encode("ascii") + b"\n"
        until = time.monotonic() + seconds
        stdin = self._process.stdin
        if stdin is None or stdin.closed:
            raise self._lost(late=False)
        try:
            stdin.write(line)
            stdin.flush()
        except OSError:
            raise self._lost(late=False) from None
        while True:
            try:
                found = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise self._lost(late=True) from None
            if found is None:
                raise self._lost(late=False)
            answer = _answer(found)
            if answer is not None and answer.get("id") == request_id:
                return answer

    @property
    def running(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it: its input ends, and it is killed if it does not stop by itself."""
        self._end()

    def _lost(self, *, late: bool) -> ShellLost:
        if late:
            self._process.kill()
        self.close()
        return ShellLost(self._said.tail(), late=late)


class _Said:
    """What the shell prints on standard error: redacted as it comes, and only its end kept."""

    def __init__(self, redactor: Redactor) -> None:
        self._stream = RedactingStream(redactor)
        self._text = ""

    def listen(self, stderr: IO[bytes]) -> None:
        for line in stderr:
            self._keep(self._stream.feed(line.decode("utf-8", "replace")))
        self._keep(self._stream.finish())

    def _keep(self, text: str) -> None:
        self._text = (self._text + text)[-_TOLD_CHARACTERS:]

    def tail(self) -> str:
        return " ".join(self._text.split())


def _pass_on(stdout: IO[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    for line in stdout:  # bytes end at a line feed alone; a text would also end at U+2028
        lines.put(line)
    lines.put(None)


def _answer(line: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(line.strip(b"\0 \r\n\t").decode("utf-8-sig"))
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _end(process: subprocess.Popen[bytes], readers: Sequence[threading.Thread]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for reader in readers:
        reader.join(_STOP_SECONDS)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
