"""Section 120: mailboxes near or over their quota, which may fail before or during the move (QTA-01 to QTA-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.rules.movers import GB, SIZE_FACTS, in_gb, judge_states, sizes
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.movers import Mover

NEAR = 0.9
"""Microsoft does not say what near is; nine tenths is this project's word for it."""
USUAL_RECOVERABLE = 30 * GB
"""What a MailUser of the target may hold in Recoverable Items while nobody has raised it (shapes 3.4)."""
ALL_IN = "table quotas, step 120.1"
_MAKE_ROOM = (
    "Make the mailbox smaller, or give it an archive (Enable-Mailbox -Archive) with a policy that moves mail there. An "
    "auto-expanding archive is for the few that need it: it cannot be taken back, and may break a move under way."
)


def share(size: int | None, quota: int | None) -> float | None:
    """How much of a quota is used; None where there is none, or where the size was not told.

    Args:
        size: Bytes.
        quota: Bytes; None for unlimited.
    """
    return None if size is None or not quota else size / quota


def _near(label: str, what: str, size: int | None, quota: int | None, remedy: str) -> Iterator[Judgement]:
    expected = f"{what} below {NEAR:.0%} of its quota"
    used = share(size, quota)
    if size is None:
        again = "Look again; a size that is not known is not small."
        yield Judgement("warn", label, f"the size of {what} was not told", expected, again)
    elif used is not None and quota and used >= NEAR:
        seen = f"{in_gb(size)} in {what}, {used:.0%} of {in_gb(quota)}"
        yield Judgement("fail" if used >= 1 else "warn", label, seen, expected, remedy)


def _mailbox(seen: Seen, project: Project) -> Iterable[Judgement]:
    held = sizes(seen, project)

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        size = held.get(mover.guid)
        yield from _near(mover.label, "the mailbox", size.main if size else None, state["QuotaBytes"], _MAKE_ROOM)

    return judge_states(seen, project, judge, expected=f"below {NEAR:.0%} of the quota", all_in=ALL_IN)


def _archive(seen: Seen, project: Project) -> Iterable[Judgement]:
    held = sizes(seen, project)
    remedy = "Make the archive smaller before the move; auto-expanding ones are judged by another rule."

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        if state["ArchiveGuid"] and not state["AutoExpandingArchiveEnabled"]:
            size = held.get(mover.guid)
            archive = size.archive if size else None
            yield from _near(mover.label, "the archive", archive, state["ArchiveQuotaBytes"], remedy)

    return judge_states(seen, project, judge, expected=f"archives below {NEAR:.0%} of their quota", all_in=ALL_IN)


def _recoverable(seen: Seen, project: Project) -> Iterable[Judgement]:
    held = sizes(seen, project)
    quotas = {row["ExchangeGuid"]: row["RecoverableItemsQuotaBytes"] for row in seen.rows("target.mail_users")}
    remedy = (
        "Empty Recoverable Items in the source, or let Microsoft's support raise RecoverableItemsQuota of the target's "
        "MailUser; what the document once advised, a litigation hold for the migration, was taken out of it in 2023."
    )

    def judge(mover: Mover, _state: Row) -> Iterator[Judgement]:
        size = held.get(mover.guid)
        quota = quotas.get(mover.guid) or USUAL_RECOVERABLE
        yield from _near(mover.label, "Recoverable Items", size.deleted if size else None, quota, remedy)

    return judge_states(
        seen, project, judge, expected="Recoverable Items that fit into the target's quota", all_in=ALL_IN
    )


def _freeing(seen: Seen, project: Project) -> Iterable[Judgement]:
    held = sizes(seen, project)
    expected = "a retention policy that moves mail into the archive, and is applied"

    def judge(mover: Mover, state: Row) -> Iterator[Judgement]:
        size = held.get(mover.guid)
        used = share(size.main if size else None, state["QuotaBytes"])
        if not state["ArchiveGuid"] or used is None or used < NEAR:
            return
        if state["ElcProcessingDisabled"]:
            remedy = "Set-Mailbox -ElcProcessingDisabled $false in the source, then Start-ManagedFolderAssistant."
            yield Judgement("warn", mover.label, "its policy is switched off (ElcProcessingDisabled)", expected, remedy)
        elif not state["RetentionPolicy"]:
            remedy = (
                "Set-Mailbox -RetentionPolicy in the source, one with a MoveToArchive tag, then "
                "Start-ManagedFolderAssistant; look again when the mailbox has become smaller."
            )
            yield Judgement("warn", mover.label, "near its quota, with an archive and no policy", expected, remedy)

    return judge_states(seen, project, judge, expected=expected, all_in=ALL_IN)


RULES: tuple[Rule, ...] = (
    Rule(
        "mailbox-within-quota",
        "No mailbox that moves is near its quota",
        ("QTA-01", "QTA-02", "QTA-03"),
        "source",
        SIZE_FACTS,
        _mailbox,
    ),
    Rule(
        "archive-within-quota", "No archive that moves is near its quota", ("QTA-02",), "source", SIZE_FACTS, _archive
    ),
    Rule(
        "recoverable-within-quota",
        "Recoverable Items fit into what the target allows",
        ("QTA-02",),
        "source",
        (*SIZE_FACTS, "target.mail_users"),
        _recoverable,
    ),
    Rule(
        "archive-frees-room",
        "Where a mailbox near its quota has an archive, a policy moves mail into it",
        ("QTA-04",),
        "source",
        SIZE_FACTS,
        _freeing,
    ),
)
