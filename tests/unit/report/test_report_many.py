"""A project of many users: the page stays small, its sums balance, and nothing is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_many import MEND, BigBook, assign_licence, create_user, name_of, tell_many
from report_story import StoryClock, write_project
from test_report_page import Page
from test_report_products import cells_of, page_of, result_of

from xtmig_kernel.report import Result, build_archive, verify_archive

USERS = 360
REFUSED = len(range(3, USERS, USERS // 60))
WRONG = len(range(0, USERS, 7))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a run over 360 users; tests read it."""
    folder = tmp_path_factory.mktemp("many") / "northwind"
    folder.mkdir()
    tell_many(folder, USERS)
    build_archive(folder, "run-2", folder / "archive")
    return folder / "archive"


@pytest.fixture(scope="module")
def result(archive: Path) -> Result:
    return result_of(archive)


@pytest.fixture(scope="module")
def text(archive: Path) -> str:
    """The text of the page."""
    return re.sub(r"\s+", " ", Page(page_of(archive)).text)


def part(archive: Path, name: str) -> str:
    """The article of the page with this id."""
    html = page_of(archive)
    start = html.index(f'id="{name}"')
    return html[start : html.index("</article>", start)]


def shown_rows(article: str) -> int:
    return article.count("<tr data-key=")


def test_archive_of_many_verifies(archive: Path) -> None:
    """An archive with tables beside its page verifies."""
    assert verify_archive(archive) == []


def test_changes_of_a_step_are_summed_up(text: str) -> None:
    """A step with many changes is one sentence whose sum balances."""
    made = USERS - REFUSED
    expected = f"{USERS} changes of this step: {USERS} = {made} made and read back + {REFUSED} refused by the service"
    assert expected in text


def test_refused_changes_and_the_first_50_are_shown(archive: Path) -> None:
    """The page shows every refused change with error and remedy, then the first 50 that were made."""
    article = part(archive, "changes-100.2")
    assert shown_rows(article) == REFUSED + 50
    assert article.count("is already being used by") == REFUSED
    assert article.count(MEND) == REFUSED


def test_other_changes_are_in_their_table(archive: Path, text: str) -> None:
    """The page says how many changes it does not show and where they are; the table holds all of them."""
    left = USERS - REFUSED - 50
    assert f"the other {left} rows are in artifacts/changes-100.2.csv" in text
    assert len(cells_of(archive, "artifacts/changes-100.2.csv")) == USERS + 1


def test_table_of_changes_tells_each_change(archive: Path) -> None:
    """A line tells what changed, by which call, what became of it, why, and the request id."""
    head, *rows = cells_of(archive, "artifacts/changes-100.2.csv")
    row = dict(zip(head, rows[3], strict=True))
    change = create_user(3)
    assert row["title"] == change.title
    assert (row["subject"], row["before"]) == (change.subject.label, "")
    assert f"ExternalEmailAddress: SMTP:{name_of(3)}@contoso.onmicrosoft.com" in row["after"]
    assert row["call"].startswith("New-MailUser ")
    assert (row["outcome"], row["what to do"]) == ("refused by the service", MEND)
    assert "is already being used by" in row["error"]
    assert (row["request ids"], row["hash"]) == ("request-0", change.hash)


def test_step_with_few_changes_is_shown_whole(tmp_path: Path) -> None:
    """Fifty changes of a step are shown one by one and need no table beside the page."""
    write_project(tmp_path)
    book = BigBook(tmp_path, "run-1", StoryClock())
    book.start("100", "Users")
    book.make_many([create_user(number) for number in range(50)])
    build_archive(tmp_path, "run-1", tmp_path / "archive")
    assert page_of(tmp_path / "archive").count('<tr id="change-') == 50
    assert not (tmp_path / "archive" / "artifacts").exists()


def test_planned_changes_are_summed_up(archive: Path, text: str) -> None:
    """A plan of many changes is a sum by approval, the first 50, and a table with the hash of each."""
    assert f"{USERS} changes of this step planned: {USERS} = {USERS} approved" in text
    assert shown_rows(part(archive, "planned-090.2")) == 50
    head, *rows = cells_of(archive, "artifacts/planned-090.2.csv")
    assert {row[head.index("hash")] for row in rows} == {assign_licence(number).hash for number in range(USERS)}


