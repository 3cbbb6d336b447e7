"""How `xtmig new` is asked for a project: for two tenants, or for the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from close_facts import back_project
from core_facts import TARGET_ID, settings
from typer.testing import CliRunner

from xtmig_kernel.cli import app
from xtmig_kernel.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

DOMAINS = ("--source", "contoso.onmicrosoft.com", "--target", "northwindtraders.onmicrosoft.com")


def test_way_back_is_made_from_the_first_project(tmp_path: Path) -> None:
    """`--back-from` makes the project that section 300 has written; nothing is looked up (BCK-01)."""
    written = tmp_path / "first" / "move-back"
    written.mkdir(parents=True)
    (written / "project.yaml").write_text(yaml.safe_dump(settings(**back_project())), encoding="utf-8")
    result = CliRunner().invoke(app, ["new", str(tmp_path / "back"), "--back-from", str(tmp_path / "first")])
    assert result.exit_code == 0
    assert load_project(tmp_path / "back").source.tenant_id == TARGET_ID


@pytest.mark.parametrize(
    "given",
    [
        (),
        DOMAINS,
        ("--transport", "rest"),
        ("--back-from", "first", "--transport", "rest"),
        ("--back-from", "first", *DOMAINS),
    ],
)
def test_half_a_question_is_wrong_usage(tmp_path: Path, given: tuple[str, ...]) -> None:
    """Both domains and the transport are needed, or the first project and none of them; nothing is made otherwise."""
    result = CliRunner().invoke(app, ["new", str(tmp_path / "project"), *given])
    assert result.exit_code == 2
    assert not (tmp_path / "project").exists()
