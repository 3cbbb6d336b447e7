"""A person in front of JupyterLab."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Locator, Page

LAB_SECONDS = 120
CELL_SECONDS = 120
SAVE_SECONDS = 10
OPERATORS = {"source": "Olivia Operator", "target": "Otis Operator"}
APPROVER = "amara.approver@northwindtraders.onmicrosoft.com"


@dataclass
class Person:
    """Somebody in front of JupyterLab, who clicks and types.

    Args:
        context: The browser's session, in which links open new pages.
        page: JupyterLab.
        address: Its address.
        screenshots: Where pictures go, or None.
    """

    context: BrowserContext
    page: Page
    address: str
    screenshots: Path | None
    pictures: int = 0

    def open(self, notebook: str) -> None:
        """Open a notebook by its address, and wait until its kernel is idle."""
        self.page.goto(f"{self.address}/lab/tree/notebooks/{notebook}?reset")  # without the tabs of before
        # Running a cell before the session is attached does nothing, silently; the status bar knows.
        self.page.get_by_text(re.compile(r"\| Idle")).wait_for(timeout=LAB_SECONDS * 1000)
        self.run('mode = "interactive"')

    def cell(self, text: str) -> Locator:
        """The code cell that holds this text."""
        return self.cells(text).first

    def cells(self, text: str) -> Locator:
        """All code cells that hold this text."""
        return self.page.locator(".jp-CodeCell").filter(has=self.page.locator(".jp-InputArea-editor", has_text=text))

    def run(self, text: str, number: int = 0) -> Locator:
        """Run the cell with this text (the n-th of them) as a person does, with Ctrl+Enter, and wait for its end."""
        cell = self.cells(text).nth(number)
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        counted = cell.locator(".jp-InputPrompt").filter(has_text=re.compile(r"\[\d+\]"))
        counted.wait_for(timeout=CELL_SECONDS * 1000)
        return cell

    def press(self, cell: Locator, name: str) -> None:
        """Press a button under a card, once it can be pressed."""
        button = cell.get_by_role("button", name=name, exact=True)
        button.wait_for(timeout=CELL_SECONDS * 1000)
        button.click(timeout=CELL_SECONDS * 1000)

    def type(self, field: Locator, text: str) -> None:
        """Type into a field key by key, once it is on view: keys that no field takes are JupyterLab's commands."""
        field.click()
        field.press_sequentially(text, delay=15)

    def follow(self, link: Locator) -> Page:
        """Click a link that opens a page of its own."""
        with self.context.expect_page() as opened:
            link.click()
        return opened.value

    def sign_in(self, side: str) -> None:
        """Sign in to a tenant: the button, then the page of each service, picking the operator's account."""
        cell = self.cell("section.sign_in()")
        self.press(cell, f"Sign in to {side.upper()}")
        for _service in ("Graph", "Exchange"):
            link = cell.get_by_role("link", name=f"Open the sign-in page of {side.upper()}")
            link.wait_for(timeout=CELL_SECONDS * 1000)
            address = link.get_attribute("href")
            portal = self.follow(link)
            self.picture(f"sign-in-{side}", portal)
            portal.get_by_role("radio", name=OPERATORS[side]).check()
            portal.get_by_role("button", name="Continue").click()
            portal.wait_for_load_state()
            portal.close()
            self.page.wait_for_function(
                "address => ![...document.querySelectorAll('.xtmig a.go')].some(a => a.href === address)",
                arg=address,
                timeout=CELL_SECONDS * 1000,
            )
        row = cell.locator(".xtmig .line", has_text=side.upper())
        row.get_by_text("✓ signed in").wait_for(timeout=CELL_SECONDS * 1000)

    def save(self) -> None:
        """Save the notebook; what a card draws while it is being saved makes it unsaved again, so look and repeat."""
        unsaved = self.page.locator(".jp-mod-dirty").first
        for _ in range(int(CELL_SECONDS / SAVE_SECONDS)):
            self.page.keyboard.press("Control+s")
            try:
                unsaved.wait_for(state="detached", timeout=SAVE_SECONDS * 1000)
            except PlaywrightTimeoutError:
                continue
            return
        raise AssertionError("the notebook could not be saved")

    def picture(self, name: str, of: Page | Locator | None = None) -> None:
        """Take a picture of the window or of a cell, where somebody wants pictures."""
        if self.screenshots is not None:
            self.pictures += 1
            (of or self.page).screenshot(path=self.screenshots / f"{self.pictures:03}-{name}.png")

    def close(self) -> None:
        self.context.close()
