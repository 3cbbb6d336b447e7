"""What a table's reader is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.m365 import Tenant
    from xtmig_kernel.project import Project, Side


T = TypeVar("T")


def nobody(_: int) -> None:
    """Tell nobody how many questions follow."""


class MissingFact(Exception):
    """A read was not even tried: something else is not known yet, or nothing is judged by what it would show."""


@dataclass(frozen=True)
class ReadContext:
    """One side of one project, signed in or not.

    Args:
        project: The project.
        side: The side that is read.
        tenants: The sides that are signed in.
        application_id: Reads the migration application's ID (a GUID), None while it does not exist.
            Raises `MissingFact` where it cannot be known.
        clock: Waits between retries.
        kept: Answers that were read at this moment already, by side and cmdlet.
        expect: Is told how many questions one table is about to ask, object by object.
    """

    project: Project
    side: Side
    tenants: Mapping[Side, Tenant]
    application_id: Callable[[], str | None]
    clock: Clock
    kept: dict[str, Any] = field(default_factory=dict)
    expect: Callable[[int], None] = nobody

    def once(self, cmdlet: str, read: Callable[[], T]) -> T:
        """An answer that several tables are made from: read at the first question of this moment.

        Args:
            cmdlet: Which one, with everything that tells it from others.
            read: Reads it.
        """
        name = f"{self.side} {cmdlet}"
        if name not in self.kept:
            self.kept[name] = read()
        answer: T = self.kept[name]
        return answer

    @property
    def tenant(self) -> Tenant:
        """The tenant of this side, signed in."""
        return self.tenants[self.side]
