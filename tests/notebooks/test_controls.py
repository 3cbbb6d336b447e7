"""Buttons under a card, and the field for a secret."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import SecretReferenceError
from xtmig_kernel.jupyter.face_controls import Controls
from xtmig_kernel.jupyter.secret_field import SecretField

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "a-secret-of-the-application"


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert holds()


def widgets(widget: Any, kind: str) -> list[Any]:
    inside = [found for child in getattr(widget, "children", ()) for found in widgets(child, kind)]
    return [widget, *inside] if type(widget).__name__ == kind else inside


def texts(controls: Controls) -> str:
    return " ".join(widget.value for widget in widgets(controls.widget, "HTML"))


def test_button_works_in_a_thread_of_its_own() -> None:
    """A click comes back at once; meanwhile the buttons are off, afterwards they are on again."""
    go, done = threading.Event(), threading.Event()

    def work() -> None:
        go.wait(10)
        done.set()

    controls = Controls({"Plan": work}, None, threading.Lock())
    [button] = widgets(controls.widget, "Button")
    button.click()
    assert button.disabled
    assert not done.is_set()
    go.set()
    until(lambda: done.is_set() and not button.disabled)


def test_button_that_cannot_be_used_says_why_and_does_nothing() -> None:
    """A button that is off says why, and a click that still arrives is not carried out."""
    pressed: list[str] = []
    controls = Controls({"Apply to TARGET": lambda: pressed.append("x")}, None, threading.Lock())
    controls.allow({"Apply to TARGET": "nobody is signed in <here>"})
    [button] = widgets(controls.widget, "Button")
    button.click()
    time.sleep(0.05)
    assert button.disabled
    assert not pressed
    assert "<b>Apply to TARGET</b> is off: nobody is signed in &lt;here&gt;" in texts(controls)


def test_two_buttons_never_work_at_once() -> None:
    """While one card's button works, another card's says that it waits."""
    go, busy, second = threading.Event(), threading.Lock(), threading.Event()

    def wait() -> None:
        go.wait(10)

    first = Controls({"Plan": wait}, None, busy)
    other = Controls({"Plan": second.set}, None, busy)
    widgets(first.widget, "Button")[0].click()
    widgets(other.widget, "Button")[0].click()
    assert "still working" in texts(other)
    go.set()
    until(lambda: not busy.locked())
    assert not second.is_set()


def test_unexpected_error_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    """A fault in a button's thread is seen under the card, and logged."""

    def fault() -> None:
        raise KeyError("<row>")

    controls = Controls({"Plan": fault}, None, threading.Lock())
    with caplog.at_level(logging.ERROR):
        widgets(controls.widget, "Button")[0].click()
        until(lambda: "unexpected error" in texts(controls))
    assert "KeyError: &#x27;&lt;row&gt;&#x27;" in texts(controls)
    assert "ended by an unexpected error" in caplog.text


def asked(field: SecretField) -> list[str]:
    answers: list[str] = []
    threading.Thread(target=lambda: answers.append(field.ask("Secret?")), daemon=True).start()
    until(lambda: field.widget.layout.display != "none")
    return answers


def test_secret_is_known_to_the_redactor_and_the_field_is_emptied() -> None:
    """What is typed is registered, handed over once, and no longer in the field."""
    redactor = Redactor()
    field = SecretField(redactor)
    answers = asked(field)
    [typed], [use] = widgets(field.widget, "Password"), widgets(field.widget, "Button")
    typed.value = SECRET
    use.click()
    until(lambda: answers == [SECRET])
    assert "[redacted]" == redactor.redact(SECRET)
    assert "" == typed.value
    assert "none" == field.widget.layout.display


def test_too_short_secret_is_asked_for_again() -> None:
    """A text that cannot be kept out of notebooks is refused, emptied, and asked for again."""
    field = SecretField(Redactor())
    answers = asked(field)
    [typed], [use] = widgets(field.widget, "Password"), widgets(field.widget, "Button")
    typed.value = "abc"
    use.click()
    assert "" == typed.value
    assert "shorter than" in widgets(field.widget, "HTML")[0].value
    assert [] == answers


def test_cell_that_asks_for_a_secret_is_refused() -> None:
    """A running cell keeps the kernel from hearing the answer, so asking there is an error and not a standstill."""
    with pytest.raises(SecretReferenceError, match="while a cell runs"):
        SecretField(Redactor()).ask("Secret?")


def test_kernel_without_redaction_takes_no_secret() -> None:
    """Controls without a redactor refuse to ask."""
    with pytest.raises(SecretReferenceError, match="so it asks for none"):
        Controls({}, None, threading.Lock()).ask("Secret?")
