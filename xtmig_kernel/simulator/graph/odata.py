"""Query options: $select, $filter, $top, and pages with opaque links (wire 4.13)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from xtmig_kernel.simulator.http import UnsupportedRequest
from xtmig_kernel.simulator.links import LinkRefused, make_link, read_link

from .context import Context, GraphRefused, bad_request, page_expired

DEFAULT_PAGE = 100
LARGEST_PAGE = 999
LINK_SECONDS = 3600
KNOWN_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken", "$count"})
_TEXT = r"'(?:[^']|'')*'"
_CLAUSE = re.compile(
    rf"\s*(?:(\w+)\s+eq\s+({_TEXT}|true|false|null)|startswith\(\s*(\w+)\s*,\s*({_TEXT})\s*\))\s*(and\b|$)",
    re.IGNORECASE,
)
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
Item = TypeVar("Item")
Row = dict[str, Any]
Build = Callable[[Item, frozenset[str] | None], Row]


class Clause(NamedTuple):
    """One condition of a `$filter`: a property that equals a value, or begins with it."""

    name: str
    value: Any
    begins: bool

    def fits(self, row: Row) -> bool:
        """Whether a row meets it; text is compared without case."""
        present = row.get(self.name)
        if isinstance(present, str) and isinstance(self.value, str):
            left, right = present.lower(), self.value.lower()
            return left.startswith(right) if self.begins else left == right
        return not self.begins and bool(present == self.value)


def check_options(context: Context) -> None:
    """Refuse query options that the simulator would silently ignore.

    Raises:
        UnsupportedRequest: There is one.
    """
    strange = [name for name in context.call.query if name not in KNOWN_OPTIONS]
    if strange:
        raise UnsupportedRequest(f"query option {strange[0]} on {context.call.path}")


def selected(context: Context) -> frozenset[str] | None:
    """The properties that `$select` names, or None where all that are usual are wanted."""
    wanted = context.call.query.get("$select")
    return frozenset(name.strip() for name in wanted.split(",")) if wanted else None


def cut(row: Row, names: frozenset[str] | None) -> Row:
    """A row with only these properties, or all where they are None; annotations stay."""
    return row if names is None else {k: v for k, v in row.items() if k in names or k.startswith("@odata.")}


def require_advanced_query(context: Context) -> None:
    """Refuse a cast that is not asked for as an advanced query.

    Raises:
        GraphRefused: 400: the header `ConsistencyLevel: eventual` or `$count=true` is missing (wire 4.11 [SRC]; the
            error's code and text from reports of users, which differ on the cast to users).
    """
    eventual = context.call.headers.get("consistencylevel", "").lower() == "eventual"
    if not eventual or context.call.query.get("$count") != "true":
        raise GraphRefused(400, "Request_UnsupportedQuery", "Invalid search request.")


def one(context: Context, row: dict[str, Any], kind: str) -> dict[str, Any]:
    """A single object as an answer's body."""
    check_options(context)
    return {"@odata.context": _metadata(context, f"{kind}/$entity"), **cut(row, selected(context))}


def _metadata(context: Context, suffix: str) -> str:
    return f"{context.world.addresses.graph}/v1.0/$metadata#{suffix}"


def _clauses(context: Context) -> list[Clause]:
    text = context.call.query.get("$filter", "")
    clauses, place = [], 0
    while place < len(text):
        found = _CLAUSE.match(text, place)
        if not found or (found.group(5) and found.end() == len(text)):
            raise UnsupportedRequest(f"$filter={text} on {context.call.path}")
        begins = found.group(3) is not None
        name, word = found.group(3, 4) if begins else found.group(1, 2)
        value = _WORDS.get(word.lower(), word[1:-1].replace("''", "'"))
        clauses.append(Clause(name, value, begins))
        place = found.end()
    return clauses


def _window(context: Context, page: int) -> tuple[int, int]:
    """Where the page begins and how long it may be."""
    top = context.call.query.get("$top")
    if top is not None and not (top.isdigit() and 1 <= int(top) <= LARGEST_PAGE):
        raise bad_request(f"Invalid page size specified: '{top}'. Must be between 1 and {LARGEST_PAGE} inclusive.")
    size = min(int(top or page), context.world.page_rows)
    if "$skiptoken" not in context.call.query:
        return 0, size
    try:
        facts = read_link(context.world.record_key, context.call.query["$skiptoken"], context.call.wall)
    except LinkRefused:
        raise page_expired() from None
    return int(facts["start"]), size


def many(context: Context, rows: list[Row], kind: str, page: int = DEFAULT_PAGE) -> Row:
    """A page of a collection whose rows are at hand; arguments and errors as for `paged`."""
    return paged(context, rows, cut, kind, page)


def paged(context: Context, items: Sequence[Item], build: Build[Item], kind: str, page: int = DEFAULT_PAGE) -> Row:
    """A page of a collection, with `@odata.nextLink` when there is more (wire 4.13).

    Args:
        context: The call.
        items: All objects, in a lasting order.
        build: Makes an object's row, with the usual properties or with those named; called for what is shown alone.
        kind: What they are, for `@odata.context`.
        page: Page size where `$top` is not given.

    Raises:
        GraphRefused: 400: `$top` or the page token is not usable.
        UnsupportedRequest: A query option that the simulator lacks.
    """
    check_options(context)
    clauses = _clauses(context)
    if clauses:
        asked = frozenset(clause.name for clause in clauses)
        items = [item for item in items if _fits_all(build(item, asked), clauses)]
    query, key = context.call.query, context.world.record_key
    start, size = _window(context, page)
    body: Row = {"@odata.context": _metadata(context, kind)}
    if query.get("$count") == "true":
        body["@odata.count"] = len(items)
    if len(items) > start + size:
        options = {k: v for k, v in query.items() if k != "$skiptoken"}
        options["$skiptoken"] = make_link(key, context.call.wall + LINK_SECONDS, start=start + size)
        text = "&".join(f"{k}={quote(v)}" for k, v in options.items())
        body["@odata.nextLink"] = f"{context.world.addresses.graph}{context.call.path}?{text}"
    names = selected(context)
    body["value"] = [build(item, names) for item in items[start : start + size]]
    return body


def _fits_all(row: Row, clauses: list[Clause]) -> bool:
    return all(clause.fits(row) for clause in clauses)
