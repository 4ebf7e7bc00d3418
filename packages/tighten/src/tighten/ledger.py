"""The append-only record of a study: SQLite in WAL mode, one transaction per trial.

A trial that `Ledger.append` has returned from survives kill -9 and a power cut (full
synchronisation); a trial in progress leaves nothing behind. Records are stored as JSON beside
the few columns that are searched for, so a new field needs no migration.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tighten.encoding import decode, encode
from tighten.errors import StateError
from tighten.files import storage_errors
from tighten.record import StudyRecord, TrialRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tighten.decision import Status, Verdict

__all__ = ["Ledger", "Pair", "RunKey", "now"]

_VERSION = 1
_TABLES = """
CREATE TABLE run (
    run INTEGER PRIMARY KEY AUTOINCREMENT,
    project_hash TEXT NOT NULL,
    study_hash TEXT NOT NULL,
    machine_key TEXT NOT NULL,
    status TEXT,
    record TEXT NOT NULL
);
CREATE TABLE trial (
    run INTEGER NOT NULL REFERENCES run(run),
    number INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE TABLE pair (
    run INTEGER NOT NULL,
    trial INTEGER NOT NULL,
    pair INTEGER NOT NULL,
    candidate_first INTEGER NOT NULL,
    candidate TEXT NOT NULL,
    incumbent TEXT NOT NULL,
    PRIMARY KEY (run, trial, pair)
) WITHOUT ROWID;
"""

Pair = tuple[bool, str, str]  # candidate first?, its values by case as JSON, the incumbent's
RunKey = tuple[str, str, str]  # hashes of the project, of the study, and the machine's key


def now() -> str:
    """Return the present time as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Ledger:
    """All runs of one study, in one file.

    Parameters
    ----------
    path
        The database; created with its directory if missing.

    Raises
    ------
    StateError
        If the file is no ledger, comes from a newer tighten, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with storage_errors(f"creating {path.parent}"):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._reported(), ExitStack() as refused:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10.0)
            refused.callback(self._db.close)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._create_tables()
            refused.pop_all()

    def close(self) -> None:
        """Close the file; the ledger cannot be used afterwards."""
        self._db.close()

    def begin(self, study: StudyRecord, key: RunKey) -> StudyRecord:
        """Open a new run and return its record with the run's number."""
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO run (project_hash, study_hash, machine_key, status, record)"
                " VALUES (?, ?, ?, NULL, ?)",
                (*key, encode(replace(study, trials=()))),
            )
        return replace(study, run=int(cursor.lastrowid or 0), trials=())

    def append(self, run: int, trial: TrialRecord, pairs: Sequence[Pair] = ()) -> None:
        """Store one finished trial with its pairs; on disk when this returns."""
        with self._transaction() as db:
            db.execute("INSERT INTO trial VALUES (?, ?, ?)", (run, trial.number, encode(trial)))
            db.executemany(
                "INSERT INTO pair VALUES (?, ?, ?, ?, ?, ?)",
                [(run, trial.number, i, *pair) for i, pair in enumerate(pairs)],
            )

    def finish(
        self, study: StudyRecord, status: Status, best: int, confirmation: Verdict | None
    ) -> StudyRecord:
        """Close a run with its status; an interrupted one can be taken up again."""
        ended = replace(
            study, finished=now(), status=status, best=best, confirmation=confirmation, trials=()
        )
        with self._transaction() as db:
            db.execute(
                "UPDATE run SET status = ?, record = ? WHERE run = ?",
                (status.value, encode(ended), study.run),
            )
        return self.study(study.run)

    def runs(self) -> tuple[int, ...]:
        """Return the numbers of all runs, oldest first."""
        with self._reported():
            return tuple(row[0] for row in self._db.execute("SELECT run FROM run ORDER BY run"))

    def key(self, run: int) -> RunKey:
        """Return what a run belongs to: project, study and machine."""
        return self._one("SELECT project_hash, study_hash, machine_key FROM run WHERE run = ?", run)

    def study(self, run: int | None = None) -> StudyRecord:
        """Return a run with all its trials; the newest by default.

        Raises
        ------
        StateError
            If there is no such run.
        """
        number = run if run is not None else max(self.runs(), default=0)
        (text,) = self._one("SELECT record FROM run WHERE run = ?", number)
        with self._reported():
            rows = self._db.execute(
                "SELECT record FROM trial WHERE run = ? ORDER BY number", (number,)
            ).fetchall()
        trials = tuple(decode(TrialRecord, row[0]) for row in rows)
        return replace(decode(StudyRecord, text), run=number, trials=trials)

    def pairs(self, run: int, trial: int) -> tuple[Pair, ...]:
        """Return the raw pairs of one trial, in the order in which they were run."""
        with self._reported():
            rows = self._db.execute(
                "SELECT candidate_first, candidate, incumbent FROM pair"
                " WHERE run = ? AND trial = ? ORDER BY pair",
                (run, trial),
            ).fetchall()
        return tuple((bool(first), candidate, incumbent) for first, candidate, incumbent in rows)

    def _create_tables(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            script = f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;"
            self._db.executescript(script)
        elif version != _VERSION:
            raise StateError(
                f"{self._path} was written by another version of tighten (ledger {version}, "
                f"this one reads {_VERSION}): update tighten, or name another --state directory"
            )

    def _one(self, query: str, run: int) -> tuple[Any, ...]:
        with self._reported():
            row: tuple[Any, ...] | None = self._db.execute(query, (run,)).fetchone()
        if row is None:
            raise StateError(
                f"{self._path} holds no run {run or ''}".rstrip()
                + ": start one with `tighten tune`"
            )
        return row

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reported():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StateError(
                f"the ledger {self._path} cannot be used: {error}; free the disk or name another "
                "--state directory (trials that were recorded are safe)"
            ) from error
