import numpy as np
import pytest

from sim2real.data import Image, Sim2RealError
from sim2real.population import ID
from sim2real.simulation import Scan, SimulationParameters, signal_table, simulate, tissue_times
from sim2real.simulation.scan import slab_label

N, VOXEL = 192, 1.1
CALM = {
    "off_resonance_hz": 0.0,
    "susceptibility_scale": 0.0,
    "b1_spread": 0.0,
    "relaxation_spread": 0.0,
    "snr": 1000.0,
}


def oblique_affine(spacing=9.0):
    rng = np.random.default_rng(8)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = rotation * [VOXEL, VOXEL, spacing]
    affine[:3, 3] = [-40, 70, 15]
    return affine


def disc_in_muscle(centre, radius=22.0, n_slices=2, n_phases=1):
    """Structure map with a disc of left blood at ``centre`` (voxels), wholly inside muscle."""
    x, y = np.meshgrid(np.arange(N), np.arange(N), indexing="ij")
    plane = np.where(
        np.hypot(x - centre[0], y - centre[1]) * VOXEL < radius, ID["lv_blood"], ID["muscle"]
    )
    data = np.broadcast_to(plane[:, :, None, None, None], (N, N, n_slices, n_phases, 1)).astype(
        np.uint8
    )
    return Image(np.ascontiguousarray(data), oblique_affine())


def in_world(affine, index):
    return affine[:3, :3] @ index + affine[:3, 3]


@pytest.mark.parametrize("pixel_mm", [1.0, 1.3, 1.7])
def test_image_and_label_lie_where_the_structures_do(pixel_mm, monkeypatch):
    # an even coil: shading would pull the brightness's middle towards a coil
    monkeypatch.setattr(
        "sim2real.simulation.scan.coil_sensitivities",
        lambda array, affine, n, k: np.ones((1, n, n), np.complex64),
    )
    centre = np.array([118.3, 71.8])
    structures = disc_in_muscle(centre)
    parameters = SimulationParameters(reconstructed_pixel_mm=pixel_mm, n_coils=1, **CALM)
    image, label = simulate(structures, parameters, 0, "someone")
    wanted = in_world(structures.affine, np.array([*centre, 1.0]))
    np.testing.assert_array_equal(image.affine, label.affine)
    inside = label.data[:, :, 1, 0] == 1
    by_label = in_world(label.affine, np.array([*np.argwhere(inside).mean(axis=0), 1.0]))
    assert (
        np.linalg.norm(by_label - wanted) < 0.2
    )  # mm; what is left is the disc's drawing in whole pixels
    pixel = (np.linalg.inv(image.affine) @ [*wanted, 1])[:2]
    x, y = np.indices(inside.shape)
    near = np.hypot(x - pixel[0], y - pixel[1]) * image.spacing_mm[0] < 40
    excess = np.where(near, image.data[:, :, 1, 0] - np.median(image.data[:, :, 1, 0]), 0)
    by_image = in_world(
        image.affine,
        np.array([(x * excess).sum() / excess.sum(), (y * excess).sum() / excess.sum(), 1.0]),
    )
    assert np.linalg.norm(by_image - wanted) < 0.1
    np.testing.assert_allclose(
        inside.sum() * np.prod(label.spacing_mm[:2]), np.pi * 22**2, rtol=0.02
    )


def test_myocardium_has_the_asked_snr_in_the_middle():
    data = np.full((N, N, 1, 1, 1), ID["lv_myocardium"], np.uint8)
    structures = Image(data, oblique_affine())
    parameters = SimulationParameters(window_alpha=0.0, n_coils=4, **{**CALM, "snr": 20.0})
    first, second = (
        simulate(structures, parameters, seed, "x")[0].data[..., 0, 0] for seed in (1, 2)
    )
    half = len(first) // 2
    middle, wide = (
        slice(half - 4, half + 4),
        slice(half - 45, half + 45),
    )  # coils brighten what lies nearer to them, noise is even
    mean, sd = (
        np.mean((first + second)[middle, middle]) / 2,
        np.std((first - second)[wide, wide]) / np.sqrt(2),
    )
    assert mean / sd == pytest.approx(20, rel=0.03)


