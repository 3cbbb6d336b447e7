"""One side of a snapshot, looked up, and what cannot be carried over from it, told once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xtmig_kernel.counting import counted
from xtmig_kernel.evidence import NotObserved, Observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xtmig_kernel.evidence import Facts, Row
    from xtmig_kernel.project import Side

SIZES = {False: "statistics", True: "archive statistics"}


@dataclass(frozen=True)
class SnapshotSide:
    """What a snapshot says of one tenant.

    Args:
        side: Which one.
        facts: The facts of both tenants.
        lost: What cannot be carried over, each with how often; filled while the tenants file is made.
    """

    side: Side
    facts: Facts
    lost: Counter[str] = field(default_factory=Counter)
    _grouped: dict[str, dict[str, list[Row]]] = field(default_factory=dict)

    def rows(self, table: str) -> tuple[Row, ...]:
        """The rows of a table; none where it was not observed, which `why_not` tells.

        Args:
            table: Name of the table.
        """
        fact = self.facts.get(f"{self.side}.{table}")
        return fact.value if isinstance(fact, Observed) else ()

    def why_not(self, table: str) -> str | None:
        """Why a table was not observed; None where it was.

        Args:
            table: Name of the table.
        """
        fact = self.facts.get(f"{self.side}.{table}")
        if isinstance(fact, Observed):
            return None
        return f"{fact.reason}: {fact.detail}" if isinstance(fact, NotObserved) else "not part of the snapshot"

    def lose(self, what: str, number: int = 1) -> None:
        """Note that something cannot be carried over.

        Args:
            what: In words that go on after a number, such as `"object whose kind …"`.
            number: How often.
        """
        if number:
            self.lost[what] += number

    def told(self) -> list[str]:
        """One sentence for each thing that could not be carried over."""
        return [f"{self.side}: {counted(number, 'time')}: {what}" for what, number in self.lost.items()]

    @cached_property
    def parts(self) -> dict[str, str]:
        """SKU ID to part number."""
        return {str(row["SkuId"]): str(row["SkuPartNumber"]) for row in self.rows("subscribed_skus")}

    @cached_property
    def accounts(self) -> dict[str, Row]:
        """Object ID to the user of the directory."""
        return {str(row["Id"]): row for row in self.rows("directory_users")}

    @cached_property
    def persons(self) -> dict[str, Row]:
        """Object ID to the account as Exchange knows it."""
        return {str(row["ObjectId"]): row for row in self.rows("exchange_users") if row["ObjectId"]}

    @cached_property
    def states(self) -> dict[str, Row]:
        """ExchangeGuid to the state of a mailbox."""
        return {str(row["ExchangeGuid"]): row for row in self.rows("mailbox_states") if row["ExchangeGuid"]}

    @cached_property
    def sizes(self) -> dict[tuple[str, bool], Row]:
        """ExchangeGuid and whether its archive is meant, to the size."""
        return {(str(row["ExchangeGuid"]), bool(row["Archive"])): row for row in self.rows("mailbox_sizes")}

    @cached_property
    def client_access(self) -> dict[str, Row]:
        """Primary address to the protocols by which a mailbox may be used."""
        return {str(row["PrimarySmtpAddress"]): row for row in self.rows("client_access")}

    def grouped(self, table: str) -> dict[str, list[Row]]:
        """ExchangeGuid to the rows of a table.

        Args:
            table: Name of the table.
        """
        if table not in self._grouped:
            found: dict[str, list[Row]] = {}
            for row in self.rows(table):
                found.setdefault(str(row["ExchangeGuid"]), []).append(row)
            self._grouped[table] = found
        return self._grouped[table]

    @cached_property
    def rights(self) -> dict[str, list[Row]]:
        """ExchangeGuid to the rights on a mailbox."""
        return self.grouped("mailbox_permissions")

    def unreadable(self, guid: str, *, archive: bool) -> list[str]:
        """What nobody has seen of a mailbox, in the words of the tenants file.

        Args:
            guid: Its ExchangeGuid.
            archive: Whether it has an archive.
        """
        known = {place for place in (False, True) if (self.sizes.get((guid, place)) or {}).get("Bytes") is not None}
        words = [SIZES[place] for place in (False, True) if place not in known and (archive or not place)]
        for table, column, word in (
            ("archive_recoverable_folders", "Folder", "archive folders"),
            ("hold_tracking", "Hold", "hold log"),
            ("folder_shapes", "Folders", "folders"),
        ):
            rows = self.grouped(table).get(guid, [])
            words += [word] if any(row[column] in (None, "") for row in rows) else []
        return [*words, *([] if guid in self.rights else ["permissions"])]

    def person(self, row: Row) -> dict[str, Any]:
        """What any object with a sign-in has: names, licences, where it uses the services.

        Args:
            row: With `ObjectId`, or of `directory_users`.
        """
        identity = str(row.get("ObjectId") or row.get("Id"))
        account, person = self.accounts.get(identity, {}), self.persons.get(identity, {})
        return given(
            first_name=person.get("FirstName"),
            last_name=person.get("LastName"),
            licences=self._licences(account),
            disabled_plans=self._disabled(account),
            usage_location=account.get("UsageLocation"),
        )

    def _licences(self, account: Mapping[str, Any]) -> list[str]:
        own = [sku for sku in account.get("SkuIds") or [] if sku not in (account.get("GroupSkuIds") or [])]
        self.lose("a licence whose subscription was not observed", sum(sku not in self.parts for sku in own))
        return [self.parts[sku] for sku in own if sku in self.parts]

    def _disabled(self, account: Mapping[str, Any]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for text in account.get("DisabledPlans") or []:
            sku, _, plan = str(text).partition("/")
            if sku in self.parts:
                found.setdefault(self.parts[sku], []).append(plan)
        return found


def given(**values: Any) -> dict[str, Any]:
    """The values that say anything: no None, no empty list, no empty text.

    Args:
        values: Keys of the tenants file.
    """
    return {key: value for key, value in values.items() if value is not None and value not in ("", [], {})}


def proxies(row: Row) -> list[str]:
    """All addresses of an object but the primary one, with their prefixes.

    Args:
        row: With the columns of `ADDRESS_COLUMNS`.
    """
    primary = str(row["PrimarySmtpAddress"] or "").casefold()
    smtp: Iterable[str] = (str(address) for address in row["SmtpAddresses"])
    return [
        *(f"smtp:{address}" for address in smtp if address.casefold() != primary),
        *row["X500Addresses"],
        *row["OtherAddresses"],
    ]
