from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from kernel_leaks import CAUGHT, HERE, NOT_CAUGHT, Leak
from kernel_running import RUN_WITH_PAPERMILL, Run, run_notebook
from kernel_search import shows

SECRET = "9dR8Q~parameter+secret.of/Papermill_x1Z"
CONTROL = "4kT7W~control-of-the-search/Papermill_y2"
TYPED = "2mB5V~typed-into-a-password-field_Qp8n3"


def by_name(leaks: tuple[Leak, ...]) -> list[object]:
    return [pytest.param(leak, id=leak.name) for leak in leaks if leak in HERE]


@pytest.mark.parametrize("leak", by_name(CAUGHT))
def test_a_registered_secret_is_not_lost(leaks: Run, leak: Leak) -> None:
    """What the kernel knows to be secret is neither in the notebook nor on the terminal; the rest is."""
    assert shows(leak.control, leaks.of(leak, "control"))
    assert not shows(leak.secret, leaks.everything)


@pytest.mark.parametrize("leak", by_name(NOT_CAUGHT))
def test_a_known_gap_is_still_one(leaks: Run, leak: Leak) -> None:
    """Each gap that the documentation admits is real, so that the documentation stays true."""
    assert leak.disguise(leak.secret) in leaks.everything


@pytest.fixture(scope="module")
def failed_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A papermill run with a password field and a file, whose last error holds the secret."""
    folder = tmp_path_factory.mktemp("papermill")
    sources = [
        "import ipywidgets, os, pathlib",
        f"field = ipywidgets.Password(value={TYPED[:9]!r} + {TYPED[9:]!r})\nfield",
        "pathlib.Path('note.txt').write_text(os.environ['KEPT'], encoding='utf-8')",
        f"raise OSError('{CONTROL} refused ' + os.environ['KEPT'])",
    ]
    variables = {
        "KEPT": SECRET,
        "XTMIG_SECRET_VARIABLES": "KEPT",
        "PARAMETERS": '{"given": "' + SECRET[::-1] + '"}',
    }
    return run_notebook(RUN_WITH_PAPERMILL, folder, [nbformat.v4.new_code_cell(s) for s in sources], variables)


def test_the_error_that_papermill_prints_has_no_secret(failed_run: Run) -> None:
    """Papermill repeats the failing cell's traceback on the terminal, as the kernel sent it."""
    assert CONTROL in failed_run.terminal
    assert SECRET not in failed_run.terminal


def test_a_password_field_is_not_saved_without_widget_state(failed_run: Run) -> None:
    """With `store_widget_state=False` papermill saves no widget, so an unregistered password neither."""
    assert CONTROL in failed_run.saved
    assert "widgets" not in failed_run.notebook["metadata"]
    assert TYPED not in failed_run.everything


def test_a_papermill_parameter_is_not_redacted(failed_run: Run) -> None:
    """Known gap: papermill itself writes parameters into the notebook, and the kernel never sees that."""
    assert SECRET[::-1] in failed_run.saved


def test_what_a_cell_writes_to_a_file_is_not_redacted(failed_run: Run) -> None:
    """Known gap: the kernel redacts its messages, not what code does with files and networks."""
    assert (failed_run.folder / "note.txt").read_text(encoding="utf-8") == SECRET


def test_the_documentation_lists_every_known_gap() -> None:
    """The table of gaps in docs/explanation/secrets.md has one row for each gap that is tested."""
    expected = {leak.name for leak in NOT_CAUGHT} | {"papermill_parameter", "file_or_network", "short_secret"}
    page = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "secrets.md"
    gaps = page.read_text(encoding="utf-8").partition("## What it does not catch")[2].partition("\n## ")[0]
    assert expected == set(re.findall(r"^\| `(\w+)` \|", gaps, re.MULTILINE))
