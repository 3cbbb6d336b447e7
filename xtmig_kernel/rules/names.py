"""Names in the target, made from the source's by the rules of the project. Pure (USR-11 to USR-13, MFL-02, SCR-08)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

_FIELD = re.compile(r"\{(\w+)\}")
_NOT_IN_LOCAL_PART = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]")


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


def names_for(
    user: Row, mailbox: Row, person: Row | None, project: Project, target_domains: Iterable[Row]
) -> tuple[TargetNames | None, tuple[str, ...]]:
    """The target names of one user: what `users.csv` says, otherwise what the rules make of the source's.

    Args:
        user: A row of `chosen_users`.
        mailbox: Its source mailbox.
        person: The source's row of `exchange_users`, if there is one.
        project: Holds the rules.
        target_domains: The target's rows of `accepted_domains`.

    Returns:
        The names; or None with the parts that are missing to make them.
    """
    alias = str(user["TargetAlias"] or mailbox["Alias"])
    address = str(user["TargetAddress"] or "")
    if not address:
        local, missing = _local_part(project.target_addresses.local_part, alias, mailbox, person)
        if local is None:
            return None, missing
        address = f"{local}@{_domain(mailbox, project, target_domains)}"
    sign_in_domain = project.target_addresses.sign_in_domain or project.target.domain
    sign_in = str(user["TargetSignIn"] or f"{alias}@{sign_in_domain}")
    return TargetNames(address, sign_in, alias, f"{alias}@{project.delivery_domain}"), ()


def external_address(mailbox: Row, project: Project) -> str:
    """Where the target's MailUser points until the move: the source mailbox's address in the initial domain.

    That one stays when the vanity domain moves on; the primary address would not (USR-13, doc trap D8).

    Args:
        mailbox: The source mailbox.
        project: Names the source's initial domain.
    """
    ending = f"@{project.source.domain}".casefold()
    initial = sorted(a for a in mailbox["SmtpAddresses"] if a.casefold().endswith(ending))
    return str(initial[0] if initial else mailbox["PrimarySmtpAddress"])


def _local_part(pattern: str, alias: str, mailbox: Row, person: Row | None) -> tuple[str | None, tuple[str, ...]]:
    parts = {
        "alias": alias,
        "local": str(mailbox["PrimarySmtpAddress"]).rpartition("@")[0],
        "first": _plain(person and person["FirstName"]),
        "last": _plain(person and person["LastName"]),
    }
    if pattern == "same":
        return parts["local"], ()
    missing = tuple(name for name in _FIELD.findall(pattern) if not parts[name])
    if missing:
        return None, tuple({"first": "first name", "last": "last name"}.get(name, name) for name in missing)
    return _FIELD.sub(lambda place: parts[place[1]], pattern), ()


def _plain(name: object) -> str:
    """A person's name as an address can hold it: accents taken off, blanks and the rest left out."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", str(name or "")) if not unicodedata.combining(c))
    return _NOT_IN_LOCAL_PART.sub("", bare.replace("ß", "ss").replace("ø", "o").replace("Ø", "O").replace("ł", "l"))


def _domain(mailbox: Row, project: Project, target_domains: Iterable[Row]) -> str:
    rules = project.target_addresses
    own = str(mailbox["PrimarySmtpAddress"]).rpartition("@")[2].casefold()
    default = next((str(row["DomainName"]) for row in target_domains if row["Default"]), project.target.domain)
    return rules.domain_map.get(own) or rules.domain or default
