"""What group-based licences do to a new object."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from .recipients_file import MailUser
    from .world import Tenant, World


def settle(world: World, tenant: Tenant, recipient: MailUser, now: datetime) -> None:
    """Apply what group-based licences do to a new object. Nothing is done here.

    Args:
        world: Both tenants.
        tenant: Where the object was created.
        recipient: The new object.
        now: Simulated time.
    """
    del world, tenant, recipient, now
