import pytest
from marsdisk.environment import (
    apply_thread_limit,
    available_cores,
    execution,
    streaming_enabled,
)
from marsdisk.errors import ConfigurationError


def test_the_command_line_wins_over_the_environment_and_the_file() -> None:
    environ = {"MARSDISK_CELL_JOBS": "1"}
    assert execution(8, threads=None, configured=2, environ=environ).threads_source == (
        "MARSDISK_CELL_JOBS"
    )
    found = execution(8, threads=64, configured=2, environ=environ)
    assert (found.threads_requested, found.threads_source) == (64, "--threads")
    assert found.threads == min(available_cores(), 8)
    assert found.environment == environ


def test_never_more_threads_than_cells_or_limits() -> None:
    assert execution(1, threads=9, configured=None, environ={}).threads == 1
    for name in ("CELL_THREAD_LIMIT", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        assert execution(99, threads=9, configured=None, environ={name: "1"}).threads == 1


def test_chunks_and_table_cache() -> None:
    environ = {"MARSDISK_CELL_CHUNK_SIZE": "3", "MARSDISK_DISABLE_TABLE_CACHE": "1"}
    found = execution(9, threads=None, configured=None, chunk_cells=2, environ=environ)
    assert found.chunk_cells == 3
    assert not found.table_cache
    assert execution(9, threads=None, configured=None, chunk_cells=2, environ={}).chunk_cells == 2


def test_the_limit_caps_every_numerical_library() -> None:
    environ = {"CELL_THREAD_LIMIT": "2", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "8"}
    apply_thread_limit(environ)
    assert environ["OMP_NUM_THREADS"] == "1"
    assert environ["MKL_NUM_THREADS"] == environ["OPENBLAS_NUM_THREADS"] == "2"
    assert environ["NUMBA_NUM_THREADS"] == environ["NUMEXPR_NUM_THREADS"] == "2"


@pytest.mark.parametrize("text", ["two", "0", "-1", "1.5"])
def test_values_that_are_no_counts_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="MARSDISK_CELL_JOBS"):
        execution(4, threads=None, configured=None, environ={"MARSDISK_CELL_JOBS": text})


@pytest.mark.parametrize(
    ("environ", "streams"),
    [
        ({}, True),
        ({"IO_STREAMING": "off"}, False),
        ({"IO_STREAMING": "on"}, True),
        ({"IO_STREAMING": "on", "FORCE_STREAMING_OFF": "1"}, False),
        ({"FORCE_STREAMING_OFF": "0"}, True),
    ],
)
def test_streaming(environ: dict[str, str], streams: bool) -> None:
    assert streaming_enabled(environ) is streams
