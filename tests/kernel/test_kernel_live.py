from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kernel_running import LiveKernel, live_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "7hG3J~live-kernel+secret_Wq5e.T"
CONTROL = "8jK4L~live-kernel+control_Er6r.Y"
VARIABLES = {
    "KEPT": SECRET,
    "OTHER": CONTROL,
    "SHORT": "abc12",
    "XTMIG_SECRET_VARIABLES": "KEPT, SHORT, MISSING",
}
BOTH = "import os; both = {os.environ['KEPT']: 1, os.environ['OTHER']: 2}"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKernel]:
    """The kernel as JupyterLab starts it, with a secret and a control in its environment."""
    with live_kernel(tmp_path_factory.mktemp("live"), VARIABLES) as running:
        running.run(BOTH)
        yield running


def assert_redacted(content: Any) -> None:
    assert CONTROL in str(content)
    assert SECRET not in str(content)


def test_completions_are_redacted(kernel: LiveKernel) -> None:
    """Pressing Tab after a dictionary offers its keys, but not a secret one."""
    assert_redacted(kernel.client.complete("both['", reply=True, timeout=20)["content"])


def test_inspection_is_redacted(kernel: LiveKernel) -> None:
    """The tool tip of a variable shows its value without the secret."""
    assert_redacted(kernel.client.inspect("both", reply=True, timeout=20)["content"])


def test_user_expressions_are_redacted(kernel: LiveKernel) -> None:
    """What a front end asks along with a cell comes back without the secret."""
    assert_redacted(kernel.run("pass", user_expressions={"asked": "both"})[0])


def test_a_proposed_next_cell_is_redacted(kernel: LiveKernel) -> None:
    """Code can propose the next cell's source, which the front end would then save."""
    assert_redacted(kernel.run("get_ipython().set_next_input(str(both))")[0])


def test_a_question_is_redacted(kernel: LiveKernel) -> None:
    """The prompt of `input` goes to the front end without the secret."""
    asked: list[dict[str, Any]] = []

    def answer(message: dict[str, Any]) -> None:
        asked.append(message["content"])
        kernel.client.input("yes")

    kernel.run("input(str(both))", allow_stdin=True, stdin_hook=answer)
    assert_redacted(asked)


def test_the_echo_of_a_cell_is_redacted(kernel: LiveKernel) -> None:
    """Other front ends on the same kernel see each cell's source, without the secret."""
    assert_redacted(kernel.run(f"_ = ('{SECRET}', '{CONTROL}')")[1])


def test_a_held_back_end_is_shown_when_the_cell_is_done(kernel: LiveKernel) -> None:
    """Text that only begins like the secret is not swallowed."""
    said = kernel.run("print('tail ' + os.environ['KEPT'][:5], end='')")[1]

    assert "tail " in said
    assert SECRET[:5] in said


def test_notebook_code_finds_the_redactor(kernel: LiveKernel) -> None:
    """A secret that a form registers is redacted from then on."""
    code = (
        "from xtmig_kernel.jupyter.kernel_access import kernel_redactor\n"
        "kernel_redactor().register('typed-' + 'later-on'); print('typed-' + 'later-on', 'shown')"
    )
    said = kernel.run(code)[1]

    assert "[redacted] shown" in said


def test_there_is_no_history_on_disk(kernel: LiveKernel) -> None:
    """IPython's history would keep the source of every cell, so it is off, and the profile's folder goes at once."""
    profile = kernel.run("get_ipython().profile_dir.location")[1]
    assert str(kernel.folder / "temp") in profile
    assert not list(kernel.folder.glob("temp/*/profile_default"))
    assert not list(kernel.folder.rglob("history.sqlite*"))
    assert "False" in kernel.run("get_ipython().history_manager.enabled")[1]


def test_widgets_do_not_echo(kernel: LiveKernel) -> None:
    """A redacted echo would empty a password field while the person types, so echoes are off."""
    assert "'0'" in kernel.run("os.environ['JUPYTER_WIDGETS_ECHO']")[1]


def test_the_working_folder_is_not_on_the_import_path(kernel: LiveKernel) -> None:
    """A file `json.py` beside the notebook must not replace a library inside the kernel."""
    assert "False" in kernel.run("import sys; '' in sys.path or os.getcwd() in sys.path")[1]


def test_a_secret_too_short_to_redact_is_named_in_the_log(kernel: LiveKernel) -> None:
    """A known gap announces itself, by the name of the variable and never by its value."""
    assert "SHORT" in kernel.terminal
    assert "abc12" not in kernel.terminal


def test_a_secret_too_short_to_redact_is_shown(kernel: LiveKernel) -> None:
    """Known gap: five characters are not looked for."""
    assert "abc12" in kernel.run("os.environ['SHORT']")[1]


@pytest.fixture(scope="module")
def without_pipe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKernel]:
    """The kernel without ipykernel's pipe, as it always is on Windows."""
    folder = tmp_path_factory.mktemp("windows")
    with live_kernel(folder, VARIABLES, "--IPKernelApp.capture_fd_output=False") as running:
        running.run(BOTH + "; import subprocess, sys")
        yield running


def test_without_a_pipe_programs_cannot_write_to_the_terminal(without_pipe: LiveKernel) -> None:
    """What goes past Python's streams is dropped: control and secret alike."""
    without_pipe.run("os.write(2, str(both).encode()); sys.__stderr__.write(str(both)); sys.__stderr__.flush()")
    without_pipe.run("subprocess.run([sys.executable, '-c', 'print(1234567890)'])")
    without_pipe.run("get_ipython().kernel.log.error('the end')")

    assert "the end" in without_pipe.terminal
    assert CONTROL not in without_pipe.terminal
    assert "1234567890" not in without_pipe.terminal


def test_without_a_pipe_the_log_still_reaches_the_terminal(without_pipe: LiveKernel) -> None:
    """The kernel's own log goes where it always went, redacted."""
    without_pipe.run("get_ipython().kernel.log.error('%s', both)")
    assert_redacted(without_pipe.terminal)


def test_without_a_pipe_printing_still_reaches_the_notebook(without_pipe: LiveKernel) -> None:
    """Python's own streams do not need the pipe."""
    assert_redacted(without_pipe.run("print(both)")[1])
