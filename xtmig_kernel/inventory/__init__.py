"""Reads of both tenants into the tables of `xtmig_kernel.tables`. Reading only."""

from xtmig_kernel.inventory.reader import Reader
from xtmig_kernel.inventory.snapshot import Snapshot

__all__ = ["Reader", "Snapshot"]
