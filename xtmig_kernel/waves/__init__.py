"""Who moves together, and how long it may take. Pure: people and ties in, waves out."""

from xtmig_kernel.waves.durations import SIZE_CLASSES, SOURCE, SizeClass, Spell, size_class
from xtmig_kernel.waves.packing import PILOT, WavePlan, plan_waves
from xtmig_kernel.waves.ties import Tie, components

__all__ = [
    "PILOT",
    "SIZE_CLASSES",
    "SOURCE",
    "SizeClass",
    "Spell",
    "Tie",
    "WavePlan",
    "components",
    "plan_waves",
    "size_class",
]
