"""Section 120: archives, and mailboxes so large that they must begin earlier than the others (ARC-01 to ARC-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.batches import wave_settings
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.movers import GB, MOVER_FACTS, SIZE_FACTS, in_gb, judge_states, movers, sizes
from xtmig_kernel.rules.rule import Judgement, Rule, Seen
from xtmig_kernel.rules.wave_plan import LEAD_DAYS, lead_days
from xtmig_kernel.waves import SOURCE, size_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.movers import Mover

MOST_AUXILIARY = 12
"""Auxiliary archives of one user that Microsoft moves (ARC-02); an earlier revision of the page said 10."""
NEAR = 0.9
USUAL_ARCHIVE_QUOTA = 100 * GB
ALL_IN = "table archives, step 120.1"


def is_growing(state: Row, archive: int | None) -> bool:
    """Whether an auto-expanding archive may get a further part while it moves, which breaks the move (ARC-04).

    Args:
        state: A row of `mailbox_states`.
        archive: Bytes in the archive, None where they were not told.
    """
    quota = state["ArchiveQuotaBytes"] or USUAL_ARCHIVE_QUOTA
    return bool(state["AutoExpandingArchiveEnabled"]) and (archive is None or archive >= NEAR * quota)


def _auxiliary(seen: Seen, project: Project) -> Iterable[Judgement]:
    expected = f"at most {MOST_AUXILIARY} auxiliary archives"

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        number = state["AuxiliaryArchives"]
        if number is None or number > MOST_AUXILIARY:
            yield Judgement(
                "fail",
                mover.label,
                seen="MailboxLocations was not told" if number is None else f"{number} auxiliary archives",
                expected=expected,
                remedy="This service cannot move it. Move it by another way, or let the user stay: users.exclude of "
                "project.yaml, with the reason.",
            )

    return judge_states(seen, project, judge, expected=expected, all_in=ALL_IN)


def _growing(seen: Seen, project: Project) -> Iterable[Judgement]:
    held = sizes(seen, project)

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        size = held.get(mover.guid)
        archive = size.archive if size else None
        if is_growing(state, archive):
            amount = "of unknown size" if archive is None else f"of {in_gb(archive)}"
            yield Judgement(
                "warn",
                mover.label,
                seen=f"an auto-expanding archive {amount}, {state['AuxiliaryArchives'] or 0} auxiliary archives",
                expected="an archive with room for what comes in during the move",
                remedy="If it gets a further part while it moves, the move fails and begins anew. Stop what fills the "
                "archive until the cutover, and give it a wave with no more days than its size needs.",
            )

    return judge_states(seen, project, judge, expected="no auto-expanding archive near its limit", all_in=ALL_IN)


def _disabled(seen: Seen, project: Project) -> Iterable[Judgement]:
    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        if state["DisabledArchiveGuid"] and not state["ArchiveGuid"]:
            yield Judgement(
                "fail",
                mover.label,
                seen=f"a disabled archive ({state['DisabledArchiveGuid']})",
                expected="no disabled archive",
                remedy="The move fails with UserAlreadyHasDemotedArchiveException. Its owner decides: enable brings it "
                "back, remove destroys it for ever. Write that into move.disabled_archives of project.yaml, then apply "
                "step 170.2.",
            )

    return judge_states(seen, project, judge, expected="no disabled archive", all_in=ALL_IN)


def _early(seen: Seen, project: Project) -> Iterable[Judgement]:
    held = sizes(seen, project)

    def judge(mover: Mover) -> Iterator[Judgement]:
        size = held.get(mover.guid)
        total = size.total if size else None
        if total is None:
            remedy = "Look again; the service does not always tell a size."
            yield Judgement("warn", mover.label, "its size was not told", "a size", remedy)
            return
        kind = size_class(total)
        wave = wave_settings(project, str(mover.user["Wave"] or ""))
        lead = lead_days(wave) if wave else None
        needed = kind.spell.most if kind.spell else None
        if needed is None:
            remedy = "Microsoft gives no duration for this size. Ask its support before a date is told to this user."
            yield Judgement("warn", mover.label, in_gb(total), f"a size below that of the class {kind.name}", remedy)
        elif needed > LEAD_DAYS and (lead is None or lead < needed):
            when = "its wave has no dates yet" if lead is None else f"{lead} days from start to cutover"
            yield Judgement(
                "warn",
                mover.label,
                seen=f"{in_gb(total)}; {when}",
                expected=f"{needed} days from start to cutover",
                remedy=f"Nine of ten mailboxes of this size took up to {needed} days ({SOURCE}). Give it a wave of its "
                "own that starts earlier.",
            )

    return judge_each(
        movers(seen, project), judge, of_what="mailboxes", expected="time enough for their size", all_in=ALL_IN
    )


RULES: tuple[Rule, ...] = (
    Rule(
        "archive-parts",
        "No archive has more parts than can be moved",
        ("ARC-01", "ARC-02"),
        "source",
        MOVER_FACTS,
        _auxiliary,
    ),
    Rule(
        "archive-room",
        "No auto-expanding archive is so full that it may expand during the move",
        ("ARC-01", "ARC-04"),
        "source",
        SIZE_FACTS,
        _growing,
    ),
    Rule("archive-not-disabled", "No mailbox has an archive that was disabled", (), "source", MOVER_FACTS, _disabled),
    Rule(
        "large-mailboxes-early",
        "Large mailboxes have the time that their size needs between start and cutover",
        ("ARC-03", "BAT-12"),
        "source",
        SIZE_FACTS,
        _early,
    ),
)
