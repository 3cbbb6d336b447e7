"""A users.csv or a setting about users that cannot be used: one clear error, exit code 2, nothing written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e_workplace import SECRETS, Workplace, workplace
from test_e2e_bad_input import content

from xtmig_kernel import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = "SourceAddress,TargetAddress"
WRONG_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "missing column 'SourceAddress', 'TargetAddress'"),
    "other list": (b"EmailAddress\na@b.de\n", "unknown column 'EmailAddress'"),
    "missing column": (b"SourceAddress\na@b.de\n", "line 1: missing column 'TargetAddress'"),
    "column twice": (f"{HEAD},Remark,Remark\na@b.de,,,\n".encode(), "column given twice 'Remark'"),
    "unknown column": (f"{HEAD},Departement\n".encode(), "unknown column 'Departement'"),
    "more cells": (f"{HEAD}\na@b.de,,,x\n".encode(), "line 2: more cells than columns"),
    "no address": (f"{HEAD}\nlara,\n".encode(), "line 2: SourceAddress 'lara' is not an address"),
    "no target address": (f"{HEAD}\na@b.de,lara\n".encode(), "line 2: TargetAddress 'lara' is not an address"),
    "source twice": (f"{HEAD}\na@b.de,\nA@B.DE,\n".encode(), "line 3: SourceAddress 'a@b.de' stands in line 2 too"),
    "target twice": (f"{HEAD}\na@b.de,x@y.de\nb@b.de,X@y.de\n".encode(), "line 3: TargetAddress 'x@y.de' stands in"),
    "wrong object": (f"{HEAD},TargetObject\na@b.de,,that one\n".encode(), "TargetObject is 'that one'"),
    "wrong word": (f"{HEAD},PreviousMailbox\na@b.de,,yes\n".encode(), "PreviousMailbox is 'yes'"),
    "not UTF-8": (f"{HEAD},Remark\na@b.de,,M\u00fcller\n".encode("cp1252"), "users.csv is not UTF-8 text"),
    "UTF-16": (f"{HEAD}\na@b.de,\n".encode("utf-16"), "users.csv is not UTF-8 text"),
    "open quote": (f'{HEAD}\n"a@b.de,\n'.encode(), "users.csv: line "),
}
WRONG_SETTINGS: dict[str, tuple[str, Any, str]] = {
    "choose": ("users", {"choose": "everybody"}, "users.choose"),
    "attribute": ("users", {"choose": "attribute", "attribute": "CustomAttribute16"}, "users.attribute"),
    "no group": ("users", {"choose": "group"}, "users: group: name a mail-enabled group"),
    "group too many": ("users", {"group": "Movers"}, "users: group: name a mail-enabled group"),
    "unknown": ("users", {"who": "all"}, "users.who: this key is not known"),
    "list": ("users", ["a@b.de"], "project.yaml: users"),
    "no SKU": ("licences", {"exchange": "before move"}, "licences: exchange_sku: name the subscription"),
    "location": ("licences", {"usage_location": "Netherlands"}, "licences.usage_location"),
    "side": ("licences", {"add_on_side": "both"}, "licences.add_on_side"),
    "domain": ("target_addresses", {"domain": "northwind traders"}, "this is not a domain such as contoso.com"),
    "map": ("target_addresses", {"domain_map": {"contoso.com": "x"}}, "target_addresses.domain_map.contoso.com"),
    "pattern": ("target_addresses", {"local_part": "{nick}"}, "give same, or a pattern such as {first}.{last}"),
    "route": ("target_users", {"passwords": "Hunter2-hunter2"}, "target_users.passwords: give discard, or keyring:"),
    "length": ("target_users", {"password_length": 8}, "target_users.password_length"),
    "made": ("target_users", {"made": "somewhere"}, "target_users.made"),
    "groups": ("names", {"scope_groups": ["a|b"]}, "names.scope_groups.0: a name has 1 to 64 characters"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A project with which nothing is wrong."""
    with pytest.MonkeyPatch.context() as patch, workplace(tmp_path_factory.mktemp("bad-users")) as made:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        yield made


def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> str:
    """What the command line says on standard error where it ends with exit code 2."""
    monkeypatch.setattr(sys, "argv", ["xtmig", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert 2 == ended.value.code
    said = capsys.readouterr()
    assert "" == said.out
    return said.err


def check(place: Workplace, project: Path, words: str, capsys: Any, monkeypatch: Any) -> str:
    """One error with these words and its mend; no file of the project differs, and no request is sent."""
    before, requests = content(project), len(place.record())
    said = refused(capsys, monkeypatch, "run", "090", "100", "--mode", "apply", "--project", project)
    assert words in " ".join(said.split())
    assert 1 == said.count("✕")
    assert 1 == said.count("What to do:")
    assert (before, requests) == (content(project), len(place.record()))
    return said


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_users_file_is_refused(place: Workplace, name: str, capsys: Any, monkeypatch: Any) -> None:
    """A users.csv with a mistake is refused whole, with the line of the mistake."""
    data, words = WRONG_FILES[name]
    project = place.copy_of_project(f"file-{name.replace(' ', '-')}")
    (project / "users.csv").write_bytes(data)
    check(place, project, words, capsys, monkeypatch)


def test_a_folder_in_place_of_the_users_file_is_told(place: Workplace, capsys: Any, monkeypatch: Any) -> None:
    """Where users.csv cannot be read, the error says so and what to close or check."""
    project = place.copy_of_project("folder")
    (project / "users.csv").unlink(missing_ok=True)
    (project / "users.csv").mkdir()
    said = check(place, project, "users.csv cannot be read", capsys, monkeypatch)
    assert "Close it in Excel, check its rights" in said


def test_a_locked_users_file_is_told(place: Workplace, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A users.csv that another program holds locked, as Excel does on Windows, is told the same way."""
    project = place.copy_of_project("locked")
    (project / "users.csv").write_text(f"{HEAD}\n", encoding="utf-8")
    read = type(project).read_text

    def locked(path: Path, *arguments: Any, **more: Any) -> str:
        if path.name == "users.csv":
            raise PermissionError(13, "Permission denied")
        return str(read(path, *arguments, **more))

    monkeypatch.setattr(type(project), "read_text", locked)
    check(place, project, "users.csv cannot be read (Permission denied)", capsys, monkeypatch)


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_a_wrong_setting_about_users_is_refused(place: Workplace, name: str, capsys: Any, monkeypatch: Any) -> None:
    """A wrong value is refused with its place in project.yaml, and the value is not repeated."""
    key, value, words = WRONG_SETTINGS[name]
    project = place.copy_of_project(f"setting-{name.replace(' ', '-')}")
    file = project / "project.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**settings, key: value}), encoding="utf-8")
    assert "Hunter2" not in check(place, project, words, capsys, monkeypatch)
