"""Whoever wants to see every request and its answer, such as `xtmig check-access --record`, is told of them here."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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

    def asked(self, request: Mapping[str, Any], outcome: Mapping[str, Any] | Exception, milliseconds: float) -> None:
        """One line to a PowerShell is answered, or was not.

        Args:
            request: As it was asked, with its token and secrets.
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
    with _timed(lambda watcher, *outcome: watcher.saw(request, *outcome)) as tell:
        yield tell


@contextmanager
def watched_line(request: Mapping[str, Any]) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """One line to a PowerShell: give the answer to what this yields, so that all watchers are told of it.

    Args:
        request: What is asked.
    """
    with _timed(lambda watcher, *outcome: watcher.asked(request, *outcome)) as tell:
        yield tell


@contextmanager
def _timed(told: Callable[..., None]) -> Iterator[Callable[[Any], None]]:
    began = time.monotonic()

    def tell(outcome: Any) -> None:
        for watcher in tuple(_watchers):
            told(watcher, outcome, (time.monotonic() - began) * 1000)

    try:
        yield tell
    except Exception as error:
        tell(error)
        raise
