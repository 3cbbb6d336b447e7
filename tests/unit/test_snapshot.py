from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core_facts import NOW

from xtmig_kernel.changes import Subject
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory import Snapshot

ROWS = (
    {"Group": "Scope", "ObjectId": "a1", "Names": ["Lara", "lara.n"]},
    {"Group": "Scope", "ObjectId": "b2", "Names": ["John"]},
    {"Group": "Other", "ObjectId": "a1", "Names": []},
)


@dataclass
class OneTable:
    """A reader that counts."""

    answer: Any
    asked: list[str] = field(default_factory=list)

    def read(self, fact: str) -> Any:
        self.asked.append(fact)
        return self.answer


def subject(*key: tuple[str, str]) -> Subject:
    return Subject("source", "scope_members", key, "that one")


def found(rows: tuple[dict[str, Any], ...], *key: tuple[str, str]) -> Any:
    return Snapshot(OneTable(Observed(rows, NOW, "a read"))).read_subject(subject(*key))  # type: ignore[arg-type]


def test_an_object_is_found_by_all_of_its_key() -> None:
    """Of three rows, the one that has every part of the key is the object; case does not count."""
    assert found(ROWS, ("Group", "SCOPE"), ("ObjectId", "A1")).value == ROWS[0]


def test_a_list_has_each_of_its_items() -> None:
    """A key names an item of a list, as a subject's own comparison does."""
    assert found(ROWS, ("Names", "LARA.N")).value == ROWS[0]


def test_absent_is_observed() -> None:
    """That no row has the key is an observation."""
    assert found(ROWS, ("ObjectId", "c3")) == Observed(None, NOW, "a read")


def test_two_objects_with_one_key_are_none() -> None:
    """Several rows with one key are an observation of none of them."""
    assert found(ROWS, ("ObjectId", "a1")).reason == Reason.UNSUPPORTED


def test_a_refusal_stays_a_refusal() -> None:
    """Where the table was not read, no object was."""
    refusal = NotObserved(Reason.DENIED, "no", NOW)
    snapshot = Snapshot(OneTable(refusal))  # type: ignore[arg-type]  # all that is asked of a reader
    assert snapshot.read_subject(subject(("ObjectId", "a1"))) == refusal


def test_a_table_is_read_once() -> None:
    """Any number of questions about a table is one read of it."""
    reader = OneTable(Observed(ROWS, NOW, "a read"))
    snapshot = Snapshot(reader)  # type: ignore[arg-type]  # all that is asked of a reader
    for number in range(50):
        snapshot.read_subject(subject(("ObjectId", str(number))))
    assert reader.asked == ["source.scope_members"]


def test_agrees_with_the_subject_itself() -> None:
    """A snapshot finds what the subject's own comparison finds, row by row."""
    for key in [(("ObjectId", "b2"),), (("Names", "john"), ("Group", "scope")), (("Group", "other"),)]:
        (row,) = [row for row in ROWS if subject(*key).matches(row)]
        assert found(ROWS, *key).value == row
