"""Tables that come from outside: optical constants, radiation pressure and users' files."""

from marsdisk.tables.columns import read_columns, require_ascending, require_rectangle
from marsdisk.tables.qpr import QprTable, build_table, cached_table, read_table

__all__ = [
    "QprTable",
    "build_table",
    "cached_table",
    "read_columns",
    "read_table",
    "require_ascending",
    "require_rectangle",
]
