"""New-MailUser, Set-MailUser, Remove-MailUser (cmdlet reference [SRC]; doc traps B16 to B19, D9)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xtmig_kernel.simulator import licensing, people
from xtmig_kernel.simulator.http import UnsupportedRequest
from xtmig_kernel.simulator.identifiers import ZERO_GUID, hexadecimal
from xtmig_kernel.simulator.recipients_file import MailUser

from .addresses import accepted, bare, require_accepted, require_free, with_prefix
from .binding import Delta
from .context import Context, Result
from .errors import DIRECTORY_REFUSES, INVALID_OPERATION, SET_AMBIGUOUS, ExchangeRefused, bad_value, synchronised
from .group_members import leave_all_groups
from .lookup import address_book, refuse_unserved, target
from .recipients import mail_user_row

if TYPE_CHECKING:
    from .binding import Bound, Secret

SERVED_NEW = frozenset({
    "Name", "Alias", "DisplayName", "FirstName", "LastName", "ExternalEmailAddress", "PrimarySmtpAddress",
    "MicrosoftOnlineServicesID", "Password",
})  # fmt: skip
PLAIN = {"DisplayName": "display_name", "HiddenFromAddressListsEnabled": "hidden_from_address_lists"}
GUIDS = {"ExchangeGuid": "exchange_guid", "ArchiveGuid": "archive_guid"}
ATTRIBUTES = {f"CustomAttribute{n}": n for n in range(1, 16)}
ADDRESSES = ("EmailAddresses", "PrimarySmtpAddress", "ExternalEmailAddress")
SYNCHRONISED = frozenset({"Alias", "Name", "MicrosoftOnlineServicesID", *ADDRESSES, *PLAIN, *GUIDS, *ATTRIBUTES})
SERVED_SET = SYNCHRONISED | {"Identity", "RemoveDisabledArchive"}
ALIAS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
SHORTEST_PASSWORD, LONGEST_PASSWORD, FEWEST_CLASSES = 8, 256, 3
LONGEST_ALIAS = 64


def new(context: Context, bound: Bound) -> Result:
    """New-MailUser with a sign-in name and password; reads find it after a lag (wire 1.8 [LIVE]).

    The sign-in name must be in an accepted domain. Without PrimarySmtpAddress, or where the organisation does not
    honour it (doc traps B18, D9), the external address is the primary one (document line 260). The address that equals
    the sign-in name is added [MEM].
    """
    refuse_unserved(bound, SERVED_NEW)
    if not bound.get("MicrosoftOnlineServicesID") or not bound.get("ExternalEmailAddress"):
        raise UnsupportedRequest("a mail user without sign-in name or external address")
    upn, external = str(bound.get("MicrosoftOnlineServicesID")), bare(str(bound.get("ExternalEmailAddress")))
    for address in (upn, external):
        with_prefix(address)
    require_accepted(context, upn)
    _check_password(bound.get("Password"))
    alias = _alias(str(bound.get("Alias") or upn.partition("@")[0]))
    honoured = context.tenant.file.policies.primary_smtp_honoured
    primary = bare(str((honoured and bound.get("PrimarySmtpAddress")) or external))
    proxies = [f"SMTP:{primary}", *([f"smtp:{upn}"] if accepted(context, upn) else [])]
    name = str(bound.get("Name"))
    require_free(context, alias=alias, name=name, upn=upn, proxies=[*map(with_prefix, proxies), f"smtp:{external}"])
    user = _made(context, bound, alias, external, [p for p in proxies if p.lower() != f"smtp:{primary}".lower()])
    user.primary = primary
    address_book(context).add(user)
    licensing.settle(context.world, context.tenant, user, context.now)
    return Result([mail_user_row(context, user)])


def _made(context: Context, bound: Bound, alias: str, external: str, proxies: list[str]) -> MailUser:
    identity = context.guid("object", alias.lower())
    digits = hexadecimal(32, context.world.seed, context.tenant.tenant_id, "dn", alias.lower(), identity)
    context.tenant.readable_from[identity] = context.tenant.later(context.now, "mail_user_readable")
    return MailUser(
        alias=alias,
        name=str(bound.get("Name")),
        display_name=str(bound.get("DisplayName") or bound.get("Name")),
        first_name=str(bound.get("FirstName") or ""),
        last_name=str(bound.get("LastName") or ""),
        upn=str(bound.get("MicrosoftOnlineServicesID")),
        primary=external,
        proxies=proxies,
        external_address=external,
        object_id=identity,
        legacy_dn=f"{people.DN_ROOT}{digits}-{alias}",
        created=context.now,
    )


def _check_password(password: Secret | None) -> None:
    """The directory's rule for cloud accounts: 8 to 256 characters, three of four kinds [MEM].

    Raises:
        ExchangeRefused: The password does not keep to it.
    """
    long_enough = password is not None and SHORTEST_PASSWORD <= password.length <= LONGEST_PASSWORD
    if password is None or not long_enough or password.classes < FEWEST_CLASSES:
        text = "The specified password does not comply with password complexity requirements."
        raise ExchangeRefused(DIRECTORY_REFUSES, text)


def _alias(text: str) -> str:
    if not ALIAS.fullmatch(text) or len(text) > LONGEST_ALIAS:
        raise bad_value("Alias", f"The value '{text}' isn't a valid alias.")
    return text


def set_(context: Context, bound: Bound) -> Result:
    """Set-MailUser: what is given replaces what was there; EmailAddresses knows Add and Remove (wire 1.4 [SRC]).

    What comes from the organisation's own directory is refused there (failures 2.2 #25). ExchangeGuid and ArchiveGuid
    are taken though the reference reserves them (doc trap B19).
    """
    refuse_unserved(bound, SERVED_SET)
    user: MailUser = target(context, (MailUser,), bound.get("Identity"))
    changed = [name for name in bound.values if name in SYNCHRONISED]
    if user.directory_synchronised and changed:
        raise synchronised("Set-MailUser", changed[0], people.common_name(user))
    if "EmailAddresses" in bound.values and "PrimarySmtpAddress" in bound.values:
        text = "PrimarySmtpAddress and EmailAddresses can't be used at the same time."
        raise ExchangeRefused(SET_AMBIGUOUS, text)
    after = user.model_copy(deep=True)
    _change(context, after, bound)
    _check(context, user, after)
    if after == user:
        text = f"The command completed successfully but no settings of '{people.common_name(user)}' have been modified."
        return Result(warnings=[text])
    for field in MailUser.model_fields:
        setattr(user, field, getattr(after, field))
    address_book(context).changed(user)
    licensing.settle(context.world, context.tenant, user, context.now)
    return Result()


def _change(context: Context, user: MailUser, bound: Bound) -> None:
    for name, value in bound.values.items():
        if name in PLAIN:
            setattr(user, PLAIN[name], value if value is not None else type(getattr(user, PLAIN[name]))())
        elif name in GUIDS:
            text = str(value or ZERO_GUID).strip("{}").lower()
            setattr(user, GUIDS[name], None if text == ZERO_GUID else text)
        elif name in ATTRIBUTES:
            user.custom_attributes = {**user.custom_attributes, ATTRIBUTES[name]: str(value or "")}
    user.alias = _alias(str(bound.get("Alias"))) if bound.get("Alias") else user.alias
    user.name = str(bound.get("Name")) if bound.get("Name") else user.name
    user.upn = str(bound.get("MicrosoftOnlineServicesID") or user.upn)
    if bound.get("RemoveDisabledArchive"):
        user.disabled_archive_guid = None
    if bound.get("ExternalEmailAddress"):
        user.external_address = bare(with_prefix(str(bound.get("ExternalEmailAddress"))))
    if bound.get("PrimarySmtpAddress") and context.tenant.file.policies.primary_smtp_honoured:
        _put_addresses(user, [f"SMTP:{bare(str(bound.get('PrimarySmtpAddress')))}", *_demoted(user)])
    if "EmailAddresses" in bound.values:
        _put_addresses(user, _new_addresses(people.addresses(user), bound.get("EmailAddresses")))


def _demoted(user: MailUser) -> list[str]:
    return [f"smtp:{a[5:]}" if a.startswith("SMTP:") else a for a in people.addresses(user)]


def _new_addresses(present: list[str], value: list[str] | Delta | None) -> list[str]:
    if not isinstance(value, Delta):
        return [with_prefix(item) for item in value or []]
    gone = {with_prefix(item).lower() for item in value.remove}
    kept = [item for item in present if item.lower() not in gone]
    return [*kept, *(with_prefix(item) for item in value.add)]


def _put_addresses(user: MailUser, wanted: list[str]) -> None:
    """Give the user these addresses; the one in capitals is the primary, else the first SMTP address is [INF].

    Raises:
        ExchangeRefused: Several primary addresses, or no SMTP address at all.
    """
    distinct = list({item.lower(): item for item in reversed(wanted)}.values())[::-1]
    primaries = [item for item in distinct if item.startswith("SMTP:")]
    if len(primaries) > 1:
        raise bad_value("EmailAddresses", "There are multiple primary SMTP addresses.")
    smtp = primaries or [item for item in distinct if item.lower().startswith("smtp:")]
    if not smtp:
        raise bad_value("EmailAddresses", "There is no primary SMTP address.")
    user.primary = bare(smtp[0])
    user.proxies = [item for item in distinct if item.lower() != smtp[0].lower()]


def _check(context: Context, user: MailUser, after: MailUser) -> None:
    if after.upn.lower() != user.upn.lower():
        require_accepted(context, after.upn)
    proxies = people.addresses(after)
    if after.external_address.lower() != user.external_address.lower():
        proxies = [*proxies, f"smtp:{after.external_address}"]
    require_free(
        context, alias=after.alias, name=people.common_name(after), upn=after.upn, proxies=proxies,
        exchange_guid=after.exchange_guid, owner=user,
    )  # fmt: skip


def remove(context: Context, bound: Bound) -> Result:
    """Remove-MailUser: deleted softly, or for good with PermanentlyDelete, which a hold forbids (failures 2.2 #27)."""
    permanently = bool(bound.get("PermanentlyDelete"))
    user: MailUser = target(context, (MailUser,), bound.get("Identity"), "any" if permanently else "living")
    if user.directory_synchronised:
        raise synchronised("Remove-MailUser", "Identity", people.common_name(user))
    if permanently and user.litigation_hold:
        text = f"The mail user '{user.alias}' can't be deleted because litigation hold or In-Place hold is applied."
        raise ExchangeRefused(INVALID_OPERATION, text)
    leave_all_groups(context, user)
    user.soft_deleted = user.soft_deleted or context.now
    licensing.settle(context.world, context.tenant, user, context.now)
    if permanently:
        address_book(context).remove(user)
    return Result()
