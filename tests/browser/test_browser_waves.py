"""Notebook 120 in a real JupyterLab: what mailboxes hold, as bars and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser_walk import Walk
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from browser_person import Person
    from simulator_process import SimulatorProcess

pytestmark = pytest.mark.browser

LISTED = """\
SourceAddress,TargetAddress,TargetSignIn,TargetAlias
Lara.Newton@contoso.com,Lara.Newton@northwindtraders.com,LaraN@northwindtraders.onmicrosoft.com,LaraN
mina.meeting@contoso.com,mina.meeting@northwindtraders.com,mina@northwindtraders.onmicrosoft.com,mina
xavier.expand@contoso.com,xavier.expand@northwindtraders.com,xavier@northwindtraders.onmicrosoft.com,xavier
"""  # of the example's mailboxes one of 13 GB, one of 1 GB, and one of 1 GB with an archive of 140 GB


def test_sizes_are_drawn_and_rights_are_listed(person: Person, simulator: SimulatorProcess, project: Path) -> None:
    """The card of 120.1 draws a bar for each class of size, and lists who has which right."""
    (project / "users.csv").write_text(LISTED, encoding="utf-8")
    walk = Walk(person, simulator, project)
    walk.open("120-plan-waves.ipynb", "source", "target")
    card = walk.looked("120.1")

    sizes = card.get_by_role("region", name="Mailboxes by size, Recoverable Items and archive included")
    expect(sizes.locator("tbody tr")).to_have_text(
        ["1 to 10 GB 1", "10 to 50 GB 1", "100 to 200 GB 1"], use_inner_text=True
    )
    widths = [bar.bounding_box() for bar in sizes.locator("tbody rect").all()]
    assert len(widths) == 3
    assert all(box is not None and box["width"] > 20 and box["height"] > 5 for box in widths)

    rights = card.get_by_role("region", name="Rights on mailboxes that move")
    mina = rights.locator("tbody tr", has_text="mina.meeting@contoso.com").filter(has_text="FullAccess")
    expect(mina).to_contain_text("Lara.Newton@contoso.com")
