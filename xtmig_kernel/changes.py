"""Changes as data: calls, what they alter, and hashes that approvals are bound to. Pure.

A `Change` says which object of which tenant it alters, from what to what, by which calls, how the object is
found again, how the change is undone, and how strongly it must be approved. Nothing here reads or writes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields, is_dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xtmig_kernel.project import Side


class Level(IntEnum):
    """How strongly a change must be approved."""

    READS = 0
    UNDOABLE = 1
    NAMED = 2
    SECOND_PERSON = 3


@dataclass(frozen=True)
class Subject:
    """An object in a tenant and the key by which a read finds it.

    Args:
        side: The tenant.
        table: The inventory's table that lists such objects, such as `"migration_endpoints"`.
        key: The key columns and their values.
        label: What an administrator calls it.
    """

    side: Side
    table: str
    key: tuple[tuple[str, str], ...]
    label: str

    def matches(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of the table is this object; Exchange and Graph compare names without case.

        Args:
            row: One row of `table`.
        """
        return all(_has(row.get(column), value) for column, value in self.key)


def _has(cell: Any, value: str) -> bool:
    if isinstance(cell, (list, tuple)):
        return any(str(item).casefold() == value.casefold() for item in cell)
    return cell is not None and str(cell).casefold() == value.casefold()


@dataclass(frozen=True)
class Later:
    """A value that is not known while planning: read from an object when the change is made.

    Args:
        subject: The object that will hold it.
        attribute: Column of the subject's table.
    """

    subject: Subject
    attribute: str

    def __str__(self) -> str:
        return f"{self.attribute} of {self.subject.label}"


@dataclass(frozen=True)
class MintedSecret:
    """The secret that the first call of the same change makes; it is never written down."""

    def __str__(self) -> str:
        return "minted here, stored nowhere"


@dataclass(frozen=True)
class ReferredSecret:
    """A secret that somebody provides.

    Args:
        reference: Such as `"env:NAME"`; never the secret itself.
    """

    reference: str

    def __str__(self) -> str:
        return f"secret from {self.reference.split(':', maxsplit=1)[0]}"


@dataclass(frozen=True)
class NewPassword:
    """A first password that is made when the call is sent, by the document's policy (SCR-06, SCR-07).

    Args:
        route: Where it goes: `discard`, or `keyring:SERVICE`.
        user: User principal name of its owner, the name under which the keyring holds it.
        length: Number of characters.
    """

    route: str
    user: str
    length: int

    def __str__(self) -> str:
        return "made here, " + ("handed to nobody" if self.route == "discard" else f"handed to {self.route}")


