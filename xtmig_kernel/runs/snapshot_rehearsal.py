"""Rehearsing the real thing: a snapshot of the customer's tenants in the simulator, with a practice project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.errors import InventoryError
from xtmig_kernel.project import load_project, users_text
from xtmig_kernel.project.files import PROJECT_FILE, read_yaml, write_whole, yaml_text
from xtmig_kernel.project.places import require_safe_place
from xtmig_kernel.project.users import USERS_FILE
from xtmig_kernel.runs.practice import GENERATED_FILE, settings_file, simulation_folder
from xtmig_kernel.runs.pseudonymise import Pseudonymised
from xtmig_kernel.runs.snapshot_tenants import tenants_of
from xtmig_kernel.store import LAST, SnapshotStore
from xtmig_kernel.store.snapshots import SNAPSHOT_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xtmig_kernel.evidence import Facts
    from xtmig_kernel.store import SnapshotInfo

REHEARSALS = "rehearsals"
OWNER_ALONE = 0o700


def rehearsal_folder(project: Path, snapshot: str) -> Path:
    """Where a rehearsal lies if nobody says where: in the project folder, as all personal data.

    Args:
        project: The project folder.
        snapshot: Id of the snapshot.
    """
    return project / REHEARSALS / snapshot


def snapshot_of(project: Path, snapshot: str) -> tuple[SnapshotStore, SnapshotInfo]:
    """A snapshot of a project.

    Args:
        project: The project folder.
        snapshot: Its id, or `last`.

    Raises:
        InventoryError: There is no such snapshot.
    """
    kept: tuple[SnapshotInfo, ...] = ()
    if (project / SNAPSHOT_FILE).exists():
        store = SnapshotStore(project)
        kept = store.all()
        for info in kept[-1:] if snapshot == LAST else (info for info in kept if info.id == snapshot):
            return store, info
    known = ", ".join(info.id for info in kept) or "none"
    raise InventoryError(
        f"there is no snapshot {snapshot} in {project.resolve() / SNAPSHOT_FILE}",
        cause=f"those that there are: {known}",
        remedy="Name one of them, or another project folder with --from; xtmig assess makes one.",
    )


def prepare_rehearsal(
    project: Path, snapshot: str, into: Path | None, progress: Callable[[str], None], *, pseudonymise: bool = False
) -> tuple[Path, Path]:
    """Write what a rehearsal of a snapshot begins with: the tenants file, its settings, and `users.csv`.

    Args:
        project: The project folder that holds the snapshot.
        snapshot: Its id, or `last`.
        into: Folder of the rehearsal's practice project; None for one inside the project folder. A project that is
            there already is used as it is.
        progress: Takes one sentence for each thing that is not in the rehearsal as it is in the tenants.
        pseudonymise: Whether names and addresses are replaced.

    Returns:
        The folder of the practice project, and the tenants file.

    Raises:
        InventoryError: There is no such snapshot, or it did not observe what no rehearsal can do without.
        ProjectFileError: The project's files cannot be used, or the folder is synchronised or on a network drive and
            nobody has agreed to that.
    """
    loaded, settings = load_project(project), read_yaml(project / PROJECT_FILE)
    store, info = snapshot_of(project, snapshot)
    if info.finished is None:
        progress(f"snapshot {info.id} was broken off: what it lacks is refused in the rehearsal too")
    facts: Facts = store.facts(info.id)
    if pseudonymise:
        other = Pseudonymised(facts, loaded)
        facts, settings = other.facts, other.settings(settings)
        progress("names and addresses are replaced; the key of the pseudonyms is kept nowhere")
    made = tenants_of(facts, loaded, settings)
    folder = into or rehearsal_folder(project, info.id)
    if not pseudonymise:
        require_safe_place(folder, allowed=loaded.allow_synced_folder)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(OWNER_ALONE)
    file = simulation_folder(folder) / GENERATED_FILE
    write_whole(file, yaml_text(made.tenants))
    write_whole(settings_file(file), yaml_text(made.settings))
    if not (folder / PROJECT_FILE).exists():
        write_whole(folder / USERS_FILE, users_text(made.users))
    progress(f"snapshot {info.id} of {info.started:%d %b %Y, %H:%M} UTC is loaded; nothing of it meets a real tenant")
    for sentence in made.told:
        progress(sentence)
    return folder, file
