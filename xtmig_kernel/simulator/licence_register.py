"""Who holds which licence, from whom, since when: the directory's record of one tenant (wire 4.7, 4.8)."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from . import service_plans
from .recipients_file import Mailbox, MailUser, User

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .people import Entry
    from .tenants import Sku
    from .world import Tenant

Holder = Mailbox | MailUser | User
COUNT_VIOLATION = "CountViolation"


@dataclass
class Assignment:
    """A licence of one user.

    Attributes:
        part_number: The subscription's part number.
        group_id: Object id of the group it comes from, or None for a direct assignment.
        disabled_plans: Names of the plans that it leaves out.
        updated: When it was last changed.
        effective: Whether the lag has passed and the services know it.
        error: Why it does not work, in Graph's word, or None.
    """

    part_number: str
    group_id: str | None
    disabled_plans: frozenset[str]
    updated: datetime
    effective: bool
    error: str | None = None


class Due(NamedTuple):
    """Something that licences will have done to an object by a moment.

    Attributes:
        moment: Simulated time.
        order: Number of the event, so that equal moments keep their order.
        object_id: The user.
        gained: The assignment that counts then; None after a licence was taken away.
    """

    moment: datetime
    order: int
    object_id: str
    gained: Assignment | None


@dataclass
class LicenceRegister:
    """The record of one tenant.

    Attributes:
        tenant: Whose record it is.
        identify: How the directory names an object: its object id.
        by_user: Object id to assignments, direct ones first.
        held: Part number to how many users hold it, each counted once.
        at_start: The same when the record began.
        external_addresses: Object id of a mail user that became a mailbox, to where its mail went before.
        pending: A heap of what is still to come.
    """

    tenant: Tenant
    identify: Callable[[Entry], str]
    by_user: dict[str, list[Assignment]] = field(default_factory=dict)
    held: Counter[str] = field(default_factory=Counter)
    at_start: Counter[str] = field(default_factory=Counter)
    external_addresses: dict[str, str] = field(default_factory=dict)
    pending: list[Due] = field(default_factory=list)
    events: int = 0

    def of(self, object_id: str) -> list[Assignment]:
        """The assignments of a user, failed ones included."""
        return self.by_user.get(object_id, [])

    def sku(self, part_number: str) -> Sku | None:
        """The tenant's subscription with this part number."""
        return next((s for s in self.tenant.file.skus if s.part_number == part_number), None)

    def plans(self, assignment: Assignment) -> list[str]:
        """The plans that an assignment gives; none while it is in error."""
        sku = self.sku(assignment.part_number)
        if sku is None or assignment.error:
            return []
        return [plan for plan in sku.service_plans if plan not in assignment.disabled_plans]

    def effective_plans(self, object_id: str) -> set[str]:
        """All plans that the services know a user to have."""
        return {plan for a in self.of(object_id) if a.effective for plan in self.plans(a)}

    def put(self, object_id: str, assignments: list[Assignment]) -> None:
        """Let a user have exactly these assignments, and count the units again."""
        self.held.subtract(_parts(self.of(object_id)))
        self.held.update(_parts(assignments))
        self.by_user[object_id] = assignments

    def consumed(self, sku: Sku) -> int:
        """Units in use: what the tenants file says, at least its own holders, and every change since the start."""
        at_start = self.at_start[sku.part_number]
        return max(sku.consumed, at_start) + self.held[sku.part_number] - at_start

    def free(self, sku: Sku) -> int:
        """Units that can still be assigned; never negative."""
        return max(sku.enabled - self.consumed(sku), 0)

    def announce(self, moment: datetime, object_id: str, gained: Assignment | None) -> None:
        """Note what an object is to be looked at for later."""
        self.events += 1
        heapq.heappush(self.pending, Due(moment, self.events, object_id, gained))

    def due(self, now: datetime) -> list[Due]:
        """Take out everything whose moment has come, in order."""
        ready = []
        while self.pending and self.pending[0].moment <= now:
            ready.append(heapq.heappop(self.pending))
        return ready


def _parts(assignments: list[Assignment]) -> set[str]:
    return {a.part_number for a in assignments if a.error is None}


def has_mailbox_plan(register: LicenceRegister, object_id: str) -> bool:
    """Whether some licence of a user, known to the services or not yet, gives a mailbox."""
    return any(service_plans.gives_mailbox(plan) for a in register.of(object_id) for plan in register.plans(a))
