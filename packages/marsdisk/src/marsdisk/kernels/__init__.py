"""Compiled loops over cells and bins. Arrays in, arrays out, a status code back; nothing else."""

from marsdisk.kernels.records import CHANNELS

__all__ = ["CHANNELS"]
