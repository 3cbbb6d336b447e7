"""Two snapshots compared, table by table: what appeared, what vanished, and every cell that is another one now. Pure.

Rows are paired by what an object keeps: its ID, or its name where it has none. A list of values is compared without its
order. Sizes grow all day, so they are told only beyond `THRESHOLDS`; every other column is told whatever it holds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.evidence import NotObserved, Observed
from xtmig_kernel.rules.drift_scope import Scope
from xtmig_kernel.tables import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xtmig_kernel.evidence import Facts, Row
    from xtmig_kernel.project import Project

MB = 1_048_576
_FOLDER = ("ExchangeGuid", "Archive", "Folder", "Scope")
_RIGHT = ("ExchangeGuid", "Place", "Trustee", "Right", "Deny", "Inherited")
KEYS: Mapping[str, tuple[str, ...]] = {
    "application_credentials": ("KeyId",),
    "baseline_folders": ("Wave", *_FOLDER),
    "baseline_permissions": ("Wave", *_RIGHT),
    "baseline_settings": ("Wave", "ExchangeGuid"),
    "directory_roles": ("RoleTemplateId",),
    "folder_counts": _FOLDER,
    "halted_users": ("Guid",),
    "licence_plans": ("UserId", "SkuId", "PlanId"),
    "mailbox_permissions": _RIGHT,
    "mailbox_sizes": ("ExchangeGuid", "Archive"),
    "migration_tests": ("Endpoint", "TestMailbox"),
    "migration_users": ("Identity", "BatchId"),
    "organization_relationships": ("Guid",),
    "own_changes": ("Table", "Object"),
    "asked_sign_offs": ("Rule", "Subject"),
    "scope_members": ("Group", "ObjectId", "Membership", "Via"),
    "skipped_items": ("Identity", "Number"),
    "subscribed_skus": ("SkuId",),
}
"""By which columns the rows of a table are paired; other tables by the first of `_ANY_KEY` that they have."""
_ANY_KEY = ("ObjectId", "Id", "ExchangeGuid", "Identity")
OF_HISTORY = frozenset({"earlier_sizes", "snapshot_drift"})
"""Tables that are made from earlier snapshots themselves; nothing in them is news."""
_BESIDE_GUID = ("Archive", "Folder", "Scope", "Place", "Hold", "Group")
"""What tells rows of one mailbox from each other, in a table that `KEYS` does not name."""


@dataclass(frozen=True)
class Threshold:
    """How far a number must move to be told.

    Args:
        floor: By more than so much.
        share: And by more than this share of the larger number.
    """

    floor: int
    share: float = 0.1

    def is_passed(self, before: Any, after: Any) -> bool:
        """Whether two values differ enough; a number that was not told then or now always does.

        Args:
            before: The value then.
            after: The value now.
        """
        if not isinstance(before, int) or not isinstance(after, int):
            return bool(before != after)
        moved = abs(after - before)
        return moved > self.floor and moved > self.share * max(abs(before), abs(after))


THRESHOLDS: Mapping[str, Threshold] = {
    "SecondsAhead": Threshold(60, 0),
    **dict.fromkeys(("Bytes", "DeletedBytes", "BytesTransferred"), Threshold(100 * MB)),
    **dict.fromkeys(
        ("Items", "DeletedItems", "SyncedItems", "SourceItems", "TargetItems", "MostItems", "MostRecoverableItems"),
        Threshold(1000),
    ),
    **dict.fromkeys(("Folders", "MostSubfolders"), Threshold(100)),
}
"""Sizes: told beyond a tenth and 100 MB, 1,000 items or 100 folders. A clock: beyond a minute."""
THRESHOLDS_IN_WORDS = (
    "Sizes are told where they differ by more than a tenth, and by more than 100 MB, 1,000 items or 100 folders; this "
    "computer's clock where it differs by more than a minute."
)


@dataclass(frozen=True)
class Change:
    """One difference.

    Args:
        side: The tenant.
        table: Name of the table.
        object: How people call the object.
        kind: `changed`, or `appeared` or `vanished` for a whole row.
        column: The column, empty for a whole row.
        before: The value then; of a vanished row all of them.
        after: The value now; of a row that appeared all of them.
    """

    side: str
    table: str
    object: str
    kind: Literal["changed", "appeared", "vanished"]
    column: str = ""
    before: Any = None
    after: Any = None

    def as_data(self) -> dict[str, Any]:
        """The difference as JSON-able data."""
        return dict(vars(self))


@dataclass(frozen=True)
class TableChange:
    """A table, or a column of it, that cannot be compared.

    Args:
        fact: Side and table.
        column: The column; empty for the whole table.
        kind: `no longer observed`, or `observed for the first time`.
        why: The reason, if one is on record.
    """

    fact: str
    column: str
    kind: Literal["no longer observed", "observed for the first time"]
    why: str = ""

    def as_data(self) -> dict[str, Any]:
        """The line as JSON-able data."""
        return dict(vars(self))


@dataclass(frozen=True)
class TablesDrift:
    """What differs between the tables of two snapshots.

    Args:
        changes: Every difference of an object in scope, by side and table, in the order of the earlier rows.
        tables: Tables and columns that were observed in one of the two alone.
        outside: Fact to number of objects that differ and are nobody's who moves.
    """

    changes: tuple[Change, ...]
    tables: tuple[TableChange, ...]
    outside: Mapping[str, int]


def compare_tables(before: Facts, after: Facts, project: Project) -> TablesDrift:
    """Every difference between the tables of two snapshots.

    Args:
        before: The facts of the earlier one.
        after: The facts of the later one.
        project: Says who moves.
    """
    scope = Scope(before, after, project)
    changes: list[Change] = []
    tables: list[TableChange] = []
    outside: dict[str, int] = {}
    for fact in dict.fromkeys((*before, *after)):
        if fact.partition(".")[2] in OF_HISTORY:
            continue
        then, now = before.get(fact), after.get(fact)
        if isinstance(then, Observed) and isinstance(now, Observed):
            table = _Table(fact, scope)
            found, others = table.compare(then.value, now.value)
            changes += found
            tables += table.columns_of_one(then.value, now.value)
            outside |= {fact: others} if others else {}
        elif isinstance(then, Observed):
            tables.append(TableChange(fact, "", "no longer observed", _why(now)))
        elif isinstance(now, Observed):
            tables.append(TableChange(fact, "", "observed for the first time", _why(then)))
    return TablesDrift(tuple(changes), tuple(tables), outside)


def _why(fact: object) -> str:
    return f"{fact.reason.value}: {fact.detail}" if isinstance(fact, NotObserved) else "it was not read"


def key_of(table: str, columns: Iterable[str]) -> tuple[str, ...]:
    """The columns by which the rows of a table are paired.

    Args:
        table: Its name.
        columns: The columns that it has.
    """
    has = list(columns)
    first = next((column for column in _ANY_KEY if column in has), has[0] if has else "")
    beside = _BESIDE_GUID if first == "ExchangeGuid" else ()
    return KEYS.get(table) or (first, *(column for column in beside if column in has))


class _Table:
    def __init__(self, fact: str, scope: Scope) -> None:
        self._side, _, self._table = fact.partition(".")
        self._fact = fact
        self._scope = scope
        self._types = BY_NAME[self._table].columns if self._table in BY_NAME else {}

    def compare(self, then: Sequence[Row], now: Sequence[Row]) -> tuple[list[Change], int]:
        """What differs on objects in scope, and how many others differ."""
        key = key_of(self._table, self._types or (then or now or ({},))[0])
        before, after = self._by_key(then, key), self._by_key(now, key)
        changes: list[Change] = []
        outside = 0
        for name in dict.fromkeys((*before, *after)):
            pairs = list(self._pairs(before.get(name, []), after.get(name, [])))
            found = [change for pair in pairs for change in self._between(*pair)]
            rows = (row for pair in pairs for row in pair if row is not None)
            if not found:
                continue
            if any(self._scope.holds(self._side, self._table, row) for row in rows):
                changes += found
            else:
                outside += 1
        return changes, outside

    def columns_of_one(self, then: Sequence[Row], now: Sequence[Row]) -> Iterator[TableChange]:
        """Columns that rows had then or have now alone: another version of this program read other ones."""
        if then and now:
            old, new = set(then[0]), set(now[0])
            yield from (TableChange(self._fact, column, "no longer observed") for column in sorted(old - new))
            yield from (TableChange(self._fact, column, "observed for the first time") for column in sorted(new - old))

    def _by_key(self, rows: Iterable[Row], key: tuple[str, ...]) -> dict[tuple[Any, ...], list[Row]]:
        found: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for row in rows:
            found[tuple(self._plain(column, row.get(column)) for column in key)].append(row)
        return found

    def _pairs(self, then: list[Row], now: list[Row]) -> Iterator[tuple[Row | None, Row | None]]:
        """Rows of one key: those that are alike are one another, and of the rest the first is the first."""
        if len(then) > 1 or len(now) > 1:
            left = list(now)
            rest = []
            for row in then:
                twin = next((n for n, other in enumerate(left) if not self._columns_apart(row, other)), None)
                if twin is None:
                    rest.append(row)
                else:
                    left.pop(twin)
            then, now = rest, left
        for number in range(max(len(then), len(now))):
            yield (then[number] if number < len(then) else None), (now[number] if number < len(now) else None)

    def _between(self, then: Row | None, now: Row | None) -> Iterator[Change]:
        if then is None and now is not None:
            yield Change(self._side, self._table, self._label(now), "appeared", after=dict(now))
        elif now is None and then is not None:
            yield Change(self._side, self._table, self._label(then), "vanished", before=dict(then))
        elif then is not None and now is not None and then != now:
            for column in self._columns_apart(then, now):
                label = self._label(then)
                yield Change(self._side, self._table, label, "changed", column, then[column], now[column])

    def _columns_apart(self, then: Row, now: Row) -> list[str]:
        return [column for column in then if column in now and self._differ(column, then[column], now[column])]

    def _differ(self, column: str, then: Any, now: Any) -> bool:
        limit = THRESHOLDS.get(column)
        if limit is not None:
            return limit.is_passed(then, now)
        return bool(self._plain(column, then) != self._plain(column, now))

    def _plain(self, column: str, value: Any) -> Any:
        """A value as it is compared: a list without its order, a GUID without case."""
        if isinstance(value, list | tuple):
            return tuple(sorted(map(str, value)))
        return value.casefold() if isinstance(value, str) and self._types.get(column) == "guid" else value

    def _label(self, row: Row) -> str:
        if "Trustee" in row:
            return f"{row['Trustee']}: {row['Right']} on {row['Mailbox']}, {row['Place']}"
        name = next((str(row[column]) for column in _CALLED if row.get(column)), "")
        details = [str(row[column]) for column in _DETAILS if row.get(column)]
        if row.get("Archive") is True:
            details.insert(0, "archive")
        return ", ".join(part for part in (name or "one row", *details) if part)


_CALLED = (
    "PrimarySmtpAddress", "SourceAddress", "Mailbox", "UserPrincipalName", "TestMailbox", "Identity", "UniqueName",
    "DisplayName", "Name", "DomainName", "Domain", "SkuPartNumber", "Service", "Cmdlet", "Hold", "Group", "Endpoint",
    "Object", "Rule", "Path", "Title", "ExchangeGuid", "ObjectId", "Id", "RoleTemplateId", "KeyId",
)  # fmt: skip
_DETAILS = ("Folder", "PlanName", "Via", "BatchId", "Subject")
