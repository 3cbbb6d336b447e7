"""What cannot be used is said in one sentence with its mend, before anything is written anywhere."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e_workplace import (
    SECRETS,
    SOURCE_ID,
    SOURCE_OPERATOR,
    TARGET_OPERATOR,
    Workplace,
    example,
    settings,
    workplace,
)
from simulator_process import writes

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

FEW_RIGHTS = {"source": "5c0e5c0e-0000-4000-8000-0000000b0002", "target": "7a26e700-0000-4000-8000-0000000b0002"}

OF_USERS = {
    "source": ["User.Read.All"],
    "target": ["User.ReadWrite.All", "GroupMember.Read.All", "LicenseAssignment.ReadWrite.All"],
}
"""What sections 020 and 100 ask of Graph where the add-on is assigned in the target."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A project with which nothing is wrong."""
    with workplace(tmp_path_factory.mktemp("bad-input")) as made:
        yield made


def content(folder: Path) -> dict[str, str]:
    """Every file of a folder, with its hash."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def changed(place: Workplace, name: str, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of the project with a changed `project.yaml`."""
    project = place.copy_of_project(name)
    file = project / "project.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(data)
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    return project


def is_calm(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether an error is a few lines for people."""
    shown = done.stdout + done.stderr
    return "Traceback" not in shown and "Error(" not in shown and len(done.stderr.strip().splitlines()) < 20


def _unknown_key(data: dict[str, Any]) -> None:
    data["source"]["tennant_id"] = SOURCE_ID


def _domain_as_id(data: dict[str, Any]) -> None:
    data["target"]["tenant_id"] = "northwindtraders.onmicrosoft.com"


def _same_tenant(data: dict[str, Any]) -> None:
    data["target"]["tenant_id"] = data["source"]["tenant_id"]


def _two_clouds(data: dict[str, Any]) -> None:
    data["target"]["cloud"] = "gcc-high"


def _secret_in_the_file(data: dict[str, Any]) -> None:
    data["source"]["sign_in"]["secret"] = "Hunter2-hunter2-hunter2"


def _no_transport(data: dict[str, Any]) -> None:
    del data["simulation"]


def _missing_id(data: dict[str, Any]) -> None:
    del data["source"]["tenant_id"]


WRONG_FILES = {
    "unknown key": (_unknown_key, "source.tennant_id: this key is not known"),
    "missing key": (_missing_id, "source.tenant_id: this key is missing"),
    "domain for an ID": (_domain_as_id, "target.tenant_id: this is a domain, not a tenant ID"),
    "one tenant": (_same_tenant, "source and target have the same tenant ID"),
    "two clouds": (_two_clouds, "Microsoft does not support moves between two clouds"),
    "secret in the file": (_secret_in_the_file, "give a reference (env:NAME, keyring:SERVICE/USER or prompt)"),
    "no transport": (_no_transport, "transport: choose rest"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_project_file_is_refused_before_anything_happens(place: Workplace, name: str) -> None:
    """Exit code 2, the place and the mend; no request is sent and no file is made."""
    change, words = WRONG_FILES[name]
    project = changed(place, name.replace(" ", "-"), change)
    before, requests = content(project), len(place.record())
    done = place.xtmig("run", "--mode", "apply", "--project", project)
    assert 2 == done.returncode, done.stderr
    assert words in done.stderr
    assert "What to do:" in done.stderr
    assert is_calm(done)
    assert (before, requests) == (content(project), len(place.record()))


def test_a_secret_in_the_file_is_not_repeated(place: Workplace) -> None:
    """A secret that stands where a reference belongs is not printed again."""
    project = changed(place, "not-repeated", _secret_in_the_file)
    done = place.xtmig("run", "--project", project)
    assert "Hunter2" not in done.stdout + done.stderr


def test_a_key_given_twice_is_refused(place: Workplace) -> None:
    """YAML would silently take the second one; here the line is named: exit code 2."""
    project = place.copy_of_project("twice")
    file = project / "project.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "name: Another\n", encoding="utf-8")
    before = content(project)
    done = place.xtmig("run", "--project", project)
    assert (2, before) == (done.returncode, content(project))
    assert "the key 'name' is given twice" in done.stderr
    assert "line " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "075"), "there is no section 075"),
        (("run", "--mode", "pretend"), "pretend"),
        (("approve", "999", "--by", "a@b", "--claim", "--yes"), "there is no section 999"),
        (("powershell", "999"), "there is no section 999"),
        (("run", "--mood", "plan"), "--mood"),
    ],
)
def test_a_wrong_argument_is_refused(place: Workplace, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, what is wrong and what would be right; no file is made."""
    before, requests = content(place.project), len(place.record())
    done = place.xtmig(*arguments, "--project", place.project)
    assert 2 == done.returncode, done.stderr
    assert words in done.stderr
    assert is_calm(done)
    assert (before, requests) == (content(place.project), len(place.record()))


def test_a_folder_without_a_project_is_refused(place: Workplace) -> None:
    """The error names the file that is missing and the command that makes a project: exit code 2."""
    empty = place.folder / "empty"
    empty.mkdir(exist_ok=True)
    done = place.xtmig("run", "--project", empty)
    assert (2, {}) == (done.returncode, content(empty))
    assert "project.yaml is not in" in done.stderr
    assert "xtmig new" in done.stderr


def _swapped(data: dict[str, Any]) -> None:
    data["target"]["sign_in"] = dict(data["source"]["sign_in"])


def _migration_application(data: dict[str, Any]) -> None:
    data["application_id"] = TARGET_OPERATOR


def _unset(data: dict[str, Any]) -> None:
    data["target"]["sign_in"]["secret"] = "env:E2E_NOT_SET"


def _wrong(data: dict[str, Any]) -> None:
    data["target"]["sign_in"]["secret"] = "env:XTMIG_SOURCE_SECRET"


WRONG_SIGN_INS = {
    "swapped": (_swapped, 3, (SOURCE_OPERATOR, "What to do:")),
    "migration application": (_migration_application, 3, ("migration application", "What to do:")),
    "unset": (_unset, 2, ("The environment variable E2E_NOT_SET is not set", "Set E2E_NOT_SET")),
    "wrong": (_wrong, 3, ("secret", "What to do:")),
}


@pytest.mark.parametrize("name", WRONG_SIGN_INS)
def test_a_wrong_sign_in_is_told_by_check_access(place: Workplace, name: str) -> None:
    """`xtmig check-access` names the side, what is wrong with its sign-in and the mend; nothing is written."""
    change, code, words = WRONG_SIGN_INS[name]
    project = changed(place, f"check-{name.replace(' ', '-')}", change)
    done = place.xtmig("check-access", project)
    assert code == done.returncode, done.stdout + done.stderr
    assert "\n✕ TARGET: " in done.stdout
    assert "TARGET: TARGET" not in done.stdout.partition("\n✕")[2]
    for word in words:
        assert word in done.stdout
    assert "What to ask for:" not in done.stdout  # no right mends a wrong sign-in
    assert is_calm(done)
    assert [] == writes(place.record())


@pytest.mark.parametrize("name", ["swapped", "unset"])
def test_a_run_with_a_wrong_sign_in_writes_nothing(place: Workplace, name: str) -> None:
    """Even in apply mode a run whose target sign-in is wrong writes nothing, and ends with the same exit code."""
    change, code, _ = WRONG_SIGN_INS[name]
    project = changed(place, f"run-{name}", change)
    finished = place.run("apply", "050", project=project)
    assert code == finished.done.returncode, finished.done.stdout
    assert "Traceback" not in finished.done.stdout + finished.done.stderr
    assert [] == writes(place.record())


def test_missing_rights_are_named(place: Workplace) -> None:
    """With an application that has few rights, `check-access` tells what is missing and whom to ask: exit code 3."""

    def change(data: dict[str, Any]) -> None:
        for side, client_id in FEW_RIGHTS.items():
            data[side]["sign_in"]["client_id"] = client_id

    done = place.xtmig("check-access", changed(place, "few-rights", change))
    assert 3 == done.returncode, done.stdout + done.stderr
    assert "What to ask for:" in done.stdout
    asked = done.stdout.partition("What to ask for:")[2]
    source, target = asked.split("To the administrator of ")[1:]
    assert source.startswith("contoso.onmicrosoft.com (source tenant")
    assert target.startswith("northwindtraders.onmicrosoft.com (target tenant")
    for letter in (source, target):
        assert "The Exchange management role Organization Configuration" in letter
        assert "The application permission Organization.Read.All of Microsoft Graph" in letter
    assert "The Exchange management role Move Mailboxes" in target
    assert "The application permission Application.ReadWrite.All of Microsoft Graph" in target
    assert "Directory.Read.All" not in done.stdout  # it may not read roles, and is not judged by them
    assert "New-MigrationEndpoint" in done.stdout.replace("\n", "")
    assert [] == writes(place.record())


@pytest.fixture(scope="module")
def almost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """Operators that may all that xtmig asks of them, but neither read directory roles nor grant roles."""
    tenants = example()
    for side in ("source", "target"):
        few = ["Application.ReadWrite.All", "Organization.Read.All", *OF_USERS[side]]
        tenants[side]["applications"][0]["permissions"]["graph"] = few
    with workplace(tmp_path_factory.mktemp("almost"), tenants) as made:
        yield made


def test_an_application_needs_no_right_to_read_roles(almost: Workplace) -> None:
    """An application is judged by its token's permissions: with enough of them there is nothing to ask for (PRE-01)."""
    done = almost.xtmig("check-access", almost.project)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "not observed" not in done.stdout


def test_the_permission_that_is_missing_is_named(almost: Workplace) -> None:
    """Where xtmig shall write the consent, the one permission that the token lacks is asked for: exit code 3."""

    def change(data: dict[str, Any]) -> None:
        data["consent"] = {"source": "xtmig", "target": "xtmig"}

    done = almost.xtmig("check-access", changed(almost, "consenting", change))
    assert 3 == done.returncode, done.stdout + done.stderr
    asked = done.stdout.partition("What to ask for:")[2].splitlines()
    wanted = "1. The application permission AppRoleAssignment.ReadWrite.All of Microsoft Graph"
    assert [wanted, wanted] == [line.partition(" for this")[0] for line in asked if re.match(r"\d+\. ", line)]
    assert [] == writes(almost.record())


def test_a_table_shows_ids_whole(place: Workplace) -> None:
    """Where the table is narrow a tenant ID is folded, never cut: half of it proves nothing."""
    done = place.xtmig("check-access", place.copy_of_project("narrow"), COLUMNS="70")
    assert "…" not in done.stdout


def test_enough_rights_are_enough(place: Workplace) -> None:
    """With the right applications `check-access` finds nothing to ask for, so the test above says something."""
    done = place.xtmig("check-access", place.copy_of_project("enough"))
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "What to ask for:" not in done.stdout


def test_a_government_tenant_on_worldwide_hosts_is_recognised(tmp_path: Path) -> None:
    """GCC shares the worldwide hosts; only the region sub-scope tells it, and the move is not supported (FAQ-09)."""
    tenants = example()
    tenants["target"]["region_sub_scope"] = "GCC"
    with workplace(tmp_path / "gcc", tenants) as other:
        done = other.xtmig("check-access", other.project)
        assert 3 == done.returncode, done.stdout + done.stderr
        assert "does not support moves between clouds" in done.stdout
        assert "GCC" in done.stdout
        assert [] == writes(other.record())


def test_tenants_that_do_not_answer_are_told(place: Workplace, tmp_path: Path) -> None:
    """Where nothing listens, the error says so and how to start the tenants again: exit code 2 or 5, no file made."""
    dead = tmp_path / "dead.json"
    connection = copy.deepcopy(place.simulator.connection)
    for service in ("login", "graph", "exo", "compliance", "portal", "control"):
        connection[service] = connection[service].rpartition(":")[0] + ":9"
    dead.write_text(json.dumps(connection), encoding="utf-8")
    project = place.copy_of_project("dead")
    shutil.rmtree(project / "reports")
    text = yaml.safe_dump(settings(place.tenants, dead))
    (project / "project.yaml").write_text(text, encoding="utf-8")
    before = content(project)
    done = place.xtmig("run", "--project", project)
    assert done.returncode in (2, 5), done.stderr
    assert "The simulated tenants do not answer" in done.stderr
    assert "xtmig simulate" in done.stderr
    assert is_calm(done)
    assert before == content(project)


def test_a_connection_file_that_is_gone_is_told(place: Workplace) -> None:
    """A practice project whose tenants were stopped and swept away says how to start them again: exit code 2."""

    def change(data: dict[str, Any]) -> None:
        data["simulation"] = str(place.folder / "gone.json")

    done = place.xtmig("run", "--project", changed(place, "gone", change))
    assert 2 == done.returncode
    assert "gone.json is not there" in done.stderr
    assert "xtmig simulate" in done.stderr


def test_practice_secrets_differ() -> None:
    """The two operators' secrets differ, so that a swap can be seen."""
    assert 2 == len(set(SECRETS.values()))
