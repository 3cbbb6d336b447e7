"""Hostile names in everything that a move reads pass through sections 120 to 300 unharmed, and harm nothing."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hostile_text import NAMES, Page, bare, formulas, literals, short
from moving_pair import address
from stand_in_sessions import undocumented
from stand_in_syntax import syntax_errors
from troubled_project import tenants, troubled

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.project import load_project, read_users
from xtmig_kernel.project.cells import plain_cell
from xtmig_kernel.project.users import users_text
from xtmig_kernel.runs.script import write_scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mending import Administrator

pytestmark = pytest.mark.deep  # a move, and a command that runs twelve notebooks

PLANNED = ("120", "130", "140", "150", "160", "170", "180", "190", "200", "210", "220", "300")
SCRIPTED = ("130", "150", "160", "170", "180", "190", "210")
MOVING = {f"n{number}": name for number, name in enumerate(NAMES.values())}
"""Whoever moves with the fourth wave, by alias: their hostile names."""
ADDRESSED, STAYING = "-o'xhost!~#", "=staying'xhost$`{x}|cmd"
"""Aliases, and so addresses, of a synchronised mover, who signs in with it, and of a delegate who stays."""
OTHERS = ("anna", "bert", "carl", "dora", "emil", "hugo", "ivan", "olga")
FOLDERS = [f"/{name.replace('/', '-')}" for name in NAMES.values()]
SUBJECT = "=cmd xhost <script>xhost()</script> subject-of-nobody's-business"


def named(name: str) -> dict[str, Any]:
    """The attributes of somebody with a hostile name."""
    return {"display_name": name, "first_name": short(name), "last_name": short(name[::-1])}


def hostile() -> dict[str, Any]:
    """The tenants of the troubled project with hostile names wherever the tenants let somebody choose one."""
    synchronised = {"directory_synchronised": True}
    others: dict[str, dict[str, Any]] = {alias: named(name) for alias, name in MOVING.items()}
    others[ADDRESSED] = named(NAMES["attribute"]) | synchronised
    others[STAYING] = named(NAMES["equals"])
    data = tenants(**others)
    source, target = data["source"], data["target"]
    target["mail_users"] = [user for user in target["mail_users"] if user["alias"] != STAYING]
    for user in target["mail_users"]:
        user.update(others.get(user["alias"], {}))
    source["groups"][0]["members"].remove(STAYING)
    mailboxes = {mailbox["alias"]: mailbox for mailbox in source["mailboxes"]}
    for alias, name in zip(
        ("anna", "bert", "carl", "dora", "emil", "hugo", "ivan", "olga"), NAMES.values(), strict=False
    ):
        mailboxes[alias]["display_name"] = name
    mailboxes["fred"]["folders"] = [{"path": path, "items": 3} for path in FOLDERS]
    delegates = [f"{alias}@contoso.onmicrosoft.com" for alias in (ADDRESSED, STAYING)]
    mailboxes["fred"]["access"] = {"full_access": delegates, "send_as": delegates, "send_on_behalf": delegates}
    (skipped,) = mailboxes["carl"]["content"]["skipped"]
    skipped |= {"subject": SUBJECT, "sender": f"{STAYING}@contoso.com", "folder": FOLDERS[7].strip("/")}
    target["migration_users"] += [
        {"identity": f"stranger{number}@fabrikam.example", "batch": name, "status": "Failed", "error_summary": name}
        for number, name in enumerate(NAMES.values())
    ]
    return data


@dataclass(frozen=True)
class Passed:
    """What the move of hostile names has left behind.

    Args:
        administrator: Whose project it is.
        archive: Of a plan of all sections, made by the command.
        output: What that command printed.
        scripts: Every PowerShell script, those for on-premises too, by name.
        states: Step to state of the sections that were applied.
    """

    administrator: Administrator
    archive: Path
    output: str
    scripts: dict[str, str]
    states: dict[str, str]

    @property
    def project(self) -> Path:
        return self.administrator.folder

    def texts(self, pattern: str) -> dict[str, str]:
        """Files of the project and its archive, by name."""
        found = [path for path in self.project.rglob(pattern) if path.is_file()]
        return {str(path.relative_to(self.project)): path.read_text(encoding="utf-8-sig") for path in found}


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Passed]:
    """The fourth wave moved, sections 190, 200 and 300 applied, and everything planned once more by the command."""
    everybody = (*MOVING, ADDRESSED)
    with (
        pytest.MonkeyPatch.context() as patch,
        troubled(tmp_path_factory.mktemp("hostile"), patch, hostile(), everybody, name=NAMES["markup"]) as made,
    ):
        remark_everybody(made.folder / "users.csv")
        scripts = {}
        for section in SCRIPTED:
            for path in write_scripts(made.folder, section, Redactor(), None, lambda _sentence: None).paths:
                scripts[path.name] = path.read_text(encoding="utf-8-sig")
        made.approve(made.run("190", mode="plan"))
        views = made.run("190", "200", "300")
        for path in (made.folder / "on-premises").glob("*.ps1"):
            scripts[path.name] = path.read_text(encoding="utf-8-sig")
        xtmig = shutil.which("xtmig", path=str(Path(sys.executable).parent))
        assert xtmig is not None, "xtmig is not installed beside this interpreter"
        done = subprocess.run(
            [xtmig, "run", *PLANNED, "--mode", "plan", "--project", str(made.folder)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=500, check=False,
        )  # fmt: skip
        (archive,) = (made.folder / "reports").iterdir()
        states = {step: view.state for step, view in views.items()}
        yield Passed(made, archive, done.stdout + done.stderr, scripts, states)


def remark_everybody(users: Path) -> None:
    """Somebody writes a remark beside each user."""
    rows = read_users(users.read_text(encoding="utf-8-sig"))
    remarks = [*NAMES.values()] * 3
    text = users_text([replace(row, remark=remarks[number]) for number, row in enumerate(rows)])
    users.write_text(text, encoding="utf-8", newline="")


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file, as they were meant."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{column: plain_cell(cell) for column, cell in row.items()} for row in rows]


def test_hostile_movers_arrive_exactly(passed: Passed) -> None:
    """Each mailbox that moved is in the target with its name, character for character."""
    there = {row["alias"]: row["display_name"] for row in passed.administrator.simulator.state("target")["mailboxes"]}
    assert MOVING | {ADDRESSED: NAMES["attribute"]} == {alias: there.get(alias) for alias in (*MOVING, ADDRESSED)}


def test_the_baseline_holds_folders_and_delegates_exactly(passed: Passed) -> None:
    """Names of folders and addresses of delegates stand in the baseline as the source has them."""
    folders = rows_of((passed.project / "baseline" / "four-folders.csv").read_text(encoding="utf-8-sig"))
    assert set(FOLDERS) <= {row["Folder"] for row in folders}
    rights = rows_of((passed.project / "baseline" / "four-permissions.csv").read_text(encoding="utf-8-sig"))
    assert {f"{alias}@contoso.com" for alias in (ADDRESSED, STAYING)} <= {row["Trustee"] for row in rights}


def test_no_folder_is_lost_for_its_name(passed: Passed) -> None:
    """After the move each hostile folder is found again under its name, so none is told as short (CNT-07)."""
    assert [] == [name for name in passed.texts("*.csv") if "folders-short" in name]
    assert {"looked", "applied"} == {passed.states[step] for step in ("190.2", "190.3", "190.7", "200.1", "300.1")}


def test_a_hostile_delegate_gets_the_rights_again(passed: Passed) -> None:
    """Who moved with a hostile address has every right again in the target, under that address."""
    (fred,) = (r for r in passed.administrator.simulator.state("target")["mailboxes"] if r["alias"] == "fred")
    there = fred["access"]
    known = {f"{ADDRESSED}@northwindtraders.onmicrosoft.com", address(ADDRESSED)}
    assert {"full_access", "send_as", "send_on_behalf"} <= {
        kind for kind, names in there.items() if known & set(map(str, names))
    }


def test_mails_and_the_way_back_hold_names_exactly(passed: Passed) -> None:
    """The table of mails has each mover's name, and the files of the way back can be read again (BCK-01)."""
    mails = rows_of((passed.project / "mails" / "four-after.csv").read_text(encoding="utf-8-sig"))
    assert set(MOVING.values()) <= {row["Name"] for row in mails}
    back = read_users((passed.project / "move-back" / "users.csv").read_text(encoding="utf-8-sig"))
    assert {f"{alias}@contoso.com" for alias in (*MOVING, ADDRESSED)} <= {row.target_address for row in back}
    assert NAMES["markup"] in load_project(passed.project / "move-back").name


