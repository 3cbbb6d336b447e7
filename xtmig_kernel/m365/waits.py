"""How often and how long a request may wait before it is given up, and what a person is told meanwhile (fact F-24).

A sentence about a wait names a service, a side and numbers, and nothing that came from a tenant or from an answer.
"""

from __future__ import annotations

import math
import random
import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.project import Side

Service = Literal["exchange", "graph", "compliance", "login"]

RETRIES = 5
FIRST_WAIT_SECONDS = 2.0
CEILING_SECONDS = 300.0

_NAMES: dict[Service, str] = {
    "exchange": "Exchange",
    "graph": "Graph",
    "compliance": "Security & Compliance",
    "login": "The sign-in service",
}
_SENTENCE = re.compile(rf"({'|'.join(_NAMES.values())}) of the (source|target) [a-z]")


def unheard(_: str) -> None:
    """Tell nobody."""


def speaker(service: Service, side: Side) -> str:
    """How a service of a tenant is called in a sentence, such as `"Exchange of the target"`.

    Args:
        service: The service.
        side: The tenant.
    """
    return f"{_NAMES[service]} of the {side}"


def is_about_a_wait(line: str) -> bool:
    """Whether a line is one of the sentences that are told while a service is waited for.

    Args:
        line: Any line of output.
    """
    return _SENTENCE.match(line) is not None


class Waits:
    """The retries of one request.

    Args:
        clock: Does the waiting.
        who: Whom we wait for, as `speaker` says it.
        tell: Takes one sentence before each wait.
        ceiling: Seconds of waiting altogether.
    """

    def __init__(
        self,
        clock: Clock,
        who: str = "The service",
        tell: Callable[[str], None] = unheard,
        ceiling: float = CEILING_SECONDS,
    ) -> None:
        self._clock = clock
        self._who = who
        self._tell = tell
        self._left = ceiling
        self._count = 0

    def wait(self, retry_after: str | None = None, *, why: str = "is busy") -> bool:
        """Wait before the next try, unless there is to be none.

        Args:
            retry_after: The service's Retry-After header: seconds, maybe with decimals (wire 1.8).
            why: What is told of the service where it named no time.

        Returns:
            False, at once, where the retries are used up or the wait would go over the ceiling.
        """
        asked = _seconds(retry_after)
        # Several workers that were refused together shall not come back together.
        seconds = FIRST_WAIT_SECONDS * 2**self._count * random.uniform(1.0, 1.25) if asked is None else asked  # noqa: S311
        if self._count >= RETRIES or seconds > self._left:
            return False
        self._count += 1
        self._left -= seconds
        length, tries = in_seconds(seconds), f"(try {self._count + 1} of {RETRIES + 1})"
        told = f"{why}; trying again in {length}" if asked is None else f"asked us to wait {length}"
        self._tell(f"{self._who} {told} {tries}")
        self._clock.sleep(seconds)
        return True


def in_seconds(seconds: float) -> str:
    """A length of time for a sentence, in whole seconds, such as `"12 s"`.

    Args:
        seconds: Any number of them; a part of one counts as a whole.
    """
    return f"{max(1, math.ceil(seconds))} s"


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
