"""What the package promises."""

import pytest
from tally import count_lines


@pytest.mark.parametrize("lines", [0, 1, 255, 256, 257, 100_000])
def test_every_line_is_counted(tmp_path, lines):
    file = tmp_path / "text"
    file.write_bytes(b"some words\n" * lines + b"an unfinished line")
    assert count_lines(file) == lines