@dataclass(frozen=True)
class CsvBytes:
    """A CSV file that is sent as the bytes of its UTF-8 text, without a byte order mark (BAT-01, BAT-08).

    Args:
        lines: Its lines without their ends, the header first.
    """

    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole file."""
        return "\r\n".join(self.lines)

    def __str__(self) -> str:
        return f"CSV of {len(self.lines) - 1} rows: {', '.join(self.lines)}"


@dataclass(frozen=True)
class Credential:
    """A PSCredential: user name and secret (EPT-08)."""

    user: str | Later
    secret: MintedSecret | ReferredSecret


@dataclass(frozen=True)
class ExchangeCall:
    """One Exchange Online cmdlet with its parameters, named as the reference names them.

    Args:
        cmdlet: Such as `"New-MigrationEndpoint"`.
        parameters: Values: text, bool, int, list of text, dict (a hashtable), `Later`, `Credential`, `NewPassword`,
            `CsvBytes`.
    """

    cmdlet: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GraphCall:
    """One Microsoft Graph request.

    Args:
        method: `"GET"`, `"POST"`, `"PATCH"` or `"DELETE"`.
        path: Below `/v1.0`, with `{name}` for the values in `path_values`.
        path_values: Text or `Later`.
        body: JSON data, `Later` allowed inside, or None.
        headers: Further headers.
    """

    method: str
    path: str
    path_values: Mapping[str, str | Later] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Call: TypeAlias = ExchangeCall | GraphCall


@dataclass(frozen=True)
class Change:
    """One alteration of one object.

    Args:
        step: Id of the step that planned it.
        side: The tenant that is written to.
        tenant_id: That tenant's ID; the engine proves it before the call.
        subject: The object and its key.
        title: What happens, as a person would say it: "Create migration endpoint contoso-moves".
        before: The altered attributes as they were observed; None where the object is absent.
        after: The same attributes as they shall be; None where the object is to go.
        calls: What is called, in this order. A second call may use what the first one mints.
        level: How strongly it must be approved.
        undo: How to undo it, in words with the cmdlet, or why it cannot be undone.
        statements: Ids of the document's statements that it answers.
        irreversible: Whether it cannot be undone.
        lag_seconds: How long the service may take until a read shows the change, in seconds.
    """

    step: str
    side: Side
    tenant_id: str
    subject: Subject
    title: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    calls: tuple[Call, ...]
    level: Level
    undo: str
    statements: tuple[str, ...]
    irreversible: bool = False
    lag_seconds: int = 90

    def __post_init__(self) -> None:
        if self.side != self.subject.side:
            raise ValueError(f"{self.title}: the change is for {self.side}, its subject is in {self.subject.side}")
        if not self.subject.key or not all(value.strip() for _, value in self.subject.key):
            raise ValueError(f"{self.title}: a change never acts on a blank identity")
        if self.level == Level.READS:
            raise ValueError(f"{self.title}: a change is never of level 0, which is for reads")
        if self.before is not None and self.after is not None and self.before.keys() != self.after.keys():
            raise ValueError(f"{self.title}: before and after name different attributes")
        if self.before is None and self.after is None:
            raise ValueError(f"{self.title}: nothing would change")
        if self.irreversible and self.level < Level.SECOND_PERSON:
            raise ValueError(f"{self.title}: what cannot be undone needs a second person")
        if self.irreversible and any(True for _ in later_values(self)):
            raise ValueError(f"{self.title}: an irreversible change holds no value that is not yet known")

    @cached_property
    def hash(self) -> str:
        """SHA-256 over everything the change says, as `sha256:<hex>`; approvals are bound to it."""
        return digest(as_data(self))


@dataclass(frozen=True)
class Plan:
    """What one step would change, given what was observed.

    Args:
        step: Id of the step.
        changes: In the order in which they are made; empty when the tenant is already right.
    """

    step: str
    changes: tuple[Change, ...]

    @property
    def hash(self) -> str:
        """SHA-256 over the sorted hashes of its changes."""
        return digest(sorted(change.hash for change in self.changes))

    @property
    def level(self) -> Level:
        """The highest level among its changes."""
        return max((change.level for change in self.changes), default=Level.READS)


_PLAIN = (str, int, float, type(None))


def as_data(value: Any) -> Any:
    """Calls, changes and the values in them as JSON-able data; special values as `{"$kind": …}`.

    Args:
        value: A change, a call, or any value that may stand in one.
    """
    if isinstance(value, _PLAIN):  # first, because by far the most are
        return value
    special = _special(value)
    if special is not None:
        return special
    if isinstance(value, dict):
        return {str(key): as_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_data(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: as_data(getattr(value, item.name)) for item in fields(value)}
    return value


def _special(value: Any) -> dict[str, Any] | None:
    if isinstance(value, Later):
        return {"$later": {"subject": as_data(value.subject), "attribute": value.attribute}}
    if isinstance(value, MintedSecret):
        return {"$secret": "minted"}
    if isinstance(value, ReferredSecret):
        return {"$secret": value.reference}
    if isinstance(value, NewPassword):
        return {"$password": {"route": value.route, "length": value.length}}
    if isinstance(value, CsvBytes):
        return {"$csv": list(value.lines)}
    if isinstance(value, Credential):
        return {"$credential": {"user": as_data(value.user), "secret": as_data(value.secret)}}
    return None


def canonical(data: Any) -> str:
    """JSON text that is the same for the same data: sorted keys, no blanks, UTF-8 as it is.

    Args:
        data: JSON-able data.
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(data: Any) -> str:
    """`sha256:<hex>` of the canonical JSON.

    Args:
        data: JSON-able data.
    """
    return "sha256:" + hashlib.sha256(canonical(data).encode("utf-8", "surrogatepass")).hexdigest()


def later_values(value: Any) -> Iterator[Later]:
    """Every `Later` inside a change, a call or a value.

    Args:
        value: Where to look.
    """
    if isinstance(value, Later):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for item in fields(value):
            yield from later_values(getattr(value, item.name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from later_values(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from later_values(item)


def fill(value: Any, known: Mapping[Later, Any]) -> Any:
    """The same data with every `Later` replaced by what was read.

    Args:
        value: Data with `Later` values.
        known: What each of them turned out to be.

    Raises:
        KeyError: One is not known.
    """
    if isinstance(value, Later):
        return known[value]
    if isinstance(value, Credential):
        return Credential(fill(value.user, known), value.secret)
    if isinstance(value, ExchangeCall):
        return ExchangeCall(value.cmdlet, fill(dict(value.parameters), known))
    if isinstance(value, GraphCall):
        return GraphCall(
            value.method, value.path, fill(dict(value.path_values), known), fill(value.body, known), value.headers
        )
    if isinstance(value, dict):
        return {key: fill(item, known) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(fill(item, known) for item in value)
    return value
