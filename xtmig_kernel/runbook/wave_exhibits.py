"""What steps 120.1 and 120.3 show: what keeps mailboxes back, what is lost, how large waves are and how long."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xtmig_kernel.clock import as_text
from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules.archives import is_growing
from xtmig_kernel.rules.batches import wave_names, wave_settings
from xtmig_kernel.rules.hold_names import HoldNames
from xtmig_kernel.rules.holds import ORGANIZATION_HOLDS, holds_of, in_words, is_exempt, organization_holds
from xtmig_kernel.rules.movers import GB, MOVER_FACTS, SIZE_FACTS, Mover, Size, movers, sizes
from xtmig_kernel.rules.permissions import PERMISSION_FACTS, rights
from xtmig_kernel.rules.quotas import NEAR, share
from xtmig_kernel.rules.wave_plan import lead_days
from xtmig_kernel.waves import SIZE_CLASSES, SOURCE, size_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

UNKNOWN = "unknown"


def assessment(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Holds, archives, quotas, permissions, and mailboxes by size; each as far as its facts were read.

    Args:
        seen: What step 120.1 reads, as far as it was observed.
        project: The project.
    """
    shown: list[Exhibit] = []
    if seen.has(*MOVER_FACTS, ORGANIZATION_HOLDS):
        shown.append(_holds(seen, project))
    if seen.has(*SIZE_FACTS):
        held = sizes(seen, project)
        pairs = [(mover, held.get(mover.guid)) for mover in movers(seen, project)]
        shown += [_archives(pairs), _quotas(pairs), _size_classes(pairs)]
    if seen.has(*PERMISSION_FACTS):
        shown += [_permissions(seen, project), _fates(seen, project)]
    return tuple(shown)


def _holds(seen: Seen, project: Project) -> Exhibit:
    everywhere, names = organization_holds(seen), HoldNames.of(seen)
    rows: list[tuple[str | int, ...]] = []
    for mover in movers(seen, project):
        if mover.state is None:
            continue
        found = holds_of(mover.state, names)
        found += [
            f"{in_words(hold, names)} of the whole organisation ({hold})"
            for hold in everywhere
            if not is_exempt(mover.state, hold)
        ]
        if found:
            rows.append((mover.user["Line"] or "new", mover.label, "; ".join(found)))
    caption = f"Mailboxes under a hold, which Microsoft refuses to move: {len(rows)}."
    return Exhibit("holds", caption, ("Line", "Mailbox", "Held by"), tuple(rows))


_Pair = tuple[Mover, "Size | None"]


def _archives(pairs: Sequence[_Pair]) -> Exhibit:
    rows = tuple(
        (
            mover.user["Line"] or "new",
            mover.label,
            _gb(size.archive if size else None),
            _or_unknown(mover.state["AuxiliaryArchives"]),
            "yes" if mover.state["AutoExpandingArchiveEnabled"] else "no",
            "may expand during the move" if is_growing(mover.state, size.archive if size else None) else "",
        )
        for mover, size in pairs
        if mover.state is not None and (mover.state["ArchiveGuid"] or mover.state["AutoExpandingArchiveEnabled"])
    )
    columns = ("Line", "Mailbox", "Archive in GB", "Auxiliary archives", "Auto-expanding", "Note")
    return Exhibit("archives", f"Mailboxes with an archive: {len(rows)}.", columns, rows)


def _quotas(pairs: Sequence[_Pair]) -> Exhibit:
    rows: list[tuple[str | int, ...]] = []
    for mover, size in pairs:
        used = share(size.main if size else None, mover.state["QuotaBytes"] if mover.state else None)
        if size is None or size.main is None or (used is not None and used >= NEAR):
            main = size.main if size else None
            part = f"{used:.0%}" if used is not None else UNKNOWN
            rows.append(
                (mover.user["Line"] or "new", mover.label, _gb(main), part, _gb(size.deleted if size else None))
            )
    columns = ("Line", "Mailbox", "GB", "Of its quota", "Recoverable Items in GB")
    caption = f"Mailboxes at {NEAR:.0%} of their quota or more, or of unknown size: {len(rows)}."
    return Exhibit("quotas", caption, columns, tuple(rows))


def _size_classes(pairs: Sequence[_Pair]) -> Exhibit:
    counted = Counter(_class_name(size) for _, size in pairs)
    names = [*(kind.name for kind in SIZE_CLASSES), UNKNOWN]
    rows = tuple((name, counted[name]) for name in names if counted[name])
    caption = "Mailboxes by size, Recoverable Items and archive included."
    return Exhibit("size-classes", caption, ("Size", "mailboxes"), rows, "bars")


def _class_name(size: Size | None) -> str:
    return size_class(size.total).name if size is not None and size.total is not None else UNKNOWN


