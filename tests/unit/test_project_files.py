from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from core_facts import SOURCE_ID, TARGET_ID, settings

from xtmig_kernel.errors import ProjectFileError, SameTenantError, UsageError
from xtmig_kernel.project import (
    Approval,
    Approvals,
    Proof,
    files,
    load_approvals,
    load_project,
    load_waivers,
    save_approvals,
)
from xtmig_kernel.project.files import write_whole, yaml_text

GIVEN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def write(folder: Path, text: str, name: str = "project.yaml") -> None:
    (folder / name).write_text(text, encoding="utf-8", newline="\n")


def problem(folder: Path, **changes: Any) -> str:
    """What is said about a `project.yaml` with these alterations."""
    write(folder, yaml.safe_dump(settings(**changes)))
    with pytest.raises(UsageError) as caught:
        load_project(folder)
    return str(caught.value)


def test_right_file_loads(folder: Path) -> None:
    """A complete file gives the project, which knows its folder."""
    project = load_project(folder)
    assert (project.source.tenant_id, project.target.tenant_id) == (SOURCE_ID, TARGET_ID)
    assert project.folder == folder.resolve()


ODD_NAMES = [
    "A\x85B",
    "A\u2028B",
    "A\u2029B",
    "A\rB",
    "A\nB",
    "A\ufeffB",
    "Zoë 北京",
    "yes",
    "# x",
    "a: b",
    "\x7f",
    "'",
    '"',
]


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_a_name_is_read_back_as_it_was_written(folder: Path, name: str) -> None:
    """Whatever stands in a project's name, the file that we write says the same when it is read."""
    write(folder, yaml_text(settings(name=name)))
    assert load_project(folder).name == name


def test_one_place_writes_yaml() -> None:
    """No other module writes YAML by itself, where line ends of other scripts would be lost."""
    package = Path(files.__file__).parents[1]
    writers = {
        path.relative_to(package)
        for path in package.rglob("*.py")
        if re.search(r"yaml\.(safe_)?dump\(", path.read_text("utf-8"))
    }
    assert writers == {Path("project/files.py"), Path("simulator/tenants.py")}


def test_unknown_key_is_an_error(folder: Path) -> None:
    """A misspelt key is never passed over in silence."""
    assert "source.domian: this key is not known" in problem(folder, source__domian="x")


def test_folder_cannot_be_set_in_the_file(folder: Path) -> None:
    """Where the project lies is told by where the file lies, never by the file."""
    write(folder, yaml.safe_dump(settings() | {"folder": "elsewhere"}))
    with pytest.raises(ProjectFileError, match="folder: this key is not known"):
        load_project(folder)


def test_missing_key_is_named(folder: Path) -> None:
    """A missing key is named with its place."""
    data = settings()
    del data["target"]["domain"]
    write(folder, yaml.safe_dump(data))
    with pytest.raises(ProjectFileError, match=r"target\.domain: this key is missing"):
        load_project(folder)


def test_every_problem_is_named_at_once(folder: Path) -> None:
    """Two mistakes in one file are told together."""
    text = problem(folder, source__tenant_id="x", nonsense=1)
    assert "source.tenant_id" in text
    assert "nonsense" in text


def test_duplicate_key_is_an_error(folder: Path) -> None:
    """A key given twice is an error that names the line, not a silent choice."""
    write(folder, yaml.safe_dump(settings()) + "name: Another\n")
    with pytest.raises(ProjectFileError, match=r"line \d+, column 1: the key 'name' is given twice"):
        load_project(folder)


def test_duplicate_key_inside_a_side(folder: Path) -> None:
    """A key given twice is found at every depth."""
    write(folder, "source:\n  domain: a\n  domain: b\n")
    with pytest.raises(ProjectFileError, match="line 3, column 3: the key 'domain' is given twice"):
        load_project(folder)


def test_syntax_error_names_the_line(folder: Path) -> None:
    """What is not YAML is told with line and column."""
    write(folder, "format: 1\nname: [open\nid: x\n")
    with pytest.raises(ProjectFileError, match=r"project\.yaml, line 3, column"):
        load_project(folder)


