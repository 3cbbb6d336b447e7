"""Reads of both tenants into the tables of `xtmig_kernel.tables`. Reading only."""

from xtmig_kernel.inventory.reader import Reader

__all__ = ["Reader"]
