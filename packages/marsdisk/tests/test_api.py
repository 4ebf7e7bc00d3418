from collections.abc import Callable

import marsdisk
import numpy as np
import pytest
from marsdisk import Config, simulate


def test_public_names() -> None:
    assert marsdisk.__all__ == [
        "Config",
        "ConfigurationError",
        "MarsdiskError",
        "preset_names",
        "simulate",
    ]
    for name in marsdisk.__all__:
        assert getattr(marsdisk, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(marsdisk, "nothing")  # noqa: B009 -- the point is the dynamic look-up


def test_the_result_is_labelled(
    small: Callable[..., Config], capsys: pytest.CaptureFixture[str]
) -> None:
    run = simulate(small(cells=2))
    assert dict(run.sizes) == {"time": 13, "cell": 2, "size": 16, "edge": 17}
    for name, variable in run.data_vars.items():
        assert variable.attrs["long_name"], name
        assert "units" in variable.attrs, name
    assert run.time.attrs["units"] == "s"
    assert np.allclose(run.mass_kg_m2.sum("size"), run.sigma_kg_m2, rtol=1e-14)
    assert Config.model_validate_json(run.attrs["configuration"]) == small(cells=2)
    assert capsys.readouterr() == ("", "")


def test_functions_stay_functions_after_the_core_is_loaded() -> None:
    from marsdisk import simulate as again  # noqa: PLC0415 -- imported late on purpose

    assert callable(again)
    assert again is simulate
