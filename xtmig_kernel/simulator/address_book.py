"""An index over everything in a tenant's directory: who is meant by a name, and who holds a value that is unique.

Looking one object up, and asking whether an address is free, take as long in a tenant of ten as in one of ten thousand.
Whoever changes an object's names, addresses or GUIDs calls `changed`; objects come and go through `add` and `remove`.
A list that somebody altered directly is noticed by its length and indexed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import people
from .recipients_file import Contact, Group, Mailbox, MailUser, User

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .people import Entry
    from .world import Tenant, World

Names = set[str]


def proxy_key(address: str) -> str:
    """The key of a proxy address: addresses of all kinds are compared without case."""
    text = address if ":" in address else f"smtp:{address}"
    return f"proxy:{text.lower()}"


class AddressBook:
    """The index of one tenant."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        self._world, self._tenant = world, tenant
        self._administrators: list[User] = []
        self._index: dict[str, dict[int, Entry]] = {}
        self._keys: dict[int, Names] = {}
        self._members: dict[int, dict[str, None]] = {}
        self._sizes: tuple[int, ...] = ()

    def users(self) -> list[User]:
        """The plain users, and the administrators who are nobody else in the file."""
        self._fresh()
        return [*self._administrators, *self._tenant.users]

    def find(self, wanted: str) -> list[Entry]:
        """All objects that an identity may mean, deleted ones included.

        Args:
            wanted: Name, alias, display name, id, sign-in name, any SMTP address, GUID or LegacyExchangeDN.
        """
        self._fresh()
        return list(self._index.get(f"name:{wanted.lower().removeprefix('smtp:')}", {}).values())

    def holder(self, key: str, other_than: Entry | None = None) -> Entry | None:
        """The living object that holds a value which only one may hold.

        Args:
            key: `proxy:smtp:a@b.c` (see `proxy_key`), `alias:x`, `cn:x`, `upn:x` or `guid:x`, in lower case.
            other_than: The object that may hold it.
        """
        self._fresh()
        found = self._index.get(key, {}).values()
        return next((e for e in found if e is not other_than and people.living(e) and key in self._keys_of(e)), None)

    def changed(self, entry: Entry) -> None:
        """Index an object again whose names, addresses or GUIDs changed."""
        self._fresh()
        self._forget(entry)
        self._learn(entry)

    def add(self, entry: Entry) -> None:
        """Put a new object into its list and into the index."""
        self._fresh()
        self._list_of(entry).append(entry)
        self._learn(entry)
        self._sizes = self._present_sizes()

    def remove(self, entry: Entry) -> None:
        """Take an object out of its list and out of the index."""
        self._fresh()
        entries = self._list_of(entry)
        del entries[next(i for i, e in enumerate(entries) if e is entry)]
        self._forget(entry)
        self._members.pop(id(entry), None)
        self._sizes = self._present_sizes()

    def members(self, group: Group) -> dict[str, None]:
        """The object ids of a group's direct members, in order; everybody's for a dynamic group."""
        self._fresh()
        if group.dynamic and not group.takes_listed:
            people_here = (e for e in self._everything() if people.belongs_to_dynamic_groups(e))
            return dict.fromkeys(people.object_id(self._world, self._tenant, e) for e in people_here)
        if id(group) not in self._members:
            found = (self.one(name) for name in group.members)
            ids = (people.object_id(self._world, self._tenant, e) for e in found if e is not None)
            self._members[id(group)] = dict.fromkeys(ids)
        return self._members[id(group)]

    def set_members(self, group: Group, ids: Iterable[str]) -> None:
        """Let a group have exactly these direct members, by object id."""
        self._members[id(group)] = dict.fromkeys(ids)
        group.members = list(self._members[id(group)])

    def add_member(self, group: Group, member_id: str) -> None:
        """Let a group have one direct member more, by object id."""
        self.members(group)[member_id] = None
        group.members.append(member_id)

    def one(self, wanted: str) -> Entry | None:
        """The first living object that an identity may mean."""
        return next((e for e in self.find(wanted) if people.living(e)), None)

    def _fresh(self) -> None:
        if self._sizes != self._present_sizes():
            self._rebuild()

    def _present_sizes(self) -> tuple[int, ...]:
        tenant = self._tenant
        lists = (tenant.mailboxes, tenant.mail_users, tenant.users, tenant.contacts, tenant.groups)
        return tuple(len(entries) for entries in lists)

    def _rebuild(self) -> None:
        self._index, self._keys, self._members = {}, {}, {}
        self._sizes = self._present_sizes()
        everybody: list[Mailbox | MailUser | User] = [*self._tenant.mailboxes, *self._tenant.mail_users]
        taken = {e.upn.lower() for e in (*everybody, *self._tenant.users)}
        self._administrators = [
            User(upn=a.upn, display_name=a.display_name, object_id=self._world.person_id(self._tenant, a))
            for a in self._tenant.file.administrators
            if a.upn.lower() not in taken
        ]
        for entry in self._everything():
            self._learn(entry)

    def _everything(self) -> Iterator[Entry]:
        tenant = self._tenant
        yield from tenant.mailboxes
        yield from tenant.mail_users
        yield from self._administrators
        yield from tenant.users
        yield from tenant.contacts
        yield from tenant.groups

    def _list_of(self, entry: Entry) -> list[Any]:
        tenant = self._tenant
        kinds: dict[type, list[Any]] = {
            Mailbox: tenant.mailboxes, MailUser: tenant.mail_users, User: tenant.users, Contact: tenant.contacts,
            Group: tenant.groups,
        }  # fmt: skip
        return kinds[type(entry)]

    def _learn(self, entry: Entry) -> None:
        keys = self._keys_of(entry)
        self._keys[id(entry)] = keys
        for key in keys:
            self._index.setdefault(key, {})[id(entry)] = entry

    def _forget(self, entry: Entry) -> None:
        for key in self._keys.pop(id(entry), ()):
            holders = self._index[key]
            holders.pop(id(entry), None)
            if not holders:
                del self._index[key]

    def _keys_of(self, entry: Entry) -> Names:
        world, tenant = self._world, self._tenant
        names = {people.object_id(world, tenant, entry), *people.smtp_addresses(entry)}
        keys = {proxy_key(address) for address in people.addresses(entry)}
        if isinstance(entry, User):
            names |= {entry.upn, entry.display_name}
            keys.add(f"upn:{entry.upn}")
        else:
            names.add(entry.alias)
            names.add(people.common_name(entry))
            keys |= {f"alias:{entry.alias}", f"cn:{people.common_name(entry)}"}
        if isinstance(entry, Contact):
            names.add(entry.external_address)
        if isinstance(entry, Mailbox | MailUser):
            dn = people.legacy_dn(world, tenant, entry)
            identity = people.exchange_guid(world, tenant, entry)
            names |= {entry.upn, entry.display_name, dn, *([identity] if identity else [])}
            keys |= {f"upn:{entry.upn}", f"proxy:x500:{dn}", *([f"guid:{identity}"] if identity else [])}
        return {key.lower() for key in keys} | {f"name:{name.lower()}" for name in names}


def book(world: World, tenant: Tenant) -> AddressBook:
    """The tenant's index, made on first use."""
    if tenant.book is None:
        tenant.book = AddressBook(world, tenant)
    return tenant.book
