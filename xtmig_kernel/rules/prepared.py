"""What a user of the target looks like when it is prepared, and what a stamp makes of what is there. Pure.

Rules compare with `wanted`, plans write what `stamped` says; both come from one `Match`, so that they cannot differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.matching import FACTS as MATCHING
from xtmig_kernel.rules.matching import Match, matches
from xtmig_kernel.rules.names import TargetNames, external_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Seen

FACTS = tuple(dict.fromkeys((*MATCHING, "source.accepted_domains", "target.accepted_domains")))
PERSONS = frozenset({"UserMailbox", "LinkedMailbox"})
"""Kinds of source mailbox to which somebody signs in; the others need neither password nor Exchange licence."""
ADDRESSES = ("PrimarySmtpAddress", "SmtpAddresses", "X500Addresses", "OtherAddresses")
"""Columns that one attribute of Exchange, EmailAddresses, holds together."""
STAMPED = ("ExchangeGuid", "ArchiveGuid", "ExternalEmailAddress", *ADDRESSES, "CustomAttributes")
X500, X400 = "x500:", "x400:"


def parts(match: Match) -> tuple[Row, TargetNames]:
    """The source mailbox and the names of a user that has both.

    Args:
        match: A user that is not blocked for want of either.

    Raises:
        ValueError: It has no source mailbox or no names: a fault of the caller.
    """
    if match.source is None or match.names is None:
        raise ValueError(f"{match.label} has no source mailbox or no names in the target")
    return match.source, match.names


def wanted(match: Match, project: Project) -> dict[str, Any]:
    """How a user's MailUser must be, as columns of `mail_users` (USR-03 to USR-13, USR-29, USR-30, MFL-02, SCR-10).

    Nothing here is typed or tidied up: GUIDs and x500 addresses are the source mailbox's own, the latter byte for byte.

    Args:
        match: A user with a source mailbox and names.
        project: Gives domains, and the attribute that marks the users of the project.
    """
    kept = match.worked_out.get("wanted")
    if kept is None or kept[0] is not project:
        kept = match.worked_out["wanted"] = (project, _wanted(match, project))
    found: dict[str, Any] = kept[1]
    return found


def _wanted(match: Match, project: Project) -> dict[str, Any]:
    source, names = parts(match)
    own_dn = [X500 + str(source["LegacyExchangeDN"])] if source["LegacyExchangeDN"] else []
    return {
        "UserPrincipalName": names.sign_in,
        "Alias": names.alias,
        "ExternalEmailAddress": external_address(source, project),
        "ExchangeGuid": source["ExchangeGuid"],
        "ArchiveGuid": source["ArchiveGuid"],
        "PrimarySmtpAddress": names.address,
        "SmtpAddresses": united([names.address], [names.delivery]),
        "X500Addresses": united(source["X500Addresses"], own_dn),
        "OtherAddresses": [a for a in source["OtherAddresses"] if a[: len(X400)].casefold() == X400],
        "CustomAttributes": [f"{project.users.attribute}={project.users.value}"],
    }


def as_created(match: Match, project: Project) -> dict[str, Any]:
    """How the service shows a MailUser that step 100.2 has just created, so that its stamp can be planned before.

    That Exchange adds the sign-in name as an address is inferred; the stamp is planned again from what is really there.

    Args:
        match: A user with a source mailbox and names.
        project: Gives domains.
    """
    _, names = parts(match)
    want = wanted(match, project)
    return {
        "UserPrincipalName": names.sign_in,
        "ExternalEmailAddress": want["ExternalEmailAddress"],
        "ExchangeGuid": None,
        "ArchiveGuid": None,
        "PrimarySmtpAddress": names.address,
        "SmtpAddresses": united([names.address], [names.sign_in]),
        "X500Addresses": [],
        "OtherAddresses": [],
        "CustomAttributes": [],
    }


def stamped(match: Match, project: Project) -> dict[str, Any]:
    """The columns `STAMPED` as they are after the stamp: what is right stays, what is missing is added.

    A GUID that is there already is never replaced, and an attribute that marks something else is left to its owner.
    Of the SMTP addresses only those go that the source mailbox itself has: nothing is lost by that, since mail to them
    is for the source (USR-15, KNI-05). Foreign addresses of other kinds are for step 100.4.

    Args:
        match: A user with a source mailbox and names; its target's object, or the one that will be created.
        project: Gives domains and the marker.
    """
    source, _ = parts(match)
    want = wanted(match, project)
    have = match.target if match.target is not None else as_created(match, project)
    of_source = {str(a).casefold() for a in (*source["SmtpAddresses"], source["PrimarySmtpAddress"])}
    of_source.add(str(want["ExternalEmailAddress"]).casefold())
    kept = [a for a in have["SmtpAddresses"] if a.casefold() not in of_source]
    return {
        "ExchangeGuid": have["ExchangeGuid"] or want["ExchangeGuid"],
        "ArchiveGuid": have["ArchiveGuid"] or want["ArchiveGuid"],
        "ExternalEmailAddress": want["ExternalEmailAddress"],
        "PrimarySmtpAddress": want["PrimarySmtpAddress"],
        "SmtpAddresses": united(kept, want["SmtpAddresses"]),
        "X500Addresses": united(have["X500Addresses"], want["X500Addresses"]),
        "OtherAddresses": united(have["OtherAddresses"], want["OtherAddresses"]),
        "CustomAttributes": _marked(have["CustomAttributes"], want["CustomAttributes"][0]),
    }


def is_stamped(match: Match, project: Project) -> bool:
    """Whether a licence does no harm to this user any more: GUID, archive and x500 addresses are there (LIC-13).

    Args:
        match: A user with a source mailbox and names.
        project: The project.
    """
    if match.target is None or match.action != "adopt":
        return False
    want = wanted(match, project)
    return (
        want["ExchangeGuid"] is not None
        and match.target["ExchangeGuid"] == want["ExchangeGuid"]
        and match.target["ArchiveGuid"] == want["ArchiveGuid"]
        and bool(match.source and match.source["LegacyExchangeDN"])
        and not set(want["X500Addresses"]) - set(match.target["X500Addresses"])
    )


def foreign(match: Match, verified: frozenset[str]) -> list[str]:
    """SMTP addresses of the target's object whose domain the target has not verified (KNI-02).

    Args:
        match: A user.
        verified: The target's accepted domains, in lower case.
    """
    addresses = match.target["SmtpAddresses"] if match.target is not None else []
    return [a for a in addresses if domain_of(a) not in verified]


def on_premises(match: Match, project: Project) -> bool:
    """Whether the user is made in the target's own directory, so that nothing may be written in the cloud (KNI-03).

    Args:
        match: A user.
        project: Says how users are made.
    """
    synchronised = match.target is not None and bool(match.target["DirectorySynchronised"])
    return synchronised or project.target_users.made == "on-premises"


def in_cloud(seen: Seen, project: Project) -> tuple[Match, ...]:
    """The users whom this section prepares in the cloud: each has a source mailbox and names.

    Args:
        seen: Holds `FACTS`.
        project: The project.
    """
    return seen.derived(_in_cloud, FACTS, project)


def _in_cloud(seen: Seen, project: Project) -> tuple[Match, ...]:
    return tuple(m for m in matches(seen, project) if m.source and m.names and not on_premises(m, project))


def in_directory(seen: Seen, project: Project) -> tuple[Match, ...]:
    """The users whom the administrator of the target's own directory prepares.

    Args:
        seen: Holds `FACTS`.
        project: The project.
    """
    return tuple(m for m in matches(seen, project) if m.source and m.names and on_premises(m, project))


def verified_domains(seen: Seen, side: str) -> frozenset[str]:
    """Accepted domains of a tenant, in lower case.

    Args:
        seen: Holds `accepted_domains` of that side.
        side: `"source"` or `"target"`.
    """
    return frozenset(str(row["DomainName"]).casefold() for row in seen.rows(f"{side}.accepted_domains"))


def domain_of(address: Any) -> str:
    """The domain of an address in lower case.

    Args:
        address: Such as `Lara.Newton@contoso.com`.
    """
    return str(address or "").rpartition("@")[2].casefold()


def united(first: Iterable[str], second: Iterable[str]) -> list[str]:
    """Both without doubles, sorted; Exchange takes addresses without case, so of two writings the second one's stays.

    Args:
        first: Addresses.
        second: Addresses that are written as they must be.
    """
    return sorted({address.casefold(): address for address in (*first, *second)}.values())


def same(column: str, one: Any, other: Any) -> bool:
    """Whether two values of a column are the same to Exchange; x500 addresses byte for byte (USR-07, USR-29).

    Args:
        column: A column of `mail_users`.
        one: A value.
        other: Another value.
    """
    if isinstance(one, list) and isinstance(other, list):
        if column == "X500Addresses":
            return sorted(one) == sorted(other)
        return sorted(v.casefold() for v in one) == sorted(v.casefold() for v in other)
    return str(one or "").casefold() == str(other or "").casefold()


def _marked(have: list[str], marker: str) -> list[str]:
    attribute = marker.partition("=")[0]
    taken = any(value.partition("=")[0] == attribute for value in have)
    return list(have) if taken else sorted([*have, marker])
