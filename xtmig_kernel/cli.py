"""The command line: `xtmig`. It adds words, tables and exit codes; what a command does is in `xtmig_kernel.runs`.

Exit codes, the first that applies: 1 unexpected error; 2 wrong usage or bad input; 3 a check failed; 5 something
could not be observed; 4 waiting for a person or for Microsoft; 0 everything asked is verified, or the plan is made.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from xtmig_kernel import __version__
from xtmig_kernel.errors import XtmigError

if TYPE_CHECKING:
    from xtmig_kernel.report import Result
    from xtmig_kernel.runs.proposals import Proposed, Unplanned

app = typer.Typer(
    help="A guided, verified runbook for moving mailboxes between two Microsoft 365 tenants.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
report_app = typer.Typer(help="Archives of runs: build, verify.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(report_app, name="report")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Folder = Annotated[Path, typer.Argument(help="The project folder.", show_default="the present folder")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON on standard output.")]
MOST_LISTED = 50
VERDICTS = {
    "pass": "✓ passed",
    "fail": "✕ failed",
    "warn": "! warned",
    "waiting": "◔ waiting",
    "not_observed": "○ not observed",
    "manual": "✎ manual",
    "skipped": "– skipped",
    "waived": "⚑ waived",
}


def main() -> None:
    """The console script: a known error becomes two or three calm lines and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # a Windows console may be set to a code page
    try:
        app()
    except XtmigError as error:
        err.print(f"✕ {error}", style="red", markup=False)
        raise SystemExit(error.exit_code) from None


def _progress(sentence: str) -> None:
    err.print(f"{datetime.now(UTC):%H:%M:%S} {sentence}", markup=False)


