"""The mailboxes that are still to move, with what was read of each: state and sizes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.matching import source_holders
from xtmig_kernel.rules.rule import Judgement

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules.rule import Seen

STATES, SIZES = "source.mailbox_states", "source.mailbox_sizes"
HOLDERS = ("source.chosen_users", "source.mailboxes", "source.mail_users")
MOVER_FACTS = (*HOLDERS, STATES)
SIZE_FACTS = (*MOVER_FACTS, SIZES)
GB = 1_073_741_824


@dataclass(frozen=True)
class Mover:
    """One user whose mailbox is still in the source.

    Args:
        user: The row of `chosen_users`.
        mailbox: The row of `mailboxes`.
        state: The row of `mailbox_states`, None where it was not among what was read.
    """

    user: Row
    mailbox: Row
    state: Row | None

    @cached_property
    def label(self) -> str:
        """How findings name the user: by the address in `users.csv`."""
        return str(self.user["SourceAddress"])

    @cached_property
    def guid(self) -> str:
        """ExchangeGuid of the mailbox."""
        return str(self.mailbox["ExchangeGuid"])


@dataclass(frozen=True)
class Size:
    """What a mailbox and its archive hold, in bytes; None where the service did not tell.

    Args:
        main: The mailbox.
        deleted: Its Recoverable Items.
        items: Items in the mailbox.
        archive: The archive, 0 where there is none.
    """

    main: int | None
    deleted: int | None
    items: int | None
    archive: int | None

    @property
    def total(self) -> int | None:
        """Mailbox, Recoverable Items and archive together."""
        parts = (self.main, self.deleted, self.archive)
        return None if any(part is None for part in parts) else sum(part or 0 for part in parts)


def movers(seen: Seen, project: Project) -> tuple[Mover, ...]:
    """Every line of `users.csv` whose mailbox is still in the source; who has moved, or is unclear, is not in here.

    Args:
        seen: Holds `MOVER_FACTS`.
        project: The project.
    """
    return seen.derived(_movers, MOVER_FACTS, project)


def _movers(seen: Seen, _project: Project) -> tuple[Mover, ...]:
    states = {row["ExchangeGuid"]: row for row in seen.rows(STATES) if row["ExchangeGuid"]}
    return tuple(
        Mover(user, holder, states.get(holder["ExchangeGuid"]))
        for user, holder in source_holders(seen)
        if holder is not None and holder["RecipientTypeDetails"] != "MailUser"
    )


def sizes(seen: Seen, project: Project) -> dict[str, Size]:
    """ExchangeGuid to what the mailbox holds; who is not in here was not asked.

    Args:
        seen: Holds `SIZE_FACTS`.
        project: The project.
    """
    return seen.derived(_sizes, SIZE_FACTS, project)


def _sizes(seen: Seen, _project: Project) -> dict[str, Size]:
    archives = {row["ExchangeGuid"]: row["Bytes"] for row in seen.rows(SIZES) if row["Archive"]}
    return {
        str(row["ExchangeGuid"]): Size(
            row["Bytes"], row["DeletedBytes"], row["Items"], archives.get(row["ExchangeGuid"], 0)
        )
        for row in seen.rows(SIZES)
        if not row["Archive"]
    }


Judge: TypeAlias = Callable[[Mover, "Row"], Iterable[Judgement]]


def judge_states(seen: Seen, project: Project, judge: Judge, *, expected: str, all_in: str) -> Iterator[Judgement]:
    """Judge each mailbox that is still to move by its state; one whose state was not read fails.

    Args:
        seen: Holds `MOVER_FACTS`.
        project: The project.
        judge: Is given the mover and its state; gives nothing for one that is right.
        expected: What holds for those that are right, in words.
        all_in: Where all of them can be seen.
    """

    def of(mover: Mover) -> Iterable[Judgement]:
        if mover.state is None:
            remedy = "Look again; if it stays so, look at the mailbox with Get-Mailbox."
            return (Judgement("fail", mover.label, "its state was not among what Get-Mailbox told", expected, remedy),)
        return judge(mover, mover.state)

    return judge_each(movers(seen, project), of, of_what="mailboxes", expected=expected, all_in=all_in)


def in_gb(size: int) -> str:
    """Bytes as people say them, such as `"98.4 GB"`.

    Args:
        size: Bytes.
    """
    return f"{size / GB:.1f} GB"
