"""Section 040: mailboxes that will have reached their quota before the move is over, by how fast they have grown.

How full a mailbox is now, other rules judge (QTA-02). Growth is known where the sizes were collected before.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.clock import from_text
from xtmig_kernel.counting import counted
from xtmig_kernel.rules.batches import wave_settings
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.movers import SIZE_FACTS, SIZES, in_gb, movers, sizes
from xtmig_kernel.rules.quotas import share
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.wave_plan import LEAD_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.movers import Mover

EARLIER = "source.earlier_sizes"
A_DAY = timedelta(days=1)
EXPECTED = "room for what comes in until the cutover"


def days_to_move(user: Row, seen: Seen, project: Project) -> float:
    """How many days a mailbox still fills before its move is over: until its cutover, or as long as a batch takes.

    Args:
        user: A row of `chosen_users`.
        seen: Gives the present moment.
        project: Gives the waves' dates.
    """
    wave = wave_settings(project, str(user["Wave"] or ""))
    if wave is None or wave.cutover is None:
        return LEAD_DAYS
    return max(0.0, (wave.cutover.astimezone(UTC) - seen.now) / A_DAY)


def _grown(seen: Seen, project: Project) -> Iterable[Judgement]:
    if not seen.has(EARLIER) or not seen.rows(EARLIER):
        yield Judgement("skip", "growth", remedy="the sizes were collected once; another time, a day later, shows it")
        return
    before = {(str(row["ExchangeGuid"]), bool(row["Archive"])): row for row in seen.rows(EARLIER)}
    held = sizes(seen, project)
    known = [mover for mover in movers(seen, project) if (mover.guid, False) in before]
    unknown = len(movers(seen, project)) - len(known)
    if unknown:
        who = counted(unknown, "mailbox", "mailboxes")
        yield Judgement("skip", who, remedy="not in the earlier collection, so nobody knows how fast they grow")

    def judge(mover: Mover) -> Iterator[Judgement]:
        size, state = held.get(mover.guid), mover.state
        if size is None or state is None:
            return  # what was not told, other rules tell
        left = days_to_move(mover.user, seen, project)
        archive_quota = None if state["AutoExpandingArchiveEnabled"] else state["ArchiveQuotaBytes"]
        for what, now, quota, archive in (
            ("the mailbox", size.main, state["QuotaBytes"], False),
            ("the archive", size.archive, archive_quota, True),
        ):
            then = before.get((mover.guid, archive))
            if then is not None:
                days = (seen.facts[SIZES].at - from_text(str(then["At"]))) / A_DAY
                yield from _full(mover.label, what, then["Bytes"], now, quota, days, left)

    yield from judge_each(known, judge, of_what="mailboxes", expected=EXPECTED)


def _full(
    label: str, what: str, then: int | None, now: int | None, quota: int | None, days: float, left: float
) -> Iterator[Judgement]:
    used = share(now, quota)
    if then is None or now is None or not quota or used is None or used >= 1 or now <= then or days <= 0:
        return
    a_day = (now - then) / days
    if now + a_day * left >= quota:
        yield Judgement(
            "warn",
            label,
            seen=f"{in_gb(now)} in {what}, {used:.0%} of {in_gb(quota)}; {in_gb(int(a_day))} more each day: full in "
            f"{(quota - now) / a_day:.0f} days, and {left:.0f} are left until it has moved",
            expected=EXPECTED,
            remedy="Find out what fills it, and make room before its batch starts; or give it an earlier wave.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        "mailbox-growth",
        "No mailbox will have reached its quota before its move is over",
        ("QTA-01",),
        "source",
        SIZE_FACTS,
        _grown,
        helps=(EARLIER,),
    ),
)
