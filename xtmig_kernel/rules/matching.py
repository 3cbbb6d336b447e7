"""Who in the source becomes whom in the target. Pure; used by rules and by plans alike.

Every line of `users.csv` is matched with one source mailbox and with one target object or none. Whatever stands in
the way is a problem with a code of its own, found before anything is created (doc trap A11).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.project.users import CLEAR, NEW
from xtmig_kernel.rules.names import TargetNames, external_address, names_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    "target.accepted_domains",
)
MOVABLE = frozenset({"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "LinkedMailbox"})
Action = Literal["create", "adopt", "blocked"]


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
    """

    user: Row
    source: Row | None
    person: Row | None
    names: TargetNames | None
    target: Row | None
    reason: str
    problems: tuple[Problem, ...] = ()

    @property
    def action(self) -> Action:
        """What is to be done in the target."""
        if self.source is None or self.names is None or any(problem.blocks for problem in self.problems):
            return "blocked"
        return "create" if self.target is None else "adopt"

    @property
    def label(self) -> str:
        """How findings name the user: by the address in `users.csv`."""
        return str(self.user["SourceAddress"])


@dataclass
class _Index:
    """Objects of one tenant by everything that must be unique."""

    by: dict[str, dict[str, list[Row]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def add(self, kind: str, value: Any, row: Row) -> None:
        if value:
            self.by[kind][str(value).casefold()].append(row)

    def get(self, kind: str, value: Any) -> list[Row]:
        return self.by[kind].get(str(value or "").casefold(), [])


def matches(seen: Seen, project: Project) -> tuple[Match, ...]:
    """Every line of `users.csv`, matched.

    Args:
        seen: Holds `FACTS`.
        project: Gives the rules for names.
    """
    source, target = _source_index(seen), _target_index(seen)
    domains = {side: _domains(seen, side) for side in ("source", "target")}
    found = [_match(user, source, target, domains, project, seen) for user in seen.rows("source.chosen_users")]
    return _without_doubles(found)


def source_holders(seen: Seen) -> tuple[tuple[Row, Row | None], ...]:
    """Every line of `users.csv` with the source object that answers to its address.

    That is a mailbox, or after the move the MailUser that it has become; None where none or several answer.

    Args:
        seen: Holds `source.chosen_users`, `source.mailboxes` and `source.mail_users`.
    """
    index = _by_address((*seen.rows("source.mailboxes"), *seen.rows("source.mail_users")))
    return tuple((user, _mailbox(user, index)[0]) for user in seen.rows("source.chosen_users"))


def _by_address(rows: Iterable[Row]) -> _Index:
    index = _Index()
    for row in rows:
        for address in {a.casefold() for a in (*row["SmtpAddresses"], row["PrimarySmtpAddress"]) if a}:
            index.add("address", address, row)
    return index


def _source_index(seen: Seen) -> _Index:
    index = _by_address(seen.rows("source.mailboxes"))
    for row in seen.rows("source.exchange_users"):
        index.add("person", row["ObjectId"], row)
    return index


def _target_index(seen: Seen) -> _Index:
    index = _Index()
    for row in seen.rows("target.mail_users"):
        index.add("mail user", row["ObjectId"], row)
        index.add("sign-in", row["UserPrincipalName"], row)
        index.add("external", row["ExternalEmailAddress"], row)
    for row in seen.rows("target.recipients"):
        index.add("object", row["ObjectId"], row)
        index.add("alias", row["Alias"], row)
        index.add("name", row["Name"], row)
        index.add("guid", row["ExchangeGuid"], row)
        for address in {a.casefold() for a in (*row["SmtpAddresses"], row["PrimarySmtpAddress"]) if a}:
            index.add("address", address, row)
    for row in seen.rows("target.exchange_users"):
        index.add("person", row["ObjectId"], row)
        index.add("user sign-in", row["UserPrincipalName"], row)
    return index


def _domains(seen: Seen, side: str) -> frozenset[str]:
    return frozenset(str(row["DomainName"]).casefold() for row in seen.rows(f"{side}.accepted_domains"))


def _match(
    user: Row,
    source: _Index,
    target: _Index,
    domains: Mapping[str, frozenset[str]],
    project: Project,
    seen: Seen,
) -> Match:
    mailbox, problem = _mailbox(user, source)
    if mailbox is None:
        return Match(user, None, None, None, None, "", (problem,) if problem else ())
    person = next(iter(source.get("person", mailbox["ObjectId"])), None)
    names, missing = names_for(user, mailbox, person, project, seen.rows("target.accepted_domains"))
    if names is None:
        text = f"no {' and '.join(missing)} to make the address from"
        unnamed = Problem("user-name-parts", text, "Give TargetAddress and TargetAlias in users.csv.")
        return Match(user, mailbox, person, None, None, "", (unnamed,))
    holder, reason = _target_object(user, mailbox, names, target)
    problems = [*_kind(mailbox), *_domain_problems(names, domains["target"])]
    own = str(holder["ObjectId"]) if holder else None
    found = None
    if holder is not None:
        found = next(iter(target.get("mail user", own)), None)
        problems += _holder_problems(holder, found, mailbox, target)
    problems += _taken(names, mailbox, own, target)
    return Match(user, mailbox, person, names, found, reason, tuple(problems))


def _mailbox(user: Row, source: _Index) -> tuple[Row | None, Problem | None]:
    found = source.get("address", user["SourceAddress"])
    if len(found) == 1:
        return found[0], None
    if found:
        text = f"{len(found)} mailboxes answer to it: " + ", ".join(sorted(str(row["Alias"]) for row in found))
        return None, Problem("user-source-one", text, "Write the primary address of the one that is meant.")
    return None, Problem("user-source-one", "no mailbox has this address", "Correct the address, or take the line out.")


def _kind(mailbox: Row) -> list[Problem]:
    kind = mailbox["RecipientTypeDetails"]
    if kind in MOVABLE:
        return []
    return [Problem("user-source-kind", f"it is a {kind}", "Take it out of users.csv; this kind does not move.")]


def _target_object(user: Row, mailbox: Row, names: TargetNames, target: _Index) -> tuple[Row | None, str]:
    """The target object that is meant, and why; of several reasons the strongest one counts."""
    wanted = str(user["TargetObject"] or "")
    if wanted == NEW:
        return None, "users.csv says: a new one"
    if wanted:
        given = target.get("object", wanted) or target.get("person", wanted)
        return (given[0] if given else {"ObjectId": wanted, "RecipientTypeDetails": None}), "users.csv names it"
    by_guid = target.get("guid", mailbox["ExchangeGuid"])
    if by_guid:
        return by_guid[0], "it has the source mailbox's ExchangeGuid"
    by_sign_in = target.get("sign-in", names.sign_in) or target.get("user sign-in", names.sign_in)
    if by_sign_in:
        return by_sign_in[0], f"its user principal name is {names.sign_in}"
    by_address = target.get("address", names.address)
    if by_address:
        return by_address[0], f"it has the address {names.address}"
    for address in mailbox["SmtpAddresses"]:
        pointing = target.get("external", address)
        if pointing:
            return pointing[0], f"its ExternalEmailAddress is the source mailbox's {address}"
    return None, "nothing in the target stands for this user yet"


def _holder_problems(holder: Row, mail_user: Row | None, mailbox: Row, target: _Index) -> list[Problem]:
    kind = holder["RecipientTypeDetails"]
    if kind is None:
        text = f"the target has no object {holder['ObjectId']}"
        return [Problem("user-target-kind", text, "Correct TargetObject in users.csv, or leave it empty.")]
    if mail_user is None or kind != "MailUser":
        return [
            Problem("user-target-kind", f"a {kind} in the target stands for this user", _KINDS.get(str(kind), _OTHER))
        ]
    problems = []
    guid = mail_user["ExchangeGuid"]
    if guid is not None and guid != mailbox["ExchangeGuid"]:
        problems.append(
            Problem(
                "user-no-other-guid",
                f"ExchangeGuid is {guid}, the source mailbox's is {mailbox['ExchangeGuid']}",
                "It had a mailbox of its own: look what remains of it (step 100.1), clear it, then stamp.",
            )
        )
    person = next(iter(target.get("person", mail_user["ObjectId"])), None)
    before = person and person["PreviousRecipientTypeDetails"]
    if before and str(before).endswith("Mailbox"):
        problems.append(
            Problem(
                "user-no-previous-mailbox",
                f"was a {before} before",
                "Look what remains of it (step 100.1); users.csv can ask for it to be cleared.",
            )
        )
    return problems


_OTHER = "Choose another address and sign-in name in users.csv, or remove that object."
_KINDS = {
    "User": "It has no mail. Remove it, choose another sign-in name, or make it a MailUser on-premises.",
    "GuestMailUser": "Remove the guest, or give the user another address; a guest cannot take a mailbox.",
    "GuestUser": "Remove the guest, or give the user another address; a guest cannot take a mailbox.",
    "MailContact": "Remove the contact, then plan again; keep its memberships and its x500 address.",
    "UserMailbox": "It has a mailbox of its own; its owner decides. To keep it, choose another address for this user.",
}


def _domain_problems(names: TargetNames, accepted: frozenset[str]) -> list[Problem]:
    problems = []
    for what, value in (
        ("address", names.address),
        ("sign-in name", names.sign_in),
        ("delivery address", names.delivery),
    ):
        domain = value.rpartition("@")[2].casefold()
        if domain not in accepted:
            problems.append(
                Problem(
                    "user-domain-accepted",
                    f"{what} {value}: the target has not verified {domain}",
                    "Verify the domain in the target, or choose one that is.",
                )
            )
    return problems


def _taken(names: TargetNames, mailbox: Row, own: str | None, target: _Index) -> list[Problem]:
    """Everything that must be unique in the target and belongs to another object than the matched one."""
    problems = []
    wanted = (
        ("user-address-free", "address", names.address, "address"),
        ("user-address-free", "address", names.delivery, "delivery address"),
        ("user-sign-in-free", "user sign-in", names.sign_in, "sign-in name"),
        ("user-alias-free", "alias", names.alias, "alias"),
        ("user-alias-free", "name", names.alias, "name"),
        ("user-guid-free", "guid", mailbox["ExchangeGuid"], "ExchangeGuid"),
    )
    for code, kind, value, what in wanted:
        others = [row for row in target.get(kind, value) if str(row["ObjectId"]) != own]
        if others:
            holder = others[0]
            text = f"{what} {value} belongs to {holder['RecipientTypeDetails']} {holder['DisplayName']}"
            problems.append(Problem(code, text, _OTHER))
    return problems


def _without_doubles(found: Sequence[Match]) -> tuple[Match, ...]:
    """Two lines that mean one mailbox, or want one name, are a problem of both."""
    keys: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, match in enumerate(found):
        for key in _unique_keys(match):
            keys[key].append(number)
    doubles: dict[int, list[Problem]] = defaultdict(list)
    for (what, value), numbers in keys.items():
        for number in numbers if len(set(numbers)) > 1 else ():
            others = ", ".join(found[n].label for n in numbers if n != number)
            text = f"{what} {value} is wanted by {others} too"
            doubles[number].append(Problem("user-no-doubles", text, "Give one of them another name in users.csv."))
    return tuple(
        Match(**{**vars(match), "problems": (*match.problems, *doubles[number])}) if number in doubles else match
        for number, match in enumerate(found)
    )


def _unique_keys(match: Match) -> Iterable[tuple[str, str]]:
    if match.source is not None:
        yield "the source mailbox", str(match.source["ObjectId"])
    if match.names is not None:
        yield "the sign-in name", match.names.sign_in.casefold()
        yield "the alias", match.names.alias.casefold()
        for address in {match.names.address.casefold(), match.names.delivery.casefold()}:
            yield "the address", address
    if match.target is not None:
        yield "the target object", str(match.target["ObjectId"])


def clearing_asked(match: Match) -> bool:
    """Whether `users.csv` asks for what remains of a previous mailbox to be cleared.

    Args:
        match: The user.
    """
    return bool(match.user["PreviousMailbox"] == CLEAR)


__all__ = ["FACTS", "MOVABLE", "Match", "Problem", "clearing_asked", "external_address", "matches", "source_holders"]
