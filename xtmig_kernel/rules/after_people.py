"""Section 190: who stands in the target for somebody whom a setting of the source names. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.after_permissions import to_move
from xtmig_kernel.rules.moved import by_source_address

if TYPE_CHECKING:
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Seen


@dataclass(frozen=True)
class Person:
    """Somebody whom a setting of the source names.

    Args:
        name: As the source named them.
        address: The address to expect in the target.
        addresses: All addresses by which the target may name them, in lower case.
        has_moved: Whether the mailbox is in the target.
        later: Whether it is to move, and has not yet.
    """

    name: str
    address: str
    addresses: frozenset[str]
    has_moved: bool
    later: bool

    @property
    def is_known(self) -> bool:
        """Whether it is an address, and not a name to which nobody or several people answer."""
        return "@" in self.address

    @property
    def typed(self) -> str:
        """What stands in a command: the address, or what is to be put there by hand."""
        return self.address if self.is_known else f"<address of {self.name}>"

    @property
    def words(self) -> str:
        """The address to expect, with what is to be known about it."""
        if not self.is_known:
            return f"whoever is meant by {self.name}, to which not exactly one recipient answered"
        return f"{self.address}, who moves later" if self.later else self.address


class People:
    """Everybody by the addresses of the source.

    Args:
        seen: Holds `MOVED_FACTS`.
        project: Gives the names of batches.
    """

    def __init__(self, seen: Seen, project: Project) -> None:
        self._moved = by_source_address(seen, project)
        self._to_move = to_move(seen)

    def of(self, name: str) -> Person:
        """Who stands for somebody in the target; who has not moved is expected by the address of before.

        Args:
            name: An address of the source, or a name that could not be made one.
        """
        found = self._moved.get(name.casefold())
        target = found.target if found is not None and found.target_converted else None
        if target is not None and target["PrimarySmtpAddress"]:
            own = (target["PrimarySmtpAddress"], target["UserPrincipalName"], *target["SmtpAddresses"])
            addresses = frozenset(str(address).casefold() for address in own if address)
            return Person(name, str(target["PrimarySmtpAddress"]), addresses, has_moved=True, later=False)
        later = name.casefold() in self._to_move
        return Person(name, name, frozenset({name.casefold()}), has_moved=False, later=later)
