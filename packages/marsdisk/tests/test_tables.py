from pathlib import Path

import numpy as np
import pytest
from marsdisk.errors import ConfigurationError, OutputError, TableError
from marsdisk.physics import radiation
from marsdisk.tables import QprTable, cached_table, qpr, read_table
from marsdisk.tables.optics import OpticalConstants, database_page, nk_file
from marsdisk.tables.qpr import SILICA_PAGE, write_table

mie = pytest.importorskip("marsdisk.tables.mie")

GREY = OpticalConstants(
    np.geomspace(1e-7, 1e-4, 50), np.full(50, 1.5), np.full(50, 0.1), "grey test material"
)


def test_one_sphere_agrees_with_a_published_value() -> None:
    # Bohren & Huffman (1983), Appendix A: m = 1.55, x = 5.213: Q_ext = 3.10543, Q_sca the same,
    # and with g = 0.6332 (Wiscombe's MIEV0 for the same sphere) Q_pr = Q_ext - g Q_sca.
    wavelength = np.array([0.6328e-6])
    found = mie.radiation_pressure_efficiency(0.525e-6, wavelength, np.array([1.55]), np.zeros(1))
    assert found[0] == pytest.approx(3.10543 * (1.0 - 0.63314), rel=1e-3)


def test_an_absorbing_small_sphere_follows_rayleigh() -> None:
    # Bohren & Huffman (1983), Eq. 5.11: Q_abs = 4 x Im((m^2 - 1) / (m^2 + 2)); scattering ~ x^4.
    m = 1.5 + 0.1j
    wavelength, size = np.array([1e-5]), 1e-9
    x = 2 * np.pi * size / wavelength[0]
    expected = 4 * x * ((m**2 - 1) / (m**2 + 2)).imag
    found = mie.radiation_pressure_efficiency(size, wavelength, np.array([1.5]), np.array([0.1]))
    assert found[0] == pytest.approx(expected, rel=1e-6)


def test_large_spheres_keep_their_absorption_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    wavelength, n = np.array([1e-6]), np.array([1.5])
    for k in (1e-5, 1e-3):
        size = 3000 * wavelength[0] / (2 * np.pi)
        exact = mie.radiation_pressure_efficiency(float(size), wavelength, n, np.array([k]))
        monkeypatch.setattr(mie, "X_MAX", 1000.0)
        capped = mie.radiation_pressure_efficiency(float(size), wavelength, n, np.array([k]))
        monkeypatch.undo()
        assert capped[0] == pytest.approx(exact[0], rel=0.02)


def test_planck_weights_have_the_wien_peak_and_unit_sum() -> None:
    wavelength = np.geomspace(1e-7, 1e-3, 4001)
    weights = mie.planck_weights(wavelength, np.array([2000.0, 4000.0]))
    assert np.allclose(weights.sum(axis=1), 1.0, rtol=1e-14)
    # Maximum of lambda B_lambda: x = h c / (lambda k T) = 3.92069.
    peak = mie.SECOND_RADIATION_CONSTANT / (3.92069 * 2000.0)
    assert wavelength[weights[0].argmax()] == pytest.approx(peak, rel=3e-3)


def test_the_shipped_silica_table_is_what_mie_theory_gives() -> None:
    table = cached_table("sio2")
    constants = database_page(SILICA_PAGE)
    assert table.provenance["source"].endswith(SILICA_PAGE)
    sizes = np.array([2.3e-8, 1.1e-7, 7.7e-7, 3.3e-6, 2.1e-5])
    temperatures = np.array([1234.0, 2987.0, 4321.0])
    exact = mie.planck_mean_qpr(constants, sizes, temperatures)
    found = np.array([table.at(sizes, t) for t in temperatures])
    error = np.abs(found / exact - 1.0)
    # The presets begin at 1e-7 m; below, Q_pr falls too steeply for interpolation in ln s.
    assert error[:, sizes >= 1e-7].max() < 5e-3
    assert error.max() < 1e-2


def test_all_sizes_of_half_gravity_are_found() -> None:
    table = cached_table("sio2")
    for temperature, count in ((1500.0, 0), (3000.0, 2), (4000.0, 2), (6000.0, 2)):
        roots = table.critical_sizes(temperature, 3270.0)
        assert roots.size == count
        beta = radiation.beta(roots, temperature, 3270.0, table.at(roots, temperature))
        assert np.allclose(beta, 0.5, rtol=1e-12)


