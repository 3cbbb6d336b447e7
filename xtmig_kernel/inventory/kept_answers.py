"""Answers of one tenant that are kept as they arrive, so that a collection that was killed asks for none of them twice.

A list is kept page by page with the link of the next one, questions about single objects by the request of up to ten
or twenty. What was answered once in a snapshot is not asked again in it: tables that rest on the same list rest on one
reading of it.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from xtmig_kernel import errors
from xtmig_kernel.clock import as_text
from xtmig_kernel.errors import AccessDenied, Conflict, NotFound, Rejected, ServiceError
from xtmig_kernel.m365 import PageLinkExpired
from xtmig_kernel.store import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.inventory.progress import Progress
    from xtmig_kernel.project import Side
    from xtmig_kernel.store import SnapshotStore

    Part = tuple[list[Any], str | None]
    """Rows of one page, and the link of the next one."""

LASTING = (AccessDenied, NotFound, Conflict, Rejected)
"""Refusals that asking again would not change; all others are not kept."""

_OF_SECRETS = frozenset({"secrettext", "hint", "key", "customkeyidentifier", "credentials", "password"})
_TOLD = ("exception_type", "request_id", "client_request_id", "status", "side", "subject", "cause", "remedy")


class CollectionStopped(Exception):
    """The other side's collection has failed, or a person interrupted it: nothing more is asked."""


class Trace:
    """When the answers came that one table is made from."""

    def __init__(self) -> None:
        self.lists: list[list[str]] = []
        self.asked: dict[str, str] = {}

    def clear(self) -> None:
        """Begin another table."""
        self.__init__()  # type: ignore[misc]

    def saw_list(self, times: list[str]) -> None:
        """A list was read.

        Args:
            times: For each of its rows when its page came.
        """
        self.lists.append(times)

    def saw_answers(self, names: Sequence[str], at: str) -> None:
        """Questions about single objects were answered.

        Args:
            names: What the objects were called.
            at: When.
        """
        for name in names:
            known = self.asked.get(name.casefold(), at)
            self.asked[name.casefold()] = min(known, at)


