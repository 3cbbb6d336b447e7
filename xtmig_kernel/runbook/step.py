"""What a step and a section are: data and one pure plan function. A step neither reads nor writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.changes import Change
    from xtmig_kernel.outputs import Exhibit, ProjectFile
    from xtmig_kernel.project import Project, Side
    from xtmig_kernel.rules import Seen


def nothing_to_change(_seen: Seen, _project: Project) -> tuple[Change, ...]:
    """The plan of a step that changes no tenant."""
    return ()


def no_files(_seen: Seen, _project: Project) -> tuple[ProjectFile, ...]:
    """The files of a step that writes none."""
    return ()


def no_exhibits(_seen: Seen, _project: Project) -> tuple[Exhibit, ...]:
    """The exhibits of a step that shows its findings alone."""
    return ()


@dataclass(frozen=True)
class Step:
    """One step of the runbook.

    Args:
        id: Section and number, such as `"070.2"`.
        title: What it does, in the imperative.
        side: The tenant that it concerns, None for both.
        why: One sentence for the card: why it is needed.
        reads: Facts that are read when it looks and when it verifies.
        verifies: Ids of the rules that tell whether it is right.
        plans_from: Facts without which it cannot be planned.
        plan: Pure: from what was seen and the project to the changes, none when the tenant is already right.
        requires: Ids of the rules that must hold before it may be applied.
        bulk: Whether its changes do not depend on each other, so that many go into one request; each then has one call.
        files: Pure: files that it writes into the project folder when it is applied.
        shows: Pure: tables and charts for its card and the report.
        proves_again: Whether it is planned and `requires` judged once more on a fresh look right before anything is
            changed: for what nobody can undo and a person may have left lying for hours, and for users of batches, to
            whose cmdlets an address that has come to mean two entries is either of them.
        collects: Whether a look at it reads everything that its section asks for, as one snapshot that is kept; the
            other steps of the section answer from that snapshot.
    """

    id: str
    title: str
    side: Side | None
    why: str
    reads: tuple[str, ...]
    verifies: tuple[str, ...]
    plans_from: tuple[str, ...] = ()
    plan: Callable[[Seen, Project], tuple[Change, ...]] = nothing_to_change
    requires: tuple[str, ...] = ()
    bulk: bool = False
    files: Callable[[Seen, Project], tuple[ProjectFile, ...]] = no_files
    shows: Callable[[Seen, Project], tuple[Exhibit, ...]] = no_exhibits
    proves_again: bool = False
    collects: bool = False

    @property
    def only_looks(self) -> bool:
        """Whether it never changes or writes anything."""
        return self.plan is nothing_to_change and self.files is no_files


@dataclass(frozen=True)
class Section:
    """One section of the runbook, which is one notebook.

    Args:
        number: Three digits, such as `"070"`.
        slug: The rest of the notebook's file name.
        title: Its title.
        purpose: One sentence.
        sides: The tenants that it reads or writes.
        steps: Its steps in their order.
        runs: When a run includes it.
        document: The parts of Microsoft's document that it owns, by their names in `statements`.
        guidance: Statements that the words of its notebook answer; each is named there by its id.
    """

    number: str
    slug: str
    title: str
    purpose: str
    sides: tuple[Side, ...]
    steps: tuple[Step, ...]
    runs: Literal["always", "when needed", "when named"] = "always"
    document: tuple[str, ...] = ()
    guidance: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Every fact that one of its steps reads, each once."""
        return tuple(dict.fromkeys(fact for step in self.steps for fact in step.reads))

    @property
    def keeps_snapshot(self) -> bool:
        """Whether what it reads is one snapshot that is kept."""
        return any(step.collects for step in self.steps)

    @property
    def notebook(self) -> str:
        """File name of its notebook."""
        return f"{self.number}-{self.slug}.ipynb"