def test_template_left_unfilled_is_an_error(folder: Path) -> None:
    """A placeholder in double braces, which YAML reads as a mapping for a key, is an error of the file."""
    write(folder, "format: 1\nsource:\n  tenant_id: {{ source_id }}\n")
    with pytest.raises(ProjectFileError, match="line 3"):
        load_project(folder)


def test_byte_order_mark_is_accepted(folder: Path) -> None:
    """A file saved by Notepad with a byte order mark is read."""
    write(folder, "\ufeff" + yaml.safe_dump(settings()))
    assert load_project(folder).id == "contoso-moves"


def test_windows_line_ends_are_accepted(folder: Path) -> None:
    """Line ends of Windows change nothing."""
    (folder / "project.yaml").write_bytes(yaml.safe_dump(settings()).replace("\n", "\r\n").encode())
    assert load_project(folder).name == "Contoso to Northwind"


def test_other_encoding_is_told(folder: Path) -> None:
    """A file that is not UTF-8 says so instead of showing wrong letters."""
    (folder / "project.yaml").write_bytes("name: Zürich".encode("latin-1"))
    with pytest.raises(ProjectFileError, match="not UTF-8"):
        load_project(folder)


@pytest.mark.parametrize("text", ["", "just a text", "- a\n- b\n"])
def test_file_without_settings(folder: Path, text: str) -> None:
    """An empty file or one of another shape is an error of the file."""
    write(folder, text)
    with pytest.raises(ProjectFileError, match="holds no settings"):
        load_project(folder)


def test_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    """Where there is no project, the error says how one is made."""
    with pytest.raises(ProjectFileError, match="xtmig new"):
        load_project(tmp_path)


def test_folder_in_the_place_of_the_file(folder: Path) -> None:
    """What cannot be opened at all is an error in words, too."""
    (folder / "project.yaml").unlink()
    (folder / "project.yaml").mkdir()
    with pytest.raises(ProjectFileError):
        load_project(folder)


def test_domain_in_the_place_of_a_tenant_id(folder: Path) -> None:
    """A tenant ID is a GUID; a domain in its place is named as one (REL-03, PRE-09)."""
    assert "this is a domain, not a tenant ID" in problem(folder, source__tenant_id="contoso.onmicrosoft.com")


@pytest.mark.parametrize("value", ["1234", "11111111-aaaa-4aaa-8aaa-11111111111g", ""])
def test_tenant_id_is_a_guid(folder: Path, value: str) -> None:
    """What is no GUID is no tenant ID (PRE-08)."""
    assert "source.tenant_id" in problem(folder, source__tenant_id=value)


def test_zero_guid_names_nothing(folder: Path) -> None:
    """The GUID of zeros, which services write for "none", is refused."""
    assert "all-zero" in problem(folder, application_id="00000000-0000-0000-0000-000000000000")


def test_guid_in_braces_and_capitals(folder: Path) -> None:
    """A GUID as PowerShell prints it is the same GUID."""
    write(folder, yaml.safe_dump(settings(source__tenant_id="{" + SOURCE_ID.upper() + "}")))
    assert load_project(folder).source.tenant_id == SOURCE_ID


def test_same_tenant_on_both_sides(folder: Path) -> None:
    """A move needs two tenants."""
    write(folder, yaml.safe_dump(settings(target__tenant_id=SOURCE_ID.upper())))
    with pytest.raises(SameTenantError, match="needs two tenants"):
        load_project(folder)


def test_same_domain_on_both_sides(folder: Path) -> None:
    """One domain cannot be the initial domain of two tenants."""
    assert "same domain" in problem(folder, target__domain="Contoso.onmicrosoft.com")


def test_two_clouds(folder: Path) -> None:
    """Moves between two clouds are not supported (FAQ-09)."""
    write(folder, yaml.safe_dump(settings(target__cloud="gcc-high")))
    with pytest.raises(SameTenantError, match="FAQ-09"):
        load_project(folder)


def test_angle_brackets_of_the_sample(folder: Path) -> None:
    """The brackets that mark a place in the document's sample do not belong into the value (EPT-06)."""
    assert "remove the angle brackets" in problem(folder, source__domain="<contoso>.onmicrosoft.com")


