"""A run without a person: the notebooks through papermill, into `reports/<run>/`, and the archive of it."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import UsageError
from xtmig_kernel.m365 import clock_for, is_about_a_wait
from xtmig_kernel.project import load_approvals, load_project, load_users, load_waivers
from xtmig_kernel.report import Result, build_archive, write_notebook_page
from xtmig_kernel.runbook import BY_NUMBER, SECTIONS, Section, new_run_id
from xtmig_kernel.runs.environment import set_variables
from xtmig_kernel.runs.kernels import KERNEL, Kernels
from xtmig_kernel.runs.shipped import shipped
from xtmig_kernel.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from xtmig_kernel.project import Project, SideSettings

SECRET_VARIABLES = "XTMIG_SECRET_VARIABLES"  # noqa: S105 - the name of a variable that lists names of variables


@dataclass(frozen=True)
class Run:
    """A finished run.

    Args:
        id: Its id.
        folder: Its archive.
        result: What the archive says.
    """

    id: str
    folder: Path
    result: Result


def chosen_sections(numbers: Sequence[str]) -> list[Section]:
    """The sections that a run covers, in their order.

    Args:
        numbers: Those that were named; a run without names covers those that always run.

    Raises:
        UsageError: There is no such section.
    """
    unknown = [number for number in numbers if number not in BY_NUMBER]
    if unknown:
        raise UsageError(f"there is no section {unknown[0]}", remedy=f"The sections are {', '.join(BY_NUMBER)}.")
    if numbers:
        return [section for section in SECTIONS if section.number in numbers]
    return [section for section in SECTIONS if section.runs == "always"]


def run_sections(
    folder: Path,
    numbers: Sequence[str],
    mode: Literal["plan", "apply"],
    progress: Callable[[str], None],
    kernels: Kernels | None = None,
) -> Run:
    """Run notebooks headlessly and build the archive.

    Args:
        folder: The project folder.
        numbers: Sections by number; all that always run if none is named.
        mode: `plan` writes nothing to a tenant.
        progress: Takes one sentence at a time.
        kernels: Those of `kernels_for`, for who runs more than once; without them the run has its own.

    Raises:
        UsageError: The project or a section cannot be used; nothing was begun.
    """
    project = load_project(folder)
    load_approvals(folder)
    load_waivers(folder)
    load_users(folder)
    sections = chosen_sections(numbers)
    run, archive = _new_archive(project, mode)
    whole = {section.number for section in SECTIONS if section.runs == "always"}
    named = [section.number for section in sections]
    _ledger(project, run).append("run_asked", {"sections": named, "whole": whole <= set(named), "mode": mode})
    own = nullcontext(kernels) if kernels else kernels_for(project, len(sections))
    with own as started, _pages() as write_page:
        for number, section in enumerate(sections, 1):
            progress(f"{number} of {len(sections)}: {section.number} {section.title}")
            whole_notebook = _execute(project, section, mode, run, archive / "notebooks", started, progress)
            if (notebook := archive / "notebooks" / section.notebook).exists():
                write_page(notebook)
            if not whole_notebook:
                break
    return Run(run, archive, build_archive(project.folder, run, archive, pages=False))


@contextmanager
def _pages() -> Iterator[Callable[[Path], None]]:
    """Pages of executed notebooks, written while the next notebook runs; all are written when the block ends."""
    with ThreadPoolExecutor(1, thread_name_prefix="pages") as pool:
        begun: list[Future[None]] = []
        yield lambda path: begun.append(pool.submit(write_notebook_page, path))
    for page in begun:
        page.result()


def _new_archive(project: Project, mode: Literal["plan", "apply"]) -> tuple[str, Path]:
    base = new_run_id(clock_for(project).now(), mode)
    for attempt in range(1, 1000):
        run = base if attempt == 1 else f"{base}-{attempt}"
        archive = project.folder / "reports" / run
        try:
            (archive / "notebooks").mkdir(parents=True)
        except FileExistsError:
            continue
        return run, archive
    raise UsageError(f"{project.folder / 'reports'} holds too many runs of one second", remedy="Run again.")


def _execute(
    project: Project,
    section: Section,
    mode: str,
    run: str,
    folder: Path,
    kernels: Kernels,
    progress: Callable[[str], None],
) -> bool:
    """Execute one notebook; False if it broke and later ones would only break again."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from xtmig_kernel.runs.engine import ENGINE

    inside = project.folder / "notebooks" / section.notebook
    source = inside if inside.exists() else shipped("notebooks") / section.notebook
    kernel = kernels.take()
    try:
        papermill.execute_notebook(
            str(source),
            str(folder / section.notebook),
            parameters={"project": str(project.folder), "mode": mode, "run": run},
            engine_name=ENGINE,
            kernel_name=KERNEL,
            km=kernel,
            progress_bar=False,
            log_output=False,
            store_widget_state=False,
            cwd=str(project.folder),
            hear=lambda line: progress(line) if is_about_a_wait(line) else None,
        )
    except (papermill.PapermillExecutionError, DeadKernelError, CellTimeoutError) as error:
        what = getattr(error, "evalue", "") or type(error).__name__
        progress(f"{section.number} {section.title} broke off: {what}")
        _write_problem(project, run, type(error).__name__, getattr(error, "ename", ""), str(what))
        return False
    finally:
        kernels.give_back(kernel)
    return True


def _ledger(project: Project, run: str) -> Ledger:
    return Ledger(project.folder, clock_for(project), Redactor(), run)


def _write_problem(project: Project, run: str, kind: str, name: str, text: str) -> None:
    """A notebook that broke is a problem of the run, unless the section itself has written it down already."""
    ledger = _ledger(project, run)
    if any(entry.data["message"] in text for entry in ledger.entries("problem", run=run)):
        return
    data = {"type": name or kind, "message": text, "side": None, "step": None, "subject": None, "cause": None}
    ledger.append("problem", {**data, "remedy": "Open the executed notebook of this run.", "statements": []})


def secret_variables(project: Project) -> list[str]:
    """Names of the environment variables that the project refers to as secrets.

    Args:
        project: The project.
    """

    def references(settings: SideSettings) -> Iterator[str | None]:
        yield settings.sign_in.secret
        yield settings.sign_in.passphrase

    found = [*references(project.source), *references(project.target), project.secret.reference]
    return sorted({text.removeprefix("env:") for text in found if text and text.startswith("env:")})


@contextmanager
def kernels_for(project: Project, number: int | None = None) -> Iterator[Kernels]:
    """Kernels for the notebooks of a project, in an environment of their own.

    The kernel is told which variables hold secrets, so that it redacts them. Jupyter's client keeps its connection
    file, and looks for kernels, in a folder that goes when they do: nothing is left in the home.

    Args:
        project: The project.
        number: How many notebooks will be run; None if nobody knows.
    """
    with TemporaryDirectory(prefix="xtmig-run-", ignore_cleanup_errors=True) as folder:
        ours = {
            SECRET_VARIABLES: ",".join(secret_variables(project)),
            "IPYTHONDIR": folder,
            "JUPYTER_RUNTIME_DIR": folder,
        }
        with set_variables(ours), Kernels(project.folder, number) as kernels:
            yield kernels
