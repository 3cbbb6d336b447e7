"""The buttons of a step that writes files, and what a long run says."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import make_project
from test_cards import NOW
from test_cards_many import LIST, creation, users
from test_controls import texts, widgets

from xtmig_kernel.jupyter import face_step
from xtmig_kernel.jupyter.face_progress import Progress
from xtmig_kernel.runbook import STEPS, StepView

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.runbook.step import Step


@dataclass
class Screen:
    """What a step's face has put on the screen, in place of a front end."""

    controls: Any = None
    cards: list[str] = field(default_factory=list)

    def __call__(self, html: str) -> Screen:
        self.cards.append(html)
        return self

    def update(self, html: str) -> None:
        self.cards.append(html)

    def widget(self, widget: Any) -> None:
        self.controls = SimpleNamespace(widget=widget)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen()
    monkeypatch.setattr(face_step, "Shown", made)
    return made


def files_step() -> Step:
    """A step that changes no tenant and writes one file."""
    return replace(STEPS["010.1"], side=None, files=lambda _seen, _project: (LIST,))


def shown(view: StepView, folder: Path) -> None:
    """Run the apply cell of a step in a front end."""
    run = SimpleNamespace(
        mode="interactive",
        views={view.step.id: view},
        step=lambda _step_id: view.step,
        project=make_project(folder=folder),
        tenants={},
        clock=SimpleNamespace(now=lambda: NOW),
        writing=nullcontext,
    )
    section = SimpleNamespace(run=run, protected=None, busy=threading.Lock(), on_change=lambda _listener: None)
    face_step.StepFace(section, view.step.id).apply()  # type: ignore[arg-type]


def buttons(screen: Screen) -> dict[str, bool]:
    """Captions of the buttons, and whether each can be used."""
    return {button.description: not button.disabled for button in widgets(screen.controls.widget, "Button")}


def test_button_names_the_file_that_it_writes(screen: Screen, tmp_path: Path) -> None:
    """A planned file waits for a click on a button that names it; running the cell writes nothing."""
    shown(StepView(files_step(), "planned", files=(LIST,)), tmp_path)
    assert buttons(screen)["Write users.csv"]
    assert list(tmp_path.iterdir()) == []


def test_file_that_is_not_planned_yet_cannot_be_written(screen: Screen, tmp_path: Path) -> None:
    """Before there is a plan the button is off, and says what to press first."""
    shown(StepView(files_step(), "looked"), tmp_path)
    assert not buttons(screen)["Write files"]
    assert "<b>Write files</b> is off: there is no plan yet; press Plan." in texts(screen.controls)


def test_file_that_is_there_needs_no_click(screen: Screen, tmp_path: Path) -> None:
    """Where the folder holds the file already, the button says that nothing is left to write."""
    shown(StepView(files_step(), "no change"), tmp_path)
    assert "<b>Write files</b> is off: nothing is left to write." in texts(screen.controls)


def test_step_that_changes_a_tenant_keeps_its_button(screen: Screen, tmp_path: Path) -> None:
    """A step of the target that also writes a file is applied to TARGET, once somebody is signed in there."""
    shown(StepView(STEPS["070.2"], "planned", changes=(creation(1),), files=(LIST,)), tmp_path)
    assert "Apply to TARGET" in buttons(screen)
    assert "nobody is signed in to TARGET" in texts(screen.controls)


def test_look_again_shows_the_new_exhibits(screen: Screen, tmp_path: Path) -> None:
    """Looking again at a planned step replaces what it showed, and keeps its plan."""
    view = StepView(files_step(), "planned", files=(LIST,), exhibits=(users(1),))
    engine = SimpleNamespace(look=lambda step: StepView(step, "looked", exhibits=(users(2),)))
    section = SimpleNamespace(run=SimpleNamespace(step=lambda _id: view.step, engine=engine))
    looked = face_step.StepFace(section, view.step.id)._look(view)  # type: ignore[arg-type]
    assert (looked.state, looked.files, looked.exhibits) == ("planned", (LIST,), (users(2),))


def said(sentences: list[str], pause: float = 0.0) -> list[str]:
    heard: list[str] = []
    now = iter(range(len(sentences) + 1))
    progress = Progress(heard.append, lambda: next(now) * pause)
    for sentence in sentences:
        progress.say(sentence)
    return heard


def test_progress_is_a_line_for_each_tenth() -> None:
    """Of 500 sentences that count to 5,000 a cell shows about ten, the last among them."""
    heard = said([f"{done} of 5000 sent" for done in range(10, 5001, 10)])
    assert heard == ["10 of 5000 sent", *(f"{done} of 5000 sent" for done in range(500, 5001, 500))]


def test_progress_that_is_slow_is_a_line_each_five_seconds() -> None:
    """Where a tenth takes long, a line comes after five seconds at the latest."""
    assert len(said([f"{done} of 5000 sent" for done in range(10, 210, 10)], pause=2.5)) == 10


def test_every_new_sentence_is_said() -> None:
    """Sentences that differ by more than numbers are all shown."""
    sentences = ["signing in", "10 of 20 sent", "20 of 20 sent", "accepted; waiting until reads show 3 more"]
    assert said(sentences) == sentences


def test_next_batch_begins_anew() -> None:
    """The count of a second step is shown from its beginning."""
    assert "10 of 300 sent" in said(["90 of 100 sent", "100 of 100 sent", "10 of 300 sent"])
