from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jupyterlab.commands import get_app_dir
from jupyterlab_server.settings_utils import get_settings
from kernel_running import SHARE


@pytest.mark.parametrize(
    ("schema", "setting", "expected"),
    [
        ("@jupyterlab/apputils-extension:notification", "fetchNews", "false"),
        ("@jupyterlab/apputils-extension:notification", "checkForUpdates", False),
        ("@jupyter-widgets/jupyterlab-manager:plugin", "saveState", False),
        ("@jupyterlab/notebook-extension:tracker", "windowingMode", "none"),
    ],
)
def test_jupyterlab_takes_our_defaults(tmp_path: Path, schema: str, setting: str, expected: object) -> None:
    """JupyterLab fetches no news, saves no widget state and keeps every cell in the page, unless a person says so."""
    found, _ = get_settings(
        str(SHARE / "lab" / "settings"),
        str(Path(get_app_dir()) / "schemas"),
        str(tmp_path),
        schema_name=schema,
        labextensions_path=[str(Path(sys.prefix) / "share" / "jupyter" / "labextensions")],
    )
    assert expected == found["schema"]["properties"][setting]["default"]
