"""What each strategy of a recorded study costs at each size, and the table that follows.

The same fit that the search strategy ``cost-model`` makes, from the ledger, for people: nothing is
built or measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tighten.errors import StudyError
from tighten.parameters.generated import GeneratedTable
from tighten.parameters.strategies import StrategyTable
from tighten.record import Role, SizeProof, StrategyCosts, StrategyLine
from tighten.search.cost_model import CostModel
from tighten.search.told import sizing, told
from tighten.search.walk import History

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tighten.options import Options
    from tighten.parameters import Value
    from tighten.record import StudyRecord
    from tighten.search.cost_model import Fit

__all__ = ["strategy_costs"]


def strategy_costs(options: Options, record: StudyRecord) -> StrategyCosts:
    """Return what the trials of a run say of the study's strategies.

    Raises
    ------
    StudyError
        If the study has no strategies by size, or too few of them were measured.
    """
    if not record.trials:
        raise StudyError(f"run {record.run} has no trials; run `tighten tune`")
    search = options.search
    told_sizes = sizing(
        record.trials[0],
        options.cases,
        hysteresis=search.hysteresis,
        border_ratio=search.border_ratio,
    )
    model = CostModel(options.space, told_sizes)
    history = History(options.space, record.trials[0].configuration, told_sizes)
    for trial in record.trials:
        if trial.role is Role.SEARCH:
            history.record(trial.configuration, told(record, trial))
    fit = model.fit(history)
    if fit is None:
        raise StudyError(
            f"run {record.run} measured fewer than two strategies at the sizes of its cases; "
            "run `tighten tune --strategy cost-model`"
        )
    values = model.proposals(fit)[0]
    return StrategyCosts(
        run=record.run,
        unit=_unit(options, record),
        lines=_lines(fit),
        rows=fit.rows,
        values=values,
        source=_source(options, values),
        kept={name: record.trials[record.best].configuration[name] for name in values},
        proof=_proof(options, record),
    )


def _lines(fit: Fit) -> tuple[StrategyLine, ...]:
    return tuple(
        StrategyLine(
            name=name,
            fixed=curve.fixed,
            per_item=curve.per_item,
            misfit=curve.misfit,
            costs={str(size): curve.at(size) for size in curve.sizes},
        )
        for name, curve in fit.curves.items()
    )


def _unit(options: Options, record: StudyRecord) -> str:
    sized = {case.name for case in options.cases if case.size is not None}
    units = {summary.unit for summary in record.trials[0].cases if summary.case in sized}
    is_time = all(case.metric == "time" for case in options.cases if case.name in sized)
    return units.pop() if is_time and len(units) == 1 else ""


def _source(options: Options, values: Mapping[str, Value]) -> tuple[str, ...]:
    for parameter in options.parameters:
        binding = parameter.binding
        if isinstance(binding, GeneratedTable) and parameter.name in values:
            table = StrategyTable.parse(str(values[parameter.name]))
            return tuple(binding.source(table))
    return ()


def _proof(options: Options, record: StudyRecord) -> tuple[SizeProof, ...]:
    verdict = record.confirmation
    by_case = {} if verdict is None else {one.case: one for one in verdict.cases}
    return tuple(
        SizeProof(size=case.size, allowance=case.max_regression, evidence=by_case[case.name])
        for case in options.cases
        if case.size is not None and case.name in by_case
    )
