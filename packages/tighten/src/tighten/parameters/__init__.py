"""What may change in a tuned project: values, the places where they are written, the space.

``domain`` holds the values, ``binding`` the places (``source`` and ``document`` those in files),
``expression`` the conditions and constraints, ``space`` all of it together. Below them,
``definition`` finds a constant, ``constant`` computes it, ``literal`` keeps the style of a number,
and ``syntax`` keeps the trees of files. Nothing here runs a process or writes a file:
edits are functions from bytes to bytes.
"""

from __future__ import annotations

from tighten.parameters.binding import (
    Binding,
    Parameter,
    Place,
    Reading,
    arguments,
    edited_files,
    environment,
)
from tighten.parameters.domain import Configuration, Domain, Value, configuration_key
from tighten.parameters.expression import Expression
from tighten.parameters.space import Space

__all__ = [
    "Binding",
    "Configuration",
    "Domain",
    "Expression",
    "Parameter",
    "Place",
    "Reading",
    "Space",
    "Value",
    "arguments",
    "configuration_key",
    "edited_files",
    "environment",
]
