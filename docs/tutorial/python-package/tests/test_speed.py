"""How long it takes; run by pytest-benchmark."""

from tally import count_lines


def test_count_lines(benchmark, tmp_path):
    file = tmp_path / "text"
    file.write_bytes(b"some words in a line\n" * 100_000)
    assert benchmark(count_lines, file) == 100_000
