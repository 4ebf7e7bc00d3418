"""The README's example runs and prints what the README says."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def without_times(text: str) -> str:
    return re.sub(r"\d+ ms", "... ms", text)


def test_example_prints_what_is_written() -> None:
    text = README.read_text()
    example, output = re.findall(r"```(?:python|text)\n(.*?)```", text, re.DOTALL)[:2]
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=True
    )
    assert without_times(done.stdout) == without_times(output)
