"""Who is meant by an identity, and what a read finds already (wire 1.8 [LIVE]: a new mail user takes its time)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.address_book import AddressBook, book
from xtmig_kernel.simulator.http import UnsupportedRequest
from xtmig_kernel.simulator.recipients_file import Contact, Group, Mailbox, MailUser, User

from .binding import Delta
from .errors import AMBIGUOUS, INVALID_OPERATION, ExchangeRefused, bad_value, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from .binding import Bound
    from .context import Context

Entry = people.Entry
Kinds = tuple[type, ...]
State = Literal["living", "deleted", "any"]


class Rows:
    """Rows that are made when they are asked for, so that a page costs what the page holds."""

    def __init__(self, entries: Sequence[Any], make: Callable[[Any], dict[str, Any]]) -> None:
        self._entries, self._make = entries, make

    def __len__(self) -> int:
        return len(self._entries)

    def where(self, fits: Callable[[Any], bool]) -> Rows:
        """The rows of those objects that fit, still not made."""
        return Rows([entry for entry in self._entries if fits(entry)], self._make)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> Rows: ...
    def __getitem__(self, place: int | slice) -> dict[str, Any] | Rows:
        """One row, or a part of them that is still not made."""
        if isinstance(place, slice):
            return Rows(self._entries[place], self._make)
        return self._make(self._entries[place])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self._make(entry) for entry in self._entries)


def address_book(context: Context) -> AddressBook:
    """The index of the caller's tenant."""
    return book(context.world, context.tenant)


def object_id(context: Context, entry: Entry) -> str:
    """The directory's id of an object of the caller's tenant."""
    return people.object_id(context.world, context.tenant, entry)


def readable(context: Context, entry: Entry) -> bool:
    """Whether reads find an object already."""
    new = context.tenant.readable_from
    return entry.object_id not in new or new[str(entry.object_id)] <= context.now


def chosen(context: Context, kinds: Kinds, wanted: str | None, state: State = "living") -> list[Any]:
    """The objects that an identity means; all of those kinds without one (cmdlet reference [SRC]).

    Args:
        context: Whose tenant, and when.
        kinds: What the cmdlet shows.
        wanted: The identity, or None.
        state: Whether living objects, deleted ones, or both are asked for.

    Raises:
        ExchangeRefused: 404: it means none of them, or only one that reads do not find yet.
    """
    candidates: list[Any] = address_book(context).find(wanted) if wanted else _all(context, kinds)
    hits: list[Any] = [e for e in candidates if isinstance(e, kinds)]
    hits = [entry for entry in hits if _is(entry, state) and readable(context, entry)]
    if wanted and not hits:
        raise not_found(wanted)
    return hits


def target(context: Context, kinds: Kinds, wanted: str | None, state: State = "living") -> Any:
    """The one object that a write concerns; writes do not wait for what reads wait for.

    Args:
        context: Whose tenant, and when.
        kinds: What the cmdlet changes.
        wanted: The identity.
        state: Whether living objects, deleted ones, or both are meant.

    Raises:
        ExchangeRefused: 404: it means nothing; or it means several objects.
    """
    found = [e for e in address_book(context).find(wanted or "") if isinstance(e, kinds) and _is(e, state)]
    if not found:
        raise not_found(wanted)
    if len(found) > 1:
        raise ExchangeRefused(AMBIGUOUS, f"The operation couldn't be performed because '{wanted}' is ambiguous.")
    return found[0]


def find_group(context: Context, wanted: str) -> Group:
    """The group with mail addresses that an identity means.

    Raises:
        ExchangeRefused: 404: there is none, or it is one that Get-DistributionGroup does not know.
    """
    for entry in address_book(context).find(wanted):
        if isinstance(entry, Group) and entry.kind != "Microsoft365":
            return entry
    raise not_found(wanted)


def refuse_unserved(bound: Bound, served: Container[str]) -> None:
    """Answer 501 for a parameter of the cmdlet that changes something which the simulator does not keep.

    Raises:
        UnsupportedRequest: Such a parameter is set.
    """
    for name, value in bound.values.items():
        if name not in served and value not in (None, False):
            raise UnsupportedRequest(f"parameter {name}")


def plain_list(bound: Bound, name: str) -> list[str]:
    """The values of a parameter that knows no Add and Remove; none where it is missing or null.

    Raises:
        ExchangeRefused: Add or Remove are given.
    """
    value = bound.get(name) or []
    if isinstance(value, Delta) and (value.add or value.remove):
        raise bad_value(name, "A list of recipients is expected.")
    return [] if isinstance(value, Delta) else list(value)


def _is(entry: Entry, state: State) -> bool:
    return state == "any" or people.living(entry) is (state == "living")


def _all(context: Context, kinds: Kinds) -> list[Any]:
    tenant = context.tenant
    lists: dict[type, Sequence[Any]] = {
        Mailbox: tenant.mailboxes, MailUser: tenant.mail_users, User: address_book(context).users(),
        Contact: tenant.contacts, Group: tenant.groups,
    }  # fmt: skip
    return [entry for kind in kinds for entry in lists[kind]]


def require_readable(mailbox: Mailbox, what: str) -> None:
    """Refuse what the tenants file says that nobody gets to see of a mailbox.

    Args:
        mailbox: The mailbox.
        what: A word of its `unreadable`.

    Raises:
        ExchangeRefused: It is one of those.
    """
    if what in mailbox.unreadable:
        raise ExchangeRefused(INVALID_OPERATION, f"The {what} of the mailbox '{mailbox.alias}' can't be read.")
