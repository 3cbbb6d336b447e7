"""Signing in from a notebook: buttons and links in a front end, at once in a run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import XtmigError
from xtmig_kernel.jupyter.cards import problem_data, sign_in_card
from xtmig_kernel.jupyter.face_controls import Controls
from xtmig_kernel.jupyter.face_display import Shown
from xtmig_kernel.report.words import Word

if TYPE_CHECKING:
    from xtmig_kernel.jupyter.face import SectionFace
    from xtmig_kernel.project import Side

_OUT = Word("○", "not signed in", "none")
_UNDER_WAY = Word("◔", "waiting for the sign-in", "wait")
_IN = Word("✓", "signed in", "ok")
_REFUSED = Word("✕", "not signed in", "bad")


class SignInPanel:
    """The sign-in card of a section, with a button for each side in a front end.

    Args:
        section: The section's face.
    """

    def __init__(self, section: SectionFace) -> None:
        self._section = section
        self._run = section.run
        self._links: dict[Side, list[dict[str, str]]] = {side: [] for side in self._run.section.sides}
        self._problems: dict[Side, XtmigError] = {}
        self._thread = threading.local()
        self._shown: Shown | None = None

    def open(self) -> None:
        """Show the card; in a run, sign in first.

        Raises:
            SignInError, UsageError, Unavailable: In a run: a side could not be signed in to.
        """
        if self._run.mode == "interactive":
            self._shown = Shown(self._card())
            for side in self._run.section.sides:
                self._button(side)
            return
        for side in self._run.section.sides:
            self._try(side)
        self._shown = Shown(self._card())
        for error in self._problems.values():
            raise error

    def link(self, message: str, url: str) -> None:
        """Show where a person goes on with the sign-in that this thread is busy with.

        Args:
            message: What to do.
            url: Where.
        """
        side: Side | None = getattr(self._thread, "side", None)
        if side is not None:
            self._links[side] = [{"message": message, "url": url}]
            self._refresh()

    def _button(self, side: Side) -> None:
        caption = f"Sign in to {side.upper()}"

        def act() -> None:
            with self._section.heard_by(controls):
                self._try(side)
            if side in self._run.tenants:
                controls.allow({caption: "you are signed in. For another account, restart the kernel."})
            self._section.settled()
            self._refresh()

        accent = "xtmig-go" if side == "target" else "xtmig-go-source"
        controls = Controls({caption: act}, self._section.protected, threading.Lock(), {caption: accent})
        Shown.widget(controls.widget)

    def _try(self, side: Side) -> None:
        self._thread.side = side
        self._problems.pop(side, None)
        try:
            self._run.sign_in(side)
        except XtmigError as error:
            self._problems[side] = error
        finally:
            self._links[side] = []
            self._thread.side = None

    def _refresh(self) -> None:
        if self._shown is not None:
            self._shown.update(self._card())

    def _card(self) -> str:
        return sign_in_card([self._row(side) for side in self._run.section.sides])

    def _row(self, side: Side) -> dict[str, Any]:
        tenant, problem = self._run.tenants.get(side), self._problems.get(side)
        settings = self._run.project.side(side)
        word, text = _OUT, f"sign-in by {settings.sign_in.method.replace('_', ' ')}"
        if self._links[side]:
            word, text = _UNDER_WAY, ""
        elif problem is not None:
            word, text = _REFUSED, ""
        elif tenant is not None:
            kind = "" if tenant.identity.kind == "person" else " (an application of your own)"
            word, text = _IN, f"as {tenant.identity.name}{kind}"
        return {
            "side": side,
            "domain": settings.domain,
            "word": word,
            "text": text,
            "links": self._links[side],
            "problem": problem_data(problem) if problem and not self._links[side] else None,
        }
