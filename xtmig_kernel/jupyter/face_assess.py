"""The preflight in a notebook: what it comes to, its tables, and one user's card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.jupyter import data_tables
from xtmig_kernel.jupyter.assess_drift import drifted_attributes, drifted_findings
from xtmig_kernel.jupyter.assess_tables import Told
from xtmig_kernel.jupyter.cards_assess import drift_card, note_card, pair_card, summary_card
from xtmig_kernel.jupyter.face_display import Shown
from xtmig_kernel.project import load_approvals, load_waivers
from xtmig_kernel.rules.assessment import assess
from xtmig_kernel.rules.drift_of_snapshots import compare
from xtmig_kernel.rules.side_by_side import not_observed, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.jupyter.data_tables import DataTable
    from xtmig_kernel.jupyter.face import SectionFace

MOST_MATCHES = 50
NOTHING_READ = "Nothing has been read yet: run the cell of step 040.1 first, signed in to both tenants."
IN_LAB = "In JupyterLab this cell has a field: type a part of an address there, and choose a user."


class AssessmentFace:
    """What the preflight found; each method shows one part of it, and shows it anew after another look.

    Args:
        section: The face of section 040.
    """

    def __init__(self, section: SectionFace) -> None:
        self._section = section
        self._run = section.run
        self._told: Told | None = None
        self._of: tuple[str, bool] | None = None
        self._parts: dict[Shown, Callable[[Told], str]] = {}
        Shown(data_tables.library())
        section.on_change(self._refresh)

    def summary(self) -> None:
        """What it comes to, in numbers."""
        self._show(self._summary)

    def by_cause(self) -> None:
        """One line for each rule that does not simply hold, then every finding."""
        self._show_table(Told.cause_table)
        self._show_table(Told.finding_table)

    def by_mailbox(self) -> None:
        """One line for each user."""
        self._show_table(Told.mailbox_table)

    def by_wave(self) -> None:
        """One line for each wave."""
        self._show_table(Told.wave_table)

    def since_last(self) -> None:
        """What has changed since the snapshot before: findings, and attributes of the users' objects."""
        self._show(self._drift)

    def one_mailbox(self) -> None:
        """One user with both objects side by side, chosen in a field by a part of the address."""
        if self._run.mode != "interactive":
            Shown(note_card(IN_LAB))
            return
        import ipywidgets

        field = ipywidgets.Combobox(placeholder="a part of an address", description="User", continuous_update=True)
        field.add_class("xtmig-user")
        field.options = self._matching("")
        Shown.widget(field)
        shown = Shown(note_card("No user is chosen yet."))

        def chosen(change: dict[str, str]) -> None:
            field.options = self._matching(change["new"])
            if change["new"].strip():
                shown.update(self._pair(change["new"].strip()))

        field.observe(chosen, names="value")

    def _matching(self, text: str) -> tuple[str, ...]:
        told = self._assessed()
        if told is None:
            return ()
        wanted = text.strip().casefold()
        found = (one.address for one in told.mailboxes if wanted in one.address.casefold())
        return tuple(address for address, _ in zip(found, range(MOST_MATCHES), strict=False))

    def _pair(self, text: str) -> str:
        told = self._assessed()
        if told is None:
            return note_card(NOTHING_READ)
        if missing := not_observed(told.facts):
            name, detail = next(iter(missing.items()))
            return note_card(f"There is nothing to compare, because {name} was not observed: {detail}")
        pair = side_by_side(text, told.facts, self._run.project, told.assessment.at)
        if pair is None:
            number = len(self._matching(text))
            more = "at least " if number == MOST_MATCHES else ""
            return note_card(f"Users with “{text}” in their address: {more}{number}. Choose one of them.")
        return pair_card(pair, told.findings_of(pair.user), self._run.project)

    def _summary(self, told: Told) -> str:
        reader = self._run.snapshots
        if reader is None or reader.snapshot is None:
            return note_card(NOTHING_READ)
        return summary_card(told, reader.snapshot, self._run.project, offline=not self._run.tenants)

    def _drift(self, told: Told) -> str:
        before = self._run.snapshots.before() if self._run.snapshots else None
        if before is None:
            return note_card("There is no earlier snapshot of these tenants to compare with.")
        info, facts = before
        drift = compare(facts, told.facts, self._run.project, told.assessment.at, judged=told.assessment)
        tables = (drifted_findings(drift), drifted_attributes(drift))
        return drift_card(drift, info, self._run.project) + "".join(map(data_tables.table_html, tables))

    def _show_table(self, table: Callable[[Told], DataTable]) -> None:
        self._show(lambda told: data_tables.table_html(table(told)))

    def _show(self, part: Callable[[Told], str]) -> None:
        told = self._assessed()
        self._parts[Shown(part(told) if told else note_card(NOTHING_READ))] = part

    def _assessed(self) -> Told | None:
        """The assessment of the snapshot that is there; judged once, however many parts show it."""
        reader = self._run.snapshots
        if reader is None or reader.snapshot is None:
            return None
        of = (reader.snapshot.id, bool(self._run.tenants))
        if self._told is None or self._of != of:
            folder = self._run.project.folder
            facts, now = reader.facts, self._run.clock.now()
            waivers, sign_offs = load_waivers(folder).waivers, load_approvals(folder).sign_offs
            self._told = Told(assess(facts, self._run.project, now, waivers, sign_offs), facts)
            self._of = of
        return self._told

    def _refresh(self) -> None:
        """Show every part anew, if another snapshot is there."""
        before = self._told
        told = self._assessed()
        if told is not None and told is not before:
            for shown, part in self._parts.items():
                shown.update(part(told))
