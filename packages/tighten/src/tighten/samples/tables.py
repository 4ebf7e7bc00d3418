"""Results that a project writes for tighten itself: the tighten format and speed-up tables.

Both are described in ``docs/reference/result-format.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.samples.document import read_json
from tighten.samples.launch import TIME, Metric, Result

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.samples.document import Node

__all__ = ["SCHEMA", "read_speedup_table", "read_tighten"]

SCHEMA = "tighten-result-1"
_UNITS = ("s", "1")


def read_tighten(path: Path) -> Result:
    """Read ``{"schema": "tighten-result-1", "cases": {case: {metric: values}}}``."""
    document = read_json(path)
    schema = document["schema"]
    if schema.value != SCHEMA:
        raise schema.error(f'"{SCHEMA}"')
    return {
        case: {name: _metric(name, node) for name, node in metrics.items()}
        for case, metrics in document["cases"].items()
    }


def read_speedup_table(path: Path) -> Result:
    """Read ``{"batch": [{"size": 10000, "speedup_vs_numpy": 0.93}]}``.

    Each row is the case ``size_10000`` and each further number in it a metric; rows of the same
    size are repetitions.
    """
    table: dict[str, dict[str, Metric]] = {}
    for row in read_json(path)["batch"].elements():
        case = table.setdefault(f"size_{row['size'].number():.15g}", {})
        for name, node in row.items():
            if name != "size" and node.is_number:
                earlier = case[name].values if name in case else ()
                case[name] = Metric((*earlier, node.number()), _default_unit(name))
    return table


def _metric(name: str, node: Node) -> Metric:
    if node.is_number:
        return Metric((node.number(),), _default_unit(name))
    if isinstance(node.value, list):
        return Metric(node.numbers(), _default_unit(name))
    unit = node.get("unit")
    if unit is not None and unit.value not in _UNITS:
        raise unit.error('the unit "s" or "1"')
    return Metric(node["values"].numbers(), unit.text() if unit else _default_unit(name))


def _default_unit(metric: str) -> str:
    return "s" if metric == TIME else "1"
