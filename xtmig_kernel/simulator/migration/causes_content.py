"""The source mailbox itself: holds, sizes, other moves, archives that grow (failures 2.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xtmig_kernel.simulator.sizes import bytes_text, in_bytes

from .errors import CONNECTION_FAILED, LUMP, MRS_REMOTE, mrs, permanent
from .model import Failure

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.simulator.recipients_file import Mailbox
    from xtmig_kernel.simulator.world import Tenant

    from .case import Case

MOST_AUXILIARY = 12
AUXILIARY = "SourceAuxArchiveIsProvisionedDuringCrossTenantMovePermanentException"
# Prefixes of holds on mailboxes: eDiscovery, retention, Skype and Teams, in-place by GUID or by name (failures #34).
HOLD = re.compile(r"(mbx|skp|cld|UniH).+|[0-9a-f]{32}(:\d+)*", re.IGNORECASE)


def hold_of(tenant: Tenant, mailbox: Mailbox) -> str | None:
    """Our word for the first hold that is on a mailbox, the organisation's holds included; None without one.

    Entries that begin with `-mbx` take a mailbox out of a hold of the organisation (failures 2.3 #33 to #37).

    Args:
        tenant: Where the mailbox is.
        mailbox: The mailbox.
    """
    holds = mailbox.holds
    flags = {
        "litigation_hold": holds.litigation, "delay_hold": holds.delay, "delay_release_hold": holds.delay_release,
        "compliance_tag_hold": holds.compliance_tag,
    }  # fmt: skip
    for name, there in flags.items():
        if there:
            return name
    if any(HOLD.fullmatch(hold) for hold in holds.in_place):
        return "in_place_hold"
    taken_out = {_policy(hold[1:]) for hold in holds.in_place if hold.startswith("-")}
    everywhere = [hold for hold in tenant.file.organization_holds or [] if HOLD.fullmatch(hold)]
    return "organization_hold" if any(_policy(hold) not in taken_out for hold in everywhere) else None


def _policy(hold: str) -> str:
    return hold.partition(":")[0].lower()


def held(case: Case) -> Failure | None:
    """The mailbox is under a hold: one error for many causes, which names none of them (failures 2.1 #3)."""
    cause = hold_of(case.source, case.mailbox) if case.mailbox else None
    server = case.endpoint.properties["RemoteServer"] if case.endpoint else None
    text = f"The connection to the server '{server}' could not be completed. ---> {MRS_REMOTE}: {LUMP}"
    return Failure(cause, CONNECTION_FAILED, text) if cause else None


def being_moved(mailbox: Mailbox, moment: datetime) -> bool:
    """Whether another move of a mailbox is under way, or has left its mark (document line 962; failures #47)."""
    if mailbox.move_ends is not None and mailbox.move_ends <= moment:
        return False
    return mailbox.move_status not in {"None", "Completed"} or bool(mailbox.move_remote_host)


def other_move(case: Case) -> Failure | None:
    """The source mailbox is being moved already."""
    if case.mailbox is None or not being_moved(case.mailbox, case.moment):
        return None
    text = "The source mailbox already has a move request."
    return mrs("being_moved", "SourceMailboxAlreadyBeingMovedPermanentException", text, sticky=True)


def maintenance(case: Case) -> Failure | None:
    """The service itself moves the mailbox to another database (document line 904)."""
    time = case.mailbox.maintenance if case.mailbox else None
    if time is None:
        return None
    begun = time.begins is None or time.begins <= case.moment
    over = time.ends is not None and time.ends <= case.moment
    text = "The mailbox isn't in the expected database."
    return mrs("maintenance", "MailboxIsNotInExpectedDBException", text, sticky=True) if begun and not over else None


def too_many_archives(case: Case) -> Failure | None:
    """There are more than twelve auxiliary archives (document line 647)."""
    archive = case.mailbox.archive if case.mailbox else None
    number = len(archive.auxiliary) if archive else 0
    if number <= MOST_AUXILIARY:
        return None
    text = f"The mailbox has {number} auxiliary archives; {MOST_AUXILIARY} can be moved."
    return permanent("too_many_archives", text)


def archive_grew(case: Case) -> Failure | None:
    """An auxiliary archive appeared after the copy had begun (document line 927)."""
    progress = case.mover.progress
    archive = case.mailbox.archive if case.mailbox else None
    if case.validating or progress.began is None or archive is None or len(archive.auxiliary) <= progress.auxiliary:
        return None
    text = f"The auxiliary archive '{archive.auxiliary[-1]}' was provisioned in the source during the move."
    return mrs("archive_grew", AUXILIARY, text, sticky=True)


def over_quota(case: Case) -> Failure | None:
    """The source mailbox is over its quota (document line 640; the exception's name is [MEM])."""
    sizes = case.mailbox.sizes if case.mailbox else None
    if sizes is None or sizes.prohibit_send_receive_quota.lower() == "unlimited":
        return None
    total, quota = in_bytes(sizes.total), in_bytes(sizes.prohibit_send_receive_quota)
    text = f"Mailbox size {bytes_text(total)} exceeds target quota {bytes_text(quota)}."
    return mrs("over_quota", "MailboxSizeExceedsTargetQuotaPermanentException", text) if total > quota else None


def dumpster_over_quota(case: Case) -> Failure | None:
    """The recoverable items do not fit into the target (failures 2.3 #39; the exception's name is [MEM])."""
    sizes = case.mailbox.sizes if case.mailbox else None
    if sizes is None or case.user is None or case.user.recoverable_items_quota.lower() == "unlimited":
        return None
    deleted, quota = in_bytes(sizes.deleted), in_bytes(case.user.recoverable_items_quota)
    text = f"Dumpster size {bytes_text(deleted)} exceeds target quota {bytes_text(quota)}."
    name = "DumpsterSizeExceedsTargetQuotaPermanentException"
    return mrs("dumpster_over_quota", name, text) if deleted > quota else None


CONTENT = (other_move, maintenance, held, too_many_archives, archive_grew, over_quota, dumpster_over_quota)
