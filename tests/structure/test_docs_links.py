"""The documentation leads somewhere: every link of ours to a file, a heading or a picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page.relative_to(ROOT) for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if page.is_file()
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
MOST_BYTES_OF_A_PICTURE = 200_000


def anchors(page: Path) -> set[str]:
    """The names that headings of a page have where it is shown."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """The links of a page that lead to files of ours."""
    found = LINK.findall((ROOT / page).read_text(encoding="utf-8"))
    return [link for link in found if "://" not in link and not link.startswith("mailto:")]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    """A link names a file that is there, and a heading that is in it."""
    wrong = []
    for link in links(page):
        name, _, heading = link.partition("#")
        file = (ROOT / page.parent / name).resolve() if name else ROOT / page
        if not file.exists() or (heading and file.suffix == ".md" and heading not in anchors(file)):
            wrong.append(link)
    assert wrong == []


def test_every_page_is_reached_from_the_first() -> None:
    """Whoever begins at docs/README.md reaches every page of docs."""
    reached, left = set(), [Path("docs/README.md")]
    while left:
        page = left.pop()
        if page in reached:
            continue
        reached.add(page)
        files = [(ROOT / page.parent / link.partition("#")[0]).resolve() for link in links(page)]
        left += [file.relative_to(ROOT) for file in files if file.suffix == ".md" and file.is_file()]
    assert {page for page in PAGES if page.parts[0] == "docs"} <= reached


def test_pictures_are_small_and_used() -> None:
    """A picture weighs less than 200 kB, and a page shows it."""
    shown = {(ROOT / page.parent / link).resolve() for page in PAGES for link in links(page)}
    pictures = set((ROOT / "docs" / "images").iterdir())
    assert pictures <= shown
    assert [one.name for one in pictures if one.stat().st_size >= MOST_BYTES_OF_A_PICTURE] == []
