"""Whoever wants to see every request and its answer, such as `xtmig check-access --record`, is told of them here."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests


class Watcher(Protocol):
    """Sees requests with their answers; it must keep nothing of them that names anybody, and raise nothing."""

    def saw(
        self, request: requests.PreparedRequest, outcome: requests.Response | Exception, milliseconds: float
    ) -> None:
        """One request is over.

        Args:
            request: As it was sent, with its token.
            outcome: The answer, or what was raised instead of one.
            milliseconds: How long it took.
        """
        ...


_watchers: list[Watcher] = []


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Tell a watcher of every request for the length of a `with` block.

    Args:
        watcher: Is told.
    """
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


@contextmanager
def watched(request: requests.PreparedRequest) -> Iterator[Callable[[requests.Response], None]]:
    """One request: give the answer to what this yields, so that all watchers are told of it.

    Args:
        request: What is sent.
    """
    began = time.monotonic()

    def tell(outcome: requests.Response | Exception) -> None:
        for watcher in tuple(_watchers):
            watcher.saw(request, outcome, (time.monotonic() - began) * 1000)

    try:
        yield tell
    except Exception as error:
        tell(error)
        raise