def test_a_wavy_table_gives_every_root() -> None:
    sizes = np.geomspace(1e-7, 1e-5, 41)
    efficiency = 1.0 + 0.9 * np.sin(6.0 * np.log(sizes / 1e-7))
    table = QprTable(np.array([3000.0]), sizes, efficiency[None, :])
    fine = np.geomspace(1e-7, 1e-5, 400_001)
    excess = radiation.beta(fine, 3000.0, 2000.0, table.at(fine, 3000.0)) - 0.5
    expected = np.count_nonzero(excess[1:] * excess[:-1] < 0.0)
    assert expected >= 3
    assert table.critical_sizes(3000.0, 2000.0).size == expected


def test_two_sizes_between_neighbouring_rows_are_both_found() -> None:
    """beta is below 1/2 at both rows and above it between them."""
    grey = radiation.blowout_size(3000.0, 2000.0, 1.0)
    sizes = np.array([grey, 1.5 * grey])
    table = QprTable(np.array([3000.0]), sizes, np.array([[0.999, 1.499]]))
    roots = table.critical_sizes(3000.0, 2000.0)
    assert roots.size == 2
    assert (sizes[0] < roots).all()
    assert (roots < sizes[1]).all()
    beta = radiation.beta(roots, 3000.0, 2000.0, table.at(roots, 3000.0))
    assert np.allclose(beta, 0.5, rtol=1e-12)


def test_tables_are_computed_once_and_kept_with_their_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARSDISK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(qpr, "SIZES", np.geomspace(1e-7, 1e-5, 5))
    monkeypatch.setattr(qpr, "TEMPERATURES", np.array([2000.0, 3000.0]))
    path = tmp_path / "own.txt"
    rows = "\n".join(f"{w:.6g}, 1.5, 0.1" for w in np.geomspace(0.1, 100.0, 50))
    path.write_text(f"# wavelength n k\n{rows}\n", encoding="utf-8")
    seen: list[tuple[int, int]] = []
    first = cached_table("nk_file", str(path), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)
    again = cached_table("nk_file", str(path), lambda *_: pytest.fail("computed twice"))
    assert np.array_equal(first.qpr, again.qpr)
    assert again.provenance["source"] == "own.txt"
    assert "miepython" in again.provenance["versions"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "three columns"),
        ("1 1.5\n2 1.5\n", "three columns"),
        ("2 1.5 0\n1 1.5 0\n", "do not increase"),
        ("1 1.5 -1\n2 1.5 0\n", "k >= 0"),
        ("1 one 0\n2 1.5 0\n", "cannot be read"),
        ("1 nan 0\n2 1.5 0\n", "not finite"),
    ],
)
def test_optical_constants_that_make_no_sense(content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "nk.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TableError, match=said):
        nk_file(path)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("SiO2", "shelf/book/page"),
        ("main/SiO2/Nobody", "main/SiO2/Malitson"),
        ("main/SiO2/Malitson", "no extinction coefficient"),
    ],
)
def test_pages_that_cannot_be_used(page: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        database_page(page)


def test_a_users_table_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "qpr.csv"
    rows = "\n".join(f"{t},{s},{q}" for t, s, q in [(2e3, 1e-7, 1), (2e3, 1e-6, 2), (3e3, 1e-7, 3)])
    path.write_text(f"T_M [K],s [m],Q_pr\n{rows}\n3000,1e-6,4\n", encoding="utf-8")
    table = read_table(path)
    assert table.qpr.tolist() == [[1, 2], [3, 4]]
    assert float(table.at(np.sqrt(1e-13), 2500.0)) == pytest.approx(2.5)
    path.write_text(f"T_M [K],s [um],Q_pr\n{rows}\n3000,1e-6,4\n", encoding="utf-8")
    with pytest.raises(TableError, match="column s is in um"):
        read_table(path)
    path.write_text(f"T_M,s,Q_pr\n{rows}\n", encoding="utf-8")
    with pytest.raises(TableError, match="do not fill"):
        read_table(path)


def test_a_damaged_table_is_refused_and_an_unwritable_one_reported(tmp_path: Path) -> None:
    path = tmp_path / "table.npz"
    path.write_bytes(b"not a table")
    with pytest.raises(TableError, match="cannot be read"):
        read_table(path)
    table = QprTable(np.array([1.0]), np.array([1.0]), np.ones((1, 1)))
    with pytest.raises(OutputError):
        write_table(path / "below" / "a-file.npz", table)
