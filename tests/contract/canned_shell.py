"""A canned shell: a process that notes each line that it is sent, and does what a play tells it to.

It knows nothing of Exchange and nothing of xtmig. Run as a program it takes the file of its play and the file of its
notes; every act answers one request.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONNECTED = {"result": {"module": "3.9.2", "shell": "7.4.6"}}


@dataclass
class Play:
    """What the shell shall do, and what it noted.

    Args:
        folder: An empty folder.
        acts: One for each request: JSON to answer with, bytes to print (`@id@` is the request's id), `"die"` or
            `"hang"`. Whoever asks on is answered with no rows.
    """

    folder: Path
    acts: list[Any] = field(default_factory=list)

    def command(self) -> list[str]:
        """The shell as a command line."""
        acts = [{"raw": act.decode("latin-1")} if isinstance(act, bytes) else act for act in self.acts]
        (self.folder / "play.json").write_text(json.dumps(acts), encoding="utf-8")
        return [sys.executable, "-I", "-S", __file__, str(self.folder / "play.json"), str(self.folder / "notes")]

    @property
    def lines(self) -> list[bytes]:
        """Every line that it was sent."""
        path = self.folder / "notes"
        return path.read_bytes().splitlines(keepends=True) if path.exists() else []

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Every request that it was sent."""
        return [json.loads(line) for line in self.lines]

    @property
    def starts(self) -> list[dict[str, Any]]:
        """Command line and environment of each start."""
        path = self.folder / "notes.starts"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _note(path: str, line: bytes) -> None:
    with Path(path).open("ab") as notes:
        notes.write(line)


def _perform(act: Any, request_id: str) -> None:
    out = sys.stdout.buffer
    if act == "die":
        sys.stderr.write("the shell says this before it ends\n")
        sys.exit(3)
    if act == "hang":
        time.sleep(60)
    if "stderr" in act:
        sys.stderr.write(act.pop("stderr"))
        sys.stderr.flush()
    if "raw" in act:
        out.write(act["raw"].encode("latin-1").replace(b"@id@", request_id.encode("ascii")))
    else:
        out.write(json.dumps({"id": request_id, **act}, ensure_ascii=False).encode("utf-8") + b"\r\n")
    out.flush()


def main(play: str, notes: str) -> None:
    """Answer until the input or the play ends."""
    start = json.dumps({"argv": sys.orig_argv, "environment": dict(os.environ)}) + "\n"
    _note(f"{notes}.starts", start.encode("utf-8"))
    for line in sys.stdin.buffer:
        _note(notes, line)
        acts = json.loads(Path(play).read_text(encoding="utf-8"))
        act = acts.pop(0) if acts else {"result": {"rows": [], "warnings": []}}
        Path(play).write_text(json.dumps(acts), encoding="utf-8")
        _perform(act, json.loads(line)["id"])


if __name__ == "__main__":
    main(*sys.argv[1:])
