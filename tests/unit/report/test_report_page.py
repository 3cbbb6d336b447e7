from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from report_story import HOSTILE, write_project

from xtmig_kernel.report import build_archive
from xtmig_kernel.report.differences import differences
from xtmig_kernel.report.notebooks import offline
from xtmig_kernel.report.words import visible
from xtmig_kernel.statements import statements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from report_story import Book


class Page(HTMLParser):
    """Tags with their attributes, and the text, of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if attributes.get("id")]


def read(archive: Path, name: str = "index.html") -> str:
    return (archive / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["index.html", "notebooks/070-endpoint.html"])
def test_pages_refer_to_nothing_outside(archive: Path, name: str) -> None:
    """No page of an archive loads from, or links to, an address, and its policy forbids it too."""
    html = read(archive, name)
    page = Page(html)
    refers = [
        value
        for _, attributes in page.tags
        for key, value in attributes.items()
        if key in ("src", "href", "srcset", "action", "data", "poster")
        and not (value or "").startswith(("#", "data:image/"))
    ]
    assert [value for value in refers if not re.fullmatch(r"[\w.-]+\.html", value or "")] == []
    assert not re.search(r"url\(|@import", "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL)))
    policies = [
        a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    assert (policies[0] or "").startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_only_our_script_may_run(archive: Path) -> None:
    """The page holds one script, and the policy names its hash and nothing else."""
    html = read(archive)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == 1
    expected = base64.b64encode(hashlib.sha256(scripts[0].encode("utf-8")).digest()).decode("ascii")
    assert f"script-src 'sha256-{expected}';" in html


@pytest.mark.parametrize("name", ["index.html", "notebooks/070-endpoint.html"])
def test_hostile_names_are_text(archive: Path, name: str) -> None:
    """Markup in a name from a tenant is shown as text and makes no element."""
    html = read(archive, name)
    page = Page(html)
    assert HOSTILE in page.text
    assert not [tag for tag, attributes in page.tags if tag == "img" or any(key.startswith("on") for key in attributes)]


def test_characters_that_turn_text_are_named(archive: Path) -> None:
    """A name with a character that reverses the text shows that character by its number."""
    assert "⟨U+202E⟩gnp.exe" in read(archive)
    assert "\u202e" not in read(archive)


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\x00", "\ufeff"])
def test_hidden_characters_become_visible(hidden: str) -> None:
    """Characters without a shape of their own are replaced by their number."""
    assert f"a⟨U+{ord(hidden):04X}⟩b" == visible(f"a{hidden}b")


def test_first_line_is_the_answer_then_who_must_act(archive: Path) -> None:
    """The page begins with the answer in a sentence; who must act comes before anything else."""
    html = read(archive)
    answer = html.index("<h1>1 check failed and 1 step could not be completed; 2 changes were made</h1>")
    who = html.index("Who must act:")
    assert answer < who < html.index("passed</span>")
    assert "source administrator" in html[who : who + 400]


def test_simulated_run_says_so_first(archive: Path) -> None:
    """A simulated run says at the top that nothing happened in Microsoft 365."""
    html = read(archive)
    ribbon = html.index("SIMULATED TENANTS: nothing here happened in Microsoft 365")
    assert ribbon < html.index("<h1>")


def live_page(book_of: Callable[[str], Book], folder: Path, **project: object) -> str:
    write_project(folder, **project)
    book = book_of("run-1")
    book.start("070", "Target: endpoint and relationship", simulated=False)
    book.find("pass")
    book.end("070")
    build_archive(folder, "run-1", folder / "archive")
    return read(folder / "archive")


def test_live_run_names_its_transport(open_book: Callable[[str], Book], project_folder: Path) -> None:
    """A live run through the REST interface says that Microsoft does not document it for others."""
    html = live_page(open_book, project_folder, transport="rest")
    assert "SIMULATED" not in html
    assert "which Microsoft does not document for others" in html[: html.index("<h1>")]


def test_live_run_through_powershell_says_so(open_book: Callable[[str], Book], project_folder: Path) -> None:
    """A live run through PowerShell says so on its first screen, and what had not been shown under its limits."""
    html = live_page(open_book, project_folder, transport="powershell")
    assert "through an installed PowerShell" in html[: html.index("<h1>")]
    assert "had seen no PowerShell run" in html
    assert "document for others" not in html


def test_four_eyes_reason_is_on_the_first_screen(open_book: Callable[[str], Book], project_folder: Path) -> None:
    """Who switches four eyes off gives a reason, and the reason stands before the contents."""
    html = live_page(open_book, project_folder, four_eyes={"off_because": "One person runs this pilot."})
    assert html.index("One person runs this pilot.") < html.index("<nav")


def test_nobody_needs_to_act_when_nothing_is_left(open_book: Callable[[str], Book], project_folder: Path) -> None:
    """Where nothing is left to do, the page says that nobody needs to act."""
    assert "Nobody needs to act." in live_page(open_book, project_folder)


def test_every_answered_statement_is_shown_with_its_text(archive: Path) -> None:
    """Each statement that a finding, a change or a sign-off names has its place, its text and its trap."""
    html = read(archive)
    for name in ("PRE-08", "APP-03", "APP-14", "CON-02", "EPT-02", "EPT-09", "REL-05", "REL-07", "REL-12"):
        assert f'id="statement-{name}"' in html
    text = Page(html).text
    assert statements()["EPT-02"].statement in text
    assert statements()["REL-09"].trap in text
    assert "Where the document misleads" in text


def test_statement_sum_balances(archive: Path) -> None:
    """The sum of statements by state equals the number of statements shown."""
    text = Page(read(archive)).text
    total, parts = re.search(r"were answered: (\d+) = ([^.]+)\.", text).groups()
    assert int(total) == sum(int(number) for number in re.findall(r"(?:^|\+ )(\d+) ", parts))
    assert int(total) == read(archive).count('class="statement" id="statement-')


def test_weakest_answer_decides_a_statement(archive: Path) -> None:
    """A statement with a pass and a warning is warned; one with a pass and a manual sign-off is passed."""
    html = read(archive)
    shown = dict(re.findall(r'id="title-([A-Z]+-\d+)">.*?<span class="v \w+">(.*?)</span>', html))
    assert shown["APP-03"] == "! warned"
    assert shown["EPT-09"] == "○ not observed"
    assert shown["PRE-08"] == "✓ passed"
    assert shown["REL-07"] == "✕ failed"


def test_anchors_lead_somewhere(archive: Path) -> None:
    """Every link within the page leads to an element that exists, and no id is given twice."""
    page = Page(read(archive))
    ids = page.ids()
    targets = {a["href"][1:] for tag, a in page.tags if tag == "a" and (a.get("href") or "").startswith("#")}
    assert len(ids) == len(set(ids))
    assert set() == targets - set(ids)


def test_steps_are_anchored_by_their_ids(archive: Path) -> None:
    """Evidence is found by step id."""
    assert {"step-050.1", "step-070.2", "section-070"} <= set(Page(read(archive)).ids())


def test_later_value_says_where_it_will_come_from(archive: Path) -> None:
    """A value that is not known yet is shown in italics as the ID of its object."""
    assert "<i><bdi>application ID of xtmig mailbox migration northwind</bdi></i>" in read(archive)


def test_planned_change_shows_its_cmdlet(archive: Path) -> None:
    """Each planned change shows the cmdlet line by which it would be made."""
    html = read(archive)
    planned = html[html.index('id="planned"') : html.index('id="problems"')]
    assert "New-MigrationEndpoint -Name" in planned


def test_change_reads_before_and_after(archive: Path) -> None:
    """A changed attribute shows what it was and what it became."""
    html = read(archive)
    assert '<del><span class="hidden">was </span><bdi>False</bdi></del> → <ins>' in html
    assert '<ins><span class="hidden">becomes </span><bdi>True</bdi></ins>' in html


def test_union_shows_only_what_is_added() -> None:
    """A multi-valued attribute that gains a value keeps the other values unmarked."""
    rows = differences({"Capability": ["RemoteOutbound"]}, {"Capability": ["Inbound", "RemoteOutbound"]})
    assert [(p.kind, p.text) for p in rows[0].parts] == [("same", "RemoteOutbound"), ("new", "Inbound")]


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [(None, {"Name": "x"}, ["new"]), ({"Name": "x"}, None, ["gone"]), ({"Name": "x"}, {"Name": "y"}, ["gone", "new"])],
)
def test_object_that_comes_or_goes(before: dict | None, after: dict | None, kinds: list[str]) -> None:
    """An object that is made shows only new values, one that is removed only old ones."""
    assert kinds == [part.kind for part in differences(before, after)[0].parts]


def test_secret_is_shown_by_its_origin() -> None:
    """A secret is never a value: the page says where it comes from."""
    credential = {"$credential": {"user": "app", "secret": {"$secret": "env:XTMIG_SECRET"}}}
    assert differences(None, {"Credentials": credential})[0].parts[0].text == "app with secret from env"


def test_both_sides_have_word_symbol_and_colour(archive: Path) -> None:
    """A side is a word, a symbol and a colour."""
    html = read(archive)
    assert '<span class="side s wide"><b>◀ SOURCE</b>' in html
    assert '<span class="side t wide"><b>▶ TARGET</b>' in html


def test_notebook_page_drops_parameters_and_folds_code(archive: Path) -> None:
    """A notebook's page leaves the parameters cell out and folds the code away."""
    html = read(archive, "notebooks/070-endpoint.html")
    assert "mode = " not in html
    assert "<details><summary>Code</summary>" in html
    assert "section.look()" in html


