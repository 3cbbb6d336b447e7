"""The secret field in a real JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from browser_person import Person

pytestmark = pytest.mark.browser

SECRET = "kept-0ut-of-notebooks~42"
CELL = """\
import threading
from IPython.display import display
from xtmig_kernel.jupyter.kernel_access import kernel_redactor
from xtmig_kernel.jupyter.secret_field import SecretField

field, answer = SecretField(kernel_redactor()), []
display(field.widget)
threading.Thread(target=lambda: answer.append(field.ask("Secret of the application")), daemon=True).start()"""


def test_typed_secret_arrives_whole_and_stays_out_of_the_notebook(person: Person, project: Path) -> None:
    """A secret typed key by key reaches the code complete; printing it or saving the notebook does not show it."""
    kernel = {"name": "xtmig", "display_name": "xtmig", "language": "python"}
    cells = [
        nbformat.v4.new_code_cell(text) for text in ('mode = "interactive"', CELL, "print(len(answer[0]), answer)")
    ]
    path = project / "notebooks" / "secret.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    person.open("secret.ipynb")
    cell = person.run("SecretField(")
    typed = cell.locator("input[type=password]")
    typed.press_sequentially(SECRET, delay=15)
    person.picture("secret", cell)
    person.press(cell, "Use once")
    typed.wait_for(state="hidden")
    assert "" == typed.input_value()
    printed = person.run("print(len(")
    assert f"{len(SECRET)} ['[redacted]']" == printed.locator(".jp-OutputArea-output").inner_text().strip()
    person.page.keyboard.press("Control+s")
    person.page.locator(".jp-mod-dirty").first.wait_for(state="detached")
    assert SECRET not in path.read_text(encoding="utf-8")
