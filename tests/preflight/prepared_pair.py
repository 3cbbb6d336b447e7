"""A generated pair in which all is ready for moves, the project that goes with it, and what is read of both."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import yaml
from in_process import Tenants, answering

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.inventory.reader import Reader
from xtmig_kernel.m365 import clock_for, connect
from xtmig_kernel.project import load_project
from xtmig_kernel.project.users import USERS_FILE, users_text
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.runs.practice import Practice, merged, practice_project
from xtmig_kernel.runs.prepared import prepared_settings, prepared_users
from xtmig_kernel.simulator import generate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest

    from xtmig_kernel.evidence import Facts
    from xtmig_kernel.project import Project

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
SEED = "clean"
SECRETS = {
    "XTMIG_SOURCE_SECRET": "secret-of-the-source-operator",
    "XTMIG_TARGET_SECRET": "secret-of-the-target-operator",
    "XTMIG_MOVE_SECRET": "secret-of-the-migration-application",
}


@dataclass(frozen=True)
class Read:
    """What was read of both tenants.

    Args:
        project: The project, loaded from its folder.
        facts: By side and table.
        now: When, UTC.
        unsupported: Requests that the simulator lacks.
    """

    project: Project
    facts: Facts
    now: datetime
    unsupported: list[str]


def clean_tenants(mailboxes: int) -> dict[str, Any]:
    """Content of the tenants file of a clean pair."""
    data: dict[str, Any] = generate.pair(mailboxes, SEED, prepared=True).model_dump(mode="json", exclude_unset=True)
    return data


def read_pair(
    folder: Path,
    data: dict[str, Any],
    names: Iterable[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    settings: dict[str, Any] | None = None,
    users: str | None = None,
    environment: dict[str, str] | None = None,
    prepared: dict[str, Any] | None = None,
) -> Read:
    """Start such tenants in this process, sign in to both, and read facts.

    Args:
        folder: An empty folder for the project.
        data: Content of a tenants file.
        names: Of the facts.
        monkeypatch: Sets the variables that hold the operator's secrets.
        settings: What `project.yaml` says else than the clean pair's.
        users: Text of `users.csv`; None takes the clean pair's.
        environment: Variables of the simulator that are else than `SECRETS`.
        prepared: The clean pair's own file, from which the project is made; None where that is `data`.
    """
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    pair = Tenants(data, SEED, START, SECRETS | (environment or {}))
    clean = prepared or data
    with answering(pair):
        connection = folder / "connection.json"
        connection.write_text(json.dumps(pair.connection()), encoding="utf-8")
        practice = Practice(pair.connection(), connection, clean, SECRETS, None)  # type: ignore[arg-type]
        stated = merged(practice_project(practice, folder / "tenants.yaml"), prepared_settings(clean))
        new_project(folder / "project", merged(stated, settings or {}))
        text = users_text(prepared_users(clean)) if users is None else users
        (folder / "project" / USERS_FILE).write_text(text, encoding="utf-8")
        project = load_project(folder / "project")
        clock, redactor = clock_for(project), Redactor()
        tenants = {side: connect(project, side, redactor=redactor, clock=clock) for side in ("source", "target")}
        facts = Reader(project, tenants, clock, {}).read_all(names)
        return Read(project, facts, clock.now(), pair.unsupported)


def altered(value: Any) -> Any:
    """A copy that can be changed."""
    return copy.deepcopy(value)


__all__ = ["Read", "altered", "clean_tenants", "read_pair", "yaml"]
