"""A new project folder: `xtmig new DIR`."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import SystemClock
from xtmig_kernel.errors import UsageError
from xtmig_kernel.m365 import live_hosts, look_up_domain
from xtmig_kernel.project import load_project, load_users
from xtmig_kernel.project.files import PROJECT_FILE, read_yaml, write_whole, yaml_text
from xtmig_kernel.project.turned import MOVE_BACK
from xtmig_kernel.project.users import USERS_FILE, users_text
from xtmig_kernel.runs.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = """\
# The project: both tenants, names, approvers. It never holds a secret; a secret is referred to,
# as env:NAME, keyring:SERVICE/USER or prompt. An unknown key is an error.
# Every key is explained in docs/reference/project-file.md; notebook 010 fills this file by a form.
#
# Who moves stands in users.csv. Section 090 proposes it where this file says how to find them, for example:
#   users: {choose: attribute, attribute: CustomAttribute1, value: Cross-Tenant-Project}
#   users: {choose: group, group: Movers}
# and fills in the names in the target by rules such as:
#   target_addresses: {local_part: "{first}.{last}", domain_map: {contoso.com: northwindtraders.com}}
"""


def new_project(folder: Path, settings: dict[str, Any]) -> None:
    """Make a project folder that is ready to open.

    Args:
        folder: Where; it may exist, but not hold a project.
        settings: The content of `project.yaml`; what is not known yet is left out and asked for in notebook 010.

    Raises:
        UsageError: The folder holds a project already.
    """
    if (folder / PROJECT_FILE).exists():
        raise UsageError(
            f"{folder} holds a project already", remedy=f"Open it with: xtmig open {folder}, or choose another folder."
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # what lies in it will name people
    copy_notebooks(folder)
    (folder / "reports").mkdir(exist_ok=True)
    for name, text in (
        (USERS_FILE, users_text(())),
        ("approvals.yaml", "# Approvals and sign-offs. Made by: xtmig approve\napprovals: []\nsign_offs: []\n"),
        (
            "waivers.yaml",
            "# Findings that their owners accept until a date; shown as waived, never as passed\nwaivers: []\n",
        ),
    ):
        if not (folder / name).exists():
            write_whole(folder / name, text)
    # last, because its presence says that the folder is complete
    write_whole(folder / PROJECT_FILE, _HEAD + yaml_text(settings))


def project_back(folder: Path, first: Path) -> int:
    """Make the project for the way back from the files that section 300 of the first project has written (BCK-01).

    Args:
        folder: Where; it may exist, but not hold a project.
        first: The first project's folder.

    Returns:
        How many users its `users.csv` names.

    Raises:
        UsageError: Section 300 has not written the files, or the folder holds a project already.
        ProjectFileError: One of the files cannot be used.
    """
    written = first / MOVE_BACK
    if not (written / PROJECT_FILE).exists():
        raise UsageError(
            f"{written} holds no {PROJECT_FILE}",
            remedy=f"Run section 300 of that project first: xtmig run 300 --mode apply --project {first}",
        )
    load_project(written)  # what cannot be used is told before anything is made
    users = load_users(written) or ()
    new_project(folder, read_yaml(written / PROJECT_FILE))
    write_whole(folder / USERS_FILE, users_text(users))
    return len(users)


def settings_from_domains(source: str, target: str, *, name: str, project_id: str, transport: str) -> dict[str, Any]:
    """The content of `project.yaml` for two live tenants, their IDs looked up from their domains (PRE-08).

    Args:
        source: The source tenant's initial domain.
        target: The target tenant's initial domain.
        name: What people call the project.
        project_id: Short id.
        transport: `rest` or `powershell`.

    Raises:
        UsageError: Microsoft knows no tenant with that domain, or a setting cannot be.
        Unavailable: The sign-in service did not answer.
    """
    settings: dict[str, Any] = {"format": 1, "id": project_id, "name": name}
    for side, domain in (("source", source), ("target", target)):
        row = look_up_domain(live_hosts("worldwide"), domain, SystemClock())
        if row is None:
            raise UsageError(f"Microsoft knows no tenant with the domain {domain}", remedy="Check its spelling.")
        settings[side] = {"tenant_id": row["TenantId"], "domain": domain, "sign_in": {"method": "browser"}}
    settings["transport"] = transport
    return settings


def copy_notebooks(folder: Path) -> None:
    """Put the runbook's notebooks into a project folder; what a person changed there stays.

    Args:
        folder: The project folder.
    """
    notebooks = folder / "notebooks"
    notebooks.mkdir(parents=True, exist_ok=True)
    for source in sorted(shipped("notebooks").glob("*.ipynb")):
        target = notebooks / source.name
        if not target.exists():
            shutil.copyfile(source, target)
