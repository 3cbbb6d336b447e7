"""Enable-Mailbox: archives (cmdlet reference [SRC]; document lines 978 to 984)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.http import UnsupportedRequest
from xtmig_kernel.simulator.recipients_file import Archive, Mailbox

from .context import Context, Result
from .errors import INVALID_OPERATION, ExchangeRefused, synchronised
from .lookup import refuse_unserved, target
from .recipients import mailbox_row

if TYPE_CHECKING:
    from .binding import Bound

SERVED = frozenset({"Identity", "Archive", "AutoExpandingArchive", "Force"})


def enable(context: Context, bound: Bound) -> Result:
    """Enable-Mailbox with Archive or AutoExpandingArchive; a disabled archive comes back with its GUID (line 979)."""
    refuse_unserved(bound, SERVED)
    mailbox: Mailbox = target(context, (Mailbox,), bound.get("Identity"))
    if mailbox.directory_synchronised:
        raise synchronised("Enable-Mailbox", "ArchiveGuid", people.common_name(mailbox))
    if bound.get("Archive"):
        if mailbox.archive is not None:
            raise ExchangeRefused(INVALID_OPERATION, f"The mailbox '{mailbox.alias}' already has an archive.")
        key = "archive", mailbox.alias.lower()
        mailbox.archive = Archive(guid=mailbox.disabled_archive_guid or context.guid(*key))
        mailbox.disabled_archive_guid = None
    elif bound.get("AutoExpandingArchive"):
        if mailbox.archive is None:
            raise ExchangeRefused(INVALID_OPERATION, f"The mailbox '{mailbox.alias}' has no archive.")
        mailbox.archive.auto_expanding = True
    else:
        raise UnsupportedRequest("Enable-Mailbox without Archive or AutoExpandingArchive")
    return Result([mailbox_row(context, mailbox)])