def test_intensities_of_a_voxel_mix_as_complex_signals():
    """Half blood, half muscle through the slab gives the mean of their signals, here both real."""
    blood, muscle = (
        np.full((N, N, 1, 1, 1), ID[name], np.uint8) for name in ("lv_blood", "muscle")
    )
    parameters = SimulationParameters(n_coils=1, **CALM)
    middle = lambda data: (
        simulate(Image(data, oblique_affine()), parameters, 0, "x")[0].data[70:80, 70:80].mean()
    )  # noqa: E731
    mixed = middle(np.concatenate([blood, muscle], axis=-1))
    assert mixed == pytest.approx((middle(blood) + middle(muscle)) / 2, rel=1e-3)


def test_same_seed_and_name_same_image_and_another_name_another():
    structures = disc_in_muscle((90.0, 100.0), n_slices=1)
    first, again, other = (
        simulate(structures, SimulationParameters(), 4, name)[0].data for name in ("a", "a", "b")
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_frame_does_not_depend_on_how_many_slices_and_phases_there_are():
    structures = disc_in_muscle((90.0, 100.0), n_slices=3, n_phases=3)
    parameters = SimulationParameters()
    whole, _ = simulate(structures, parameters, 4, "a")
    fewer = Image(structures.data[:, :, :2, :2], structures.affine)
    part, _ = simulate(fewer, SimulationParameters(n_coils=4), 4, "a")
    # the coils stand round the stack's middle, so only a stack of the same middle has the same
    # coils
    assert not np.array_equal(part.data[..., 1, 1], whole.data[..., 1, 1])
    phases, _ = simulate(Image(structures.data[:, :, :, :2], structures.affine), parameters, 4, "a")
    np.testing.assert_array_equal(phases.data, whole.data[..., :2])


def test_noise_belongs_to_its_slice_and_phase(monkeypatch):
    monkeypatch.setattr(
        "sim2real.simulation.scan.coil_sensitivities",
        lambda array, affine, n, k: np.ones((1, n, n), np.complex64),
    )
    structures = disc_in_muscle((90.0, 100.0), n_slices=3, n_phases=2)
    parameters = SimulationParameters(n_coils=1)
    whole, _ = simulate(structures, parameters, 4, "a")
    part, _ = simulate(Image(structures.data[:, :, :2, :1], structures.affine), parameters, 4, "a")
    np.testing.assert_array_equal(part.data[..., 0], whole.data[:, :, :2, 0])
    assert not np.array_equal(whole.data[:, :, 0, 0], whole.data[:, :, 0, 1])


def _broken(change):
    structures = disc_in_muscle((90.0, 100.0), n_slices=1)
    data, affine = structures.data.astype(float), structures.affine.copy()
    if change == "nan":
        data[3, 4] = np.nan
    elif change == "whole":
        pass
    elif change == "shape":
        data = data[..., 0].astype(np.uint8)
    elif change == "affine":
        data, affine[0, 0] = data.astype(np.uint8), np.inf
    elif change == "oblong":
        data = data.astype(np.uint8)
        affine[:3, 1] *= 1.2
    elif change == "coarse":
        data = data.astype(np.uint8)
        affine[:3, :2] *= 2
    return Image(data, affine)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("nan", "someone: structure map holds NaN or infinite values"),
        ("whole", "someone: structure map is of type float64; expected whole"),
        ("shape", "someone: structure map has shape"),
        ("affine", "someone: structure map's affine holds NaN"),
        ("oblong", "someone: structure map's voxels are"),
        ("coarse", "acquired pixel 1.8 mm is finer than the map's voxel 2.2 mm"),
    ],
)
def test_a_map_no_scan_can_be_made_of_is_refused_in_one_line(change, words):
    with pytest.raises(Sim2RealError, match=words) as caught:
        simulate(_broken(change), SimulationParameters(), 0, "someone")
    assert "\n" not in str(caught.value)


