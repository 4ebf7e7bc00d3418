"""Keep the states from which a run goes on: npz arrays with a JSON header inside, never pickle."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from marsdisk.checkpoint import Checkpoint
from marsdisk.errors import CheckpointError
from marsdisk.io.files import atomic_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["latest_checkpoint", "prune_checkpoints", "read_checkpoint", "write_checkpoint"]

HEADER = "header"
"""Name of the JSON header among the arrays."""


def write_checkpoint(directory: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint atomically and return its path.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"checkpoint-{int(checkpoint.scalars['output_index']):07d}.npz"
    header = {
        "version": checkpoint.version,
        "fingerprint": checkpoint.fingerprint,
        "scalars": checkpoint.scalars,
    }
    text = np.frombuffer(json.dumps(header).encode("utf-8"), dtype=np.uint8)
    with atomic_file(path) as stream:
        np.savez(stream, allow_pickle=False, **{HEADER: text, **checkpoint.arrays})
    return path


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint of a file.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged or of another kind.
    """
    try:
        # NumPy leaves the file open when the archive is damaged, so it is opened here.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
        header = json.loads(arrays.pop(HEADER).tobytes())
        return Checkpoint(
            arrays=arrays,
            scalars=header["scalars"],
            fingerprint=header["fingerprint"],
            version=header["version"],
        )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error})", "delete it; the checkpoint before it is used"
        ) from error


def latest_checkpoint(directory: Path) -> Checkpoint | None:
    """Return the newest readable checkpoint, or None."""
    for path in sorted(directory.glob("checkpoint-*.npz"), reverse=True):
        try:
            return read_checkpoint(path)
        except CheckpointError:
            # Names sort by output; an unreadable file falls back to the one before it.
            continue
    return None


def prune_checkpoints(directory: Path, keep: int) -> None:
    """Remove all but the newest `keep` checkpoints."""
    for path in sorted(directory.glob("checkpoint-*.npz"))[:-keep]:
        path.unlink(missing_ok=True)
