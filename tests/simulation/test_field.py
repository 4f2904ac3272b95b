import numpy as np
import pytest

from sim2real.data import Sim2RealError
from sim2real.population import ID
from sim2real.simulation import SusceptibilityField, area_weights, dipole_field, field, smooth_field
from sim2real.simulation.field import _linear_weights, shim_of, susceptibility_ppm


def disc(n, centre, radius):
    """Share of each cell inside a disc, by 5 x 5 points a cell."""
    fine = (np.arange(5 * n) + 0.5) / 5 - 0.5
    inside = np.hypot(fine[:, None] - centre[0], fine[None, :] - centre[1]) < radius
    return inside.reshape(n, 5, n, 5).mean(axis=(1, 3))


@pytest.mark.parametrize("tilt", [90.0, 55.0, 20.0])  # of the main field from the cylinder's axis
def test_a_cylinder_has_the_field_of_the_textbook(tilt):
    """Inside chi/6 (3 cos^2 t - 1), outside chi/2 sin^2 t (a/r)^2 cos 2p, p from the main field's
    direction in the plane."""
    n, centre, radius, chi = 160, (70.0, 90.0), 18.0, 9.4
    turned = np.deg2rad(25.0)
    t = np.deg2rad(tilt)
    found = dipole_field(
        chi * disc(n, centre, radius), np.sin(t) * np.array([np.cos(turned), np.sin(turned)])
    )
    x, y = np.meshgrid(np.arange(n) - centre[0], np.arange(n) - centre[1], indexing="ij")
    r, p = np.hypot(x, y), np.arctan2(y, x) - turned
    outside = chi / 2 * np.sin(t) ** 2 * (radius / np.maximum(r, 1)) ** 2 * np.cos(2 * p)
    inside = chi / 6 * (3 * np.cos(t) ** 2 - 1)
    ring = (r > radius + 3) & (r < 60)
    mean = (found - outside)[ring].mean()  # the mean of the whole plane is set to 0
    np.testing.assert_allclose((found - mean)[ring], outside[ring], atol=0.03 * chi)
    core = r < radius - 3
    np.testing.assert_allclose((found - mean)[core], inside, atol=0.03 * chi)


def test_what_lies_at_one_edge_does_not_act_on_the_other():
    n = 120
    chi = np.zeros((n, n))
    chi[4:14, 50:70] = 9.0
    for direction in (np.array([1.0, 0.0]), np.array([0.0, 1.0])):
        found = dipole_field(chi, direction)
        near, far = (
            np.abs(found[16:24, 50:70]).max(),
            np.abs(found[-20:, :] - found[60:, :].mean()).max(),
        )
        assert far < 0.02 * near


def test_a_shim_takes_away_a_constant_and_a_slope_where_it_looks_and_leaves_a_curve():
    x, y = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(-1, 1, 50), indexing="ij")
    inside = np.hypot(x - 0.2, y) < 0.5
    hertz = 30 + 12 * x - 7 * y
    np.testing.assert_allclose(hertz - shim_of(hertz, inside), 0, atol=1e-9)
    curved = hertz + 20 * (x**2 - y**2)
    left = (curved - shim_of(curved, inside))[inside]
    assert abs(left.mean()) < 1e-9 and left.std() > 1


def chest(n=128):
    """A heart of muscle and blood beside a lung, as structure numbers (x, y, 1), sagittal: y of the
    slice is feet to head."""
    slab = np.full((n, n, 1), ID["muscle"], np.uint8)
    x, y = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    slab[np.hypot(x - 64, y - 64) < 50] = ID["lung"]
    slab[np.hypot(x - 58, y - 66) < 24] = ID["lv_myocardium"]
    slab[np.hypot(x - 58, y - 66) < 16] = ID["lv_blood"]
    return slab


SAGITTAL = np.array([[0.0, 0, 2, 0], [2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 1]])


