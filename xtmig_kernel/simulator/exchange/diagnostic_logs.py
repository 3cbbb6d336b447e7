"""Export-MailboxDiagnosticLogs: the log of the holds on a mailbox.

Parameters are those of the cmdlet reference [SRC]; that the log is JSON with `hid` and `ht`, and 4 the organisation's,
is what Microsoft's own script looks for (failures 2.3 #35); the other numbers and dates are [MEM].
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import people
from xtmig_kernel.simulator.http import UnsupportedRequest
from xtmig_kernel.simulator.recipients_file import Mailbox

from .context import Context, Result
from .errors import bad_value
from .lookup import refuse_unserved, target

if TYPE_CHECKING:
    from .binding import Bound

SERVED = frozenset({"Identity", "ComponentName", "ResultSize"})
COMPONENTS = frozenset({"mrm", "oofrules", "remindersassistant", "sweeprules", "calendarpermissions"})
"""Other logs that exist, and that nobody has described here."""

NEVER = "0001-01-01T00:00:00.0000000"
OLD, COMPLIANCE, ORGANIZATION = 1, 5, 4


def export(context: Context, bound: Bound) -> Result:
    """Export-MailboxDiagnosticLogs -ComponentName HoldTracking of one mailbox."""
    refuse_unserved(bound, SERVED)
    mailbox: Mailbox = target(context, (Mailbox,), bound.get("Identity"))
    component = str(bound.get("ComponentName"))
    if component.lower() in COMPONENTS:
        raise UnsupportedRequest(f"the log {component}")
    if component.lower() != "holdtracking":
        raise bad_value("ComponentName", f"There is no log {component}.")
    identity = UUID(people.mailbox_guid(context.world, context.tenant, mailbox))
    log = json.dumps([_entry(hold, kind) for hold, kind in _tracked(context, mailbox)], separators=(",", ":"))
    return Result([{"MailboxLog": log, "LogName": "HoldTracking", "MailboxGuid": identity, "IsValid": True}])


def _entry(hold: str, kind: int) -> dict[str, Any]:
    return {"ed": NEVER, "hid": hold, "ht": kind, "lsd": NEVER, "osd": NEVER}


def _tracked(context: Context, mailbox: Mailbox) -> list[tuple[str, int]]:
    """Policies of the organisation that the mailbox is not excluded from, and its own holds."""
    own = mailbox.holds.in_place
    excluded = {_id(entry[1:]) for entry in own if entry.startswith("-")}
    everybodys = (hold for hold in context.tenant.file.organization_holds if not hold.lower().startswith(("grp", "-")))
    organization = [hold for hold in everybodys if _id(hold) not in excluded]
    organization += [hold for hold in mailbox.holds.tracked if hold not in organization]
    others = [(hold, COMPLIANCE if hold.lower().startswith("mbx") else OLD) for hold in own if hold[:1] != "-"]
    return [*((hold, ORGANIZATION) for hold in organization), *others]


def _id(hold: str) -> str:
    return hold.lower().partition(":")[0]