class KeptAnswers:
    """The answers of one tenant in one snapshot.

    Args:
        store: Where they are kept.
        snapshot: Id of the snapshot.
        side: The tenant.
        clock: Stamps them.
        progress: Is told what was answered.
        halt: Set where nothing more is to be asked.
    """

    def __init__(
        self,
        store: SnapshotStore,
        snapshot: str,
        side: Side,
        clock: Clock,
        progress: Progress,
        halt: threading.Event,
    ) -> None:
        self._store, self._snapshot, self._side = store, snapshot, side
        self._clock, self._progress, self._halt = clock, progress, halt
        self._lock = threading.Lock()
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def read_list(self, call: str, read_page: Callable[[str | None], Part], trace: Trace) -> list[Any]:
        """All rows of a list, of which what was kept is not asked for again.

        Args:
            call: What is asked, with everything that tells it from other calls.
            read_page: Reads the page behind a link, or the first one.
            trace: Learns when each row came.

        Raises:
            ServiceError: The list was refused, or its links expired twice over.
            CollectionStopped: Nothing more is to be asked.
        """
        with self._turn(call):
            pages = list(self._store.answers(self._snapshot, self._side, call))
            of_before = bool(pages)
            while not pages or pages[-1].answer["next"]:
                try:
                    pages.append(self._next_page(call, pages, read_page))
                except Rejected as error:
                    # half an hour is over, or the service does not know a link any more that an earlier run was given
                    if not pages or not (of_before or isinstance(error, PageLinkExpired)):
                        raise
                    self._progress.begins_again(self._side)
                    self._store.drop_answers(self._snapshot, self._side, call)
                    pages, of_before, read_page = [], False, _once_more(read_page)
        trace.saw_list([as_text(page.at) for page in pages for _ in page.answer["rows"]])
        return [row for page in pages for row in page.answer["rows"]]

    def _next_page(self, call: str, pages: list[Answer], read_page: Callable[[str | None], Part]) -> Answer:
        self.go_on()
        link = pages[-1].answer["next"] if pages else None
        rows, following = read_page(link)
        if following is not None and any(following == page.answer["next"] for page in pages):
            raise ServiceError(f"{call.partition(' ')[0]}: the service's pages run in a circle.", side=self._side)
        page = Answer(len(pages), self._clock.now(), {"rows": without_secrets(rows), "next": following})
        self._store.keep_answer(self._snapshot, self._side, call, page)
        self._progress.read_rows(self._side, len(rows))
        return page

    def ask(
        self, what: Any, names: Sequence[str], send: Callable[[], list[Any | ServiceError]], trace: Trace
    ) -> list[Any | ServiceError]:
        """The answers to a few questions that go into one request, from what was kept or from the service.

        Args:
            what: The questions, JSON-able.
            names: What each asks about.
            send: Asks; JSON-able answers and errors, one for each question.
            trace: Learns when they came.

        Raises:
            CollectionStopped: Nothing more is to be asked.
        """
        call = "questions " + hashlib.sha256(_text(what).encode("ascii")).hexdigest()
        with self._turn(call):
            kept = self._store.answers(self._snapshot, self._side, call)
            if kept:
                answers, at = [_restored(item) for item in kept[0].answer], kept[0].at
                self._progress.answered(self._side, len(names), 0.0)
            else:
                answers, at = self._asked(call, names, send)
        trace.saw_answers(names, as_text(at))
        return answers

    def _asked(
        self, call: str, names: Sequence[str], send: Callable[[], list[Any | ServiceError]]
    ) -> tuple[list[Any | ServiceError], datetime]:
        self.go_on()
        begun = time.monotonic()
        answers = [item if isinstance(item, ServiceError) else without_secrets(item) for item in send()]
        at = self._clock.now()
        if all(isinstance(item, LASTING) or not isinstance(item, ServiceError) for item in answers):
            kept = Answer(0, at, [_kept(item) for item in answers])
            self._store.keep_answer(self._snapshot, self._side, call, kept)
        self._progress.answered(self._side, len(names), time.monotonic() - begun)
        return answers, at

    def go_on(self) -> None:
        """Go on asking.

        Raises:
            CollectionStopped: Nothing more is to be asked.
        """
        if self._halt.is_set():
            raise CollectionStopped

    def _turn(self, call: str) -> threading.Lock:
        """One at a time asks the same; another one then finds the answer."""
        with self._lock:
            return self._turns[call]


def call_name(*parts: Any) -> str:
    """What tells one list from another.

    Args:
        parts: JSON-able; the first is the cmdlet, or the path.
    """
    return f"{parts[0]} {_text(parts[1:])}"


def without_secrets(data: Any) -> Any:
    """The data without the values of secrets, and without what a service shows of them.

    Args:
        data: JSON-able.
    """
    if isinstance(data, dict):
        return {name: without_secrets(value) for name, value in data.items() if name.casefold() not in _OF_SECRETS}
    return [without_secrets(item) for item in data] if isinstance(data, (list, tuple)) else data


def groups_of(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Parts of a list, as they go into one request.

    Args:
        items: The list.
        size: The most of a part.
    """
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _once_more(read_page: Callable[[str | None], Part]) -> Callable[[str | None], Part]:
    """The second reading; a link that expires in it, too, is told as what it is."""

    def read(link: str | None) -> Part:
        try:
            return read_page(link)
        except PageLinkExpired as error:
            raise ServiceError(error.message, side=error.side, cause=error.cause, remedy=error.remedy) from None

    return read


def _kept(item: Any | ServiceError) -> dict[str, Any]:
    if not isinstance(item, ServiceError):
        return {"answer": item}
    kind = next(one for one in LASTING if isinstance(item, one))
    return {"error": kind.__name__, "message": item.message, **{name: getattr(item, name) for name in _TOLD}}


def _restored(item: dict[str, Any]) -> Any | ServiceError:
    if "error" not in item:
        return item["answer"]
    told = {name: value for name, value in item.items() if name not in ("error", "message")}
    error: ServiceError = getattr(errors, item["error"])(item["message"], **told)
    return error


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)
