"""A field for a secret: typed once, made known to the redactor, used once, and emptied.

The text travels from the browser to the kernel while it is typed. The xtmig kernel does not send it back (its
kernelspec sets JUPYTER_WIDGETS_ECHO=0) and JupyterLab does not save the state of widgets, so that it stands in no
notebook.
"""

from __future__ import annotations

import threading
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from xtmig_kernel.errors import SecretReferenceError, UsageError

if TYPE_CHECKING:
    from xtmig_kernel.credentials import Redactor


class SecretField:
    """A password field that shows itself while it asks.

    Args:
        redactor: Learns the secret before anybody else.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._question = ipywidgets.HTML()
        self._field = ipywidgets.Password(placeholder="not shown, not saved")
        self._use = ipywidgets.Button(description="Use once")
        self._use.on_click(self._take)
        self._typed: str | None = None
        self._given = threading.Event()
        self.widget = ipywidgets.VBox([self._question, ipywidgets.HBox([self._field, self._use])])
        self.widget.layout.display = "none"

    def ask(self, question: str) -> str:
        """Show the field and wait until a secret is given.

        Args:
            question: What is asked for, as the person shall read it.

        Returns:
            The secret, already known to the redactor; the field is empty and hidden again.

        Raises:
            SecretReferenceError: A cell asks, which would keep the kernel from hearing the answer.
        """
        if threading.current_thread() is threading.main_thread():
            raise SecretReferenceError(
                "A secret cannot be asked for while a cell runs.", remedy="Use the button under the card."
            )
        self._given.clear()
        self._question.value = f"<b>{escape(question)}</b>"
        self.widget.layout.display = ""
        self._given.wait()
        secret, self._typed = str(self._typed), None
        return secret

    def _take(self, _button: Any) -> None:
        typed = str(self._field.value)
        try:
            self._redactor.register(typed, "The secret that was typed in")
        except UsageError as error:
            self._question.value = f"<b>{escape(error.message)}</b> {escape(error.remedy or '')}"
            return
        finally:
            self._field.value = ""
        self.widget.layout.display = "none"
        self._typed = typed
        self._given.set()

    @staticmethod
    def refusal() -> SecretReferenceError:
        """The error for a kernel that does not redact."""
        return SecretReferenceError(
            "This kernel does not take secrets out of outputs, so it asks for none.",
            remedy="Choose the kernel “xtmig” at the top right of the notebook, and begin again.",
        )
