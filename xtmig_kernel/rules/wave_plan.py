"""Section 120: every user has a wave, no wave is larger than a batch may be, and each wave has its dates."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.project.users import USERS_FILE
from xtmig_kernel.rules.batches import wave_names, wave_settings
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.match_problems import named
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.project import Project
    from xtmig_kernel.project.model import Wave

CHOSEN = "source.chosen_users"
STEP, DATES_STEP = "120.2", "120.3"
MOST_IN_A_BATCH = 2000
"""What Microsoft allows for one batch (BAT-11); `move.batch_size` of `project.yaml` may be less."""
LEAD_DAYS = 14
"""How long before its cutover a batch should be submitted, by Microsoft's strong recommendation (BAT-12)."""


def lead_days(wave: Wave) -> int | None:
    """Whole days between a wave's start and its cutover; None where one of the dates is not given.

    Args:
        wave: A wave of `project.yaml`; its start counts from midnight UTC.
    """
    if wave.start is None or wave.cutover is None:
        return None
    return (wave.cutover.astimezone(UTC).date() - wave.start) // timedelta(days=1)


def _planned(seen: Seen, _project: Project) -> Iterable[Judgement]:
    rows = seen.rows(CHOSEN)
    if not any(row["Line"] for row in rows):
        yield Judgement(
            "fail",
            USERS_FILE,
            seen="users.csv is not written, so nobody can be in a wave",
            expected="the users who move, each with a wave",
            remedy="Step 090.1 writes it.",
            step="090.1",
        )
        return

    missing = [str(row["SourceAddress"]) for row in rows if not row["Wave"]]
    yield Judgement(
        "fail" if missing else "pass",
        f"{len(missing) or len(rows)} of {counted(len(rows), 'user')}",
        seen=f"no wave: {named(missing)}" if missing else "each has a wave",
        expected="a wave for each",
        remedy=f"Step {STEP} fills it in; or write one into column Wave of {USERS_FILE}.",
        step=STEP if missing else None,
    )


def _size(seen: Seen, project: Project) -> Iterable[Judgement]:
    users = Counter(str(row["Wave"]).casefold() for row in seen.rows(CHOSEN) if row["Wave"])
    most = project.move.batch_size

    def judge(name: str) -> Iterator[Judgement]:
        number = users[name.casefold()]
        if number > most:
            yield Judgement(
                "fail" if number > MOST_IN_A_BATCH else "warn",
                name,
                seen=counted(number, "user"),
                expected=f"at most {min(most, MOST_IN_A_BATCH)} users",
                remedy=f"Give some of them another wave in {USERS_FILE}; move.batch_size of project.yaml is {most}, "
                f"and Microsoft takes at most {MOST_IN_A_BATCH} in one batch.",
            )

    yield from judge_each(wave_names(seen, project), judge, of_what="waves", expected=f"at most {most} users")


def _dates(seen: Seen, project: Project) -> Iterable[Judgement]:
    users = Counter(str(row["Wave"]).casefold() for row in seen.rows(CHOSEN) if row["Wave"])

    def judge(name: str) -> Iterator[Judgement]:
        settings = wave_settings(project, name)
        if settings is None:
            yield Judgement(
                "fail",
                name,
                seen="project.yaml does not name this wave",
                expected="an entry with its dates under move.waves",
                remedy=f"Write name, start and cutover of {name} under move.waves of project.yaml, or correct the name "
                f"in {USERS_FILE}.",
            )
        elif not users[name.casefold()]:
            yield Judgement(
                "warn",
                name,
                seen="nobody is in this wave",
                expected="at least one user",
                remedy=f"Write {name} into column Wave of {USERS_FILE}, or take it out of move.waves.",
            )
        else:
            yield from _lead(settings)

    yield from judge_each(
        wave_names(seen, project), judge, of_what="waves", expected=f"start {LEAD_DAYS} days or more before cutover"
    )


def _lead(wave: Wave) -> Iterator[Judgement]:
    expected = f"a start {LEAD_DAYS} days or more before the cutover"
    days = lead_days(wave)
    if days is None:
        missing = " and no ".join(what for what in ("start", "cutover") if getattr(wave, what) is None)
        text = "A wave without cutover is synchronised and never completed."
        yield Judgement(
            "warn", wave.name, f"no {missing} is set", expected, f"Give it under move.waves of project.yaml. {text}"
        )
    elif days < 0:
        remedy = "Correct the dates under move.waves of project.yaml."
        yield Judgement("fail", wave.name, "the cutover lies before the start", expected, remedy)
    elif days < LEAD_DAYS:
        remedy = "Move the cutover or the start in project.yaml: large mailboxes and waiting queues need the time."
        yield Judgement("warn", wave.name, f"{days} days between start and cutover", expected, remedy)


def _pilot(seen: Seen, project: Project) -> Iterable[Judgement]:
    listed = {str(row["SourceAddress"]).casefold() for row in seen.rows(CHOSEN)}
    expected = "a SourceAddress of users.csv"
    if not project.move.pilot:
        yield Judgement(
            "warn",
            "pilot",
            seen="move.pilot names nobody",
            expected="a few users who go first",
            remedy="Name them by their SourceAddress under move.pilot of project.yaml: what goes wrong then goes wrong "
            "for few.",
        )

    def judge(address: str) -> Iterator[Judgement]:
        if address.casefold() not in listed:
            remedy = f"Correct move.pilot of project.yaml, or add the user to {USERS_FILE}."
            yield Judgement("warn", address, f"{USERS_FILE} does not list it", expected, remedy)

    yield from judge_each(project.move.pilot, judge, of_what="users of the pilot", expected=expected)


RULES: tuple[Rule, ...] = (
    Rule("waves-planned", "Every user is in a wave", ("PRM-08",), "source", (CHOSEN,), _planned),
    Rule("pilot-listed", "A few users go first, and all of them are listed", (), "source", (CHOSEN,), _pilot),
    Rule("wave-size", "No wave is larger than one batch may be", ("BAT-11",), "target", (CHOSEN,), _size),
    Rule(
        "wave-dates",
        "Each wave has its dates, and starts two weeks or more before its cutover",
        ("BAT-12",),
        "target",
        (CHOSEN,),
        _dates,
    ),
)
