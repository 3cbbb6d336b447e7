"""Section 130: which users go into which new batch, and why others do not. Pure; used by the plan and by the rules.

The service takes whoever stands in the CSV, even outside the administrator's own scope, so the list is made here and
from nothing but `users.csv`: whoever is not in it cannot be in a batch of ours.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xtmig_kernel.changes import CsvBytes
from xtmig_kernel.counting import counted
from xtmig_kernel.rules import scope
from xtmig_kernel.rules.batches import (
    BATCHES,
    MIGRATION_USERS,
    WAVE_FACTS,
    Moving,
    batches_of,
    next_batch_name,
    wave_settings,
    waves,
)
from xtmig_kernel.rules.prepared import domain_of, foreign, is_stamped, verified_domains
from xtmig_kernel.rules.wave_plan import MOST_IN_A_BATCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.project.model import Wave
    from xtmig_kernel.rules.rule import Seen

Held = Literal["", "stopped", "too many", "not counted"]
HEADER = "EmailAddress"
"""The one column that a batch's CSV has (BAT-08)."""
ORDER_FACTS = tuple(dict.fromkeys((*WAVE_FACTS, *scope.MEMBER_FACTS, BATCHES, MIGRATION_USERS)))


@dataclass(frozen=True)
class Reason:
    """Why a user is not put into a batch.

    Args:
        seen: What was seen, in words.
        expected: What a user in a batch needs.
        remedy: What to do.
        step: Id of the step that does it.
        chosen: Whether a person wants it so.
    """

    seen: str
    expected: str
    remedy: str
    step: str | None = None
    chosen: bool = False


