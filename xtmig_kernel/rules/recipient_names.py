"""Which recipient of a tenant answers to a name: address, display name, sign-in name, old directory name. Pure.

Exchange names one and the same person by any of them, so what it says is only known where exactly one answers.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row

_X500 = "x500:"


class RecipientNames:
    """Recipients of a tenant by everything that Exchange may name them by.

    Args:
        recipients: Rows of `recipients`.
        persons: Rows of `exchange_users`, for the sign-in names.
        holders: Rows of `mailboxes` and `mail_users`, for the old directory names.
    """

    def __init__(self, recipients: Iterable[Row], persons: Iterable[Row], holders: Iterable[Row] = ()) -> None:
        sign_ins = {row["ObjectId"]: row["UserPrincipalName"] for row in persons if row["ObjectId"]}
        self._by: dict[str, dict[str, Row]] = defaultdict(dict)
        for number, row in enumerate(recipients):
            names = (
                *row["SmtpAddresses"], row["PrimarySmtpAddress"], row["Name"], row["Alias"], row["DisplayName"],
                row["ObjectId"], sign_ins.get(row["ObjectId"]),
            )  # fmt: skip
            object_ = str(row["PrimarySmtpAddress"] or number).casefold()
            for name in (*names, *_directory_names(row)):
                if name:
                    self._by[str(name).casefold()][object_] = row
        for row in holders:
            for name in (row["LegacyExchangeDN"], *_directory_names(row)):
                if name and row["PrimarySmtpAddress"]:
                    self._by[str(name).casefold()].setdefault(str(row["PrimarySmtpAddress"]).casefold(), row)

    def one(self, name: str) -> Row | None:
        """The one recipient that answers to a name; None for nobody and for several.

        Args:
            name: Any name of it.
        """
        found = self._by.get(name.casefold(), {})
        return next(iter(found.values())) if len(found) == 1 else None

    def address(self, name: str) -> str:
        """The primary address of the one recipient that answers to a name; otherwise the name itself.

        Args:
            name: Any name of it.
        """
        row = self.one(name)
        return str(row["PrimarySmtpAddress"]) if row is not None and row["PrimarySmtpAddress"] else name


def _directory_names(row: Row) -> Iterator[str]:
    """The old directory names among its addresses, without their prefix."""
    for address in row["X500Addresses"]:
        yield str(address)[len(_X500) :] if str(address).casefold().startswith(_X500) else str(address)
