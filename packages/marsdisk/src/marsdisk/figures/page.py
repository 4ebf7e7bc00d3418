"""One self-contained HTML page per run: numbers, pictures, configuration and provenance."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from marsdisk.io.files import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["write_page"]

PAGE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))


def _row(name: str, value: str) -> str:
    return f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"


def _numbers(values: Mapping[str, Any]) -> str:
    rows = {
        "Status": f"{values['status']}, {values['stop_reason'] or 'not finished'}",
        "Simulated": f"{values['t_reached_years']:.6g} yr in {values['wall_time_s']:.3g} s",
        "Mass at the start": f"{values['mass_initial_Mmars']:.4e} M_Mars",
        "Supplied": f"{values['mass_supplied_Mmars']:.4e} M_Mars",
        "Lost": f"{values['M_loss']:.4e} M_Mars",
        "of which blown out": f"{values['M_out_cum']:.4e} M_Mars",
        "On the disk at the end": f"{values['mass_on_disk_Mmars']:.4e} M_Mars",
        "Temperature of Mars": f"{values['T_M_initial']:.0f} to {values['T_M_final']:.0f} K",
        "Steps per cell and year": f"{values['steps_per_cell_and_year']:.4g}",
        "Largest ledger defect": f"{values['ledger_residual_max']:.2e}",
    }
    return "\n".join(_row(name, value) for name, value in rows.items())


def _figure(name: str, caption: str, svg: bytes) -> str:
    data = base64.b64encode(svg).decode("ascii")
    return (
        f'<figure id="{name}"><img alt="{html.escape(caption)}" '
        f'src="data:image/svg+xml;base64,{data}"><figcaption>{html.escape(caption)}'
        "</figcaption></figure>"
    )


def write_page(
    path: Path,
    values: Mapping[str, Any],
    record: Mapping[str, Any],
    pictures: Mapping[str, tuple[str, bytes]],
) -> None:
    """Write the page.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    values, record : mapping
        Contents of summary.json and run_config.json.
    pictures : mapping of str to (str, bytes)
        Caption and SVG by name.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in values["warnings"])
    provenance = {k: record[k] for k in ("optics", "versions", "execution", "python", "inputs")}
    text = PAGE.substitute(
        title=html.escape(f"marsdisk: {record['name']}"),
        name=html.escape(record["name"]),
        started=html.escape(record["started"]),
        numbers=_numbers(values),
        notes=f"<h2>Notes</h2><ul>{notes}</ul>" if notes else "",
        figures="\n".join(_figure(name, caption, svg) for name, (caption, svg) in pictures.items()),
        configuration=html.escape(json.dumps(record["configuration"], indent=2)),
        provenance=html.escape(json.dumps(provenance, indent=2)),
        fingerprint=html.escape(record["fingerprint"]),
    )
    write_text(path, text)
