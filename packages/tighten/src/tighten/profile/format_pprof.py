"""Profiles for pprof: the protocol buffer of ``profile.proto``, compressed with gzip.

Five kinds of messages with a handful of fields are written, so they are encoded here; a library
would add a compiler step and a dependency for what fits on a page. Field numbers are those of
``profile.proto`` of github.com/google/pprof.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tighten.profile.model import Frame, FunctionKey, Profile

__all__ = ["written"]

# Profile
SAMPLE_TYPE, SAMPLE, LOCATION, FUNCTION, STRING_TABLE, DURATION_NANOS, PERIOD_TYPE, PERIOD = (
    1, 2, 4, 5, 6, 10, 11, 12,
)  # fmt: skip


def written(profile: Profile) -> bytes:
    """Return a profile as a file for ``pprof``; threads become labels."""
    strings = _Strings()
    seconds = profile.unit == "s"
    kind = _message(
        (1, strings["cpu" if seconds else profile.unit]),
        (2, strings["nanoseconds" if seconds else "count"]),
    )
    locations = _Locations(strings)
    samples = []
    for stack in profile.stacks:
        label = _message((1, strings["thread"]), (2, strings[stack.thread]))
        samples.append(
            _message(
                (1, _packed(locations[frame] for frame in reversed(stack.frames))),
                (2, _packed([round(stack.weight * (1e9 if seconds else 1))])),
                *([(3, label)] if stack.thread else []),
            )
        )
    parts: list[tuple[int, int | bytes]] = [(SAMPLE_TYPE, kind)]
    parts += [(SAMPLE, sample) for sample in samples]
    parts += [(LOCATION, location) for location in locations.messages]
    parts += [(FUNCTION, function) for function in locations.functions]
    parts += [(STRING_TABLE, text.encode()) for text in strings.texts]
    parts.append((DURATION_NANOS, round(profile.provenance.seconds * 1e9)))
    parts += [(PERIOD_TYPE, kind), (PERIOD, 1)]
    return gzip.compress(_message(*parts), mtime=0)


class _Strings:
    """The table of strings; the first one is empty."""

    def __init__(self) -> None:
        self._numbers = {"": 0}

    def __getitem__(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def texts(self) -> list[str]:
        return list(self._numbers)


class _Locations:
    """Locations and functions, numbered from 1 as they are asked for."""

    def __init__(self, strings: _Strings) -> None:
        self._strings = strings
        self._numbers: dict[Frame, int] = {}
        self._function_numbers: dict[FunctionKey, int] = {}
        self.messages: list[bytes] = []
        self.functions: list[bytes] = []

    def __getitem__(self, frame: Frame) -> int:
        if frame not in self._numbers:
            number = self._numbers[frame] = len(self._numbers) + 1
            line = _message((1, self._function(frame)), (2, frame.line))
            self.messages.append(_message((1, number), (4, line)))
        return self._numbers[frame]

    def _function(self, frame: Frame) -> int:
        if frame.key not in self._function_numbers:
            number = self._function_numbers[frame.key] = len(self._function_numbers) + 1
            name, file = self._strings[frame.function], self._strings[frame.file]
            self.functions.append(_message((1, number), (2, name), (3, name), (4, file)))
        return self._function_numbers[frame.key]


def _message(*fields: tuple[int, int | bytes]) -> bytes:
    """Return the encoding of fields: whole numbers as varints, all else with its length."""
    parts = []
    for number, value in fields:
        if isinstance(value, bytes):
            parts += [_varint(number << 3 | 2), _varint(len(value)), value]
        elif value:
            parts += [_varint(number << 3), _varint(value)]
    return b"".join(parts)


def _packed(values: Iterable[int]) -> bytes:
    return b"".join(map(_varint, values))


def _varint(value: int) -> bytes:
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])
