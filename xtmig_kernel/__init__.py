"""xtmig: a guided, verified runbook for moving mailboxes between two Microsoft 365 tenants."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("xtmig")
except PackageNotFoundError:  # imported from a checkout that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
