from pathlib import Path

import pytest
from marsdisk.config import Config, all_keys, preset_names
from marsdisk.errors import ConfigurationError

FAULTY = """
sizez: {a: 1}
sizes: {n_bins: "a", s_min: 5.0, smax: 2}
chi_blow: 3.0
physics_mode: x
numerics: {safety: 3, n_outputs: 3}
dynamics: {i0: 0, e_mode: mars_clearance}
supply:
  piecewise: [{t_start_s: 1.0}]
blowout: {enabled: 1}
phase: 3
"""


def faults(text: str, tmp_path: Path, overrides: tuple[str, ...] = ()) -> dict[str, str]:
    """Return rule and hint by place of every fault of a YAML text."""
    path = tmp_path / "run.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        Config.from_yaml(path, overrides)
    return {p.place.split()[-1]: f"{p.rule} {p.suggestion}" for p in caught.value.problems}


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_valid_and_its_tree_gives_it_back(name: str) -> None:
    config = Config.preset(name)
    assert Config.from_tree(config.tree()) == config


def test_presets_are_the_six_documented_ones() -> None:
    expected = {"baseline", "fiducial", "high-temp", "gas-rich", "no-sinks", "minimal"}
    assert set(preset_names()) == expected


def test_all_faults_are_reported_at_once_with_place_and_nearest_name(tmp_path: Path) -> None:
    found = faults(FAULTY, tmp_path)
    assert "did you mean sizes?" in found["sizez"]
    assert "did you mean sizes.s_max?" in found["sizes.smax"]
    assert "valid integer" in found["sizes.n_bins"]
    assert "must be smaller than s_max" in found["sizes"]
    assert "less than or equal to 2" in found["chi_blow"]
    assert "'full'" in found["physics_mode"]
    assert "numerics.rtol" in found["numerics.safety"]
    assert "numerics.outputs.n_outputs" in found["numerics.n_outputs"]
    assert "t_end_years" in found["numerics.t_end_years"]
    assert "right angle" not in found["dynamics.i0"]
    assert "scale height" in found["dynamics.i0"]
    assert "is required" in found["supply.piecewise.0.t_end_s"]
    assert "is needed because" in found["dynamics.dr_min_m"]
    assert "boolean" in found["blowout.enabled"]
    assert "section" in found["phase"]
    assert "give radiation.optics" in found["radiation"]


def test_a_fault_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "run.yml"
    path.write_text("extends: minimal\nsizes:\n  n_bins: -3\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"run.yml:3 sizes.n_bins = -3"):
        Config.from_yaml(path)


@pytest.mark.parametrize(
    ("text", "place", "rule"),
    [
        ("geometry: {Nr: 0}", "geometry.Nr", "greater than or equal to 1"),
        ("radiation: {TM_K: 900}", "radiation.TM_K", "greater than or equal to 1000"),
        ("radiation: {TM_K: .nan}", "radiation.TM_K", "finite"),
        ("disk: {geometry: {r_in_RM: 3}}", "disk.geometry", "must be smaller than r_out_RM"),
        ("material: {rho: 800}", "material.rho", "1000"),
        ("material: {rho: '3000'}", "material.rho", "valid number"),
        ("dynamics: {v_rel_mode: value}", "dynamics.v_rel_value", "v_rel_mode is value"),
        ("dynamics: {i0: 2.0}", "dynamics.i0", "right angle"),
        ("viscosity: {enabled: true}", "viscosity.nu_m2_s", "viscosity.enabled"),
        ("shielding: {mode: table}", "shielding.phi_table", "exactly one"),
        (
            "shielding: {mode: table, phi_table: [[1, 0.5], [0, 1]]}",
            "shielding.phi_table",
            "ascending",
        ),
        ("numerics: {t_end_orbits: 3}", "numerics.t_end_orbits", "exactly one"),
        ("numerics: {outputs: {times_s: [2, 1]}}", "numerics.outputs.times_s", "ascending"),
        ("supply: {enabled: true, mode: table}", "supply.table.path", "supply.mode is table"),
        (
            "phase: {thresholds: {T_condense_K: 2500}}",
            "phase.thresholds",
            "must be lower than T_vaporize_K",
        ),
        ("qstar: {source: table}", "qstar.coeff_table", "qstar.source is table"),
    ],
)
def test_unphysical_and_contradictory_values_are_refused(
    text: str, place: str, rule: str, tmp_path: Path
) -> None:
    assert rule in faults("extends: minimal\n" + text, tmp_path)[place]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("sizes: [1", "not valid YAML"),
        ("- 1\n- 2", "mapping"),
        ("sizes: {n_bins: 3}\nsizes: {n_bins: 4}", "not valid YAML"),
        ("extends: nothing", "neither a file nor a preset"),
        ("extends: run.yml", "already extended"),
    ],
)
def test_unreadable_files_are_refused(text: str, rule: str, tmp_path: Path) -> None:
    assert any(rule in found for found in faults(text, tmp_path).values())


def test_overrides_win_and_are_checked(tmp_path: Path) -> None:
    config = Config.preset("minimal", ["sizes.n_bins=12", "numerics.dt_max=1e3"])
    assert config.sizes.n_bins == 12
    assert config.numerics.dt_max == 1000.0
    assert "did you mean" in faults("extends: minimal", tmp_path, ("sizes.nbins=3",))["sizes.nbins"]
    with pytest.raises(ConfigurationError, match=r"key.path=value"):
        Config.preset("minimal", ["sizes.n_bins"])
    with pytest.raises(ConfigurationError, match="not a section"):
        Config.preset("minimal", ["sizes.n_bins.x=1"])


def test_a_file_extends_another_and_its_paths_are_seen_from_it(tmp_path: Path) -> None:
    (tmp_path / "base.yml").write_text(
        "extends: minimal\nshielding: {mode: table, table_path: phi.csv}\n", encoding="utf-8"
    )
    inner = tmp_path / "inner"
    inner.mkdir()
    path = inner / "run.yml"
    path.write_text("extends: ../base.yml\nsizes: {n_bins: 9}\n", encoding="utf-8")
    config = Config.from_yaml(path)
    assert config.sizes.n_bins == 9
    assert config.shielding.table_path == str(tmp_path / "phi.csv")


def test_every_key_has_a_unit_and_a_meaning() -> None:
    for name, info in all_keys(Config):
        assert info.description, name
        assert "unit" in (info.json_schema_extra or {}), name
