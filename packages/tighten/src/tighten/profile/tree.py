"""Stacks merged into a tree of functions, and the boxes that a flame graph draws of it.

A tree has one weight for a profile and two for a difference. Boxes too narrow to see are left
out, and the functions through which everything passes at the root become one box.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tighten.profile.model import FunctionKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tighten.profile.categories import Categories
    from tighten.profile.model import Profile

__all__ = ["Box", "Node", "boxes", "merged"]

_WIDTH = 0.1  # % of the whole below which a box is left out
_BOXES = 700
_DEEPEST = 80
_WHOLE = 0.999


@dataclass(slots=True)
class Node:
    """A function at one place of the tree, with the weights before and after."""

    key: FunctionKey
    weights: list[float] = field(default_factory=lambda: [0.0, 0.0])
    own: list[float] = field(default_factory=lambda: [0.0, 0.0])
    categories: dict[str, float] = field(default_factory=dict)
    children: dict[FunctionKey, Node] = field(default_factory=dict)

    @property
    def width(self) -> float:
        """Sum of both sides, which is what a box's width stands for."""
        return self.weights[0] + self.weights[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box: place and size in % of the whole, its row from the top, and what it shows."""

    key: FunctionKey
    above: tuple[FunctionKey, ...]  # functions that share the box, from the root
    left: float
    width: float
    row: int
    weights: tuple[float, float]
    own: tuple[float, float]
    category: str


def merged(before: Profile, after: Profile | None, categories: Categories) -> Node:
    """Return the tree of a profile, or of two."""
    root = Node(("all", ""))
    for side, profile in enumerate(profile for profile in (before, after) if profile is not None):
        for stack in profile.stacks:
            category = categories.of(stack)
            node = root
            _count(root, side, stack.weight, category)
            for frame in stack.frames:
                node = node.children.setdefault(frame.key, Node(frame.key))
                _count(node, side, stack.weight, category)
            node.own[side] += stack.weight
    return root


def _count(node: Node, side: int, weight: float, category: str) -> None:
    node.weights[side] += weight
    node.categories[category] = node.categories.get(category, 0.0) + weight


def boxes(root: Node) -> list[Box]:
    """Return the boxes of a tree, row by row from the root."""
    scale = 100 / root.width
    found = _visible(root, scale)
    widest = heapq.nlargest(_BOXES, found, key=lambda box: box.width)
    kept = {(box.row, box.left) for box in widest}
    return sorted(
        (box for box in found if (box.row, box.left) in kept), key=lambda box: (box.row, box.left)
    )


def _visible(root: Node, scale: float) -> list[Box]:
    found: list[Box] = []
    pending = [(root, 0.0, 0)]
    while pending:
        node, left, row = pending.pop()
        node, above = _through(node)
        found.append(
            Box(
                key=node.key,
                above=above,
                left=left,
                width=node.width * scale,
                row=row,
                weights=(node.weights[0], node.weights[1]),
                own=(node.own[0], node.own[1]),
                category=max(node.categories, key=lambda name: node.categories[name]),
            )
        )
        if row < _DEEPEST:
            pending.extend(_children(node, left, row + 1, scale))
    return found


def _children(node: Node, left: float, row: int, scale: float) -> Iterator[tuple[Node, float, int]]:
    for child in sorted(node.children.values(), key=lambda child: -child.width):
        width = child.width * scale
        if width >= _WIDTH:
            yield child, left, row
        left += width


def _through(node: Node) -> tuple[Node, tuple[FunctionKey, ...]]:
    """Return the last of the functions through which all of a node passes, and those before."""
    above: list[FunctionKey] = []
    while len(node.children) >= 1:
        child = max(node.children.values(), key=lambda child: child.width)
        if child.width < _WHOLE * node.width:
            break
        above.append(node.key)
        node = child
    return node, tuple(above)
