"""users.csv: what is accepted, what is refused, and that nothing gets lost on the way out and in."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xtmig_kernel.errors import ProjectFileError
from xtmig_kernel.project import UserRow, load_users, read_users, users_text
from xtmig_kernel.project.users import COLUMNS, as_columns, from_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEADER = "SourceAddress,TargetAddress\n"
LARA = UserRow("Lara.Newton@contoso.com", "Lara.Newton@northwindtraders.com", line=2)


def rows_of(text: str) -> tuple[UserRow, ...]:
    return read_users(text)


def refused(text: str) -> str:
    with pytest.raises(ProjectFileError) as caught:
        read_users(text)
    return caught.value.message


def test_two_columns_are_enough() -> None:
    """The least that a file holds is a source address and a target address, which may be empty."""
    assert (LARA, UserRow("ben@contoso.com", line=3)) == rows_of(
        HEADER + "Lara.Newton@contoso.com,Lara.Newton@northwindtraders.com\nben@contoso.com,\n"
    )


def test_header_alone_is_nobody() -> None:
    """A file that holds nothing but its header lists nobody, and is no error."""
    assert () == rows_of(HEADER)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write_is_accepted(delimiter: str) -> None:
    """Commas, semicolons and tabs, a byte order mark, other letter case, empty cells and lines at the end."""
    lines = ["sourceaddress,TARGETADDRESS,Remark,,", "Lara.Newton@contoso.com, ,moves first,,", ",,,,", ""]
    text = "\ufeff" + "\r\n".join(lines).replace(",", delimiter)
    assert (UserRow("Lara.Newton@contoso.com", remark="moves first", line=2),) == rows_of(text)


def test_line_is_where_the_row_begins() -> None:
    """A remark over several lines does not shift the line by which a row is named."""
    text = 'SourceAddress,TargetAddress,Remark\na@contoso.com,,"one\ntwo"\n\nb@contoso.com,,\n'
    assert [2, 5] == [row.line for row in rows_of(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: missing column 'SourceAddress', 'TargetAddress'"),
        ("SourceAddress\n", "missing column 'TargetAddress'"),
        ("SourceAddress,TargetAddress,Target\n", "unknown column 'Target'"),
        ("SourceAddress,TargetAddress,sourceaddress\n", "column given twice 'SourceAddress', 'sourceaddress'"),
        (HEADER + "a@contoso.com,,x\n", "line 2: more cells than columns"),
        (HEADER + ",b@northwindtraders.com\n", "line 2: SourceAddress is empty"),
        (HEADER + "contoso.com,\n", "line 2: SourceAddress 'contoso.com' is not an address"),
        (HEADER + "a@contoso.com,b@northwind\n", "line 2: TargetAddress 'b@northwind' is not an address"),
        (HEADER + "a@contoso.com,\nA@contoso.com,\n", "line 3: SourceAddress 'a@contoso.com' stands in line 2 too"),
        (HEADER + "a@contoso.com,x@n.com\nb@contoso.com,X@n.com\n", "line 3: TargetAddress 'x@n.com' stands in line 2"),
        (HEADER + 'a@contoso.com,"x\n', "line 2: unexpected end of data"),
    ],
)
def test_mistake_is_named_with_its_line(text: str, words: str) -> None:
    """Whatever is not understood is an error that says where it stands."""
    assert words in refused(text)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("TargetSignIn", "lara"),
        ("TargetAlias", "lara newton"),
        ("TargetAlias", "lara..newton"),
        ("TargetObject", "old"),
        ("TargetObject", "77777777-2222-4222-8222"),
        ("PreviousMailbox", "delete"),
    ],
)
def test_wrong_value_is_named_with_its_column(column: str, value: str) -> None:
    """A value that its column does not take is told with both."""
    message = refused(f"SourceAddress,TargetAddress,{column}\na@contoso.com,,{value}\n")
    assert f"line 2: {column} " in message
    assert value in message


def test_new_may_stand_in_many_lines() -> None:
    """`new` is no object, so many lines may ask for one; an alias of that name is still one alias."""
    text = "SourceAddress,TargetAddress,TargetObject\na@contoso.com,,new\nb@contoso.com,,new\n"
    assert ["new", "new"] == [row.target_object for row in rows_of(text)]
    assert "TargetAlias 'new' stands in line 2 too" in refused(text.replace("TargetObject", "TargetAlias"))


def test_many_mistakes_are_counted() -> None:
    """Ten mistakes are told one by one, the others are counted, and nothing is taken from the file."""
    message = refused(HEADER + "".join(f"user{number},\n" for number in range(14)))
    assert "and 4 more" in message
    assert 10 == message.count("is not an address")


def test_missing_file_is_no_list(tmp_path: Path) -> None:
    """Without a file nobody has decided yet, which is not the same as a list of nobody."""
    assert load_users(tmp_path) is None


def test_other_encoding_is_told(tmp_path: Path) -> None:
    """A file in Windows' old encoding is refused with the way to save it rightly."""
    (tmp_path / "users.csv").write_bytes((HEADER + "lära@contoso.com,\n").encode("cp1252"))
    with pytest.raises(ProjectFileError, match="is not UTF-8") as caught:
        load_users(tmp_path)
    assert "CSV UTF-8" in caught.value.remedy


