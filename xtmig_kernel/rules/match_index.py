"""Objects of both tenants by everything that names them, so that matching looks up instead of searching. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.rules.rule import Seen

_TARGET_NAMES = (
    ("mail user", "mail_users", "ObjectId"),
    ("sign-in", "mail_users", "UserPrincipalName"),
    ("external", "mail_users", "ExternalEmailAddress"),
    ("object", "recipients", "ObjectId"),
    ("alias", "recipients", "Alias"),
    ("name", "recipients", "Name"),
    ("guid", "recipients", "ExchangeGuid"),
    ("person", "exchange_users", "ObjectId"),
    ("sign-in", "exchange_users", "UserPrincipalName"),
    ("deleted guid", "soft_deleted_mailboxes", "ExchangeGuid"),
)


class Index:
    """Rows by kind of name and name, without regard to case."""

    def __init__(self) -> None:
        self._by: defaultdict[str, defaultdict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))

    def add(self, kind: str, rows: Iterable[Row], column: str) -> None:
        """Enter rows under one of their names.

        Args:
            kind: What the name is, such as `"alias"`.
            rows: The rows.
            column: Holds the name; a row in which it is blank is not entered.
        """
        names = self._by[kind]
        for row in rows:
            if value := row[column]:
                names[str(value).casefold()].append(row)

    def add_addresses(self, row: Row) -> None:
        """Enter a row once under each of its SMTP addresses.

        Args:
            row: A row with `SmtpAddresses` and `PrimarySmtpAddress`.
        """
        by_address = self._by["address"]
        for address in {str(a).casefold() for a in (*row["SmtpAddresses"], row["PrimarySmtpAddress"]) if a}:
            by_address[address].append(row)

    def add_deleted(self, row: Row) -> None:
        """Enter a deleted mailbox once under each of the names that it would bear again.

        Args:
            row: A row of `soft_deleted_mailboxes`.
        """
        for name in {str(row[column] or "").casefold() for column in ("UserPrincipalName", "PrimarySmtpAddress")}:
            if name:
                self._by["deleted name"][name].append(row)

    def get(self, kind: str, value: Any) -> list[Row]:
        """The rows of that name, in no particular order; none for a blank one.

        Args:
            kind: What the name is.
            value: The name.
        """
        return self._by[kind].get(str(value or "").casefold(), [])


def by_address(rows: Iterable[Row]) -> Index:
    """Rows by each of their SMTP addresses.

    Args:
        rows: Such as those of `mailboxes`.
    """
    index = Index()
    for row in rows:
        index.add_addresses(row)
    return index


def source_index(seen: Seen) -> Index:
    """The source's mailboxes by `address` and `guid`, its persons by `person` (their object ID).

    Args:
        seen: Holds `source.mailboxes` and `source.exchange_users`.
    """
    mailboxes = seen.rows("source.mailboxes")
    index = by_address(mailboxes)
    index.add("guid", mailboxes, "ExchangeGuid")
    index.add("person", seen.rows("source.exchange_users"), "ObjectId")
    return index


def target_index(seen: Seen) -> Index:
    """The target's objects by everything that must be unique there.

    Args:
        seen: Holds `target.mail_users`, `.recipients`, `.exchange_users` and `.soft_deleted_mailboxes`.
    """
    index = by_address(seen.rows("target.recipients"))
    for kind, table, column in _TARGET_NAMES:
        index.add(kind, seen.rows(f"target.{table}"), column)
    for row in seen.rows("target.soft_deleted_mailboxes"):
        index.add_deleted(row)
    return index


def distinct(rows: Iterable[Row]) -> list[Row]:
    """One row for each object, ordered by object ID, so that the order in which they were read changes nothing.

    Args:
        rows: Rows of one or several tables.
    """
    given = list(rows)
    if len(given) < 2:  # noqa: PLR2004 - nothing to compare; this is asked for every name of every user
        return given
    found: dict[str, Row] = {}
    for row in given:
        found.setdefault(str(row["ObjectId"] or f"~{row.get('Name')}~{row.get('PrimarySmtpAddress')}"), row)
    return [found[key] for key in sorted(found)]


def same_object(one: Row, other: Row) -> bool:
    """Whether two rows are of one object; one without an object ID is the same as itself alone.

    Args:
        one: A row.
        other: A row of this or another table.
    """
    return one is other or (one["ObjectId"] is not None and one["ObjectId"] == other["ObjectId"])