@pytest.mark.parametrize("domain", ["contoso.com", "mail.contoso.onmicrosoft.com", "contoso", "-x.onmicrosoft.com"])
def test_initial_domain_is_asked_for(folder: Path, domain: str) -> None:
    """RemoteTenant and consent link take the initial domain, so no other one is accepted (EPT-06, CON-06)."""
    assert "initial domain" in problem(folder, source__domain=domain)


def test_live_project_chooses_its_transport(folder: Path) -> None:
    """A live project says on which interface it relies; there is no silent choice."""
    data = settings()
    del data["transport"]
    write(folder, yaml.safe_dump(data))
    with pytest.raises(ProjectFileError, match="transport: choose rest"):
        load_project(folder)


def test_practice_project_needs_no_transport(folder: Path) -> None:
    """A practice project has nothing to choose."""
    data = settings(simulation="connection.json")
    del data["transport"]
    write(folder, yaml.safe_dump(data))
    assert load_project(folder).transport is None


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "   "},
        {"names__endpoint": "   "},
        {"names__application": ""},
        {"approvers": [{"name": " ", "upn": "a@b.c", "side": "target"}]},
        {"four_eyes": {"off_because": " " * 12}},
    ],
    ids=["project", "endpoint", "application", "approver", "reason"],
)
def test_blank_texts_are_refused(folder: Path, changes: dict[str, Any]) -> None:
    """A name or reason of blanks alone says nothing and is refused."""
    assert problem(folder, **changes)


@pytest.mark.parametrize("name", ["a*", "a;b", "a|b", "x" * 65, "a\x07b"])
def test_names_that_services_refuse(folder: Path, name: str) -> None:
    """A name that a service would refuse is refused before anything is called."""
    assert "names.endpoint" in problem(folder, names__endpoint=name)


PASTED = "kq8~Xy7.PastedByMistake_0123456789"


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": {"origin": "provided", "reference": PASTED}},
        {"target__sign_in": {"method": "secret", "client_id": SOURCE_ID, "secret": PASTED}},
        {
            "target__sign_in": {"method": "certificate", "client_id": SOURCE_ID, "certificate": "c.pem"}
            | {"passphrase": PASTED}
        },
        {"secret": {"origin": "provided", "reference": "env:" + PASTED}},
    ],
    ids=["migration application", "own application", "passphrase", "behind env:"],
)
def test_secret_in_the_place_of_a_reference(folder: Path, changes: dict[str, Any]) -> None:
    """A secret pasted where a reference belongs is refused when the file is read, and never echoed."""
    assert PASTED not in problem(folder, **changes)


@pytest.mark.parametrize("reference", ["env:XTMIG_SECRET", "keyring:xtmig/contoso", "prompt"])
def test_references_that_are_accepted(folder: Path, reference: str) -> None:
    """A secret may come from the environment, the keyring, or a person."""
    write(folder, yaml.safe_dump(settings(secret={"origin": "provided", "reference": reference})))
    assert load_project(folder).secret.reference == reference


@pytest.mark.parametrize("start", ["*", "!", "&", "%", "@", "`"])
def test_secret_that_is_yaml_syntax_is_not_echoed(folder: Path, start: str) -> None:
    """A pasted secret that happens to be YAML syntax does not appear in the error about the line."""
    write(folder, f"format: 1\nsecret:\n  reference: {start}{PASTED}\n  origin: provided\n")
    with pytest.raises(UsageError) as caught:
        load_project(folder)
    assert PASTED not in str(caught.value)


def test_wrong_value_is_not_echoed(folder: Path) -> None:
    """An error about a value names its place, not the value."""
    assert PASTED not in problem(folder, source__tenant_id=PASTED, id=PASTED, last_completion=PASTED)


def test_provided_secret_needs_its_reference(folder: Path) -> None:
    """A secret that somebody provides is referred to; a minted one has no reference."""
    assert "reference" in problem(folder, secret={"origin": "provided"})
    assert "reference" in problem(folder, secret={"origin": "minted", "reference": "prompt"})


def approval(**changes: Any) -> Approval:
    data: dict[str, Any] = {
        "section": "070",
        "level": 3,
        "changes": ("sha256:" + "a" * 64,),
        "approver": "lara@northwindtraders.onmicrosoft.com",
        "given_at": GIVEN,
        "valid_until": GIVEN + timedelta(days=7),
        "note": "Größe: “ok”: yes",
        "proof": Proof(kind="signature", value="AAAA"),
    }
    return Approval.model_validate(data | changes)


