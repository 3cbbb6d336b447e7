"""Who in the source becomes whom in the target. Pure; used by rules and by plans alike.

Every line of `users.csv` is matched with one source mailbox and with one target object or none. Whatever stands in
the way is a problem with a code of its own, found before anything is created (doc trap A11).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.project.users import CLEAR, NEW
from xtmig_kernel.rules import match_problems as problems_of
from xtmig_kernel.rules.match_index import Index, by_address, distinct, source_index, target_index
from xtmig_kernel.rules.match_problems import MOVABLE, Problem, described, named
from xtmig_kernel.rules.names import TargetDomains, TargetNames, external_address, names_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Seen

FACTS = (
    "source.chosen_users",
    "source.mailboxes",
    "source.exchange_users",
    "source.accepted_domains",
    "target.recipients",
    "target.mail_users",
    "target.exchange_users",
    "target.soft_deleted_mailboxes",
    "target.accepted_domains",
)
HOLDERS = ("source.chosen_users", "source.mailboxes", "source.mail_users")
Action = Literal["create", "adopt", "blocked"]


@dataclass(frozen=True)
class Match:
    """One line of `users.csv` and what it means.

    Args:
        user: The row of `chosen_users`.
        source: The source mailbox, None where none or several answer to the address.
        person: The source's row of `exchange_users`, for first and last name.
        names: Address, sign-in name, alias and delivery address in the target; None without a source mailbox.
        target: The target's MailUser, None where none is there yet.
        reason: Why this target object, in words.
        problems: What stands in the way.
        worked_out: What pure functions made of it, by their names: worked out once, however many rules ask.
    """

    user: Row
    source: Row | None
    person: Row | None
    names: TargetNames | None
    target: Row | None
    reason: str
    problems: tuple[Problem, ...] = ()
    worked_out: dict[str, tuple[Project, Any]] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def action(self) -> Action:
        """What is to be done in the target."""
        if self.source is None or self.names is None or any(problem.blocks for problem in self.problems):
            return "blocked"
        return "create" if self.target is None else "adopt"

    @cached_property
    def label(self) -> str:
        """How findings name the user: by the address in `users.csv`."""
        return str(self.user["SourceAddress"])


@dataclass(frozen=True)
class _Tenants:
    """What is looked up for each user."""

    source: Index
    target: Index
    domains: TargetDomains
    of_source: frozenset[str]


def matches(seen: Seen, project: Project) -> tuple[Match, ...]:
    """Every line of `users.csv`, matched; worked out once for what was seen.

    Args:
        seen: Holds `FACTS`.
        project: Gives the rules for names.
    """
    return seen.derived(_matches, FACTS, project)


def _matches(seen: Seen, project: Project) -> tuple[Match, ...]:
    return matched(seen.rows("source.chosen_users"), seen, project)


def matched(users: Iterable[Row], seen: Seen, project: Project) -> tuple[Match, ...]:
    """Rows that need not stand in `users.csv`, matched.

    Args:
        users: Rows of `chosen_users` or `proposed_users`.
        seen: Holds `FACTS`.
        project: Gives the rules for names.
    """
    tenants = seen.derived(_tenants, FACTS, project)
    return _without_doubles([_match(user, tenants, project) for user in users])


def source_holders(seen: Seen) -> tuple[tuple[Row, Row | None], ...]:
    """Every line of `users.csv` with the source object that answers to its address.

    That is a mailbox, or after the move the MailUser that it has become; None where none or several answer.

    Args:
        seen: Holds `source.chosen_users`, `source.mailboxes` and `source.mail_users`.
    """
    return seen.once(_source_holders, HOLDERS)


def _source_holders(seen: Seen) -> tuple[tuple[Row, Row | None], ...]:
    index = by_address((*seen.rows("source.mailboxes"), *seen.rows("source.mail_users")))
    return tuple((user, problems_of.mailbox_of(user, index)[0]) for user in seen.rows("source.chosen_users"))


def _tenants(seen: Seen, project: Project) -> _Tenants:
    of_source = frozenset(str(row["DomainName"]).casefold() for row in seen.rows("source.accepted_domains"))
    domains = TargetDomains.of(seen.rows("target.accepted_domains"), project)
    return _Tenants(source_index(seen), target_index(seen), domains, of_source)


def _match(user: Row, tenants: _Tenants, project: Project) -> Match:
    mailbox, problems = problems_of.mailbox_of(user, tenants.source)
    if mailbox is None:
        return Match(user, None, None, None, None, "", problems)
    person = next(iter(tenants.source.get("person", mailbox["ObjectId"])), None)
    names, missing = names_for(user, mailbox, person, project, tenants.domains)
    holder, reason, several = _target_object(user, mailbox, names, tenants.target)
    found = next(iter(tenants.target.get("mail user", holder["ObjectId"])), None) if holder else None
    if found is not None and not _bears(found, names):
        names, missing = names_for(user, mailbox, person, project, tenants.domains, found)
    return Match(
        user,
        mailbox,
        person,
        names,
        found,
        reason,
        (
            *problems_of.of_mailbox(mailbox, project),
            *several,
            *(problems_of.of_holder(holder, mailbox, tenants.source, tenants.target, project) if holder else ()),
            *_of_all_names(names, missing, mailbox, holder, tenants, project),
        ),
    )


def _bears(found: Row, names: TargetNames | None) -> bool:
    """Whether a MailUser is called just so already, so that what it keeps of its names changes nothing."""
    return names is not None and (names.alias, names.address, names.sign_in) == (
        found["Alias"],
        found["PrimarySmtpAddress"],
        found["UserPrincipalName"],
    )


def _of_all_names(
    names: TargetNames | None,
    missing: Sequence[str],
    mailbox: Row,
    holder: Row | None,
    tenants: _Tenants,
    project: Project,
) -> Iterator[Problem]:
    if names is None:
        text = f"no {' and no '.join(missing)} to make the address from"
        yield Problem("user-name-parts", text, "Give TargetAddress in users.csv.")
        return
    yield from problems_of.of_names(names, tenants.domains.accepted, tenants.of_source)
    yield from problems_of.of_taken_names(names, mailbox, holder, tenants.target, project)


def _target_object(
    user: Row, mailbox: Row, names: TargetNames | None, target: Index
) -> tuple[Row | None, str, tuple[Problem, ...]]:
    """The target object that is meant, and why; of several reasons the strongest one counts.

    Where one reason fits several objects none is taken, whatever order they were read in.
    """
    wanted = str(user["TargetObject"] or "")
    if wanted == NEW:
        made = _made_for(mailbox, names, target)
        return made, "it was made for this line" if made else "users.csv says: a new one", ()
    if wanted:
        given = target.get("object", wanted) or target.get("person", wanted)
        nothing = {"ObjectId": wanted.lower(), "RecipientTypeDetails": None}
        return (given[0] if given else nothing), "users.csv names it", ()
    for found, reason in _reasons(mailbox, names, target):
        objects = distinct(found)
        if len(objects) == 1:
            return objects[0], reason, ()
        if objects:
            text = f"{len(objects)} objects fit equally well ({reason}): {named([described(row) for row in objects])}"
            remedy = "Name the object ID of the right one in TargetObject of users.csv."
            return None, "", (Problem("user-target-one", text, remedy),)
    return None, "nothing in the target stands for this user yet", ()


def _made_for(mailbox: Row, names: TargetNames | None, target: Index) -> Row | None:
    """The MailUser that a line with `new` has led to: it signs in as wanted and points at the source mailbox."""
    addresses = {str(a).casefold() for a in (*mailbox["SmtpAddresses"], mailbox["PrimarySmtpAddress"]) if a}
    found = target.get("sign-in", names.sign_in) if names is not None else []
    return next((row for row in found if str(row.get("ExternalEmailAddress") or "").casefold() in addresses), None)


def _reasons(mailbox: Row, names: TargetNames | None, target: Index) -> Iterator[tuple[list[Row], str]]:
    yield target.get("guid", mailbox["ExchangeGuid"]), "it has the source mailbox's ExchangeGuid"
    if names is not None:
        yield target.get("sign-in", names.sign_in), f"its user principal name is {names.sign_in}"
        yield target.get("address", names.address), f"it has the address {names.address}"
    addresses = {str(a) for a in (*mailbox["SmtpAddresses"], mailbox["PrimarySmtpAddress"]) if a}
    yield (
        [row for address in addresses for row in target.get("external", address)],
        "its ExternalEmailAddress is an address of the source mailbox",
    )


def _without_doubles(found: Sequence[Match]) -> tuple[Match, ...]:
    """Two lines that mean one mailbox, or want one name, are a problem of both."""
    wanting: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, match in enumerate(found):
        for key in _unique_keys(match):
            wanting[key].append(number)
    shared: dict[int, list[str]] = defaultdict(list)
    for (what, value), numbers in sorted(entry for entry in wanting.items() if len(entry[1]) > 1):
        labels = sorted((found[number].label, number) for number in numbers)
        for number in numbers:
            shared[number].append(f"{what} {value} is wanted by {_others(labels, number)} too")
    return tuple(
        replace(match, problems=(*match.problems, _double(shared[number]))) if number in shared else match
        for number, match in enumerate(found)
    )


def _others(labels: Sequence[tuple[str, int]], number: int) -> str:
    """The others of a list that may be as long as `users.csv`; only the first few are looked at."""
    first = [label for label, other in labels[: problems_of.MOST_NAMED + 1] if other != number]
    return named(first, total=len(labels) - 1)


def _double(texts: Sequence[str]) -> Problem:
    return Problem("user-no-doubles", "; ".join(texts), "Give one of them other names in users.csv, or take it out.")


def _unique_keys(match: Match) -> Iterator[tuple[str, str]]:
    if match.source is not None:
        yield "the source mailbox", str(match.source["ObjectId"] or match.source["PrimarySmtpAddress"]).casefold()
    if match.names is not None:
        yield "the alias", match.names.alias.casefold()
        # what one signs in with must not be what another receives mail under
        for address in {a.casefold() for a in (match.names.address, match.names.delivery, match.names.sign_in)}:
            yield "the address or sign-in name", address
    if match.target is not None:
        yield "the target object", str(match.target["ObjectId"])


def clearing_asked(match: Match) -> bool:
    """Whether `users.csv` asks for what remains of a previous mailbox to be cleared.

    Args:
        match: The user.
    """
    return bool(match.user["PreviousMailbox"] == CLEAR)


__all__ = [
    "FACTS",
    "MOVABLE",
    "Action",
    "Match",
    "Problem",
    "clearing_asked",
    "external_address",
    "matched",
    "matches",
    "source_holders",
]