@dataclass(frozen=True)
class Order:
    """A wave whose start has come, and what is to be started for it.

    Args:
        wave: Its name.
        batch: Name of the batch that would be made.
        users: Who would be in it: users of the wave who are in no batch, have not moved and are fit.
        left_out: Users of the wave who are in no batch and not fit, and why.
        started: How many users of the wave are in a batch or have moved.
        held: What keeps the whole batch back: `stopped` by `project.yaml`, `too many` users, or `not counted`, because
            a batch of this wave does not show all its users yet; an empty text where nothing does.
        why: The same in words.
    """

    wave: str
    batch: str
    users: tuple[Moving, ...]
    left_out: tuple[tuple[Moving, Reason], ...]
    started: int
    held: Held = ""
    why: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a batch is to be made."""
        return bool(self.users) and not self.held

    @property
    def csv(self) -> CsvBytes:
        """The CSV of the batch: the header and one address of the target on each line (BAT-06, BAT-08)."""
        return CsvBytes((HEADER, *(_cell(str(user.address)) for user in self.users)))


def _cell(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()


def is_due(settings: Wave | None, now: datetime) -> bool:
    """Whether a wave's synchronisation may start: its start is given, and that day has come in UTC.

    A wave without a start, or that `project.yaml` does not name, is never started: nobody has said when.

    Args:
        settings: The wave in `project.yaml`, None where it is not there.
        now: The present moment, UTC.
    """
    return settings is not None and settings.start is not None and settings.start <= now.date()


def stopped(project: Project) -> frozenset[str]:
    """What `move.stop` of `project.yaml` names, without case: names of batches and addresses in the target.

    Args:
        project: The project.
    """
    return frozenset(name.casefold() for name in project.move.stop)


def orders(seen: Seen, project: Project) -> tuple[Order, ...]:
    """The waves whose start has come, each with what is to be started for it.

    Args:
        seen: Holds `ORDER_FACTS`.
        project: Gives dates, names and who is stopped.
    """
    return seen.derived(_orders, ORDER_FACTS, project)


def _orders(seen: Seen, project: Project) -> tuple[Order, ...]:
    named = waves(seen, project)
    due = [wave for wave in named if is_due(wave_settings(project, wave), seen.now)]
    there = _There.of(seen, project)
    taken = {str(row["Identity"]) for row in seen.rows(BATCHES)}
    return tuple(
        _order(wave, named[wave], taken | {project.batch_name(o) for o in named if o != wave}, there, seen, project)
        for wave in due
    )


@dataclass(frozen=True)
class _There:
    """What is looked up for each user."""

    members: frozenset[str]
    domains: frozenset[str]
    by_address: Mapping[str, list[Row]]
    by_guid: Mapping[str, list[Row]]
    wanted: Counter[str]

    @classmethod
    def of(cls, seen: Seen, project: Project) -> _There:
        by_address: dict[str, list[Row]] = defaultdict(list)
        by_guid: dict[str, list[Row]] = defaultdict(list)
        for row in seen.rows(MIGRATION_USERS):
            by_address[str(row["Identity"] or "").casefold()].append(row)
            if row["MailboxGuid"]:
                by_guid[str(row["MailboxGuid"])].append(row)
        everybody = (user for users in waves(seen, project).values() for user in users)
        return cls(
            frozenset(scope.membership(seen).members),
            verified_domains(seen, "target"),
            by_address,
            by_guid,
            Counter(user.address.casefold() for user in everybody if user.address),
        )

    def in_batches(self, user: Moving) -> list[Row]:
        """The migration users who are this user: by the address in the target, or by the mailbox."""
        guid = str(user.source["ExchangeGuid"] or "") if user.source is not None else ""
        found = [
            *self.by_address.get((user.address or "").casefold(), []),
            *(self.by_guid.get(guid, []) if guid else []),
        ]
        return list({id(row): row for row in found}.values())


def in_batches(seen: Seen, project: Project, users: Iterable[Moving]) -> Iterator[tuple[Moving, list[Row]]]:
    """Each user with the migration users who stand for them, in any batch of the tenant.

    Args:
        seen: Holds `ORDER_FACTS`.
        project: The project.
        users: Who is looked up.
    """
    there = _There.of(seen, project)
    for user in users:
        yield user, there.in_batches(user)


def _order(wave: str, users: tuple[Moving, ...], taken: set[str], there: _There, seen: Seen, project: Project) -> Order:
    open_ones = [user for user in users if not user.has_moved and not there.in_batches(user)]
    judged = [(user, why_not(user, there, project)) for user in open_ones]
    fit = tuple(sorted((user for user, why in judged if why is None), key=lambda user: str(user.address).casefold()))
    return Order(
        wave,
        next_batch_name(wave, taken, project),
        fit,
        tuple((user, why) for user, why in judged if why is not None),
        len(users) - len(open_ones),
        *_held(wave, fit, seen, project),
    )


def _held(wave: str, fit: tuple[Moving, ...], seen: Seen, project: Project) -> tuple[Held, str]:
    if project.batch_name(wave).casefold() in stopped(project):
        return "stopped", "move.stop of project.yaml names its batch"
    if len(fit) > MOST_IN_A_BATCH:
        return "too many", f"{counted(len(fit), 'user')} would be in its batch"
    users = Counter(str(row["BatchId"] or "").casefold() for row in seen.rows(MIGRATION_USERS))
    for name, row in batches_of(seen, project, wave).items():
        # just made, its users show later than itself: they would be taken for users who are in no batch
        if row["TotalCount"] is None or users[name.casefold()] < row["TotalCount"]:
            shown = f"{users[name.casefold()]} of {row['TotalCount'] or 'an unknown number of'} users"
            return "not counted", f"batch {name} shows {shown}"
    return "", ""


def why_not(user: Moving, there: _There, project: Project) -> Reason | None:
    """Why a user is not put into a batch, None where nothing stands in the way.

    Args:
        user: A user whose mailbox has not moved.
        there: What is looked up.
        project: Gives the delivery domain and who is stopped.
    """
    return next((reason for reason in _reasons(user, there, project) if reason is not None), None)


def _reasons(user: Moving, there: _There, project: Project) -> Iterator[Reason | None]:
    if (user.address or "").casefold() in stopped(project):
        text = "move.stop of project.yaml names this user"
        yield Reason(
            text, "a user who is not stopped", f"{text}; take the address out when the user may move", chosen=True
        )
    problem = next((p for p in user.match.problems if p.blocks), None)
    if problem is not None:
        yield Reason(problem.seen, "a line of users.csv that nothing stands in the way of", problem.remedy)
    if user.source is None or user.target is None or not user.address:
        text = "no MailUser in the target stands for this user"
        yield Reason(text, "a MailUser, whose primary address the batch names", "Prepare the user first.", "100.2")
        return
    if there.wanted[user.address.casefold()] > 1:
        text = f"several lines of users.csv lead to {user.address}"
        yield Reason(text, "one line for each address", "Correct users.csv.")
    yield from _unprepared(user, user.target, there, project)
    if str(user.source["ObjectId"]) not in there.members:
        # an archive beside the mailbox is lost sight of if its owner came into scope later (failures 2.3 #42)
        yield Reason("in no scope group", "a direct member before the batch starts", "Apply step 080.3.", "080.3")


def _unprepared(user: Moving, target: Row, there: _There, project: Project) -> Iterator[Reason | None]:
    if not is_stamped(user.match, project):
        text = "GUIDs or x500 addresses of the source mailbox are missing in the target"
        yield Reason(text, "a stamped MailUser", "Look at this user in section 100.", "100.3")
    if not any(domain_of(address) == project.delivery_domain for address in target["SmtpAddresses"]):
        text = f"no address in {project.delivery_domain}"
        yield Reason(text, "an address in the target delivery domain", "Apply step 100.3.", "100.3")
    if foreign(user.match, there.domains):
        text = f"addresses that the target does not own: {', '.join(foreign(user.match, there.domains))}"
        yield Reason(text, "addresses in domains of the target alone", "Apply step 100.4.", "100.4")
    if domain_of(user.address) not in there.domains:
        text = f"{user.address} is in no domain of the target"
        yield Reason(text, "a primary address in a domain of the target", "Apply step 100.3.", "100.3")
