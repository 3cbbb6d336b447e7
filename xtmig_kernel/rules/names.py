"""Names in the target, made from the source's by the rules of the project. Pure (USR-11 to USR-13, MFL-02, SCR-08)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

LONGEST_LOCAL_PART = LONGEST_ALIAS = 64
LONGEST_SIGN_IN_DOMAIN = 48
_FIELD = re.compile(r"\{(\w+)\}")
_NOT_IN_LOCAL_PART = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SIGN_IN_LOCAL_PART = re.compile(r"[A-Za-z0-9'_!#^~-]+(\.[A-Za-z0-9'_!#^~-]+)*")
# letters that do not fall apart into a plain letter and an accent
_SPELLED_OUT = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D",
        "þ": "th", "Þ": "Th", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ı": "i", "ħ": "h", "Ħ": "H",
    }
)  # fmt: skip


@dataclass(frozen=True)
class TargetNames:
    """How a user is called in the target.

    Args:
        address: Primary SMTP address (USR-12).
        sign_in: User principal name (USR-11).
        alias: Exchange alias, also the object's Name.
        delivery: Proxy address in the target delivery domain, where the source will forward to (MFL-02).
    """

    address: str
    sign_in: str
    alias: str
    delivery: str


@dataclass(frozen=True)
class TargetDomains:
    """The domains in which the target's addresses can be.

    Args:
        accepted: All of them, in lower case.
        default: The one of an address for which the project gives no rule.
    """

    accepted: frozenset[str]
    default: str

    @classmethod
    def of(cls, rows: Iterable[Row], project: Project) -> TargetDomains:
        """Put the rows of the target's `accepted_domains` together.

        Args:
            rows: The rows.
            project: Names the initial domain, which counts where none is marked as the default.
        """
        given = tuple(rows)
        default = next((str(row["DomainName"]) for row in given if row["Default"]), project.target.domain)
        return cls(frozenset(str(row["DomainName"]).casefold() for row in given), default)


def names_for(
    user: Row,
    mailbox: Row,
    person: Row | None,
    project: Project,
    domains: TargetDomains,
    present: Row | None = None,
) -> tuple[TargetNames | None, tuple[str, ...]]:
    """The target names of one user: what `users.csv` says, otherwise what the rules make of the source's.

    A MailUser that is there already keeps its alias, its sign-in name in a domain of the target, and its address in
    the domain that the rules choose: people may know them.

    Args:
        user: A row of `chosen_users`.
        mailbox: Its source mailbox.
        person: The source's row of `exchange_users`, if there is one.
        project: Holds the rules.
        domains: The target's.
        present: The target's row of `mail_users` that stands for the user, if there is one.

    Returns:
        The names; or None with the parts that are missing to make them.
    """
    kept = present or {}
    alias = str(user["TargetAlias"] or kept.get("Alias") or mailbox["Alias"])
    domain = _domain(mailbox, project, domains)
    address = str(user["TargetAddress"] or _if_in(kept.get("PrimarySmtpAddress"), {domain.casefold()}))
    if not address:
        local, missing = _local_part(project.target_addresses.local_part, alias, mailbox, person)
        if local is None:
            return None, missing
        address = f"{local}@{domain}"
    sign_in = str(user["TargetSignIn"] or _if_in(kept.get("UserPrincipalName"), domains.accepted))
    sign_in = sign_in or f"{alias}@{project.target_addresses.sign_in_domain or project.target.domain}"
    return TargetNames(address, sign_in, alias, f"{alias}@{project.delivery_domain}"), ()


def external_address(mailbox: Row, project: Project) -> str:
    """Where the target's MailUser points until the move: the source mailbox's address in the initial domain.

    That one stays when the vanity domain moves on; the primary address would not (USR-13, doc trap D8).

    Args:
        mailbox: The source mailbox.
        project: Names the source's initial domain.
    """
    initial = in_initial_domain(mailbox, project)
    return initial[0] if initial else str(mailbox["PrimarySmtpAddress"])


def in_initial_domain(mailbox: Row, project: Project) -> list[str]:
    """The mailbox's addresses in the source's initial domain: the primary one first, then that of its alias.

    Args:
        mailbox: The source mailbox.
        project: Names the source's initial domain.
    """
    ending = f"@{project.source.domain}".casefold()
    first = (str(mailbox["PrimarySmtpAddress"]).casefold(), f"{mailbox['Alias']}{ending}".casefold())
    found = {str(a) for a in mailbox["SmtpAddresses"] if str(a).casefold().endswith(ending)}
    if len(found) < 2:  # noqa: PLR2004 - nothing to order, as of nearly every mailbox
        return list(found)
    return sorted(found, key=lambda a: (a.casefold() != first[0], a.casefold() != first[1], a.casefold(), a))


def unfit(names: TargetNames) -> Iterator[str]:
    """Why the target would refuse these names, in words; nothing where it would take them.

    An alias has up to 64 characters and no two dots together (cmdlet reference of New-MailUser); the part of an address
    before the @ is as long (RFC 5321, 4.5.3.1.1). A sign-in name is 64 characters, @ and 48 at most, of letters without
    accents, digits and ' . - _ ! # ^ ~ (Microsoft's guide to preparing a directory).

    Args:
        names: The names.
    """
    local = names.address.rpartition("@")[0]
    yield from _too_long("the part before the @ of the address", local, LONGEST_LOCAL_PART)
    if not _LOCAL_PART.fullmatch(local):
        yield f"an address cannot begin with {local!r}"
    sign_in, _, domain = names.sign_in.rpartition("@")
    yield from _too_long("the part before the @ of the sign-in name", sign_in, LONGEST_LOCAL_PART)
    yield from _too_long("the domain of the sign-in name", domain, LONGEST_SIGN_IN_DOMAIN)
    if not _SIGN_IN_LOCAL_PART.fullmatch(sign_in):
        yield f"a sign-in name cannot begin with {sign_in!r}"
    yield from _too_long("the alias", names.alias, LONGEST_ALIAS)
    if not _LOCAL_PART.fullmatch(names.alias):
        yield f"{names.alias!r} cannot be an alias"


def _too_long(what: str, text: str, most: int) -> Iterator[str]:
    if len(text) > most:
        yield f"{what} has {len(text)} characters, more than {most}"


def _if_in(address: object, domains: Iterable[str]) -> str:
    text = str(address or "")
    return text if text.rpartition("@")[2].casefold() in domains else ""


def _local_part(pattern: str, alias: str, mailbox: Row, person: Row | None) -> tuple[str | None, tuple[str, ...]]:
    parts = {
        "alias": alias,
        "local": str(mailbox["PrimarySmtpAddress"] or "").rpartition("@")[0],
        "first": _plain(person and person["FirstName"]),
        "last": _plain(person and person["LastName"]),
    }
    wanted = "{local}" if pattern == "same" else pattern
    words = {"first": "first name", "last": "last name", "local": "primary address"}
    missing = tuple(words.get(name, name) for name in dict.fromkeys(_FIELD.findall(wanted)) if not parts[name])
    if missing:
        return None, missing
    made = _FIELD.sub(lambda place: parts[place[1]], wanted)
    return (made if pattern == "same" else re.sub(r"\.{2,}", ".", made).strip(".")), ()


def _plain(name: object) -> str:
    """A person's name as an address can hold it: accents taken off, blanks and the rest left out."""
    spelled = unicodedata.normalize("NFC", str(name or "")).translate(_SPELLED_OUT)
    bare = "".join(c for c in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(c))
    return _NOT_IN_LOCAL_PART.sub("", bare).strip(".")


def _domain(mailbox: Row, project: Project, domains: TargetDomains) -> str:
    rules = project.target_addresses
    own = str(mailbox["PrimarySmtpAddress"]).rpartition("@")[2].casefold()
    return rules.domain_map.get(own) or rules.domain or domains.default
