"""Many runs: which ones, where they are computed, and one row for each."""

from marsdisk.sweep.campaign import Campaign, read_rows, run_campaign
from marsdisk.sweep.design import Point, latin_hypercube, listed, parse_axis, product

__all__ = [
    "Campaign",
    "Point",
    "latin_hypercube",
    "listed",
    "parse_axis",
    "product",
    "read_rows",
    "run_campaign",
]
