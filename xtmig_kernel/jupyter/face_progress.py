"""What a run says while it works, in a cell's output that stays: a line now and then, not one for each request."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_SECONDS = 5.0
STEPS = 10
_NUMBERS = re.compile(r"[0-9][0-9,]*")
_COUNT = re.compile(r"([0-9]+) of ([0-9]+) ")


class Progress:
    """Passes on a sentence when it says something new.

    A sentence that differs from the one before by its numbers alone is new after another tenth of the work, at its
    end, or after five seconds.

    Args:
        write: Takes the sentences that are passed on.
        seconds: Tells time that passes, in seconds; the machine's, since it is about a person's patience.
    """

    def __init__(self, write: Callable[[str], None], seconds: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._seconds = seconds
        self._words = ""
        self._tenth = -1
        self._at = 0.0

    def say(self, sentence: str) -> None:
        """Take a sentence.

        Args:
            sentence: One sentence.
        """
        words, tenth, now = _NUMBERS.sub("#", sentence), _tenth(sentence), self._seconds()
        begins_again = tenth < self._tenth
        if words != self._words or tenth > self._tenth or begins_again or now - self._at >= QUIET_SECONDS:
            self._write(sentence)
            self._words, self._tenth, self._at = words, tenth, now


def _tenth(sentence: str) -> int:
    """How many tenths of the work a sentence such as `"30 of 400 sent"` says are done; -1 where it counts nothing."""
    counted = _COUNT.match(sentence)
    if counted is None or int(counted[2]) == 0:
        return -1
    return int(counted[1]) * STEPS // int(counted[2])