def test_notebook_link_becomes_address_or_page(archive: Path) -> None:
    """A link to the web becomes its address as text; a link to a notebook leads to its page."""
    html = read(archive, "notebooks/070-endpoint.html")
    assert "the page (https://learn.microsoft.com/x)" in html
    assert 'href="060-consent.html"' in html


@pytest.mark.parametrize(
    "markup",
    [
        "<a href='javascript:alert(1)'>x</a>",
        "<svg><script>alert(1)</script></svg>",
        "<b onmouseover=alert(1)>x</b>",
        "<img src='https://evil.example/x.png'>",
        "<link rel=stylesheet href=https://evil.example/x.css>",
        "<form action=https://evil.example><input></form>",
        "<b style='background:url(https://evil.example/x)'>x</b>",
        "<iframe src=https://evil.example></iframe>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    ],
)
def test_output_of_a_cell_cannot_reach_out(markup: str) -> None:
    """Whatever a cell displayed, its page holds no script, no handler, no style and no address to load."""
    page = Page(str(offline(markup)))
    allowed = {"class", "id"}
    assert [(tag, a) for tag, a in page.tags if set(a) - allowed or tag not in ("a", "b", "svg")] == []


def test_picture_of_a_cell_keeps_its_description() -> None:
    """A picture that is part of the page stays, with its description."""
    kept = str(offline('<img src="data:image/png;base64,AAAA" alt="12 mailboxes a day">'))
    assert 'alt="12 mailboxes a day"' in kept
    assert "data:image/png;base64,AAAA" in kept
