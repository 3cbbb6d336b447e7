"""Controls under a card: buttons that work in a thread of their own, so that the kernel stays free."""

from __future__ import annotations

import threading
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from xtmig_kernel.jupyter.secret_field import SecretField

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xtmig_kernel.credentials import Redactor


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
        row = ipywidgets.HBox(list(self._buttons.values()), layout={"flex_flow": "row wrap"})
        asked = [self._secret.widget] if self._secret else []
        self.widget = ipywidgets.VBox([row, self._why_not, *asked, self._said])
        self.widget.add_class("xtmig-controls")

    def _starter(self, caption: str, action: Callable[[], None]) -> Callable[[Any], None]:
        def start(_button: Any) -> None:
            if caption in self._reasons or not self._busy.acquire(blocking=False):
                return
            self._set_enabled(working=caption)
            threading.Thread(target=self._work, args=(caption, action), name=f"xtmig {caption}", daemon=True).start()

        return start

    def _work(self, caption: str, action: Callable[[], None]) -> None:
        self.say(f"{caption}: working …")
        try:
            action()
        finally:
            self._busy.release()
            self.say("")
            self._set_enabled()

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
        self._set_enabled()

    def _set_enabled(self, working: str = "") -> None:
        for caption, button in self._buttons.items():
            button.disabled = bool(working) or caption in self._reasons
            button.tooltip = self._reasons.get(caption, "")
        lines: Sequence[str] = [f"<b>{escape(c)}</b> is off: {escape(why)}" for c, why in self._reasons.items()]
        self._why_not.value = "" if working else "<br>".join(lines)
