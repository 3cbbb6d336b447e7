"""Query options: $select, $filter, $top, and pages with opaque links (wire 4.13)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from xtmig_kernel.simulator.http import UnsupportedRequest
from xtmig_kernel.simulator.links import LinkRefused, make_link, read_link

from .context import Context, bad_request

DEFAULT_PAGE = 100
LARGEST_PAGE = 999
LINK_SECONDS = 3600
KNOWN_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken", "$count"})
_CLAUSE = re.compile(r"\s*(\w+)\s+eq\s+('(?:[^']|'')*'|true|false|null)\s*", re.IGNORECASE)
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


def check_options(context: Context) -> None:
    """Refuse query options that the simulator would silently ignore.

    Raises:
        UnsupportedRequest: There is one.
    """
    strange = [name for name in context.call.query if name not in KNOWN_OPTIONS]
    if strange:
        raise UnsupportedRequest(f"query option {strange[0]} on {context.call.path}")


def select(context: Context, row: dict[str, Any]) -> dict[str, Any]:
    """A row with only the properties that `$select` names."""
    wanted = context.call.query.get("$select")
    if not wanted:
        return row
    names = {name.strip() for name in wanted.split(",")}
    return {k: v for k, v in row.items() if k in names or k.startswith("@odata.")}


def one(context: Context, row: dict[str, Any], kind: str) -> dict[str, Any]:
    """A single object as an answer's body."""
    check_options(context)
    return {"@odata.context": _metadata(context, f"{kind}/$entity"), **select(context, row)}


def _metadata(context: Context, suffix: str) -> str:
    return f"{context.world.addresses.graph}/v1.0/$metadata#{suffix}"


def _filtered(context: Context, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    text = context.call.query.get("$filter")
    for clause in re.split(r"\s+and\s+", text) if text else []:
        found = _CLAUSE.fullmatch(clause)
        if not found:
            raise UnsupportedRequest(f"$filter={text} on {context.call.path}")
        name, word = found.groups()
        value = _WORDS.get(word.lower(), word[1:-1].replace("''", "'"))
        rows = [row for row in rows if _equal(row.get(name), value)]
    return rows


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return bool(left == right)


def many(context: Context, rows: list[dict[str, Any]], kind: str, page: int = DEFAULT_PAGE) -> dict[str, Any]:
    """A page of a collection, with `@odata.nextLink` when there is more.

    Args:
        context: The call.
        rows: All objects, in a lasting order.
        kind: What they are, for `@odata.context`.
        page: Page size where `$top` is not given.

    Raises:
        GraphRefused: 400: `$top` or the page token is not usable.
        UnsupportedRequest: A query option that the simulator lacks.
    """
    check_options(context)
    rows = _filtered(context, rows)
    query, key = context.call.query, context.world.record_key
    top = query.get("$top")
    if top is not None and not (top.isdigit() and 1 <= int(top) <= LARGEST_PAGE):
        raise bad_request(f"Invalid page size specified: '{top}'. Must be between 1 and {LARGEST_PAGE} inclusive.")
    size, start = int(top or page), 0
    if "$skiptoken" in query:
        try:
            facts = read_link(key, query["$skiptoken"], context.call.wall)
        except LinkRefused:
            raise bad_request("The specified page token value has expired or is not valid.") from None
        start = int(facts["start"])
    body: dict[str, Any] = {"@odata.context": _metadata(context, kind)}
    if query.get("$count") == "true":
        body["@odata.count"] = len(rows)
    if len(rows) > start + size:
        options = {k: v for k, v in query.items() if k != "$skiptoken"}
        options["$skiptoken"] = make_link(key, context.call.wall + LINK_SECONDS, start=start + size)
        text = "&".join(f"{k}={quote(v)}" for k, v in options.items())
        body["@odata.nextLink"] = f"{context.world.addresses.graph}{context.call.path}?{text}"
    body["value"] = [select(context, row) for row in rows[start : start + size]]
    return body