def test_an_echo_after_the_repetition_is_refused_before_any_image(monkeypatch):
    monkeypatch.setattr(
        "sim2real.simulation.scan.Scan.finish", lambda *_: pytest.fail("an image was made")
    )
    with pytest.raises(Sim2RealError, match="echo time 4 ms is above the repetition time 3 ms"):
        simulate(
            disc_in_muscle((90.0, 100.0)),
            SimulationParameters(repetition_time_ms=3.0, echo_time_ms=4.0),
            0,
            "someone",
        )


def test_label_of_a_pixel_is_what_fills_most_of_it():
    labels = np.zeros((6, 6, 3), np.uint8)  # to 2 x 2 pixels of 3 x 3 cells
    labels[:3, :3] = 1
    labels[:3, :3, 0] = 3  # in one of three sub-slices: outvoted
    labels[:2, 3:] = 2  # two thirds of the pixel
    labels[3:, :2, :2] = 1  # four ninths of the pixel
    labels[3:, 3:, 1:] = 3
    np.testing.assert_array_equal(slab_label(labels, 2), [[1, 2], [0, 3]])


def test_blood_outshines_myocardium_as_in_real_slices():
    """The measured ratios of the three real sets lie between 1.5 and 9.3; their medians between 2.7
    and 5.7."""
    table = np.abs(signal_table(tissue_times(1.5), SimulationParameters(), np.zeros(1)))[:, 0]
    assert 2.0 < table[ID["lv_blood"]] / table[ID["lv_myocardium"]] < 6.0
    assert 0.6 < table[ID["rv_blood"]] / table[ID["lv_blood"]] < 1.0


SMALL = 120


def stack(structure="lv_myocardium"):
    data = np.full((SMALL, SMALL, 2, 1, 1), ID[structure], np.uint8)
    data[:, 70:] = ID["lung"]
    return Image(data, np.array([[1.7, 0, 0, -90], [0, 0, 9, -5], [0, 1.7, 0, -100], [0, 0, 0, 1]]))


def scan_of(structures, **parameters):
    scan = Scan.of(structures, SimulationParameters(**parameters), 5, "someone")
    return scan, scan.at_slice(0, structures.data[:, :, 0, 0])


def test_flip_angles_spread_as_asked_and_twice_as_wide_at_3_tesla():
    spreads = []
    for tesla in (1.5, 3.0):
        everywhere = []
        for seed in range(12):  # the field is smooth: many people, to see its spread
            scan = Scan.of(
                stack(),
                SimulationParameters(field_strength_t=tesla, b1_spread=0.05),
                seed,
                "someone",
            )
            everywhere.append(scan.at_slice(0, stack().data[:, :, 0, 0]).flip_excess)
        spreads.append(np.sqrt(np.mean(np.square(everywhere))))
    assert spreads[0] == pytest.approx(0.05, rel=0.25)
    assert spreads[1] == pytest.approx(2 * spreads[0], rel=1e-3)


def test_off_resonance_is_the_sum_of_its_smooth_part_and_of_the_susceptibility():
    slab = stack().data[:, :, 0, 0]
    both, smooth, dipoles = (
        scan.off_resonance_hz(slab, state)
        for scan, state in (
            scan_of(stack(), off_resonance_hz=20.0),
            scan_of(stack(), off_resonance_hz=20.0, susceptibility_scale=0.0),
            scan_of(stack(), off_resonance_hz=0.0),
        )
    )
    np.testing.assert_allclose(both, smooth + dipoles, atol=1e-3)
    state = scan_of(stack(), off_resonance_hz=0.0)[1]
    np.testing.assert_allclose(dipoles, state.susceptibility(slab), atol=1e-3)
    assert smooth.std() > 3 and dipoles.std() > 3


def test_the_coils_stand_round_the_middle_of_the_stack():
    structures = stack()
    scan, _ = scan_of(structures)
    corners = np.argwhere(np.ones((2, 2, 2))) * (np.array(structures.data.shape[:3]) - 1)
    np.testing.assert_allclose(
        scan.coils.middle,
        (corners @ structures.affine[:3, :3].T + structures.affine[:3, 3]).mean(axis=0),
    )
