import subprocess
import sys

import numpy as np
import pytest

from sim2real.data import Sim2RealError
from sim2real.metrics import frechet_distance
from sim2real.metrics.frechet import frechet_distance_of_gaussians


def test_closed_form_for_commuting_covariances():
    """With diagonal covariances: |m1 - m2|² + sum of (s1 - s2)²."""
    mean_1, mean_2, sd_1, sd_2 = (
        np.array([0, 1, 2.0]),
        np.array([1, -1, 2.0]),
        np.array([1, 2, 3.0]),
        np.array([2, 2, 0.5]),
    )
    expected = 1 + 4 + 0 + 1 + 0 + 2.5**2
    assert frechet_distance_of_gaussians(
        mean_1, np.diag(sd_1**2), mean_2, np.diag(sd_2**2)
    ) == pytest.approx(expected, rel=1e-6)


def test_closed_form_for_scaled_correlated_covariances():
    covariance = np.array([[2.0, 0.7], [0.7, 1.0]])
    expected = (3 - 1) ** 2 * np.trace(covariance)
    assert frechet_distance_of_gaussians(
        np.zeros(2), covariance, np.zeros(2), 9 * covariance
    ) == pytest.approx(expected, rel=1e-6)


def test_shift_of_a_set_costs_its_square():
    features = np.random.default_rng(0).normal(size=(50, 4))
    assert frechet_distance(features + [3, 0, 4, 0], features) == pytest.approx(25, rel=1e-5)
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-5)


def test_one_image_is_refused_in_one_line():
    features = np.random.default_rng(0).normal(size=(5, 4))
    with pytest.raises(Sim2RealError, match=r"1 image\(s\); a covariance needs at least two"):
        frechet_distance(features[:1], features)
    with pytest.raises(Sim2RealError, match="unequal length, 3 and 4"):
        frechet_distance(features[:, :3], features)
    with pytest.raises(Sim2RealError, match="NaN"):
        frechet_distance(features * np.nan, features)


@pytest.mark.parametrize("first", ["declare_operators()", "None"])
def test_torchvision_can_be_imported_beside_any_torch(first):
    """Both when its own operators load and when they do not, and when asked twice."""
    code = f"""
from sim2real.metrics.torchvision_shim import declare_operators, import_torchvision
{first}
assert import_torchvision() is import_torchvision()
import torchvision.transforms, pytorch_fid.inception
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_another_error_of_torchvision_is_not_hidden(monkeypatch):
    from sim2real.metrics import torchvision_shim

    def broken(name):
        raise RuntimeError("something else")

    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.setattr(torchvision_shim.importlib, "import_module", broken)
    with pytest.raises(RuntimeError, match="something else"):
        torchvision_shim.import_torchvision()


def test_one_feature_has_its_closed_form():
    """(m1 - m2)² + (s1 - s2)²; here means 2 and -1, SDs 1 and 3."""
    features, reference = np.array([[1.0], [2], [3]]), np.array([[-4.0], [-1], [2]])
    assert frechet_distance(features, reference) == pytest.approx(9 + 4)


def test_one_feature_is_the_same_beside_one_that_never_varies():
    rng = np.random.default_rng(1)
    one, two = rng.normal(2, 3, (9, 1)), rng.normal(0, 1, (7, 1))
    beside = [np.hstack([values, np.full_like(values, 5)]) for values in (one, two)]
    assert frechet_distance(one, two) == pytest.approx(frechet_distance(*beside), rel=1e-4)


def test_singular_covariances_have_the_distance_of_what_they_hold():
    """Sixty features that are two, each thirty times over: the squared distance of the two, times
    thirty."""
    rng = np.random.default_rng(0)
    one, two = (
        rng.normal(size=(44, 2)) * [3, 1],
        rng.normal(size=(40, 2)) @ np.array([[2.0, 0.7], [0.7, 1]]) + [1, 0],
    )
    assert frechet_distance(np.tile(one, 30), np.tile(two, 30)) == pytest.approx(
        30 * frechet_distance(one, two), rel=1e-4
    )


def test_a_root_that_pytorch_fid_gives_up_on_is_taken_another_way(monkeypatch):
    rng = np.random.default_rng(4)
    one, two = (
        rng.normal(size=(30, 5)) * [3, 1, 2, 1, 1],
        rng.normal(size=(25, 5)) @ rng.normal(size=(5, 5)) + 1,
    )
    expected = frechet_distance(one, two)
    fid_score = pytest.importorskip("pytorch_fid.fid_score")

    def gives_up(*_):
        raise ValueError("Imaginary component 0.1")

    monkeypatch.setattr(fid_score, "calculate_frechet_distance", gives_up)
    assert frechet_distance(one, two) == pytest.approx(expected, rel=1e-6)