def _permissions(seen: Seen, project: Project) -> Exhibit:
    found = rights(seen, project)
    rows = tuple(
        (
            right.owner.label,
            str(right.owner.mailbox["RecipientTypeDetails"]),
            str(right.row["Trustee"]),
            str(right.row["TrusteeKind"] or UNKNOWN),
            str(right.row["Place"]),
            str(right.row["Right"]) + (" (denied)" if right.row["Deny"] else ""),
            right.fate,
        )
        for right in found
    )
    columns = ("Mailbox", "Kind", "Who has the right", "Kind of who", "Where", "Right", "What becomes of it")
    lost = sum(right.fate.startswith("lost") for right in found)
    caption = (
        f"Rights on mailboxes that move: {len(rows)}, of which {lost} are lost because who has them stays, is a group, "
        "or is not known. Moves: stored in the mailbox; given again: after the move, by section 190."
    )
    return Exhibit("permissions", caption, columns, rows)


def _fates(seen: Seen, project: Project) -> Exhibit:
    fates = ("moves", "given again", "lost: stays", "lost: group", "lost: unknown")
    counted = Counter((str(right.row["Right"]), str(right.fate)) for right in rights(seen, project))
    rows: tuple[tuple[str | int, ...], ...] = tuple(
        (kind, *(counted[kind, fate] for fate in fates)) for kind in sorted({kind for kind, _ in counted})
    )
    return Exhibit("permission-sums", "Rights by kind, and what becomes of them.", ("Right", *fates), rows, "bars")


def show_waves(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Each wave of `users.csv`: users, bytes, dates, and how long such mailboxes took others (TIM-01, BAT-12, ARC-03).

    Args:
        seen: Holds `SIZE_FACTS`, or at least who moves.
        project: Gives the dates.
    """
    if not seen.has("source.chosen_users"):
        return ()
    held = sizes(seen, project) if seen.has(*SIZE_FACTS) else {}
    moving = movers(seen, project) if seen.has(*MOVER_FACTS) else ()
    users = Counter(str(row["Wave"] or "").casefold() for row in seen.rows("source.chosen_users"))
    rows, bars = [], []
    for name in wave_names(seen, project):
        found = [held.get(mover.guid) for mover in moving if _in(mover, name)]
        known = [size for size in found if size is not None and size.total is not None]
        rows.append((name, users[name.casefold()], *_amount(found, known), *_when(project, name), *_spell(known)))
        bars.append((name, *_parts(known)))
    columns = (
        "Wave", "Users", "GB", "Largest in GB", "Size unknown", "Start", "Cutover", "Days between", "Half done in days",
        "Nine of ten done in days",
    )  # fmt: skip
    caption = f"The waves of users.csv. The last two columns are of each wave's largest mailbox, and are {SOURCE}."
    parts = ("Wave", "mailboxes in GB", "Recoverable Items in GB", "archives in GB")
    return (
        Exhibit("waves", caption, columns, tuple(rows)),
        Exhibit("wave-bytes", "What each wave still has to move, in whole GB.", parts, tuple(bars), "bars"),
    )


def _in(mover: Mover, wave: str) -> bool:
    return str(mover.user["Wave"] or "").casefold() == wave.casefold()


def _parts(known: Sequence[Size]) -> tuple[int, int, int]:
    """Mailboxes, Recoverable Items and archives, in whole GB."""
    main, deleted, archive = (
        sum(part or 0 for part in parts)
        for parts in (
            [size.main for size in known],
            [size.deleted for size in known],
            [size.archive for size in known],
        )
    )
    return main // GB, deleted // GB, archive // GB


def _amount(found: Sequence[Size | None], known: Sequence[Size]) -> tuple[str, str, int]:
    totals = [size.total or 0 for size in known]
    return _gb(sum(totals)), _gb(max(totals, default=0)), len(found) - len(known)


def _when(project: Project, name: str) -> tuple[str, str, str | int]:
    wave = wave_settings(project, name)
    start = wave.start.isoformat() if wave and wave.start else "not set"
    cutover = as_text(wave.cutover) if wave and wave.cutover else "not set"
    days = lead_days(wave) if wave else None
    return start, cutover, UNKNOWN if days is None else days


def _spell(known: Sequence[Size]) -> tuple[str | int, str | int]:
    if not known:
        return UNKNOWN, UNKNOWN
    kind = size_class(max(size.total or 0 for size in known))
    return (kind.spell.half, kind.spell.most) if kind.spell else ("no figure", "no figure")


def _gb(size: int | None) -> str:
    return UNKNOWN if size is None else f"{size / GB:.1f}"


def _or_unknown(value: int | None) -> str | int:
    return UNKNOWN if value is None else value