def _show(message: str, url: str) -> None:
    err.print(message, markup=False)
    if url and url not in message:
        err.print(url, markup=False)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    source: Annotated[
        str | None, typer.Option(help="The source tenant's initial domain, such as contoso.onmicrosoft.com.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="The target tenant's initial domain.")] = None,
    transport: Annotated[
        Literal["rest", "powershell"] | None,
        typer.Option(
            help="rest: an interface that Microsoft does not document for others. powershell: an installed PowerShell."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="What people call the project.")] = "Mailbox move",
    project_id: Annotated[str, typer.Option("--id", help="Short id, part of the names of what is created.")] = "move",
    back_from: Annotated[
        Path | None, typer.Option(help="Instead: a project whose moves this one takes back, after its section 300.")
    ] = None,
) -> None:
    """Make a project folder; the tenant IDs are looked up from the domains.

    Example: xtmig new nw --source contoso.onmicrosoft.com --target northwindtraders.onmicrosoft.com --transport rest
    """
    from xtmig_kernel.runs.folder import new_project, project_back, settings_from_domains

    if back_from is not None:
        if source or target or transport:
            raise typer.BadParameter("--back-from takes tenants and transport from that project")
        users = project_back(folder, back_from)
        out.print(f"Made {folder}, the way back for {users} mailboxes. Next: xtmig open {folder}", markup=False)
        return
    if source is None or target is None or transport is None:
        raise typer.BadParameter("give --source, --target and --transport")
    new_project(folder, settings_from_domains(source, target, name=name, project_id=project_id, transport=transport))
    out.print(f"Made {folder}. Next: xtmig open {folder}", markup=False)


@app.command("open", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def open_(
    context: typer.Context,
    folder: Folder = Path(),
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Open the runbook in JupyterLab. Further options go to JupyterLab, such as --port 8899.

    Example: xtmig open northwind
    """
    from xtmig_kernel.runs.lab import open_lab

    raise typer.Exit(open_lab(folder, context.args, browser=browser))


@app.command()
def run(
    sections: Annotated[
        list[str] | None, typer.Argument(help="Sections by number; all that always run if none.")
    ] = None,
    folder: Annotated[Path, typer.Option("--project", help="The project folder.")] = Path(),
    mode: Annotated[Literal["plan", "apply"], typer.Option(help="plan writes nothing to a tenant.")] = "plan",
    as_json: AsJson = False,
) -> None:
    """Run the notebooks without a person, into reports/RUN/; plan by default.

    Example: xtmig run 050 060 070 --mode apply --project northwind
    """
    from xtmig_kernel.runs.headless import run_sections

    finished = run_sections(folder, sections or (), mode, _progress)
    _tell(finished.result, finished.folder, as_json=as_json)
    raise typer.Exit(finished.result.run.exit_code)


def _tell(result: Result, archive: Path, *, as_json: bool) -> None:
    if as_json:
        data = {"exit_code": result.run.exit_code, "answer": result.answer, "archive": str(archive)}
        print(json.dumps(data | {"tally": dict(result.run.tally)}, ensure_ascii=False))  # noqa: T201
        return
    out.print(f"\n{result.answer}", style="bold", markup=False)
    counted = [f"{number} {VERDICTS[kind]}" for kind, number in result.run.tally.items() if number]
    out.print("  ".join(counted), markup=False)
    if result.open_items:
        table = _table("Who", "Where", "What is left to do", "Until")
        for item in result.open_items:
            where = " ".join(part for part in (item.side and item.side.upper(), item.step) if part)
            table.add_row(item.who, where, item.what, item.until or "")
        out.print(table)
    out.print(f"Archive: {archive / 'index.html'}", markup=False)


def _table(*headings: str) -> Table:
    """A table whose cells are folded, never cut: half a tenant ID is none."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


@app.command("check-access")
def check_access_(
    folder: Folder = Path(),
    as_json: AsJson = False,
    facts: Annotated[
        bool, typer.Option("--facts", help="List what xtmig takes for granted and no live tenant has shown.")
    ] = False,
    record: Annotated[
        Path | None, typer.Option(help="Write the shapes of requests and answers there, without any value.")
    ] = None,
) -> None:
    """See what each account may do, and what to ask for; reads only.

    Example: xtmig check-access northwind
    """
    from xtmig_kernel.cli_access import as_data, tell
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.runs.access import check_access

    access = check_access(folder, Redactor(), _show, _progress, record)
    if as_json:
        print(json.dumps(as_data(access), ensure_ascii=False))  # noqa: T201
    else:
        tell(access, out, VERDICTS, facts=facts)
    raise typer.Exit(access.exit_code)


@app.command("assess")
def assess_(
    folder: Folder = Path(),
    as_json: AsJson = False,
    csv: Annotated[Path | None, typer.Option(help="Write every finding into this file, one a line.")] = None,
    snapshot: Annotated[
        str | None, typer.Option(help="Judge this snapshot; nobody signs in, and no tenant is asked.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the snapshots that there are.")] = False,
    compare: Annotated[bool, typer.Option("--compare", help="Tell what changed since the snapshot before.")] = False,
    since: Annotated[str | None, typer.Option(help="With --compare: since this snapshot instead.")] = None,
    every: Annotated[bool, typer.Option("--all", help="List every finding, and every change.")] = False,
) -> None:
    """Read both tenants and judge everything that can be known before the move; writes nothing to a tenant.

    Example: xtmig assess northwind --csv findings.csv

    The next day: xtmig assess northwind --compare
    """
    from xtmig_kernel import cli_assess
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.project.files import write_whole
    from xtmig_kernel.runs.assess import assess_project, listed

    if since is not None and not compare:
        raise typer.BadParameter("--since goes with --compare")
    if listing:
        snapshots = listed(folder)
        if as_json:
            print(json.dumps([cli_assess.snapshot_data(info) for info in snapshots]))  # noqa: T201
        else:
            cli_assess.tell_snapshots(snapshots, out)
        return
    found = assess_project(folder, Redactor(), _show, _progress, snapshot=snapshot, compares=compare, since=since)
    if csv is not None:
        write_whole(csv, cli_assess.as_csv(found))
    if as_json:
        print(json.dumps(cli_assess.as_data(found), ensure_ascii=False))  # noqa: T201
    else:
        cli_assess.tell(found, out, VERDICTS, every=every)
        if csv is not None:
            out.print(f"Every finding: {csv}", markup=False)
    raise typer.Exit(found.exit_code)


@app.command()
def approve(
    section: Annotated[str, typer.Argument(help="Number of the section.")],
    by: Annotated[str, typer.Option(help="UPN of the approver, one of those in project.yaml.")],
    folder: Annotated[Path, typer.Option("--project", help="The project folder.")] = Path(),
    note: Annotated[str, typer.Option(help="A note for the record.")] = "",
    change: Annotated[list[str] | None, typer.Option(help="Only changes whose hash begins so; repeatable.")] = None,
    sign_off: Annotated[str | None, typer.Option(help="Sign off this statement instead; needs --note.")] = None,
    key: Annotated[Path | None, typer.Option(help="Sign with this Ed25519 private key instead of signing in.")] = None,
    device_code: Annotated[bool, typer.Option(help="Sign in by device code instead of a browser here.")] = False,
    claim: Annotated[bool, typer.Option(help="Only claim the approval; level 3 refuses that.")] = False,
    yes: Annotated[bool, typer.Option(help="Do not ask; for scripts.")] = False,
) -> None:
    """Approve the planned changes of a section by name, or sign off a statement.

    Example: xtmig approve 070 --by anna@northwindtraders.onmicrosoft.com --project northwind
    """
    from xtmig_kernel.runs.approve import approve as record
    from xtmig_kernel.runs.approve import sign_off as record_sign_off
    from xtmig_kernel.runs.proposals import nothing_to_approve, proposed, unplanned

    if sign_off:
        signed = record_sign_off(folder, sign_off, by, note)
        out.print(f"{signed.by} signed off {signed.statement}.", markup=False)
        return
    changes = proposed(folder, section, change or ())
    if not changes:
        raise nothing_to_approve(folder, section)
    _show_proposed(changes, unplanned(folder, section))
    if not yes and not typer.confirm(
        f"Approve {'this change' if len(changes) == 1 else f'these {len(changes):,} changes'}?"
    ):
        raise typer.Exit(4)
    prove: Literal["browser", "device_code"] | Path | None = key or ("device_code" if device_code else "browser")
    approval = record(folder, section, changes, by, note=note, prove=None if claim else prove, show=_show)
    out.print(f"Approved by {approval.approver} until {approval.valid_until:%Y-%m-%d %H:%M} UTC.", markup=False)


def _show_proposed(changes: list[Proposed], rest: list[Unplanned]) -> None:
    for change in changes[:MOST_LISTED]:
        out.print(f"\nLevel {change.level}  {change.side.upper()}  {change.title}", style="bold", markup=False)
        for line in change.lines:
            out.print(f"    {line}", markup=False)
        out.print(f"    Undo: {change.undo}\n    {change.hash}", markup=False)
    if len(changes) > MOST_LISTED:
        out.print(f"\nand {len(changes) - MOST_LISTED:,} more, {len(changes):,} in all:", style="bold", markup=False)
        for (step, side, level), number in Counter((c.step, c.side, c.level) for c in changes).items():
            out.print(f"    {number:,} changes of level {level} of step {step}, {side.upper()}", markup=False)
        out.print("    Each, with its hash: artifacts/planned-STEP.csv in the archive of the run.", markup=False)
    for item in rest:
        out.print(f"\nNot part of this approval: {item.step} {item.why}", markup=False)


@app.command()
def powershell(
    section: Annotated[str, typer.Argument(help="Number of the section.")],
    folder: Annotated[Path, typer.Option("--project", help="The project folder.")] = Path(),
    change: Annotated[
        list[str] | None, typer.Option(help="Only changes of this step, or whose hash begins so; repeatable.")
    ] = None,
    read: Annotated[
        Path | None, typer.Option(help="Instead: record what a script of this section has written into this file.")
    ] = None,
) -> None:
    """Write a section as PowerShell scripts, for an administrator who will not run xtmig; or read their results.

    Example: xtmig powershell 070 --project northwind
    """
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.runs.script import write_scripts
    from xtmig_kernel.runs.script_results import read_results

    if read is not None:
        if change:
            raise typer.BadParameter("give --change or --read, not both")
        for sentence in read_results(folder, section, read, Redactor()):
            out.print(sentence, markup=False)
        return
    written = write_scripts(folder, section, Redactor(), _show, _progress, only=change or ())
    for path in written.paths:
        out.print(str(path), markup=False)
    for note in written.notes:
        out.print(note, markup=False)


@report_app.command("build")
def report_build(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id of the run.")],
    folder: Annotated[Path, typer.Option("--project", help="The project folder.")] = Path(),
) -> None:
    """Build the archive of a run again, from the ledger and the executed notebooks.

    Example: xtmig report build 2026-11-23-160412-apply --project northwind
    """
    from xtmig_kernel.report import build_archive

    archive = folder / "reports" / run_id
    _tell(build_archive(folder, run_id, archive), archive, as_json=False)


@report_app.command("verify")
def report_verify(archive: Annotated[Path, typer.Argument(help="The archive's folder.")]) -> None:
    """Check an archive: every file's hash, the ledger's chain, the sums.

    Example: xtmig report verify northwind/reports/2026-11-23-160412-apply
    """
    from xtmig_kernel.report import verify_archive

    problems = verify_archive(archive)
    for problem in problems:
        out.print(f"✕ {problem}", markup=False)
    if problems:
        raise typer.Exit(3)
    out.print(f"✓ {archive} is whole: every hash, the chain and the sums are right.", markup=False)


Tenants = Annotated[Path | None, typer.Option(help="What the tenants hold; the shipped example if not given.")]
Mailboxes = Annotated[
    int | None, typer.Option(min=0, help="Instead of a file: a generated pair whose source has so many mailboxes.")
]
Seed = Annotated[str, typer.Option(help="Root of every generated name and id; the same seed gives the same ones.")]


def _tenants_file(folder: Path, tenants: Path | None, mailboxes: int | None, seed: str) -> Path:
    from xtmig_kernel.runs.practice import generated_tenants
    from xtmig_kernel.runs.shipped import shipped

    if mailboxes is None:
        return tenants or shipped("examples") / "contoso-northwind.yaml"
    if tenants is not None:
        raise typer.BadParameter("give --tenants or --mailboxes, not both")
    return generated_tenants(folder, mailboxes, seed)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def simulate(
    context: typer.Context,
    project: Annotated[Path | None, typer.Option(help="Make, or use, a practice project in this folder.")] = None,
    tenants: Tenants = None,
    mailboxes: Mailboxes = None,
    seed: Seed = "0",
    advance: Annotated[
        float | None, typer.Option(min=0, help="Move the calendar of running tenants on by so many days, and end.")
    ] = None,
) -> None:
    """Run two simulated tenants until Ctrl+C, for practice and tests.

    Further options go to the simulator: --faults FILE, --latency-ms N, --speed X, --start ISO.

    Example: xtmig simulate --project practice
    Then, in another window, two weeks later: xtmig simulate --project practice --advance 14
    """
    from xtmig_kernel.runs.lab import advance_running, simulate_until_stopped
    from xtmig_kernel.runs.practice import simulation_folder

    if advance is not None:
        _progress(f"the practice calendar says {advance_running(project or Path(), advance):%d %b %Y, %H:%M} UTC")
        return
    file = _tenants_file(simulation_folder(project or Path()), tenants, mailboxes, seed)
    raise typer.Exit(simulate_until_stopped(project, file, [f"--seed={seed}", *context.args], _progress))


@app.command()
def rehearse(
    folder: Annotated[Path | None, typer.Argument(help="A new folder; one with the present time if not given.")] = None,
    tenants: Tenants = None,
    mailboxes: Mailboxes = None,
    seed: Seed = "0",
    latency_ms: Annotated[float, typer.Option(min=0, help="What every request takes at least, in milliseconds.")] = 0,
    speed: Annotated[float, typer.Option(min=1, help="How much faster the practice calendar runs.")] = 60,
    faults: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What goes wrong in the tenants, as a YAML file.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Number of the last section to be rehearsed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Rehearse the runbook on two simulated tenants, from nothing to an archive; nothing else is needed.

    Example: xtmig rehearse
    """
    from xtmig_kernel.runs.practice import simulation_folder
    from xtmig_kernel.runs.rehearse import rehearse as rehearse_in

    where = folder or Path(f"xtmig-rehearsal-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    file = _tenants_file(simulation_folder(where), tenants, mailboxes, seed)
    options = [f"--speed={speed}", f"--latency-ms={latency_ms}", f"--seed={seed}"]
    options += [f"--faults={faults.resolve()}"] if faults else []
    finished = rehearse_in(where, file, _progress, options, until)
    _tell(finished.result, finished.folder, as_json=as_json)
    raise typer.Exit(finished.result.run.exit_code)
