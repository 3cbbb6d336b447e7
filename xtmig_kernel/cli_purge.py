"""`xtmig purge`: personal data that nobody needs any more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

_OUT = Console(highlight=False, soft_wrap=True)


def purge(
    folder: Annotated[Path, typer.Option("--project", help="The project folder.")] = Path(),
    snapshots: Annotated[bool, typer.Option("--snapshots", help="Snapshots of tenants, and their rehearsals.")] = False,
    all_personal: Annotated[
        bool, typer.Option("--all-personal", help="All personal data that is no evidence; snapshots too.")
    ] = False,
    yes: Annotated[bool, typer.Option(help="Do not ask; for scripts.")] = False,
) -> None:
    """Remove personal data that nobody needs any more; ledger and archives stay, for they are evidence.

    Example: xtmig purge --snapshots --project northwind
    """
    from xtmig_kernel.runs.purge import purge as remove
    from xtmig_kernel.runs.purge import purgeable

    if not snapshots and not all_personal:
        if yes:
            raise typer.BadParameter("give --snapshots or --all-personal")
        answer = str(typer.prompt("What shall be removed? [snapshots, all-personal]")).strip()
        if answer not in ("snapshots", "all-personal"):
            raise typer.BadParameter("answer snapshots or all-personal")
        all_personal = answer == "all-personal"
    what = purgeable(folder, everything=all_personal)
    for line in what.told():
        _OUT.print(f"  {line}", markup=False)
    for line in what.stays:
        _OUT.print(f"stays: {line}", markup=False)
    if not what.told():
        _OUT.print("There is nothing to remove.", markup=False)
        return
    if not yes and not typer.confirm(f"Remove {len(what.told()):,} things for ever?"):
        raise typer.Exit(4)
    remove(what)
    _OUT.print(f"Removed {len(what.told()):,} things; the ledger says so.", markup=False)
