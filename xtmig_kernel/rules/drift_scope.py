"""Which rows of two snapshots are about somebody who moves, then or now. Pure.

A tenant changes all day long. What is compared are the organisations' own settings, the list of users, and the objects
of those who are in it: the source object, what stands for it in the target, or what bears the names wanted there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.evidence import Observed
from xtmig_kernel.rules import matching
from xtmig_kernel.rules.rule import Seen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from xtmig_kernel.evidence import Facts, Row
    from xtmig_kernel.project import Project

_OF_RECIPIENTS = frozenset({
    "exchange_users", "directory_users", "distribution_groups", "migration_users", "halted_users", "migration_details",
    "skipped_items", "licence_plans",
})  # fmt: skip
_CHOSEN = "source.chosen_users"
_IDENTITY = ("ObjectId", "Id", "ExchangeGuid", "UserPrincipalName", "PrimarySmtpAddress", "SmtpAddresses", "Mail")
_POINTERS = (*_IDENTITY, "UserId", "MailboxGuid", "Mailbox", "Identity")
_OBJECTS = ("mailboxes", "mail_users", "recipients", "exchange_users", "directory_users")


def is_of_recipients(table: str, columns: Collection[str]) -> bool:
    """Whether a table may hold objects of people who stay; of all other tables every row is compared.

    Args:
        table: Its name.
        columns: The columns that it has.
    """
    return table in _OF_RECIPIENTS or "ExchangeGuid" in columns


class Scope:
    """Knows everybody who moves by every name and ID, from two snapshots.

    Args:
        before: The facts of the earlier one.
        after: The facts of the later one.
        project: Gives the rules for names, and the scope groups.
    """

    def __init__(self, before: Facts, after: Facts, project: Project) -> None:
        self._ids: dict[str, set[str]] = {"source": set(), "target": set()}
        for facts in (before, after):
            self._take(facts, project)

    def holds(self, side: str, table: str, row: Row) -> bool:
        """Whether a row counts.

        Args:
            side: The tenant.
            table: Name of the table.
            row: The row.
        """
        return not is_of_recipients(table, row) or not self._ids[side].isdisjoint(_cells(row, _POINTERS))

    def _take(self, facts: Facts, project: Project) -> None:
        source, target = self._ids["source"], self._ids["target"]
        for user in _rows(facts, _CHOSEN):
            source.update(_cells(user, ("SourceAddress",)))
            target.update(_cells(user, ("TargetAddress", "TargetSignIn", "TargetObject")))
        for match in _matched(facts, project):
            if match.names is not None:
                target |= {match.names.address.casefold(), match.names.sign_in.casefold()}
            if match.target is not None:
                target.update(_cells(match.target, _IDENTITY))
        self._follow(facts, "source")
        target |= {str(row["ExchangeGuid"]).casefold() for row in self._mailboxes(facts) if row["ExchangeGuid"]}
        self._follow(facts, "target")
        groups = {name.casefold() for name in (*project.scope_group_names, project.users.group or "") if name}
        for row in _rows(facts, "source.distribution_groups"):
            if groups & {str(row.get(column)).casefold() for column in ("Name", "Alias", "PrimarySmtpAddress")}:
                source.update(_cells(row, ("ObjectId", "PrimarySmtpAddress")))

    def _follow(self, facts: Facts, side: str) -> None:
        """An object that is known by one of its names is known by all of them."""
        ids = self._ids[side]
        for table in _OBJECTS:
            for row in _rows(facts, f"{side}.{table}"):
                cells = _cells(row, _IDENTITY)
                if not ids.isdisjoint(cells):
                    ids.update(cells)

    def _mailboxes(self, facts: Facts) -> Iterator[Row]:
        for table in ("mailboxes", "mail_users"):
            yield from (row for row in _rows(facts, f"source.{table}") if self.holds("source", table, row))


def _rows(facts: Facts, name: str) -> tuple[Row, ...]:
    fact = facts.get(name)
    return fact.value if isinstance(fact, Observed) else ()


def _cells(row: Row, columns: Iterable[str]) -> list[str]:
    found: list[Any] = []
    for column in columns:
        cell = row.get(column)
        found += cell if isinstance(cell, list | tuple) else (cell,)
    return [str(cell).casefold() for cell in found if cell]


def _matched(facts: Facts, project: Project) -> tuple[matching.Match, ...]:
    held = {name: fact for name in matching.FACTS if isinstance(fact := facts.get(name), Observed)}
    if len(held) < len(matching.FACTS):
        return ()
    return matching.matches(Seen(held, max(fact.at for fact in held.values())), project)
