"""What a front end shows of a notebook: cards and buttons, without a browser."""

from __future__ import annotations

import time
from typing import Any

CLICK_SECONDS = 120


class Screen:
    """What a front end would show: the cards by their place, as they last were, and the buttons."""

    def __init__(self) -> None:
        self.cards: list[Any] = []
        self.buttons: dict[str, Any] = {}

    def display(self, shown: Any, *, display_id: bool = False) -> Any:
        if not display_id:
            self._collect(shown)
            return None
        card = Card(shown.data)
        self.cards.append(card)
        return card

    def _collect(self, widget: Any) -> None:
        for child in getattr(widget, "children", ()):
            self._collect(child)
        if type(widget).__name__ == "Button":
            self.buttons[widget.description] = widget

    def click(self, caption: str) -> str:
        """Press a button that is on, wait until its work is done, and give the last card."""
        button = self.buttons[caption]
        assert not button.disabled, f"{caption} is off"
        others = [one for one in self.buttons.values() if one is not button]
        button.click()
        deadline = time.monotonic() + CLICK_SECONDS
        while all(one.disabled for one in others) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not all(one.disabled for one in others), "the button still works"
        return str(self.cards[-1].html)


class Card:
    """One card, which can be replaced."""

    def __init__(self, html: str) -> None:
        self.html = html

    def update(self, shown: Any) -> None:
        self.html = shown.data
