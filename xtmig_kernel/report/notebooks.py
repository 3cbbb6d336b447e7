"""Executed notebooks as HTML that stands alone: no script, no address to load from, readable without Jupyter.

What a cell shows was made by our own kernel from data of tenants; it passes an allow-list all the same.
"""

from __future__ import annotations

import re
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from markupsafe import Markup

from xtmig_kernel.errors import ArchiveError
from xtmig_kernel.project.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from nbconvert.exporters import HTMLExporter

_DROPPED_TAGS = {"parameters", "injected-parameters", "remove_cell"}
_SHOWN_TYPES = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain"]
_TAGS = """
a abbr article b bdi blockquote br caption code col colgroup dd del details div dl dt em figcaption figure
h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre s section small span strong sub summary sup
table tbody td tfoot th thead time tr u ul wbr svg rect
"""
_ATTRIBUTES = """
alt aria-label aria-labelledby class colspan datetime dir height id lang open role rowspan scope title width
"""
# Links and pictures are looked at one by one; our bars are drawn with numbers and words that lead nowhere.
_OWN_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src"},
    "svg": {"viewBox", "preserveAspectRatio", "aria-hidden"},
    "rect": {"x", "y"},
}
_INERT = re.compile(r"<(script|style|template|iframe|object)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_REMOTE_LINK = re.compile(r'<a\b[^>]*\bhref="(https?:[^"]*)"[^>]*>(.*?)</a>', re.DOTALL | re.IGNORECASE)
_EMPTY_PICTURE = re.compile(r"<img\b(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE)
_NOTEBOOK_LINK = re.compile(r'(<a\b[^>]*\bhref="[\w.-]+)\.ipynb(#[^"]*)?"', re.IGNORECASE)


def write_notebook_page(path: Path) -> None:
    """Write the page of an executed notebook beside it.

    Args:
        path: The `.ipynb` file.

    Raises:
        ArchiveError: The file is no notebook.
    """
    write_whole(path.with_suffix(".html"), notebook_html(path))


def notebook_html(path: Path) -> str:
    """One executed notebook as a page.

    Args:
        path: The `.ipynb` file.

    Raises:
        ArchiveError: The file is no notebook.
    """
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, nbformat.ValidationError, nbformat.reader.NotJSONError) as error:
        raise ArchiveError(
            f"{path.name} is not a notebook that can be read",
            cause=str(error),
            remedy="Run its section again.",
        ) from error
    notebook.cells = [cell for cell in notebook.cells if not _DROPPED_TAGS & set(cell.metadata.get("tags", []))]
    templates = files("xtmig_kernel.report").joinpath("templates")
    with as_file(templates) as folder:
        html, _ = _exporter(folder).from_notebook_node(notebook, resources={"metadata": {"name": path.stem}})
    return str(html)


def _exporter(templates: Path) -> HTMLExporter:
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    settings = Config()
    settings.NbConvertBase.display_data_priority = _SHOWN_TYPES
    settings.HTMLExporter.exclude_anchor_links = True
    settings.HTMLExporter.template_name = "notebook"
    settings.HTMLExporter.extra_template_basedirs = [str(templates)]
    settings.HTMLExporter.filters = {"offline": offline}
    exporter = HTMLExporter(config=settings)  # type: ignore[no-untyped-call]
    exporter.environment.globals["css"] = (templates / "style.css").read_text(encoding="utf-8")
    return exporter


def offline(html: str) -> Markup:
    """HTML without script, styles or anything that leads elsewhere; a remote link becomes its address.

    Args:
        html: Output or rendered text of a cell.
    """
    import nh3

    shown = _REMOTE_LINK.sub(_address_as_text, _INERT.sub("", html))
    cleaned = nh3.clean(
        _NOTEBOOK_LINK.sub(r'\1.html\2"', shown),
        tags=set(_TAGS.split()),
        attributes={tag: set(_ATTRIBUTES.split()) | _OWN_ATTRIBUTES.get(tag, set()) for tag in _TAGS.split()},
        attribute_filter=_allowed,
        url_schemes={"data", "https"},
        link_rel=None,
    )
    return Markup(_EMPTY_PICTURE.sub("", cleaned))  # noqa: S704 - just cleaned


def _address_as_text(link: re.Match[str]) -> str:
    address, label = link[1], link[2]
    return label if label == address else f"{label} ({address})"


def _allowed(tag: str, name: str, value: str) -> str | None:
    """The value of an attribute that may stay, or None."""
    if tag == "a" and name == "href":
        stays = value.startswith("#") or re.fullmatch(r"[\w.-]+\.html(#.*)?", value) is not None
    elif tag == "img" and name == "src":
        stays = value.startswith("data:image/")
    else:
        stays = True
    return value if stays else None
