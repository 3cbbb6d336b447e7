"""Section 040: for which wave the seats of the migration licence run out, the waves in the order of their start."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from xtmig_kernel.counting import counted
from xtmig_kernel.rules.batches import wave_names, wave_settings
from xtmig_kernel.rules.licences import FACTS, pool, users_without_add_on
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.subscriptions import ADD_ON_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.project import Project

EXPECTED = "a free seat for everybody of the wave who still needs one"


def _by_wave(seen: Seen, project: Project) -> Iterable[Judgement]:
    planned = {str(row["Wave"]).casefold() for row in seen.rows("source.chosen_users") if row["Wave"]}
    if not planned:
        yield Judgement("skip", "waves", remedy="nobody is in a wave yet; the seats are counted for all together")
        return
    found = pool(seen, project)
    needed = Counter(str(user.user["Wave"] or "").casefold() for user in users_without_add_on(seen, project))
    free = found.free
    short: dict[str, tuple[int, int]] = {}
    names = sorted((n for n in wave_names(seen, project) if n.casefold() in planned), key=lambda n: _start(n, project))
    for name in names:
        wanted = needed[name.casefold()]
        if wanted > free:
            short[name] = (wanted, free)
        free = max(0, free - wanted)

    def judge(name: str) -> Iterator[Judgement]:
        if name in short:
            wanted, left = short[name]
            yield Judgement(
                "fail",
                name,
                seen=f"{counted(wanted, 'user')} of this wave still need {ADD_ON_NAME}; {left} of {found.free} seats "
                f"in {found.where} are left after the waves before it",
                expected=EXPECTED,
                remedy=f"Buy {wanted - left} more before {_day(name, project)}, or let some users move later.",
            )

    yield from judge_each(names, judge, of_what="waves", expected=EXPECTED)


def _start(name: str, project: Project) -> date:
    wave = wave_settings(project, name)
    return wave.start if wave is not None and wave.start is not None else date.max


def _day(name: str, project: Project) -> str:
    start = _start(name, project)
    return "it starts" if start == date.max else start.isoformat()


RULES: tuple[Rule, ...] = (
    Rule(
        "add-on-seats-by-wave",
        f"The seats of {ADD_ON_NAME} last for each wave",
        ("LIC-01",),
        None,
        FACTS,
        _by_wave,
    ),
)