def test_folder_of_that_name_is_told(tmp_path: Path) -> None:
    """What cannot be read is an error of ours, never one of Python's."""
    (tmp_path / "users.csv").mkdir()
    with pytest.raises(ProjectFileError, match="cannot be read"):
        load_users(tmp_path)


def test_every_column_is_written() -> None:
    """The file that xtmig writes has every column, so that a person only has to fill them."""
    assert "\ufeff" + ",".join(COLUMNS) + "\r\n" == users_text(())


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-later", "@home", "'=1", "''@x", "=", "it's"])
def test_formulas_are_made_harmless(text: str) -> None:
    """No cell begins as a formula does, and reading gives back what was there (CSV injection)."""
    written = users_text([replace(LARA, remark=text)])
    cell = written.splitlines()[1].rpartition(",")[2]
    assert not re.match(r"[=+\-@]", cell)
    assert text == rows_of(written)[0].remark


def test_columns_give_back_the_row() -> None:
    """A row goes into the inventory's columns and out again."""
    row = UserRow("a@contoso.com", "a@n.com", "s@n.com", "al", "new", "clear", "\\\\share\\a.pst", "Ann", "why", 7)
    assert row == from_columns(as_columns(row))


def _unique(rows: Sequence[UserRow]) -> bool:
    names = ("source_address", "target_address", "target_sign_in", "target_alias")
    values = [[getattr(row, name).casefold() for row in rows if getattr(row, name)] for name in names]
    return all(len(set(some)) == len(some) for some in values)


texts = st.text(max_size=12).map(lambda text: text.strip().lstrip("\ufeff")).filter(lambda text: "\x00" not in text)
free = texts.filter(lambda text: text.encode("utf-8", "ignore").decode() == text and text == text.strip())
addresses = st.from_regex(r"[a-zA-Z0-9.'+=_-]{1,8}@[a-z0-9]{1,5}\.[a-z]{2,4}", fullmatch=True)
lists = st.lists(
    st.builds(
        UserRow,
        source_address=addresses,
        target_address=addresses | st.just(""),
        target_sign_in=addresses | st.just(""),
        target_alias=st.from_regex(r"[a-zA-Z0-9'=+-]{0,8}", fullmatch=True),
        target_object=st.sampled_from(["", "new"]),
        previous_mailbox=st.sampled_from(["", "clear"]),
        previous_mailbox_export=free,
        previous_mailbox_agreed_by=free,
        remark=free,
    ),
    max_size=4,
).filter(_unique)


@given(lists)
def test_what_is_written_is_read(rows: list[UserRow]) -> None:
    """Whatever the rows hold, reading what was written gives the same rows."""
    assert rows == [replace(row, line=0) for row in read_users(users_text(rows))]


@given(st.text(max_size=60) | st.lists(st.sampled_from([*COLUMNS, ",", ";", "\n", '"', "a@b.de", "'"])).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No file makes anything but rows or one clear error."""
    rows: tuple[UserRow, ...] = ()
    with contextlib.suppress(ProjectFileError):
        rows = read_users(text)
    assert all(row.source_address and row.line > 1 for row in rows)
