"""Running notebooks and kernels the way that schedulers and front ends do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from kernel_search import cell_text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jupyter_client.blocking import BlockingKernelClient
    from kernel_leaks import Leak

SHARE = Path(__file__).resolve().parents[2] / "share" / "jupyter"

RUN_WITH_NBCLIENT = """
import nbclient, nbformat
notebook = nbformat.read("in.ipynb", 4)
nbclient.NotebookClient(notebook, store_widget_state=True).execute()
nbformat.write(notebook, "out.ipynb")
"""

RUN_WITH_PAPERMILL = """
import json, os, papermill
parameters = json.loads(os.environ["PARAMETERS"])
papermill.execute_notebook("in.ipynb", "out.ipynb", parameters, progress_bar=False, store_widget_state=False)
"""


@dataclass(frozen=True)
class Run:
    """What one headless run left behind.

    Args:
        saved: The saved notebook, as it lies on the disk.
        terminal: What the process and its kernel wrote to standard output and error.
        folder: Where it ran.
    """

    saved: str
    terminal: str
    folder: Path

    @cached_property
    def notebook(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.saved)
        return data

    @cached_property
    def everything(self) -> str:
        """The saved bytes, all texts in them, all streams read in one go, and the terminal."""
        code = [cell for cell in self.notebook["cells"] if cell["cell_type"] == "code"]
        return "\n".join([self.saved, *texts(self.notebook), *map(cell_text, code), self.terminal])

    def of(self, leak: Leak, kind: str) -> str:
        """All that the cells of one way left: outputs, widgets' state, terminal."""
        cells = [c for c in self.notebook["cells"] if c["metadata"].get("leak") == [leak.name, kind]]
        widgets = "\n".join(texts(self.notebook["metadata"].get("widgets", {})))
        return "\n".join([*map(cell_text, cells), widgets, self.terminal])


def kernel_environment(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """An environment in which Jupyter finds the kernel of this checkout, with a home and a temp folder in `folder`."""
    # ipykernel leaves the process's own output alone when it believes that it is under test.
    ours = {name: value for name, value in os.environ.items() if name not in ("PYTEST_CURRENT_TEST", "IPYTHONDIR")}
    for name in ("home", "temp"):
        (folder / name).mkdir(exist_ok=True)
    homes = dict.fromkeys(("HOME", "USERPROFILE"), str(folder / "home"))
    temps = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / "temp"))
    places = {**homes, **temps, "JUPYTER_PATH": str(SHARE), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    return {**ours, **places, **variables}


def run_notebook(script: str, folder: Path, cells: list[Any], variables: Mapping[str, str]) -> Run:
    """Run cells in a process of their own, as a scheduler would, and keep all that it says."""
    kernel = {"name": "xtmig", "display_name": "xtmig", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "in.ipynb")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=kernel_environment(folder, variables),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=120,
    )
    terminal = done.stdout + done.stderr
    assert (folder / "out.ipynb").exists(), terminal
    return Run((folder / "out.ipynb").read_text(encoding="utf-8"), terminal, folder)


def leak_cells(leak: Leak, kind: str) -> list[Any]:
    metadata = {"leak": [leak.name, kind], "tags": ["raises-exception"]}
    return [nbformat.v4.new_code_cell(source, metadata=metadata) for source in leak.cells(kind)]


@dataclass(frozen=True)
class LiveKernel:
    """A running kernel, spoken to as a front end does.

    Args:
        client: Its channels.
        folder: Holds its home, its temp folder and its log.
    """

    client: BlockingKernelClient
    folder: Path

    def run(self, code: str, **options: Any) -> tuple[dict[str, Any], str]:
        """Run code.

        Returns:
            The content of the reply, and all that came on the output channel, as JSON.
        """
        said: list[Any] = []
        reply = self.client.execute_interactive(
            code, timeout=20, output_hook=lambda message: said.append(message["content"]), **options
        )
        return reply["content"], json.dumps(said, ensure_ascii=False)

    @property
    def terminal(self) -> str:
        return (self.folder / "terminal.txt").read_text(encoding="utf-8", errors="replace")


@contextmanager
def live_kernel(folder: Path, variables: Mapping[str, str], *arguments: str) -> Iterator[LiveKernel]:
    """Start the kernel with these environment variables and further arguments."""
    specs = KernelSpecManager(kernel_dirs=[str(SHARE / "kernels")])
    manager = KernelManager(
        kernel_name="xtmig", kernel_spec_manager=specs, connection_file=str(folder / "connection.json")
    )
    with (folder / "terminal.txt").open("wb") as terminal:
        manager.start_kernel(
            env=kernel_environment(folder, variables),
            cwd=str(folder),
            stdout=terminal,
            stderr=terminal,
            extra_arguments=list(arguments),
        )
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=30)
            yield LiveKernel(client, folder)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