def test_no_cell_of_a_table_is_a_formula(passed: Passed) -> None:
    """No table of the project or its archive has a cell that a spreadsheet would calculate."""
    tables = passed.texts("*.csv")
    assert {"users.csv", "baseline/four-folders.csv", "mails/four-after.csv", "move-back/users.csv"} <= set(tables)
    assert len(tables) > 10
    assert {} == {name: cells for name, text in tables.items() if (cells := formulas(text))}


def test_nothing_of_a_name_comes_alive_on_a_page(passed: Passed) -> None:
    """No page of the archive holds an element, an attribute that acts, a script or a comment made of a name."""
    pages = passed.texts("*.html")
    assert len(pages) > len(PLANNED)
    assert {} == {name: alive for name, text in pages.items() if (alive := Page(text).alive)}


@pytest.mark.parametrize("text", [NAMES["markup"], FOLDERS[7].strip("/"), f"{STAYING}@contoso.com", NAMES["quote"]])
def test_pages_show_names_as_they_are(passed: Passed, text: str) -> None:
    """Names of folders, batches and delegates are on the pages, so the test above says something."""
    assert any(text in Page(page).text for page in passed.texts("*.html").values())


def test_a_skipped_item_s_subject_is_nowhere(passed: Passed) -> None:
    """What an item is about stays between its owner and the service: no file of the project holds its subject."""
    found = [p.name for p in passed.project.rglob("*") if p.is_file() and b"nobody's-business" in p.read_bytes()]
    assert [] == found


