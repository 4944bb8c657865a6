"""The text of a BVH file: a hierarchy of named nodes with offsets and channels, and a table of channel values.

It knows the grammar only; units, axes and what the angles mean are `sfv.formats.bvh`'s.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from sfv.errors import InputError
from sfv.formats.text import numbers
from sfv.skeleton import DEEPEST, MOST

CHANNELS = ("Xposition", "Yposition", "Zposition", "Xrotation", "Yrotation", "Zrotation")


@dataclass(frozen=True)
class BvhNode:
    """A ROOT, JOINT or End Site.

    Attributes:
        name: unique in the file; an end site is named after its parent, with '_end'.
        parent: index among the nodes, -1 for the root.
        offset: (3,) from the parent, in the file's unit and axes.
        channels: names from CHANNELS in the file's order.
        end: whether it is an end site.
    """

    name: str
    parent: int
    offset: Float[np.ndarray, "3"]
    channels: tuple[str, ...]
    end: bool = False


@dataclass(frozen=True)
class BvhText:
    """Nodes (parents first, in the file's order), values (T, sum of channels) in degrees and units, s per frame."""

    nodes: tuple[BvhNode, ...]
    values: Float[np.ndarray, "T C"]
    frame_time: float


def parse_bvh(text: str, name: str) -> BvhText:
    """Read the text of a BVH file; `name` is for the errors.

    Raises:
        InputError: the grammar is broken, or the table is shorter or longer than it says.
    """
    parts = re.split(r"^\s*MOTION\s*$", text, maxsplit=1, flags=re.MULTILINE | re.IGNORECASE)
    if len(parts) != 2 or not parts[0].lstrip().upper().startswith("HIERARCHY"):
        raise InputError(f"{name} is not a BVH file, which has the lines HIERARCHY and MOTION; check the file")
    try:
        nodes = _hierarchy(parts[0])
    except (StopIteration, ValueError, IndexError) as error:
        raise InputError(f"{name}: the HIERARCHY is broken ({error or 'it ends early'}); export it again") from error
    head = re.match(r"\s*Frames:\s*(\d+)\s*Frame\s*Time:\s*([-+.\deE]+)", parts[1], re.IGNORECASE)
    if head is None:
        raise InputError(f"{name}: the lines 'Frames: N' and 'Frame Time: SECONDS' are missing; export it again")
    count, width = int(head[1]), sum(len(node.channels) for node in nodes)
    try:
        frame_time = float(head[2])
        values = numbers(parts[1][head.end() :])
    except ValueError as error:
        raise InputError(f"{name}: the table holds something that is no number ({error}); export it again") from error
    if values.size != count * width:
        raise InputError(
            f"{name}: {count} frames of {width} channels make {count * width} numbers, but there are {values.size}; "
            "the file is truncated or damaged, copy or export it again"
        )
    if not (frame_time > 0 and math.isfinite(frame_time)):
        raise InputError(f"{name}: the frame time is {head[2]} s but must be above 0; correct it in the file")
    return BvhText(nodes, values.reshape(count, width), frame_time)


def format_bvh(bvh: BvhText) -> str:
    """The text of a BVH file, with six decimals."""
    children: list[list[int]] = [[] for _ in bvh.nodes]
    for i, node in enumerate(bvh.nodes):
        if node.parent >= 0:
            children[node.parent].append(i)

    def lines(i: int, depth: int) -> Iterator[str]:
        node, indent = bvh.nodes[i], "\t" * depth
        yield indent + ("End Site" if node.end else f"{'JOINT' if depth else 'ROOT'} {node.name}")
        yield indent + "{"
        yield indent + "\tOFFSET " + " ".join(f"{x:.6f}" for x in node.offset)
        if not node.end:
            yield indent + f"\tCHANNELS {len(node.channels)} {' '.join(node.channels)}"
        for child in children[i]:
            yield from lines(child, depth + 1)
        yield indent + "}"

    row = " ".join(["%.6f"] * bvh.values.shape[1])
    table = "\n".join(row % tuple(frame) for frame in bvh.values.tolist())
    head = f"MOTION\nFrames: {len(bvh.values)}\nFrame Time: {bvh.frame_time:.8f}\n"
    return "HIERARCHY\n" + "\n".join(lines(0, 0)) + "\n" + head + table + "\n"


def _hierarchy(text: str) -> tuple[BvhNode, ...]:
    words = iter(re.sub(r"([{}])", r" \1 ", text).split()[1:])
    nodes: list[BvhNode] = []
    names: set[str] = {"world"}
    open_nodes: list[int] = []
    for word in words:
        keyword = word.upper()
        if keyword in ("ROOT", "JOINT", "END"):
            name = " ".join(iter(lambda: next(words), "{"))  # names may hold spaces
            parent = open_nodes[-1] if open_nodes else -1
            if (parent < 0) != (keyword == "ROOT") or (nodes and keyword == "ROOT"):
                raise ValueError(f"{word} {name} is out of place")
            base = f"{nodes[parent].name}_end" if keyword == "END" else name
            unique = next(n for n in (base, *(f"{base}_{i}" for i in range(2, len(nodes) + 3))) if n not in names)
            names.add(unique)
            if len(nodes) >= MOST or len(open_nodes) >= DEEPEST:
                raise ValueError(f"over {MOST} joints, or over {DEEPEST} one in another")
            open_nodes.append(len(nodes))
            nodes.append(BvhNode(unique, parent, np.zeros(3), (), keyword == "END"))
        elif keyword == "OFFSET":
            offset = np.array([float(next(words)) for _ in range(3)])
            nodes[open_nodes[-1]] = replace(nodes[open_nodes[-1]], offset=offset)
        elif keyword == "CHANNELS":
            channels = tuple([next(words).capitalize() for _ in range(int(next(words)))])
            if len(set(channels) & set(CHANNELS)) < len(channels):
                raise ValueError(f"{nodes[open_nodes[-1]].name} has the channels {' '.join(channels)}")
            nodes[open_nodes[-1]] = replace(nodes[open_nodes[-1]], channels=channels)
        elif keyword == "}":
            open_nodes.pop()
        else:
            raise ValueError(f"unexpected {word!r}")
    if open_nodes or not nodes:
        raise ValueError("a brace is not closed")
    return tuple(nodes)