def test_approvals_survive_their_file(folder: Path) -> None:
    """What was approved reads back as it was, and what a signature covers is the same to the byte."""
    save_approvals(folder, Approvals(approvals=(approval(),)))
    (read,) = load_approvals(folder).approvals
    assert (approval(), approval().signed_data()) == (read, read.signed_data())


def test_no_approvals_file_is_no_approval(folder: Path) -> None:
    """Without the files there are no approvals, sign-offs and waivers."""
    assert load_approvals(folder) == Approvals()
    assert load_waivers(folder).waivers == ()


@pytest.mark.parametrize(
    "text",
    [
        "approvals: [{section: '070'}]",
        "aprovals: []",
        "sign_offs: [{statement: APP-14, by: '', at: 2026-11-23T09:30:00Z, note: x}]",
        "sign_offs: [{statement: APP-14, by: lara, at: 2026-11-23T09:30:00Z, note: ' '}]",
        "sign_offs: [{statement: APP-14, by: lara, at: 2026-11-23T09:30:00, note: x}]",
        "sign_offs: [{statement: something, by: lara, at: 2026-11-23T09:30:00Z, note: x}]",
    ],
    ids=["incomplete", "unknown key", "nobody", "blank note", "no zone", "no statement"],
)
def test_approvals_file_is_strict(folder: Path, text: str) -> None:
    """An approvals file that was damaged by hand is an error, never an empty one."""
    write(folder, text, "approvals.yaml")
    with pytest.raises(ProjectFileError, match=r"approvals\.yaml"):
        load_approvals(folder)


@pytest.mark.parametrize("blank", ["reason", "owner"])
def test_waiver_has_reason_and_owner(folder: Path, blank: str) -> None:
    """A waiver without reason or owner is refused."""
    waiver = {"rule": "secret-valid", "subject": "x", "reason": "r", "owner": "o", "until": "2027-01-31", blank: "  "}
    write(folder, yaml.safe_dump({"waivers": [waiver]}), "waivers.yaml")
    with pytest.raises(ProjectFileError, match=r"waivers\.yaml"):
        load_waivers(folder)


def test_write_is_whole(tmp_path: Path) -> None:
    """What is written has line feeds alone, and nothing else is left in the folder."""
    write_whole(tmp_path / "a.yaml", "x: 1\ny: ü\n")
    assert (tmp_path / "a.yaml").read_bytes() == "x: 1\ny: ü\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails, the old file stays whole and no part of the new one is left."""
    write_whole(tmp_path / "a.yaml", "old")

    def full(_descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        write_whole(tmp_path / "a.yaml", "new")
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [("a.yaml", "old")]


def test_killed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """A process that dies in the middle of a write leaves the old content to every reader."""
    write_whole(tmp_path / "approvals.yaml", "approvals: []\n")
    program = (
        "import os, sys, pathlib\n"
        "from xtmig_kernel.project.files import write_whole\n"
        "os.fsync = lambda _descriptor: os._exit(9)\n"
        "write_whole(pathlib.Path(sys.argv[1]), 'half of something new' * 1000)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path / "approvals.yaml")], check=False, timeout=60)
    assert ended.returncode == 9
    assert load_approvals(tmp_path) == Approvals()


def test_approval_of_thousands_reads_back_and_can_be_edited(folder: Path) -> None:
    """An approval of 5,000 changes reads back as it was saved; its hashes stand one a line, so a person can edit it."""
    hashes = tuple(f"sha256:{number:064x}" for number in range(5000))
    given = {"section": "090", "level": 2, "changes": hashes, "approver": "anna@northwindtraders.onmicrosoft.com"}
    approval = Approval.model_validate(given | {"given_at": GIVEN, "valid_until": GIVEN + timedelta(days=14)})
    save_approvals(folder, Approvals(approvals=(approval,)))
    assert load_approvals(folder).approvals == (approval,)
    path = folder / "approvals.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("\n  - sha256:") == 5000
    write(folder, text.replace(f"  - {hashes[7]}\n", ""), "approvals.yaml")
    assert len(load_approvals(folder).approvals[0].changes) == 4999
