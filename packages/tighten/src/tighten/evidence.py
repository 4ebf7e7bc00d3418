"""What each applied value rests on, kept in the project and checked against the present machine.

`tighten apply` writes ``tighten-evidence.json`` beside the study file: for each value that it
changed, the confirmation that found it better, and the machine and the code that it was found on.
Where any of these is another one now, the value may no longer be the best and is to be tested
again; tighten says so, it does not guess the answer. Documents, and sources that a compiler has
turned into products, are no code in this sense; the products are.

A value keeps its evidence when later values are applied: if the later study started from the very
code that the value was confirmed in, the code that it goes on to is one in which it was part of
what was measured. Limits: what a build takes from outside the project, such as a library on the
system, is seen only as far as it is in the build's products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tighten.encoding import decode, encode
from tighten.errors import StateError, StudyError
from tighten.files import EVIDENCE_FILE
from tighten.parameters import Configuration, Value

if TYPE_CHECKING:
    from pathlib import Path

    from tighten.record import StudyRecord

__all__ = [
    "EVIDENCE_FILE",
    "EvidenceFile",
    "Standing",
    "ValueEvidence",
    "added",
    "read",
    "standings",
]

_FORMAT = 1
_WORDS = {
    "cpu": "the processor",
    "cores": "the number of cores",
    "architecture": "the architecture",
    "compilers": "the compiler",
    "python": "the interpreter",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueEvidence:
    """One applied value and the confirmation it rests on.

    ``code_hash`` names the code that runs with it; ``machine`` has the facts that speed depends
    on. The gain is that of all values of its run together, over what the project was before.
    """

    parameter: str
    value: Value
    before: Value | None
    place: str
    date: str
    study: str
    run: int
    gain: float
    low: float
    high: float
    confidence: float
    e_value: float
    alpha: float
    pairs: int
    code_hash: str
    machine: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """All values of a project that rest on a measurement."""

    format: int = _FORMAT
    values: tuple[ValueEvidence, ...]

    @property
    def content(self) -> bytes:
        """What is written to the disk."""
        return f"{encode(self, indent=1)}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a value's evidence holds here and now; ``reasons`` is empty if it does."""

    evidence: ValueEvidence
    reasons: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing that the value rests on has changed."""
        return not self.reasons


def added(path: Path, study: StudyRecord, *, start: str, code: str) -> EvidenceFile:
    """Return what the file shall hold with the values of a confirmed run.

    Parameters
    ----------
    path
        The file as it is; it may be missing.
    study
        The run.
    start, code
        What `Bench.content` says of the project before these values, and with them; ``code`` is
        empty if the project is no longer what the run measured.
    """
    new = {evidence.parameter: evidence for evidence in _of(study, code)}
    kept = read(path) if path.exists() else ()
    carried = [
        replace(old, code_hash=code) if code and old.code_hash == start else old
        for old in kept
        if old.parameter not in new
    ]
    values = sorted([*carried, *new.values()], key=lambda one: one.parameter)
    return EvidenceFile(values=tuple(values))


def read(path: Path) -> tuple[ValueEvidence, ...]:
    """Return the values that the file holds.

    Raises
    ------
    StudyError
        If there is no such file, or it cannot be read.
    """
    try:
        return decode(EvidenceFile, path.read_bytes()).values
    except FileNotFoundError:
        raise StudyError(
            f"there is no {path}: `tighten apply` writes it with the values of a confirmed run"
        ) from None
    except OSError as error:
        raise StudyError(f"cannot read {path}: {error.strerror}") from error
    except StateError as error:
        raise StudyError(
            f"{path} cannot be read by this version of tighten; take the last good one from the "
            "project's history, or remove it and apply again"
        ) from error


def standings(
    values: tuple[ValueEvidence, ...],
    *,
    present: Configuration,
    machine: Mapping[str, Any],
    code_hash: str,
) -> tuple[Standing, ...]:
    """Return for each value whether it must be tested again, and why.

    Parameters
    ----------
    values
        What `read` returned.
    present
        The values that the project has now.
    machine
        The fingerprint of this machine.
    code_hash
        What `Bench.content` says of the project as it stands, built here.
    """
    return tuple(
        Standing(
            evidence=one,
            reasons=(
                *_value_reasons(one, present),
                *_machine_reasons(one.machine, machine),
                *(("the code is another one",) if one.code_hash != code_hash else ()),
            ),
        )
        for one in values
    )


def _of(study: StudyRecord, code: str) -> list[ValueEvidence]:
    """Return the evidence of the values that the best trial of a confirmed run changed."""
    verdict, trial = study.confirmation, study.trials[study.best]
    if verdict is None:
        raise AssertionError("only a confirmed run is applied")
    before = study.trials[0].configuration
    places = {facts["name"]: facts["place"] for facts in study.parameters}
    found = verdict.objective
    return [
        ValueEvidence(
            parameter=name,
            value=trial.configuration[name],
            before=before.get(name),
            place=str(places[name]),
            date=study.finished or study.started,
            study=study.name,
            run=study.run,
            gain=found.gain,
            low=found.low,
            high=found.high,
            confidence=study.policy.confidence,
            e_value=found.e_value,
            alpha=verdict.alpha,
            pairs=verdict.pairs,
            code_hash=code,
            machine={name: study.machine[name] for name in _WORDS if name in study.machine},
        )
        for name in trial.changed_from(study.trials[0])
    ]


def _value_reasons(one: ValueEvidence, present: Configuration) -> tuple[str, ...]:
    if one.parameter not in present:
        return ("the study no longer has this parameter",)
    now = present[one.parameter]
    return () if now == one.value else (f"the value is now {now}",)


def _machine_reasons(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    return [
        f"{_WORDS[name]} is another one ({_short(fact, here.get(name))})"
        for name, fact in there.items()
        if here.get(name) != fact
    ]


def _short(there: Any, here: Any) -> str:
    """Say what a fact was and is; of a table only the entries that differ."""
    if not isinstance(there, Mapping) or not isinstance(here, Mapping):
        return f"was {there}, is {here}"
    names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    return "; ".join(f"was {there.get(name)}, is {here.get(name)}" for name in names)