def test_the_heart_beside_a_lung_is_shimmed_to_tens_of_hertz_that_grow_with_the_main_field():
    slab = chest()
    heart = np.isin(slab[..., 0], [ID["lv_myocardium"], ID["lv_blood"]])
    low, high = (
        SusceptibilityField(SAGITTAL, slab, heart, tesla, 1.0)(slab) for tesla in (1.5, 3.0)
    )
    np.testing.assert_allclose(high, 2 * low, rtol=1e-3, atol=0.05)
    spread = np.ptp(np.percentile(low[heart], [1, 99]))
    assert 15 < spread < 250  # Reeder 1998 measured 71 Hz, SD 14, peak to peak
    assert abs(low[heart].mean()) < 0.3 * spread


def test_the_shim_of_the_reference_frame_serves_the_other_frames():
    """A dot of air in a later frame must not change the shim: far from it the field is that of the
    reference."""
    slab = chest()
    heart = np.isin(slab[..., 0], [ID["lv_myocardium"], ID["lv_blood"]])
    of = SusceptibilityField(SAGITTAL, slab, heart, 1.5, 1.0)
    later = slab.copy()
    later[70:73, 64:67] = ID["air"]
    change = of(later) - of(slab)
    assert np.abs(change[66:78, 60:72]).max() > 20
    assert np.abs(change - np.median(change))[:30].max() < 2


def test_a_transverse_slice_has_the_field_along_its_structures():
    """The main field lies along the slice's normal: a long structure then shifts by a third of its
    susceptibility."""
    slab = chest()
    heart = np.isin(slab[..., 0], [ID["lv_myocardium"], ID["lv_blood"]])
    hertz = SusceptibilityField(np.diag([2.0, 2, 8, 1]), slab, heart, 1.5, 1.0)
    raw = hertz(slab) + hertz.up @ hertz.shim.astype(np.float32) @ hertz.up.T
    chi = susceptibility_ppm()
    step = raw[100, 64] - raw[118, 64]  # lung less muscle
    wanted = (chi[ID["lung"]] - chi[ID["muscle"]]) / 3 * 42.577 * 1.5
    assert step == pytest.approx(wanted, rel=0.03)


def test_a_tissue_without_susceptibility_is_told_in_one_line(monkeypatch):
    monkeypatch.setattr(
        field, "SUSCEPTIBILITY", field.SUSCEPTIBILITY[field.SUSCEPTIBILITY["tissue"] != "lung"]
    )
    with pytest.raises(Sim2RealError, match="susceptibility.csv: no value for lung"):
        field.susceptibility_ppm.__wrapped__()


def test_the_way_to_coarser_cells_and_back_moves_nothing():
    ramp = np.arange(60.0)
    np.testing.assert_allclose(
        (_linear_weights(30, 60) @ (area_weights(60, 30) @ ramp))[2:-2], ramp[2:-2], atol=1e-4
    )


@pytest.mark.parametrize("k", [0, 3])
def test_a_smooth_field_is_that_of_the_world_at_every_slice(k):
    affine = np.array([[1.5, 0.2, 3, -40], [0.1, 1.4, -8, 20], [0.3, -0.2, 5, 7], [0, 0, 0, 1]])
    found = smooth_field(lambda x, y, z: x + 1000 * y + 1e6 * z, affine, 5, k)
    for i, j in ((0, 0), (4, 1), (2, 3)):
        x, y, z = (affine @ [i, j, k, 1])[:3]
        assert found[i, j] == pytest.approx(x + 1000 * y + 1e6 * z, rel=1e-5)


def test_without_a_heart_the_middle_of_the_slice_is_shimmed():
    slab = np.full((64, 64, 1), ID["muscle"], np.uint8)
    slab[:8], slab[:, :6] = ID["lung"], ID["air"]
    hertz = SusceptibilityField(SAGITTAL, slab, np.zeros((64, 64), bool), 1.5, 1.0)(slab)
    assert abs(hertz[16:48, 16:48].mean()) < 0.5 and np.abs(hertz[:8]).max() > 20


def test_the_field_of_a_mirrored_map_is_the_mirrored_field():
    """Mirrored at the diagonal, so that x and y change places; the corners beyond the edges fade in
    another order of the axes."""
    chi, direction = disc(40, (11.0, 26.0), 5.0), np.array([0.3, 0.8])
    scale = np.abs(dipole_field(chi, direction)).max()
    np.testing.assert_allclose(
        dipole_field(chi.T, direction[::-1]), dipole_field(chi, direction).T, atol=0.01 * scale
    )
