"""Which runs a sweep consists of: product, list or Latin hypercube over any keys."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from marsdisk.config import Config
from marsdisk.config.loading import Tree, all_keys, nearest_key, set_key
from marsdisk.errors import ConfigurationError, Problem, TableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Axis", "Point", "latin_hypercube", "listed", "parse_axis", "product"]


@dataclass(frozen=True, slots=True)
class Axis:
    """One varied key: its values, or the range of a Latin hypercube (`low`, `high`, `log`)."""

    name: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One run of a sweep: its number and the keys that it sets."""

    index: int
    settings: dict[str, Any]

    def tree(self, base: Tree) -> Tree:
        """Return `base` with the settings of this run."""
        result: Tree = json.loads(json.dumps(base))
        for name, value in self.settings.items():
            set_key(result, name, value)
        return result

    def identity(self, base: Tree) -> str:
        """Return a digest of the whole configuration of this run."""
        text = json.dumps(self.tree(base), sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def parse_axis(text: str) -> Axis:
    """Return the axis of ``key=a,b,c`` or ``key=low:high:count[:log]``.

    Raises
    ------
    ConfigurationError
        If the text has another form or names no key.
    """
    name, equals, values = text.partition("=")
    name = name.strip()
    if not equals or not values.strip():
        raise _refused(text, "must read key=a,b,c or key=low:high:count or key=low:high:count:log")
    known = {key for key, _ in all_keys(Config)}
    if name not in known:
        raise _refused(name, "is not a known key", nearest_key(Config, name))
    if ":" in values:
        return _range_axis(name, values)
    try:
        parsed = tuple(YAML(typ="safe").load(f"[{values}]"))
    except YAMLError as error:
        raise _refused(text, "holds values that cannot be read") from error
    return Axis(name, parsed)


def _refused(value: object, rule: str, hint: str = "") -> ConfigurationError:
    return ConfigurationError((Problem("--vary", value, rule, hint),))


def _range_axis(name: str, text: str) -> Axis:
    parts = text.split(":")
    log = parts[-1] == "log"
    numbers = parts[:-1] if log else parts
    try:
        low, high = float(numbers[0]), float(numbers[1])
        count = int(numbers[2]) if len(numbers) == 3 else 0
    except (ValueError, IndexError) as error:
        raise _refused(
            f"{name}={text}", "must read low:high:count or low:high:count:log"
        ) from error
    if not low < high or (log and low <= 0.0) or len(numbers) > 3:
        raise _refused(f"{name}={text}", "needs low < high, and low > 0 with log")
    if count < 1 and len(numbers) == 3:
        raise _refused(f"{name}={text}", "needs a count of at least one")
    spaced = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
    return Axis(name, tuple(float(x) for x in spaced), low, high, log)


def product(axes: Sequence[Axis]) -> list[Point]:
    """Return every combination of the values of all axes.

    Raises
    ------
    ConfigurationError
        If an axis has no values.
    """
    for axis in axes:
        if not axis.values:
            raise _refused(axis.name, "has no values", "give low:high:count, or use --samples")
    names = [axis.name for axis in axes]
    combinations = itertools.product(*(axis.values for axis in axes))
    return [Point(i, dict(zip(names, row, strict=True))) for i, row in enumerate(combinations)]


def latin_hypercube(axes: Sequence[Axis], samples: int, seed: int) -> list[Point]:
    """Return `samples` points that fill the ranges of all axes evenly.

    Raises
    ------
    ConfigurationError
        If an axis has no range.
    """
    from scipy.stats import qmc  # noqa: PLC0415 -- costs start-up time and is only needed here

    for axis in axes:
        if not axis.low < axis.high:
            raise _refused(axis.name, "has no range", "give low:high for a Latin hypercube")
    unit = qmc.LatinHypercube(len(axes), rng=np.random.default_rng(seed)).random(samples)
    points = []
    for index, row in enumerate(unit):
        settings = {}
        for axis, u in zip(axes, row, strict=True):
            ends = np.log([axis.low, axis.high]) if axis.log else np.array([axis.low, axis.high])
            value = float(ends[0] + u * (ends[1] - ends[0]))
            settings[axis.name] = float(np.exp(value)) if axis.log else value
        points.append(Point(index, settings))
    return points


def listed(path: Path) -> list[Point]:
    """Return the runs of a YAML file: a list of mappings from key to value.

    Raises
    ------
    TableError
        If the file is not such a list.
    """
    try:
        rows = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise TableError(path, f"cannot be read ({error})", "give a YAML list") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise TableError(
            path, "is not a list of runs", "write lines such as {radiation.TM_K: 3000}"
        )
    return [Point(i, row) for i, row in enumerate(rows)]