def test_findings_of_a_rule_are_summed_up(archive: Path, text: str) -> None:
    """A rule with many findings is a sum that balances; what is wrong is shown, all is in one table."""
    assert f"{WRONG + 1} findings: {WRONG + 1} = 1 passed + {WRONG} failed" in text
    assert shown_rows(part(archive, "rule-users-a")) == WRONG + 1
    findings = cells_of(archive, "artifacts/findings.csv")
    assert len(findings) == 1 + 3 * (WRONG + 1) + USERS


def test_no_more_than_200_findings_of_a_rule_are_shown(archive: Path, text: str) -> None:
    """Of more than 200 findings of a rule the page shows 200 and says where the others are."""
    assert shown_rows(part(archive, "rule-users-d")) == 200
    assert f"the other {USERS - 200} rows are in artifacts/findings.csv" in text


def test_failures_come_before_what_passed(tmp_path: Path) -> None:
    """Where a rule has more findings than are shown, those that are wrong are among the shown ones."""
    write_project(tmp_path)
    book = BigBook(tmp_path, "run-1", StoryClock())
    book.start("080", "Users")
    verdicts = [("pass", range(250)), ("fail", range(250, 260))]
    for verdict, numbers in verdicts:
        book.find_many(verdict, "users-a", numbers)
    build_archive(tmp_path, "run-1", tmp_path / "archive")
    assert part(tmp_path / "archive", "rule-users-a").count("✕ failed") == 10


def test_statement_leads_to_what_is_summed_up(archive: Path) -> None:
    """A statement that many changes and findings answer shows their sums, with links that lead to them."""
    article = part(archive, "statement-USR-04")
    assert {"#rule-users-a", "#changes-100.2"} <= set(re.findall(r'href="(#[^"]+)"', article))
    page = Page(page_of(archive))
    targets = {a["href"][1:] for tag, a in page.tags if tag == "a" and (a.get("href") or "").startswith("#")}
    assert targets <= set(page.ids())


def test_many_refusals_of_one_cause_are_one_open_item(archive: Path, result: Result) -> None:
    """Refusals that differ only by names and addresses are one line with their number, remedy and table."""
    [item] = [item for item in result.open_items if "refused by the service" in item.what]
    assert item.count == REFUSED
    assert item.what.startswith(f"{REFUSED} changes refused by the service (The proxy address … is already being used")
    assert item.remedy == f"{MEND} All are listed in artifacts/changes-100.2.csv."
    rows = cells_of(archive, "open-items.csv")
    assert len([row for row in rows if "refused by the service" in row[3]]) == 1


@pytest.mark.parametrize(("refused", "items"), [(50, 50), (51, 1)])
def test_up_to_fifty_alike_stay_single(tmp_path: Path, refused: int, items: int) -> None:
    """Fifty refusals of one cause are fifty open items; one more makes them one."""
    write_project(tmp_path)
    book = BigBook(tmp_path, "run-1", StoryClock())
    book.start("100", "Users")
    book.make_many([create_user(number) for number in range(60)], range(refused))
    book.end_step("100.2", "Create MailUsers", "failed", "")
    found = build_archive(tmp_path, "run-1", tmp_path / "archive").open_items
    assert len([item for item in found if "refused by the service" in item.what]) == items
    assert sum(item.count for item in found if "refused by the service" in item.what) == refused


def test_open_items_stay_few(result: Result) -> None:
    """Hundreds of failed checks, planned and refused changes leave a list that a person can read."""
    assert len(result.open_items) < 20


def test_page_of_many_users_stays_small(archive: Path) -> None:
    """What a page holds is bounded: more users make longer tables beside it, not a longer page."""
    folder = archive.parent.parent / "twice"
    folder.mkdir(exist_ok=True)
    tell_many(folder, 2 * USERS)
    build_archive(folder, "run-2", folder / "archive")
    assert (folder / "archive" / "index.html").stat().st_size < 1.5 * (archive / "index.html").stat().st_size
