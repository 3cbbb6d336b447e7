"""Notebook 040 executed without a person, and the page that an auditor opens."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from many_pairs import address
from notebook_offline import executed_offline, offline_project
from notebook_practice import ROOT, outputs, shown_html

from xtmig_kernel.report.notebooks import notebook_html

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.deep

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook on 60 users, executed once for all tests."""
    folder = tmp_path_factory.mktemp("offline") / "project"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(ROOT / "share" / "jupyter"))
        patch.setenv("IPYTHONDIR", str(folder.parent / "ipython"))
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        offline_project(folder, 60, 10, DisplayName=HOSTILE)
        return executed_offline(folder)


def test_every_row_is_in_the_notebook(executed: Path) -> None:
    """The executed notebook holds every user, no widget and no error."""
    notebook = json.loads(executed.read_text(encoding="utf-8"))
    assert "error" not in {output["output_type"] for output in outputs(notebook)}
    assert "widget-view" not in json.dumps(notebook)
    assert "widgets" not in notebook["metadata"]
    html = shown_html(notebook)
    assert [number for number in range(60) if address(number) not in html] == []
    assert "— end of 040 —" in html


def test_the_page_stands_alone(executed: Path) -> None:
    """The auditor's page has the summary and the first rows, runs nothing and leads nowhere."""
    page = re.sub("<wbr */?>", "", notebook_html(executed))
    assert "<script" not in page
    assert "60 mailboxes to move, of 60 users listed." in page
    assert address(10) in page
    assert "The first 50 of 60." in page
    assert re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page) == []
    assert "unpkg" not in page
    assert "<img src=x" not in page
