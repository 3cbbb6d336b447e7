"""Every read that the runbook makes, answered by a small server from recorded shapes alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from canned_wire import NotingClock, serving
from recorded_tenants import (
    APPLICATION,
    CUSTOM,
    DOMAINS,
    ENDPOINT,
    LARA,
    OPERATORS,
    RELATIONSHIP,
    SCOPE,
    TENANT_IDS,
    Recorded,
)

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.evidence import Observed, Unseen
from xtmig_kernel.inventory import Reader
from xtmig_kernel.inventory import sign_in as reads_of_sign_in
from xtmig_kernel.inventory.reader import SIGNED_IN, WITHOUT_SIGN_IN
from xtmig_kernel.m365 import connect, tenants
from xtmig_kernel.m365.clouds import Hosts
from xtmig_kernel.project import load_project
from xtmig_kernel.runbook import SECTIONS, open_section
from xtmig_kernel.runs.folder import new_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import trustme

    from xtmig_kernel.project import Project, Side

SIDES: tuple[Side, Side] = ("source", "target")
OF_PERSONS = {"directory_roles", "eligible_roles"}
"""Asked of persons alone, and these runs sign in as applications; other tests of this folder have them."""
OF_SNAPSHOTS = {"snapshot_drift"}
"""Made from two snapshots of the project, which no service answers for."""


@pytest.fixture(scope="module")
def recorded(
    authority: trustme.CA, ca_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, dict[Side, Recorded]]]:
    """A live project whose clouds are the two servers."""
    folder = tmp_path_factory.mktemp("recorded")
    with (
        serving(authority) as one,
        serving(authority) as other,
        pytest.MonkeyPatch.context() as patch,
    ):
        plain = Hosts(
            login="", graph="", exchange="", portal="", host_suffixes=("localhost",), ca_file=ca_file,
            exchange_scope="https://outlook.office365.com/.default", graph_scope="https://graph.microsoft.com/.default",
        )  # fmt: skip
        both: dict[Side, Recorded] = {"source": Recorded("source", one), "target": Recorded("target", other)}
        urls = {"source": one.url, "target": other.url}
        hosts = {side: replace(plain, login=url, graph=url, exchange=url, portal=url) for side, url in urls.items()}
        for module in (tenants, reads_of_sign_in):
            patch.setattr(module, "hosts_for", lambda _project, side: hosts[side])
        patch.setenv("XTMIG_TEST_SECRET", "the-operators-own-secret")
        new_project(folder, settings())
        users = f"SourceAddress,TargetAddress,Wave\n{LARA['source']},{LARA['target']},pilot\n"
        (folder / "users.csv").write_text(users, encoding="utf-8")
        yield load_project(folder), both


def settings() -> dict[str, Any]:
    """What `project.yaml` says."""
    sides = {
        side: {
            "tenant_id": TENANT_IDS[side],
            "domain": DOMAINS[side],
            "sign_in": {"method": "secret", "client_id": OPERATORS[side], "secret": "env:XTMIG_TEST_SECRET"},
        }
        for side in SIDES
    }
    names = {"endpoint": ENDPOINT, "application": APPLICATION, "scope_groups": [SCOPE]}
    return {
        "format": 1, "id": "recorded", "name": "Recorded", **sides, "transport": "rest",
        "names": names | {"source_relationship": RELATIONSHIP, "target_relationship": RELATIONSHIP},
        "approvers": [{"name": "Nora", "upn": f"nora@{CUSTOM['target']}", "side": "target"}],
        "move": {"waves": [{"name": "pilot", "start": "2020-01-01", "cutover": "2020-01-15T18:00:00Z"}]},
    }  # fmt: skip


@pytest.fixture(scope="module")
def reader(recorded: tuple[Project, dict[Side, Recorded]]) -> Reader:
    project, _ = recorded
    clock, redactor = NotingClock(), Redactor()
    both = {side: connect(project, side, redactor=redactor, clock=clock) for side in SIDES}
    return Reader(project, both, clock, {})


@pytest.mark.parametrize("table", sorted({*SIGNED_IN, *WITHOUT_SIGN_IN} - OF_PERSONS - OF_SNAPSHOTS))
def test_table_is_read_from_recorded_shapes(reader: Reader, table: str) -> None:
    """Each table is observed on either side, from answers that no simulator has made."""
    for side in SIDES:
        found = reader.read(f"{side}.{table}")
        assert isinstance(found, Observed), f"{side}.{table}: {found}"


@pytest.mark.parametrize("section", [section.number for section in SECTIONS])
def test_section_reads_all_that_it_judges(recorded: tuple[Project, dict[Side, Recorded]], section: str) -> None:
    """A plan of each section leaves no check unobserved, breaks no step off, and asks for nothing unrecorded."""
    project, both = recorded
    opened = open_section(section, project=project.folder, mode="plan", redactor=Redactor())
    for side in opened.section.sides:
        opened.sign_in(side)
    unseen = []
    for step in opened.section.steps:
        view = opened.engine.run(step)
        opened.views[step.id] = view
        unseen += [(f.rule, f.verdict.detail) for f in view.findings if isinstance(f.verdict, Unseen)]
    opened.close()
    assert [one for one in unseen if "an application is judged" not in one[1]] == []
    assert {side: one.unknown for side, one in both.items()} == {"source": [], "target": []}
