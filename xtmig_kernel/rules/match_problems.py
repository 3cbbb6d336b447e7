"""What can stand in the way of a user who is to become somebody in the target; found before anything is created. Pure.

Each function looks at one user and gives problems; the code of a problem is also the id of the rule that reports it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.rules.match_index import distinct, same_object
from xtmig_kernel.rules.names import external_address, in_initial_domain, unfit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.match_index import Index
    from xtmig_kernel.rules.names import TargetNames

MOVABLE = frozenset({"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "LinkedMailbox"})
POINTERS = frozenset({"MailContact", "GuestMailUser", "MailUser"})
# SKUCapability in the cmdlet reference of New-MailUser: plans that bring a mailbox
MAILBOX_PLANS = frozenset({"BPOS_S_Deskless", "BPOS_S_Standard", "BPOS_S_Enterprise"})
MOST_NAMED = 3
# what the target's MailUser is made from (SCR-04); an archive and further addresses need not be there
_COPIED = {
    "ObjectId": "object ID",
    "PrimarySmtpAddress": "primary address",
    "Alias": "alias",
    "DisplayName": "display name",
    "ExchangeGuid": "ExchangeGuid",
    "LegacyExchangeDN": "LegacyExchangeDN",
}
_OTHER_NAME = "Choose another name for this user in users.csv, or rename or remove that object."


@dataclass(frozen=True)
class Problem:
    """What keeps a user from being prepared, or is worth a look.

    Args:
        code: Also the id of the rule that reports it.
        seen: What was seen, in words.
        remedy: What to do.
        blocks: Whether nothing may be created or changed for this user.
    """

    code: str
    seen: str
    remedy: str
    blocks: bool = True


def named(labels: Sequence[str], total: int | None = None) -> str:
    """A few names in words, and how many more there are.

    Args:
        labels: The names, in the order in which they are told.
        total: How many there are, if `labels` does not hold all of them.
    """
    left = (len(labels) if total is None else total) - MOST_NAMED
    return ", ".join(labels[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")


def described(row: Row) -> str:
    """An object as a person would name it.

    Args:
        row: Of any table of recipients or users.
    """
    name = row.get("DisplayName") or row.get("PrimarySmtpAddress") or row.get("UserPrincipalName") or row["ObjectId"]
    return f"{row.get('RecipientTypeDetails') or 'object'} {name}"


def mailbox_of(user: Row, source: Index) -> tuple[Row | None, tuple[Problem, ...]]:
    """The source object that answers to the address in `users.csv`; a problem where none or several do.

    Args:
        user: A row of `chosen_users`.
        source: Objects by address.
    """
    found = distinct(source.get("address", user["SourceAddress"]))
    if len(found) == 1:
        return found[0], ()
    if found:
        text = f"{len(found)} mailboxes answer to it: {named(sorted(str(row['Alias']) for row in found))}"
        return None, (Problem("user-source-one", text, "Write the primary address of the one that is meant."),)
    text = "no mailbox has this address"
    return None, (Problem("user-source-one", text, "Correct the address in users.csv, or take the line out."),)


def of_mailbox(mailbox: Row, project: Project) -> Iterator[Problem]:
    """Problems of the source mailbox alone.

    Args:
        mailbox: A row of `mailboxes`.
        project: Names the source's initial domain.
    """
    kind = mailbox["RecipientTypeDetails"]
    if kind not in MOVABLE:
        yield Problem("user-source-kind", f"it is a {kind}", "Take it out of users.csv; this kind does not move.")
    missing = [what for column, what in _COPIED.items() if not mailbox[column]]
    if missing:
        text = f"Exchange tells no {' and no '.join(missing)} of it"
        yield Problem("user-source-complete", text, "Look at this mailbox in the source; it cannot be moved like that.")
    if not in_initial_domain(mailbox, project):
        yield Problem(
            "user-source-initial",
            f"no address in {project.source.domain}; the target would point at {mailbox['PrimarySmtpAddress']}",
            f"Give it an address in {project.source.domain}: mail goes astray once the other one's domain moves on.",
            blocks=False,
        )


def of_names(names: TargetNames, accepted: frozenset[str], of_source: frozenset[str]) -> Iterator[Problem]:
    """Names that the target would refuse whoever bore them.

    Args:
        names: The names in the target.
        accepted: The target's domains, in lower case.
        of_source: The source's domains, in lower case; a domain belongs to one tenant alone (USR-16).
    """
    for text in unfit(names):
        yield Problem("user-name-fits", text, "Give this user other names in users.csv.")
    for what, value in (
        ("address", names.address),
        ("sign-in name", names.sign_in),
        ("delivery address", names.delivery),
    ):
        domain = value.rpartition("@")[2].casefold()
        if domain in of_source:
            text = f"{what} {value}: {domain} belongs to the source tenant"
            yield Problem("user-domain-accepted", text, "Choose a domain of the target; one tenant has a domain alone.")
        elif domain not in accepted:
            text = f"{what} {value}: the target has not verified {domain}"
            yield Problem("user-domain-accepted", text, "Verify the domain in the target, or choose one that is.")


def of_holder(holder: Row, mailbox: Row, source: Index, target: Index, project: Project) -> Iterator[Problem]:
    """Problems of the target object that stands for the user.

    Args:
        holder: The object, of whatever kind.
        mailbox: The source mailbox.
        source: The source's objects.
        target: The target's objects.
        project: Says whether mailboxes return to objects that they left behind.
    """
    kind = holder["RecipientTypeDetails"]
    mail_user = next(iter(target.get("mail user", holder["ObjectId"])), None)
    if kind is None:
        text = f"the target has no object {holder['ObjectId']}"
        yield Problem("user-target-kind", text, "Correct TargetObject in users.csv, or leave it empty.")
    elif mail_user is None or kind != "MailUser":
        text = f"{described(holder)} stands for this user in the target"
        yield Problem("user-target-kind", text, _KINDS.get(str(kind), _OTHER_KIND))
    else:
        yield from _of_mail_user(mail_user, mailbox, source, target, project)


def left_behind(mail_user: Row, mailbox: Row, project: Project) -> bool:
    """Whether a MailUser is what a mailbox left behind when it moved away, and now returns to (BCK-01).

    It was a mailbox before, this very one, so nothing remains of another; clearing would take away what it returns to.

    Args:
        mail_user: A row of the target's `mail_users`.
        mailbox: The source mailbox.
        project: Says whether it is a way back.
    """
    guid = mail_user["ExchangeGuid"]
    return project.back_from is not None and guid is not None and guid == mailbox["ExchangeGuid"]


def _of_mail_user(mail_user: Row, mailbox: Row, source: Index, target: Index, project: Project) -> Iterator[Problem]:
    guid = mail_user["ExchangeGuid"]
    if guid is not None and guid != mailbox["ExchangeGuid"]:
        yield Problem(
            "user-no-other-guid",
            f"ExchangeGuid is {guid}, the source mailbox's is {mailbox['ExchangeGuid']}",
            "It had a mailbox of its own: look what remains of it (step 100.1), clear it, then stamp.",
        )
    if guid is None and MAILBOX_PLANS & set(mail_user["PersistedCapabilities"]):
        yield Problem(
            "user-not-licensed-early",
            "it has an Exchange licence and no ExchangeGuid",
            "Take the licence off, also one that a group gives, before a mailbox is made; license after stamping.",
        )
    person = next(iter(target.get("person", mail_user["ObjectId"])), None)
    before = person and person["PreviousRecipientTypeDetails"]
    if before and str(before).endswith("Mailbox") and not left_behind(mail_user, mailbox, project):
        yield Problem(
            "user-no-previous-mailbox",
            f"was a {before} before",
            "Look what remains of it (step 100.1); users.csv can ask for it to be cleared.",
        )
    pointed = source.get("address", mail_user["ExternalEmailAddress"]) + source.get("guid", guid)
    strangers = distinct(row for row in pointed if not same_object(row, mailbox))
    if strangers:
        yield Problem(
            "user-target-own",
            f"{described(mail_user)} belongs to another source user: {named([described(row) for row in strangers])}",
            "Choose other names for this user in users.csv, or name the right object in TargetObject.",
        )


_OTHER_KIND = "Choose another address and sign-in name in users.csv, or remove that object."
_KINDS = {
    "User": "It has no mail. Remove it, choose another sign-in name, or make it a MailUser on-premises.",
    "GuestMailUser": "Remove the guest, or give the user another address; a guest cannot take a mailbox.",
    "GuestUser": "Remove the guest, or give the user another address; a guest cannot take a mailbox.",
    "MailContact": "Remove the contact, then plan again; keep its memberships and its x500 address.",
    "UserMailbox": "It has a mailbox of its own; its owner decides. To keep it, choose another address for this user.",
}


def of_taken_names(
    names: TargetNames, mailbox: Row, holder: Row | None, target: Index, project: Project
) -> Iterator[Problem]:
    """Everything that must be unique in the target and belongs to another object than the one that is meant.

    Args:
        names: The names in the target.
        mailbox: The source mailbox.
        holder: The target object that stands for the user, None for a new one.
        target: The target's objects.
        project: Names the source's initial domain.
    """
    # a sign-in name is refused where it is another object's address, too [inferred: reports from the field]
    wanted = [
        ("user-address-free", "address", names.address, "address"),
        ("user-address-free", "address", names.delivery, "delivery address"),
        ("user-sign-in-free", "sign-in", names.sign_in, "sign-in name"),
        ("user-sign-in-free", "address", names.sign_in, "sign-in name"),
        ("user-alias-free", "alias", names.alias, "alias"),
        ("user-guid-free", "guid", mailbox["ExchangeGuid"], "ExchangeGuid"),
    ]
    if holder is None:  # one that is there keeps its Name
        wanted.append(("user-alias-free", "name", names.alias, "name"))
    told: set[str] = set()
    for code, kind, value, what in wanted:
        others = _others(target.get(kind, value), holder)
        text = f"{what} {value} belongs to {named([described(row) for row in others])}" if others else ""
        if others and text not in told:
            told.add(text)
            yield Problem(code, text, _OTHER_NAME)
    yield from _of_deleted(names, mailbox, holder, target)
    yield from _of_pointers(mailbox, holder, target, project)


def _others(rows: Sequence[Row], holder: Row | None) -> list[Row]:
    """Those of the rows that are not of the object that is meant."""
    return distinct(rows if holder is None else [row for row in rows if not same_object(row, holder)]) if rows else []


def _of_deleted(names: TargetNames, mailbox: Row, holder: Row | None, target: Index) -> Iterator[Problem]:
    """Deleted mailboxes that bear the GUID that is to be stamped, or would collide with a new user if restored.

    A MailUser that is there already shares its names with the mailbox that it had: `user-no-previous-mailbox`.
    """
    by_guid = distinct(target.get("deleted guid", mailbox["ExchangeGuid"]))
    if by_guid:
        text = f"ExchangeGuid {mailbox['ExchangeGuid']} belongs to deleted mailbox {by_guid[0]['DisplayName']}"
        yield Problem("user-guid-free", text, "Look what it holds and whose it is; it must be gone before the move.")
    if holder is not None:
        return
    found = distinct(row for name in (names.sign_in, names.address) for row in target.get("deleted name", name))
    if found:
        yield Problem(
            "user-not-deleted",
            f"deleted mailbox {named([str(row['DisplayName']) for row in found])} bears one of these names",
            "Ask its owner. If it may be restored, choose other names in users.csv: both cannot bear them.",
            blocks=False,
        )


def _of_pointers(mailbox: Row, holder: Row | None, target: Index, project: Project) -> Iterator[Problem]:
    """Contacts, guests and other MailUsers that point at the source mailbox; one address cannot be pointed at twice."""
    addresses = {str(a) for a in (*mailbox["SmtpAddresses"], mailbox["PrimarySmtpAddress"]) if a}
    rows = [row for a in addresses for kind in ("address", "external") for row in target.get(kind, a)]
    found = _others([row for row in rows if row["RecipientTypeDetails"] in POINTERS], holder)
    if not found:
        return
    # New-MailUser takes the external address for one of its own first, so it must be free [inferred from USR-14]
    external = external_address(mailbox, project)
    clash = holder is None and any(target.get(kind, external) for kind in ("address", "external"))
    yield Problem(
        "user-no-pointer",
        f"{named([described(row) for row in found])} points at the source mailbox"
        + (f" by {external}, which the new MailUser must have" if clash else ""),
        "Remove it before the user is made, and keep its memberships; mail would go to the old place."
        if clash
        else "Decide whether it is still needed: people who choose it write to the old place.",
        blocks=clash,
    )