def test_nothing_of_a_name_stands_outside_a_literal(passed: Passed) -> None:
    """With literals and comments taken out, no script holds anything of a name: there is nothing to be run."""
    assert {"130-target.ps1", "190-target.ps1", "source-moved.ps1", "target-moved.ps1"} <= set(passed.scripts)
    assert {} == {name: lines for name, script in passed.scripts.items() if (lines := bare(script))}


def test_scripts_are_powershell(passed: Passed) -> None:
    """PowerShell's grammar takes every script, and each call of a section's script is documented."""
    assert {name: [] for name in passed.scripts} == {name: syntax_errors(text) for name, text in passed.scripts.items()}
    sections = {name: text for name, text in passed.scripts.items() if name.partition("-")[0].isdecimal()}
    assert {name: [] for name in sections} == {name: undocumented(text) for name, text in sections.items()}


def test_scripts_hold_addresses_whole(passed: Passed) -> None:
    """Read as PowerShell reads them, literals of all scripts are the hostile addresses, character for character."""
    forward = f"{ADDRESSED}@northwindtraders.onmicrosoft.com"
    assert address(ADDRESSED) in set(literals(passed.scripts["190-target.ps1"]))
    for name in ("source-moved.ps1", "target-moved.ps1"):
        assert {f"{ADDRESSED}@contoso.com", forward} <= set(literals(passed.scripts[name])), name


def test_no_run_stumbles_over_a_name(passed: Passed) -> None:
    """The plan of all sections ends in an archive, without a traceback."""
    assert (passed.archive / "manifest.json").exists()
    assert "Traceback" not in passed.output
