"""One user's move as the checks see it: both objects, the batch, the moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.address_book import book
from xtmig_kernel.simulator.exchange.context import Context
from xtmig_kernel.simulator.recipients_file import Mailbox, MailUser

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.simulator.world import Endpoint, Relationship, Tenant, World

    from .model import Batch, MigrationService, Mover


@dataclass(frozen=True)
class Case:
    """A user of a batch at a moment.

    Attributes:
        target: The tenant that the batch is in.
        validating: Whether the user has just been submitted; some things are looked at only then.
    """

    world: World
    target: Tenant
    service: MigrationService
    batch: Batch
    mover: Mover
    moment: datetime
    validating: bool = False

    @property
    def source(self) -> Tenant:
        """The tenant on the other side."""
        return next(t for t in self.world.tenants.values() if t is not self.target)

    @cached_property
    def context(self) -> Context:
        """The service's own view of the target."""
        return Context(self.world, self.target, {}, "", self.moment)

    @cached_property
    def endpoint(self) -> Endpoint | None:
        """The batch's endpoint, if it is still there."""
        found = (e for e in self.target.endpoints.values() if e.name.lower() == self.batch.endpoint.lower())
        return next(found, None)

    @cached_property
    def recipient(self) -> Mailbox | MailUser | None:
        """The object in the target that the address means."""
        found = book(self.world, self.target).one(self.mover.identity)
        return found if isinstance(found, Mailbox | MailUser) else None

    @property
    def user(self) -> MailUser | None:
        """The mail user in the target."""
        return self.recipient if isinstance(self.recipient, MailUser) else None

    @cached_property
    def mailbox(self) -> Mailbox | None:
        """The mailbox in the source with the GUID that is stamped in the target."""
        guid = people.exchange_guid(self.world, self.target, self.user) if self.user else None
        found = book(self.world, self.source).holder(f"guid:{guid}") if guid else None
        return found if isinstance(found, Mailbox) else None

    @cached_property
    def relationship_there(self) -> Relationship | None:
        """The source's relationship that lets mailboxes out to the target."""
        from xtmig_kernel.simulator.exchange.relationships import towards

        return towards(self.source, self.target, "RemoteOutbound")


def keys_of(world: World, tenant: Tenant, identity: str) -> frozenset[str]:
    """What entries for the same person share: the address, the object, the mailbox GUID."""
    keys = {f"address:{identity.lower()}"}
    index = book(world, tenant)
    found = index.one(identity)
    if isinstance(found, Mailbox | MailUser):
        keys.add(f"object:{people.object_id(world, tenant, found)}")
        mailbox = people.exchange_guid(world, tenant, found)
        keys |= {f"mailbox:{mailbox}"} if mailbox else set()
    return frozenset(keys)
