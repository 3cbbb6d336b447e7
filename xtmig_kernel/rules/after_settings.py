"""Section 190: the settings that a mailbox had just before its cutover, and what the target's mailbox has now.

They live on the directory side, so a move leaves them behind, and the target's mailbox has those of a new one (fact
F-111). Where a setting names somebody who has moved too, that person's address in the target is expected. xtmig sets
nothing here: whether a setting is still wanted in another organisation is for a person to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.after_people import People
from xtmig_kernel.rules.baseline_settings import SETTINGS, WORDS, asked_of, recorded
from xtmig_kernel.rules.mailbox_settings import ACCESS, BOOKINGS, MAILBOX, TABLES, facts_of, settings_of
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.moved import MOVED_FACTS, moved
from xtmig_kernel.rules.rule import Judgement, Rule
from xtmig_kernel.rules.setting_words import FORWARDING, LISTS, command, forwarding_command, in_words
from xtmig_kernel.tables.settings import OF_BOOKINGS, OF_CLIENT_ACCESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.moved import Moved
    from xtmig_kernel.rules.rule import Seen

FACTS = (*MOVED_FACTS, SETTINGS)
NOW = facts_of("target", *TABLES)


@dataclass(frozen=True)
class Kind:
    """Settings that are judged together.

    Args:
        rule: Id of the rule.
        title: What must hold, one sentence.
        name: What they are, in words.
        table: The table that tells them.
        cmdlet: What sets them in the target.
        parameters: Column to the cmdlet's parameter.
    """

    rule: str
    title: str
    name: str
    table: str
    cmdlet: str
    parameters: Mapping[str, str]

    @property
    def facts(self) -> tuple[str, ...]:
        """What is needed to compare them; the names of people only where a setting names any."""
        names_people = self.table == BOOKINGS or self.name == FORWARDING
        now = facts_of("target", self.table) if names_people else (f"target.{self.table}",)
        return tuple(dict.fromkeys((*FACTS, *now)))


KINDS = (
    Kind(
        "moved-settings-forwarding",
        "Mailboxes forward in the target as they did in the source",
        FORWARDING,
        MAILBOX,
        "Set-Mailbox",
        {column: column for column in ("ForwardingAddress", "ForwardingSmtpAddress")}
        | {"DeliverAndForward": "DeliverToMailboxAndForward"},
    ),
    Kind(
        "moved-settings-protocols",
        "Mailboxes can be used by the same protocols as in the source",
        "protocols",
        ACCESS,
        "Set-CASMailbox",
        {column: column for column in OF_CLIENT_ACCESS},
    ),
    Kind(
        "moved-settings-bookings",
        "Rooms and equipment answer bookings as they did in the source",
        "bookings",
        BOOKINGS,
        "Set-CalendarProcessing",
        {column: column for column in OF_BOOKINGS},
    ),
    Kind(
        "moved-settings-retention",
        "Mailboxes have the retention policy that they had in the source",
        "retention policy",
        MAILBOX,
        "Set-Mailbox",
        {"RetentionPolicy": "RetentionPolicy"},
    ),
    Kind(
        "moved-settings-address-lists",
        "Mailboxes are shown in address lists, or hidden from them, as they were in the source",
        "address lists",
        MAILBOX,
        "Set-Mailbox",
        {"HiddenFromAddressLists": "HiddenFromAddressListsEnabled"},
    ),
)


@dataclass(frozen=True)
class Difference:
    """One setting that is another one now.

    Args:
        parameter: The parameter that sets it.
        before: What it was in the source, in words.
        now: What it is in the target, in words.
        expected: What stands for the earlier value in the target, in words.
    """

    parameter: str
    before: str
    now: str
    expected: str


@dataclass(frozen=True)
class Compared:
    """The settings of one kind of a moved mailbox, known before its cutover and now.

    Args:
        moved: Whose.
        kind: Which settings.
        differences: Those that are other ones now.
        command: What sets them in the target.
    """

    moved: Moved
    kind: Kind
    differences: tuple[Difference, ...] = ()
    command: str = ""


def compared(seen: Seen, project: Project, kind: Kind) -> tuple[Compared, ...]:
    """Every moved mailbox of which the settings of that kind are known, before and now.

    Args:
        seen: Holds the facts of the kind.
        project: Gives the names of batches.
        kind: Which settings.
    """
    before, people = recorded(seen), People(seen, project)
    arrived = {item.guid: item for item in moved(seen, project) if item.target_converted and item.guid}
    now = settings_of(seen, "target", arrived.keys())
    return tuple(
        _compared(item, kind, before[guid], now[guid], people)
        for guid, item in arrived.items()
        if kind.table in (before[guid]["Known"] if guid in before else ())
        and kind.table in (now[guid]["Known"] if guid in now else ())
    )


def _compared(item: Moved, kind: Kind, before: Row, now: Row, people: People) -> Compared:
    if kind.name == FORWARDING:
        return _forwarding(item, kind, before, now, people)
    identity = str((item.target or {})["PrimarySmtpAddress"])
    found: list[Difference] = []
    wanted: dict[str, Any] = {}
    for column, parameter in kind.parameters.items():
        if column in LISTS:
            differs = _people_differ(before[column], now[column], people)
            expected = [people.of(name) for name in before[column]]
            words = ", ".join(person.words for person in expected) or in_words(None)
            value: Any = list(dict.fromkeys((*(person.typed for person in expected), *now[column])))
        else:
            differs, value = _plain(before[column]) != _plain(now[column]), before[column]
            words = in_words(value)
        if differs:
            found.append(Difference(parameter, in_words(before[column]), in_words(now[column]), words))
            wanted[parameter] = value
    return Compared(item, kind, tuple(found), command(kind.cmdlet, identity, wanted) if found else "")


def _plain(value: Any) -> Any:
    """A value as it is compared: names of policies without case, unset and empty alike."""
    return (value.casefold() or None) if isinstance(value, str) else value


def _people_differ(before: Iterable[str], now: Iterable[str], people: People) -> bool:
    left = {name.casefold() for name in now}
    for name in before:
        person = people.of(name)
        if not person.is_known or not person.addresses & left:
            return True
        left -= person.addresses
    return bool(left)


def _forwarding(item: Moved, kind: Kind, before: Row, now: Row, people: People) -> Compared:
    """Where mail goes on to; ForwardingAddress comes first where both are set, and without either no copy matters."""
    was, is_ = _destination(before), _destination(now)
    if not was and not is_:
        return Compared(item, kind)
    person = people.of(was) if was else None
    same = person is not None and person.is_known and is_.casefold() in person.addresses
    found: list[Difference] = []
    if not same:
        parameter = "ForwardingAddress" if person is not None and person.has_moved else "ForwardingSmtpAddress"
        expected = person.words if person is not None else in_words(None)
        found.append(Difference(parameter, in_words(was), in_words(is_), expected))
    keeps, kept = bool(now["DeliverAndForward"]), bool(before["DeliverAndForward"])
    if was and keeps != kept:
        words = in_words(kept)
        found.append(Difference("DeliverToMailboxAndForward", words, in_words(keeps), words))
    identity = str((item.target or {})["PrimarySmtpAddress"])
    return Compared(item, kind, tuple(found), forwarding_command(identity, person, copy=kept) if found else "")


def _destination(row: Row) -> str:
    return str(row["ForwardingAddress"] or row["ForwardingSmtpAddress"] or "")


def _judge(kind: Kind) -> Callable[[Seen, Project], Iterable[Judgement]]:
    def judge(seen: Seen, project: Project) -> Iterable[Judgement]:
        known = compared(seen, project, kind)
        if not known and kind.table != BOOKINGS and moved(seen, project):
            yield Judgement("skip", kind.name, remedy="of no moved mailbox they are known both before and now")
        yield from judge_each(known, _lost, of_what="moved mailboxes", expected=f"{kind.name} as before the cutover")

    return judge


def _lost(item: Compared) -> Iterator[Judgement]:
    if not item.differences:
        return
    yield Judgement(
        "warn",
        f"{item.moved.label}, {item.kind.name}",
        seen="; ".join(f"{one.parameter} was {one.before}, is {one.now}" for one in item.differences),
        expected="; ".join(f"{one.parameter} {one.expected}" for one in item.differences),
        remedy=_remedy(item),
    )


def _remedy(item: Compared) -> str:
    if item.kind.table == MAILBOX and item.kind.name == "address lists" and _synchronised(item.moved):
        return (
            "The target's directory is synchronised: set msExchHideFromAddressLists on the user there, on-premises, if "
            "it is still wanted."
        )
    further = ""
    if item.kind.name == "retention policy" and item.differences[0].expected != in_words(None):
        further = " A policy of that name must be in the target first."
    return f"Ask whether it is still wanted; then, in the target: {item.command}{further}"


def _synchronised(item: Moved) -> bool:
    return bool(item.target and item.target["DirectorySynchronised"])


def _known(seen: Seen, project: Project) -> Iterable[Judgement]:
    before = recorded(seen)
    arrived = [item for item in moved(seen, project) if item.target_converted and item.guid]
    now = settings_of(seen, "target", {str(item.guid) for item in arrived})

    def judge(item: Moved) -> Iterable[Judgement]:
        asked = asked_of((item.target or {})["RecipientTypeDetails"])
        for rows, when, remedy in (
            (before, "before the cutover", _NOT_BEFORE),
            (now, "in the target", _NOT_NOW),
        ):
            row = rows.get(str(item.guid))
            lacking = [table for table in asked if table not in (row["Known"] if row is not None else ())]
            if lacking:
                yield Judgement(
                    "warn",
                    item.label,
                    seen=f"not known {when}: {'; '.join(WORDS[table] for table in lacking)}",
                    expected="settings read before the cutover and after it",
                    remedy=remedy,
                )

    yield from judge_each(
        arrived, judge, of_what="moved mailboxes", expected="settings known before the cutover and now"
    )


_NOT_BEFORE = (
    "Nobody can read it in the source any more. Ask the owner of the mailbox what was set, or look into an older "
    "snapshot of xtmig assess."
)
_NOT_NOW = "Look again. If it stays so, the account may not read these settings in the target."

RULES: tuple[Rule, ...] = (
    Rule(
        "moved-settings-known",
        "The settings of every moved mailbox are known, before its cutover and now",
        (),
        None,
        FACTS,
        _known,
        helps=tuple(fact for fact in NOW if fact not in MOVED_FACTS),
    ),
    *(Rule(kind.rule, kind.title, (), "target", kind.facts, _judge(kind)) for kind in KINDS),
)
