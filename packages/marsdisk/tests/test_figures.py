import struct
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from marsdisk.config import Config
from marsdisk.errors import CheckpointError
from marsdisk.figures import PICTURES, draw_run
from marsdisk.runs import RunRequest, execute


@pytest.fixture(scope="module", params=[1, 3])
def drawn(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    small: Callable[..., Config],
) -> Path:
    """Return the directory of a run with one cell, or three, and its pictures."""
    directory = tmp_path_factory.mktemp("drawn") / "run <&>"
    config = small("sinks.mode=sublimation", "supply={enabled: true}", cells=request.param)
    execute(RunRequest(config, "run <&>", directory))
    draw_run(directory)
    return directory


def test_every_picture_is_there_with_a_sensible_size(drawn: Path) -> None:
    for name in PICTURES:
        png = (drawn / "figures" / f"{name}.png").read_bytes()
        width, height = struct.unpack(">II", png[16:24])
        assert 900 <= width <= 1500
        assert 600 <= height <= 1500
        assert (drawn / "figures" / f"{name}.svg").read_text().count("<path") > 5


class Page(HTMLParser):
    """Collects the sources of images and links, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "link", "iframe"}
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_needs_nothing_from_elsewhere(drawn: Path) -> None:
    page = Page()
    page.feed((drawn / "report.html").read_text(encoding="utf-8"))
    assert len(page.sources) == len(PICTURES)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources)
    text = "".join(page.text)
    assert "run <&>" in text
    assert "Largest ledger defect" in text


def test_pictures_of_a_run_are_the_same_every_time(drawn: Path) -> None:
    before = {path: path.read_bytes() for path in (drawn / "figures").iterdir()}
    draw_run(drawn)
    assert {path: path.read_bytes() for path in (drawn / "figures").iterdir()} == before


def test_a_directory_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no run that can be drawn"):
        draw_run(tmp_path)
