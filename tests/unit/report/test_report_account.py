"""The account of mailboxes and the edition of the document: on the first page, in the data, and checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError
from report_many import BigBook
from report_story import StoryClock
from test_report_archive import rehash
from test_report_page import Page

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.report import Result, build_archive, verify_archive
from xtmig_kernel.report.model import AccountFact

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = ("Mailbox", "Wave", "In the target", "Account", "Reason")
SUM = "25 in scope = 20 completed + 3 excluded + 2 failed + 0 open"


def exhibit(**states: int) -> Exhibit:
    """An account with so many mailboxes in each state."""
    words = [state for state, number in states.items() for _ in range(number)]
    rows = tuple(
        (f"user{n}@contoso.com", "pilot", "", word.replace("_", " "), "because") for n, word in enumerate(words)
    )
    return Exhibit("account", "the account", COLUMNS, rows)


@pytest.fixture
def many(project_folder: Path) -> BigBook:
    """The ledger of a run that has opened section 220."""
    made = BigBook(project_folder, "run-1", StoryClock())
    made.start("220", "Close")
    return made


@pytest.fixture
def build(many: BigBook) -> Callable[[], Path]:
    """Builds the archive of the run."""

    def built() -> Path:
        build_archive(many.folder, "run-1", many.folder / "archive")
        return many.folder / "archive"

    return built


def result_of(archive: Path) -> Result:
    return Result.model_validate_json((archive / "result.json").read_bytes())


def test_first_page_shows_the_sum(many: BigBook, build: Callable[[], Path]) -> None:
    """The first screen says what became of all mailboxes in scope, as a sum with its parts (planning 5)."""
    many.show(exhibit(completed=20, excluded=3, failed=2))
    archive = build()
    assert verify_archive(archive) == []
    text = Page((archive / "index.html").read_text(encoding="utf-8")).text
    assert SUM in text
    assert text.index(SUM) < text.index("Where the work stands")


def test_result_holds_the_account(many: BigBook, build: Callable[[], Path]) -> None:
    """result.json has the account, counted from every row and not from the first 200."""
    many.show(exhibit(completed=300, still_to_move=1))
    account = result_of(build()).account
    assert account is not None
    assert (account.in_scope, account.completed, account.open) == (301, 300, 1)


def test_without_an_account_nothing_is_said(build: Callable[[], Path]) -> None:
    """A project that has no account yet shows none, and no zeros in its place."""
    archive = build()
    assert result_of(archive).account is None
    assert "in scope =" not in (archive / "index.html").read_text(encoding="utf-8")


def test_last_account_counts(many: BigBook, build: Callable[[], Path]) -> None:
    """Of two accounts the later one is told."""
    many.show(exhibit(still_to_move=2))
    many.show(exhibit(completed=2))
    account = result_of(build()).account
    assert account is not None
    assert (account.completed, account.open) == (2, 0)


def test_advice_for_a_completed_move_is_past(many: BigBook, build: Callable[[], Path]) -> None:
    """Advice on how to move a mailbox is left to do until the account has it completed; what comes after stays."""
    for step, rule in (("120.3", "time-to-copy"), ("190.1", "licence-in-time")):
        for name in ("user0@contoso.com", "user1@contoso.com"):
            many.find("warn", rule, f"SharedMailbox {name}", step=step, remedy="Give it more time.")
    many.show(exhibit(completed=1, still_to_move=1))
    left = [(item.step, item.what.split()[2].removesuffix(":")) for item in result_of(build()).open_items]
    assert left == [("120.3", "user1@contoso.com"), ("190.1", "user0@contoso.com"), ("190.1", "user1@contoso.com")]


def test_unknown_state_is_no_account(many: BigBook, build: Callable[[], Path]) -> None:
    """A state that nobody knows is counted nowhere: there is no account then, and the check says so."""
    many.show(exhibit(completed=1, vanished=1))
    archive = build()
    assert result_of(archive).account is None
    assert "result.json has an account without its table, or a table without the account" in verify_archive(archive)


def test_altered_account_is_found(many: BigBook, build: Callable[[], Path]) -> None:
    """Whoever makes a failed mailbox a completed one in result.json, and every hash right again, is found out."""
    many.show(exhibit(completed=20, excluded=3, failed=2))
    archive = build()
    data = json.loads((archive / "result.json").read_text(encoding="utf-8"))
    data["account"] |= {"completed": 22, "failed": 0}
    (archive / "result.json").write_text(json.dumps(data), encoding="utf-8")
    rehash(archive, "result.json")
    assert "result.json: account is not what artifacts/account.csv comes to" in verify_archive(archive)


def test_account_that_does_not_balance_is_refused() -> None:
    """An account whose parts are not the whole is no result."""
    whole = {"in_scope": 3, "completed": 1, "excluded": 1, "failed": 0, "open": 1}
    where = {"step": "220.1", "at": "2026-11-23T09:00:00Z", "run": "run-1", "this_run": True}
    assert AccountFact(**whole, **where)
    with pytest.raises(ValidationError, match="not all mailboxes"):
        AccountFact(**whole | {"open": 0}, **where)


def test_report_names_the_edition(build: Callable[[], Path]) -> None:
    """Every report names title, date and hash of the document that was followed (DOC-01)."""
    archive = build()
    document = result_of(archive).document
    assert document is not None
    assert (document.title, document.date) == ("Cross-tenant mailbox migration", "2024-02-01")
    text = Page((archive / "index.html").read_text(encoding="utf-8")).text
    assert "dated 2024-02-01" in text
    assert document.sha256 in text
