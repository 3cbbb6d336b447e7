"""The project form: fills `project.yaml` from a notebook, and looks up tenant IDs from domains."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any, cast

import ipywidgets

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.counting import counted
from xtmig_kernel.errors import XtmigError
from xtmig_kernel.jupyter import cards
from xtmig_kernel.jupyter.face import calmly, project_folder
from xtmig_kernel.jupyter.face_display import Shown
from xtmig_kernel.jupyter.forms_data import FIELDS, GROUPS, FieldError, load, merged, problems, save, texts
from xtmig_kernel.m365 import look_up_domain
from xtmig_kernel.m365.clouds import live_hosts
from xtmig_kernel.m365.simulated import read_connection
from xtmig_kernel.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.jupyter.forms_data import FormField
    from xtmig_kernel.m365 import Hosts
    from xtmig_kernel.project import CloudName
    from xtmig_kernel.runbook import Mode

SAVE = "Save project.yaml"
# A field that matters only where another one has one of these values.
_ONLY_WITH = {
    f"{side}.sign_in.{name}": (f"{side}.sign_in.method", methods)
    for side in ("source", "target")
    for name, methods in (("certificate", ("certificate",)), ("passphrase", ("certificate",)), ("secret", ("secret",)))
} | {
    "secret.reference": ("secret.origin", ("provided",)),
    "users.group": ("users.choose", ("group",)),
    "licences.exchange_sku": ("licences.exchange", ("before move",)),
}


def project_form(*, project: str, mode: Mode, only_if_needed: bool = False) -> None:
    """Show the project's settings: as a form in a front end, as a table in a run.

    Args:
        project: The project folder, or the folder of notebooks in it.
        mode: `interactive`, `plan` or `apply`.
        only_if_needed: Show the form only where `project.yaml` cannot be used yet.

    Raises:
        ProjectFileError, SameTenantError: In a run: `project.yaml` cannot be used.
    """
    folder = project_folder(project)
    data, unreadable = load(folder)
    wrong = unreadable or problems(data, folder)
    if mode != "interactive" or (only_if_needed and not wrong):
        with calmly():
            load_project(folder)
        Shown(cards.render("settings", rows=_rows(data)))
        return
    form = ProjectForm(folder, data, unreadable)
    Shown(cards.render("form", folder=str(folder)))
    Shown.widget(form.widget)


def _rows(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(FIELDS[path].label, text) for path, text in texts(data).items() if text]


class ProjectForm:
    """The form as widgets.

    Args:
        folder: The project folder.
        data: What `project.yaml` holds, valid or not.
        unreadable: Why the file cannot be read, or an empty text.
    """

    def __init__(self, folder: Path, data: dict[str, Any], unreadable: str = "") -> None:
        self._folder = folder
        self._data = data
        values = texts(data)
        self.fields: dict[str, Any] = {path: _input(field, values[path]) for path, field in FIELDS.items()}
        self._errors: dict[str, Any] = {path: ipywidgets.HTML() for path in FIELDS}
        self.answer = ipywidgets.HTML()
        self.save = ipywidgets.Button(description=SAVE)
        self.save.add_class("xtmig-go")
        self.save.on_click(self._save)
        self.look_up = {side: self._look_up_button(side) for side in ("source", "target")}
        self.widget = ipywidgets.VBox([*self._groups(), self.save, self.answer])
        self.widget.add_class("xtmig-controls")
        self.widget.add_class("xtmig-form")
        for decisive in {path for path, _ in _ONLY_WITH.values()}:
            self.fields[decisive].observe(lambda _change: self._hide_needless(), names="value")
        self._hide_needless()
        if unreadable:
            self._say(unreadable, good=False)
        elif data:
            self._show(problems(data, folder))

    def _groups(self) -> list[Any]:
        rows: list[Any] = []
        for title, group in GROUPS:
            rows.append(ipywidgets.HTML(f"<h4>{escape(title)}</h4>"))
            for field in group:
                rows += [self.fields[field.path], self._errors[field.path]]
                if field.path in ("source.domain", "target.domain"):
                    rows.append(self.look_up[field.path.partition(".")[0]])
        return rows

    def _hide_needless(self) -> None:
        """Show only the fields that the present choices need; one that holds something stays on view."""
        for path, (decisive, values) in _ONLY_WITH.items():
            needed = self.fields[decisive].value in values or self.fields[path].value
            self.fields[path].layout.display = "" if needed else "none"

    def _look_up_button(self, side: str) -> Any:
        button = ipywidgets.Button(description=f"Look up {side} tenant ID")
        button.on_click(lambda _button: self._look_up(side))
        return button

    def _look_up(self, side: str) -> None:
        place, domain = f"{side}.domain", str(self.fields[f"{side}.domain"].value)
        try:
            row = look_up_domain(self._hosts(side), domain, SystemClock())
        except XtmigError as error:
            self._mark(place, " ".join(part for part in (error.message, error.remedy) if part))
            return
        if row is None:
            self._mark(place, f"Microsoft knows no tenant with the domain {domain}; check its spelling.")
            return
        self._mark(place, "")
        self.fields[f"{side}.tenant_id"].value = str(row["TenantId"])
        if row["Cloud"] in self.fields[f"{side}.cloud"].options:
            self.fields[f"{side}.cloud"].value = row["Cloud"]

    def _hosts(self, side: str) -> Hosts:
        """Where to ask: the cloud that is chosen, or the practice tenants of a practice project."""
        hosts = live_hosts(cast("CloudName", self.fields[f"{side}.cloud"].value))
        simulation = self._data.get("simulation")
        if not simulation:
            return hosts
        connection = read_connection(self._folder / str(simulation))
        return replace(hosts, login=connection.login, ca_file=connection.ca_file)

    def _save(self, _button: Any) -> None:
        try:
            data = merged(self._data, {path: str(field.value or "") for path, field in self.fields.items()})
        except FieldError as error:
            self._show({error.path: str(error)})
            return
        wrong = problems(data, self._folder)
        self._show(wrong)
        if wrong:
            return
        save(self._folder, data)
        self._data = data
        self._say("project.yaml is saved and can be used. Run the cells below.", good=True)

    def _show(self, wrong: dict[str, str]) -> None:
        for path in FIELDS:
            self._mark(path, wrong.get(path, ""))
        others = [f"{path}: {text}" for path, text in wrong.items() if path not in FIELDS]
        if others:
            self._say("; ".join(others) + " Correct project.yaml by hand; nothing was changed.", good=False)
        elif wrong:
            self._say(f"{counted(len(wrong), 'field')} to correct, marked ✕ above. Nothing was changed.", good=False)
        else:
            self._say("project.yaml can be used as it is.", good=True)

    def _mark(self, path: str, text: str) -> None:
        said = (
            f'<span role="alert" class="xtmig-wrong">✕ <b>{escape(FIELDS[path].label)}</b>: {escape(text)}</span>'
            if text
            else ""
        )
        self._errors[path].value = said

    def _say(self, text: str, *, good: bool) -> None:
        self.answer.value = f'<span role="status">{"✓" if good else "✕"} {escape(text)}</span>'


def _input(field: FormField, text: str) -> Any:
    if field.choices:
        value = text if text in field.choices else field.choices[0]
        return ipywidgets.Dropdown(description=field.label, options=field.choices, value=value)
    if field.lines:
        return ipywidgets.Textarea(description=field.label, value=text, placeholder=field.hint, rows=4)
    return ipywidgets.Text(description=field.label, value=text, placeholder=field.hint)
