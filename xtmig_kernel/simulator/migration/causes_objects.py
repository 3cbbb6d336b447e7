"""The two objects: who is meant, what is stamped, what is in the way (failures 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.simulator import licensing, people
from xtmig_kernel.simulator.recipients_file import Mailbox

from .causes_trust import SCOPE
from .errors import DUPLICATE, RECIPIENT_NOT_FOUND, mrs, permanent
from .model import MOVED, Failure

if TYPE_CHECKING:
    from .case import Case


def recipient_unknown(case: Case) -> Failure | None:
    """Nobody in the target has the address, as when it is the one in the source (failures 2.2 #19)."""
    if case.recipient is not None:
        return None
    text = f"A recipient wasn't found for '{case.mover.identity}' on the target."
    return Failure("recipient_unknown", RECIPIENT_NOT_FOUND, text)


def has_mailbox(case: Case) -> Failure | None:
    """The target has a mailbox already (failures 2.2 #17)."""
    if not isinstance(case.recipient, Mailbox):
        return None
    text = f"Target user '{case.mover.identity}' already has a primary mailbox."
    return mrs("target_has_mailbox", "TargetUserAlreadyHasPrimaryMailboxException", text)


def had_mailbox(case: Case) -> Failure | None:
    """The target user had another mailbox before, and it was not cleared (document lines 306 to 325; failures #18)."""
    user = case.user
    if user is None or user.previous_recipient_type is None:
        return None
    text = f"Target user '{case.mover.identity}' already has a primary mailbox."
    return mrs("target_had_mailbox", "TargetUserAlreadyHasPrimaryMailboxException", text)


def duplicate(case: Case) -> Failure | None:
    """The same person is in another batch (document line 939)."""
    if not case.validating:
        return None
    for other in case.service.sharing(case.mover.keys):
        waiting = other.failure is not None and other.failure.cause == "duplicate"
        if other.batch.lower() != case.mover.batch.lower() and other.status not in MOVED and not waiting:
            text = f"The user '{case.mover.identity}' already exists in another batch '{other.batch}'."
            return Failure("duplicate", DUPLICATE, text, sticky=True)
    return None


def no_exchange_guid(case: Case) -> Failure | None:
    """The mail user lacks the source's ExchangeGuid, or has another one (document line 951)."""
    if case.user is None or case.mailbox is not None:
        return None
    text = f"The target mail user '{case.mover.identity}' doesn't have the ExchangeGuid of a mailbox in the source."
    return mrs("no_exchange_guid", "MissingExchangeGuidException", text)


def foreign_proxy(case: Case) -> Failure | None:
    """An SMTP address of the mail user is in a domain that the target does not own (document line 916)."""
    if case.user is None:
        return None
    owned = case.target.domains()
    foreign = sorted(a for a in people.smtp_addresses(case.user) if a.rpartition("@")[2] not in owned)
    if not foreign:
        return None
    text = f"You can't use the domain because it's not an accepted domain for your organization: '{foreign[0]}'."
    return mrs("foreign_proxy", "NotAcceptedDomainException", text)


def no_delivery_proxy(case: Case) -> Failure | None:
    """No address of the mail user is in the delivery domain (failures 2.2 #22; the exception's name is [MEM])."""
    if case.user is None or delivery_address(case) is not None:
        return None
    text = f"The target mailbox doesn't have an SMTP proxy matching '{case.batch.target_delivery_domain}'."
    return mrs("no_delivery_proxy", "TargetDeliveryDomainMismatchPermanentException", text)


def delivery_address(case: Case) -> str | None:
    """The target's address in the delivery domain, the primary one first."""
    wanted = case.batch.target_delivery_domain.lower()
    listed = people.addresses(case.recipient) if case.recipient else []
    smtp = [a.partition(":")[2] for a in listed if a.lower().startswith("smtp:")]
    return next((a for a in smtp if a.rpartition("@")[2].lower() == wanted), None)


def no_x500(case: Case) -> Failure | None:
    """An x500 address or the LegacyExchangeDN of the source is missing (document's prerequisite 3; failures #23)."""
    if case.user is None or case.mailbox is None:
        return None
    dn = people.legacy_dn(case.world, case.source, case.mailbox)
    wanted = [f"x500:{dn}", *(a for a in people.addresses(case.mailbox) if a.lower().startswith("x500:"))]
    present = {a.lower() for a in people.addresses(case.user)}
    missing = [a for a in wanted if a.lower() not in present]
    return permanent("no_x500", f"The target recipient lacks the address '{missing[0]}'.") if missing else None


def wrong_external_address(case: Case) -> Failure | None:
    """ExternalEmailAddress is none of the source mailbox's addresses (failures 2.2 #24)."""
    if case.user is None or case.mailbox is None:
        return None
    if case.user.external_address.lower() in people.smtp_addresses(case.mailbox):
        return None
    text = f"The external address '{case.user.external_address}' isn't an address of the source mailbox."
    return permanent("wrong_external_address", text)


def archive_differs(case: Case) -> Failure | None:
    """ArchiveGuid differs, or only one side has an archive (failures 2.3 #45; the exception's name is [MEM])."""
    if case.user is None or case.mailbox is None:
        return None
    here = (case.user.archive_guid or "").lower()
    there = (people.archive_guid(case.world, case.source, case.mailbox) or "").lower()
    if here == there:
        return None
    text = f"The archive of the target recipient, '{here}', isn't that of the source, '{there}'."
    return mrs("archive_differs", "RecipientArchiveGuidMismatchPermanentException", text)


def demoted_archive(case: Case) -> Failure | None:
    """The source mailbox had an archive that was disabled (document line 974)."""
    if case.mailbox is None or not case.mailbox.disabled_archive_guid:
        return None
    text = f"The user already has a demoted archive, '{case.mailbox.disabled_archive_guid}'."
    return mrs("demoted_archive", "UserAlreadyHasDemotedArchiveException", text)


def unlicensed(case: Case) -> bool:
    """Whether neither side has the licence for moves; only mailboxes of users need it (planning 0.7)."""
    if case.user is None or case.mailbox is None or case.mailbox.kind != "UserMailbox":
        return False
    sides = ((case.source, case.mailbox), (case.target, case.user))
    return not any(licensing.MOVE_CAPABILITY in licensing.capabilities(tenant, entry) for tenant, entry in sides)


OBJECTS = (
    recipient_unknown, has_mailbox, had_mailbox, duplicate, no_exchange_guid, *SCOPE, foreign_proxy, no_delivery_proxy,
    no_x500, wrong_external_address, archive_differs, demoted_archive,
)  # fmt: skip
