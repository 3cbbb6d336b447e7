"""Section 130, before and while batches are started: who is due, who is fit, and nobody is in two batches."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.project.users import USERS_FILE
from xtmig_kernel.rules import scope
from xtmig_kernel.rules.batch_order import ORDER_FACTS, Order, in_batches, is_due, orders
from xtmig_kernel.rules.batches import Moving, wave_names, wave_of_batch, wave_settings, waves
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import source_holders
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.wave_plan import MOST_IN_A_BATCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

STEP = "130.1"
COUNTED_IN = timedelta(minutes=10)
SOURCE_USERS = "source.migration_users"


def _started(seen: Seen, project: Project) -> Iterable[Judgement]:
    names = wave_names(seen, project)
    if not names:
        yield Judgement(
            "pass", USERS_FILE, seen="nobody is in a wave yet", expected="a batch for each wave that is due"
        )
        return
    due = {order.wave: order for order in orders(seen, project)}

    def judge(wave: str) -> Iterator[Judgement]:
        if wave in due:
            yield from _of_order(due[wave], seen)
        else:
            yield from _not_due(wave, project, any_due=bool(due))

    yield from judge_each(names, judge, of_what="waves", expected="their batches are started, or their day is to come")


def _of_order(order: Order, seen: Seen) -> Iterator[Judgement]:
    users = f"in no batch yet: {counted(len(order.users), 'user')}"
    expected = "a batch for each wave that is due"
    if not order.users:
        return
    if order.held == "stopped":
        yield Judgement("skip", order.wave, users, expected, order.why)
    elif order.held == "too many":
        text = f"Microsoft recommends at most {MOST_IN_A_BATCH} in one batch: give some of them another wave in "
        yield Judgement("fail", order.wave, order.why, f"at most {MOST_IN_A_BATCH}", f"{text}{USERS_FILE}.")
    elif order.held == "not counted":
        text = f"Microsoft to show all users: {order.why}"
        yield Judgement("wait", order.wave, order.why, expected, text, until=seen.now + COUNTED_IN)
    else:
        yield Judgement("fail", order.wave, users, expected, f"Approve and apply step {STEP}.", STEP)


def _not_due(wave: str, project: Project, *, any_due: bool) -> Iterator[Judgement]:
    settings = wave_settings(project, wave)
    if settings is None or settings.start is None:
        yield Judgement(
            "warn",
            wave,
            seen="project.yaml says no start of this wave",
            expected="a day on which it starts",
            remedy=f"Write start of {wave} under move.waves of project.yaml. A wave without it is never started.",
        )
    elif not any_due:
        begins = datetime.combine(settings.start, time(), UTC)
        text = f"its day: it starts on {settings.start.isoformat()}"
        yield Judgement("wait", wave, text, "a batch from that day on", text, until=begins)


def _none_due(seen: Seen, project: Project) -> Judgement | None:
    if any(is_due(wave_settings(project, name), seen.now) for name in wave_names(seen, project)):
        return None
    return Judgement("pass", "waves that are due", seen="no wave is due", expected="nobody is in a batch too early")


def _ready(seen: Seen, project: Project) -> Iterable[Judgement]:
    nothing = _none_due(seen, project)
    if nothing is not None:
        yield nothing
        return
    why = {id(user): reason for order in orders(seen, project) for user, reason in order.left_out}

    def judge(user: Moving) -> Iterator[Judgement]:
        reason = why.get(id(user))
        if reason is not None and reason.chosen:
            yield Judgement("skip", user.label, reason.seen, reason.expected, reason.remedy)
        elif reason is not None:
            remedy = f"{reason.remedy} Until then the batch is made without this user."
            yield Judgement("fail", user.label, reason.seen, reason.expected, remedy, reason.step)

    expected = "in a batch, moved, or fit for one"
    yield from judge_each(_of_due_waves(seen, project), judge, of_what="users of waves that are due", expected=expected)


def _of_due_waves(seen: Seen, project: Project) -> list[Moving]:
    due = {order.wave for order in orders(seen, project)}
    return [user for wave, users in waves(seen, project).items() if wave in due for user in users]


def _addresses(seen: Seen, project: Project) -> Iterable[Judgement]:
    nothing = _none_due(seen, project)
    if nothing is not None:
        yield nothing
        return
    users = _of_due_waves(seen, project)
    wanted = Counter((user.address or "").casefold() for user in users)

    def judge(user: Moving) -> Iterator[Judgement]:
        address = user.address or ""
        if not address:
            text, remedy, step = "no object of the target gives an address", "Prepare the user in section 100.", "100.2"
            yield Judgement("fail", user.label, text, "the primary address of a MailUser of the target", remedy, step)
        elif wanted[address.casefold()] > 1:
            text = f"{address} stands for {wanted[address.casefold()]} lines of {USERS_FILE}"
            yield Judgement("fail", user.label, text, "each address once", f"Correct {USERS_FILE}.")

    yield from judge_each(
        users, judge, of_what="users of waves that are due", expected="one address of the target each, and no other's"
    )


def _once(seen: Seen, project: Project) -> Iterable[Judgement]:
    names = wave_names(seen, project)
    users = [user for some in waves(seen, project).values() for user in some]
    if not users:
        yield Judgement("pass", USERS_FILE, seen="nobody is in a wave yet", expected="everybody in one batch at most")
        return

    def judge(pair: tuple[Moving, list[Row]]) -> Iterator[Judgement]:
        user, rows = pair
        batches = sorted(str(row["BatchId"]) for row in rows)
        if len(rows) > 1:
            text = "Decide which of them keeps the user, for that one keeps what is copied; see notebook 170."
            yield Judgement("fail", user.label, f"in {', '.join(batches)}", "in one batch at most", text)
        elif rows:
            yield from _of_its_wave(user, batches[0], wave_of_batch(batches[0], project, names))

    yield from judge_each(
        in_batches(seen, project, users), judge, of_what="users", expected="in the batch of their wave, or in none"
    )


def _of_its_wave(user: Moving, batch: str, wave: str | None) -> Iterator[Judgement]:
    own = str(user.user["Wave"])
    if wave is None:
        text = "Ask its owner to take the user out of it; xtmig touches no batch of somebody else."
        yield Judgement("fail", user.label, f"in batch {batch}, which is not this project's", "in none of others", text)
    elif wave.casefold() != own.casefold():
        text = f"The cutover follows the batch. Write {wave} into column Wave of {USERS_FILE}, or take the user out."
        yield Judgement("warn", user.label, f"in {batch}; {USERS_FILE} says wave {own}", "the batch of its wave", text)


def _from_target(seen: Seen, _project: Project) -> Iterable[Judgement]:
    by_guid = {str(row["MailboxGuid"]): row for row in seen.rows(SOURCE_USERS) if row["MailboxGuid"]}
    by_address = {str(row["Identity"] or "").casefold(): row for row in seen.rows(SOURCE_USERS)}

    def judge(pair: tuple[Row, Row | None]) -> Iterator[Judgement]:
        user, mailbox = pair
        addresses = [user["SourceAddress"], *(mailbox["SmtpAddresses"] if mailbox is not None else [])]
        own = by_guid.get(str(mailbox["ExchangeGuid"])) if mailbox is not None and mailbox["ExchangeGuid"] else None
        found = own or next((by_address[a] for a in (str(a).casefold() for a in addresses) if a in by_address), None)
        if found is not None:
            yield Judgement(
                "fail",
                str(user["SourceAddress"]),
                seen=f"in batch {found['BatchId']} of the source, {found['Status']}",
                expected="a move from the target alone",
                remedy="A mailbox is in one move at a time. Let that batch end, or have its owner take the user out.",
            )

    yield from judge_each(source_holders(seen), judge, of_what="users", expected="in no batch of the source")


RULES: tuple[Rule, ...] = (
    Rule(
        "batch-started",
        "Each wave whose start has come has its batch",
        ("BAT-01", "BAT-03"),
        "target",
        ORDER_FACTS,
        _started,
    ),
    Rule(
        "batch-users-ready",
        "Every user of a wave that is due is fit for a batch: prepared, in scope, not stopped",
        ("PRE-05", "BAT-04"),
        None,
        ORDER_FACTS,
        _ready,
    ),
    Rule(
        "batch-addresses",
        "A batch names every user by one address of the target, nobody twice and nobody by a blank",
        ("BAT-06", "BAT-08"),
        "target",
        ORDER_FACTS,
        _addresses,
    ),
    Rule(
        "batch-nobody-twice",
        "Nobody is in two batches, or in somebody else's",
        ("ERR-11",),
        "target",
        ORDER_FACTS,
        _once,
    ),
    Rule(
        "moves-from-target",
        "Moves are started in the target: no user is in a batch of the source",
        ("BAT-02",),
        "source",
        (SOURCE_USERS, *scope.USER_FACTS),
        _from_target,
    ),
)
