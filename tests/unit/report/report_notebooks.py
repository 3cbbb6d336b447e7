"""Executed notebooks, as small as they can be."""

from __future__ import annotations

import json
from typing import Any


def notebook(*cells: dict[str, Any]) -> str:
    """An executed notebook of these cells, as text."""
    return json.dumps(
        {"cells": list(cells), "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    )


def code_cell(source: str, *outputs: dict[str, Any], tags: tuple[str, ...] = (), name: str = "c") -> dict[str, Any]:
    """A code cell that has run."""
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": list(tags)},
        "execution_count": 1,
        "source": source,
        "outputs": list(outputs),
    }


def shown(**data: str) -> dict[str, Any]:
    """An output of a cell, in one or more kinds."""
    kinds = {"html": "text/html", "plain": "text/plain", "png": "image/png"}
    return {"output_type": "display_data", "metadata": {}, "data": {kinds[key]: value for key, value in data.items()}}
