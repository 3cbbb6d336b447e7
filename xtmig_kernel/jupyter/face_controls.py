"""Controls under a card: buttons that work in a thread of their own, so that the kernel stays free."""

from __future__ import annotations

import logging
import threading
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from xtmig_kernel.jupyter.secret_field import SecretField

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xtmig_kernel.credentials import Redactor

_log = logging.getLogger(__name__)


class Controls:
    """A row of buttons, with a line for what is going on, and a place to ask for a secret.

    Args:
        buttons: Caption of each button and what it does; it runs in a thread.
        redactor: Learns what is typed into a secret field; None where nothing may be typed.
        busy: Held while one of them works, so that two never work at once.
        accents: Captions of the buttons that write, each with its CSS class.
    """

    def __init__(
        self,
        buttons: Mapping[str, Callable[[], None]],
        redactor: Redactor | None,
        busy: threading.Lock,
        accents: Mapping[str, str] | None = None,
    ) -> None:
        self._busy = busy
        self._buttons: dict[str, Any] = {}
        for caption, action in buttons.items():
            button = ipywidgets.Button(description=caption)
            button.on_click(self._starter(caption, action))
            if accents and caption in accents:
                button.add_class(accents[caption])
            self._buttons[caption] = button
        self._said = ipywidgets.HTML()
        self._why_not = ipywidgets.HTML()
        self._secret = SecretField(redactor) if redactor else None
        self._reasons: dict[str, str] = {}
        self._working = False
        row = ipywidgets.HBox(list(self._buttons.values()), layout={"flex_flow": "row wrap"})
        asked = [self._secret.widget] if self._secret else []
        self.widget = ipywidgets.VBox([row, self._why_not, *asked, self._said])
        self.widget.add_class("xtmig-controls")

    def _starter(self, caption: str, action: Callable[[], None]) -> Callable[[Any], None]:
        def start(_button: Any) -> None:
            if caption in self._reasons:
                return
            if not self._busy.acquire(blocking=False):
                self.say("Another button is still working; wait for it, then press again.")
                return
            self._working = True
            self._show_state()
            threading.Thread(target=self._work, args=(caption, action), name=f"xtmig {caption}", daemon=True).start()

        return start

    def _work(self, caption: str, action: Callable[[], None]) -> None:
        ended = ""
        shown = self._buttons[caption].description
        self.say(f"{shown}: working …")
        try:
            action()
        except Exception as error:  # nobody else would see what ends a thread
            _log.exception("%s ended by an unexpected error", caption)
            ended = f"{shown} ended by an unexpected error, a fault of xtmig: {type(error).__name__}: {error}"
        finally:
            self._working = False
            self._busy.release()
            self.say(ended)
            self._show_state()

    def say(self, sentence: str) -> None:
        """Show what is going on, or nothing.

        Args:
            sentence: One sentence.
        """
        self._said.value = f'<span role="status">{escape(sentence)}</span>' if sentence else ""

    def ask(self, question: str) -> str:
        """Ask the person for a secret, and wait for it; to be called from a button's thread.

        Args:
            question: What is asked for.

        Raises:
            SecretReferenceError: This kernel takes no secrets.
        """
        if self._secret is None:
            raise SecretField.refusal()
        return self._secret.ask(question)

    def allow(self, reasons: Mapping[str, str]) -> None:
        """Say which buttons cannot be used now, and why; all others can.

        Args:
            reasons: Caption to reason.
        """
        self._reasons = dict(reasons)
        self._show_state()

    def name(self, caption: str, shown: str) -> None:
        """Show another text on a button, where only a plan tells what it does.

        Args:
            caption: The button's caption, by which it is known.
            shown: What stands on it from now on.
        """
        self._buttons[caption].description = shown

    def _show_state(self) -> None:
        for caption, button in self._buttons.items():
            button.disabled = self._working or caption in self._reasons
        lines = [
            f"<b>{escape(self._buttons[caption].description)}</b> is off: {escape(why)}"
            for caption, why in self._reasons.items()
        ]
        self._why_not.value = "" if self._working else "<br>".join(lines)
