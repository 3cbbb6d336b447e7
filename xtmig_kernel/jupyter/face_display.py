"""Putting a card on the screen, and putting another in its place."""

from __future__ import annotations

from typing import Any

from IPython.display import HTML, display


class Shown:
    """A card in the output of the cell that runs; it can be replaced while the notebook is open.

    The text stays in a saved notebook, which a widget's would not.

    Args:
        html: The card.
    """

    def __init__(self, html: str) -> None:
        self._handle: Any = display(HTML(html), display_id=True)  # type: ignore[no-untyped-call]

    def update(self, html: str) -> None:
        """Show another card in its place; any thread may do this.

        Args:
            html: The card.
        """
        self._handle.update(HTML(html))  # type: ignore[no-untyped-call]

    @staticmethod
    def widget(widget: Any) -> None:
        """Show a widget.

        Args:
            widget: An ipywidget.
        """
        display(widget)  # type: ignore[no-untyped-call]
