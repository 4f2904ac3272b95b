import numpy as np
import pytest
from scipy.stats import chi, kstest

from sim2real.data import Sim2RealError
from sim2real.simulation import (
    KSpace,
    acquire,
    add_noise,
    area_weights,
    combine,
    measure,
    reconstruct,
)

FIELD = 240.0


def one_coil(n):
    return np.ones((1, n, n), np.complex64)


def positions(n, extent=FIELD):
    """Centres of n cells over the field of view, mm from its middle."""
    return (np.arange(n) + 0.5) * extent / n - extent / 2


def blob(n, at, width=(12.0, 9.0)):
    x, y = np.meshgrid(positions(n), positions(n), indexing="ij")
    return np.exp(-(((x - at[0]) / width[0]) ** 2) - ((y - at[1]) / width[1]) ** 2).astype(
        np.complex64
    )


def centre_of_mass(image):
    at = positions(image.shape[0])
    return np.array([image.sum(axis=1) @ at, image.sum(axis=0) @ at]) / image.sum()


def silent(signal, k_space, coils=None):
    coils = one_coil(len(signal)) if coils is None else coils
    return acquire(signal, k_space, coils, 0.0, np.random.default_rng(0))


@pytest.mark.parametrize("reconstructed_mm", [1.5, 1.1])  # of acquired size, and zero-filled
def test_background_of_one_coil_is_rayleigh_noise_of_the_asked_sd(reconstructed_mm):
    sd, k_space = 0.37, KSpace(FIELD, 1.5, reconstructed_mm, window_alpha=0.0)
    image = acquire(
        np.zeros((256, 256), np.complex64), k_space, one_coil(256), sd, np.random.default_rng(5)
    )
    assert np.sqrt((image.astype(float) ** 2).mean() / 2) == pytest.approx(sd, rel=0.015)
    assert image.mean() == pytest.approx(sd * np.sqrt(np.pi / 2), rel=0.015)
    if reconstructed_mm == 1.5:  # only then are the pixels independent of each other
        assert kstest(image.ravel() / sd, "rayleigh").pvalue > 0.001
        assert (
            kstest(image.ravel() / (1.05 * sd), "rayleigh").pvalue < 0.001
        )  # an SD wrong by 5 % would be seen


@pytest.mark.parametrize("snr", [12.0, 25.0])
def test_measured_snr_is_the_asked_one(snr):
    k_space = KSpace(FIELD, 1.5, 1.2, window_alpha=0.0)
    images = [
        acquire(
            np.full((256, 256), 0.8 + 0j, np.complex64),
            k_space,
            one_coil(256),
            0.8 / snr,
            np.random.default_rng(k),
        )
        for k in (1, 2)
    ]
    measured = np.mean(images) / (np.std(images[0] - images[1]) / np.sqrt(2))
    assert measured == pytest.approx(snr, rel=0.03)


@pytest.mark.parametrize("n", [160, 240, 250])
@pytest.mark.parametrize("reconstructed_mm", [1.0, 1.3, 1.8])
def test_a_smooth_object_keeps_its_place_whatever_the_number_of_pixels(n, reconstructed_mm):
    at = (31.3, -22.7)
    k_space = KSpace(FIELD, 1.8, reconstructed_mm)
    image = silent(blob(n, at), k_space)
    assert image.shape == (k_space.reconstructed,) * 2
    assert np.abs(centre_of_mass(image) - at).max() < 0.05 * k_space.pixel_mm


def test_amplitude_of_a_uniform_object_is_kept():
    image = silent(np.full((200, 200), 0.6 + 0.2j, np.complex64), KSpace(FIELD, 1.8, 1.3))
    np.testing.assert_allclose(image, abs(0.6 + 0.2j), rtol=1e-4)


def test_an_axis_is_not_swapped_for_another():
    image = silent(blob(200, (40.0, -15.0)), KSpace(FIELD, 1.8, 1.3))
    peak = np.unravel_index(image.argmax(), image.shape)
    np.testing.assert_allclose(positions(len(image))[list(peak)], (40, -15), atol=1.3)


def test_fewer_phase_encoding_lines_blur_along_y_alone():
    point = np.zeros((240, 240), np.complex64)
    point[120, 120] = 1

    def widths(share):
        image = silent(point, KSpace(FIELD, 2.0, 0.8, window_alpha=0.0, phase_resolution=share))
        # number of pixels above half of the maximum along each axis, through the maximum
        i, j = np.unravel_index(image.argmax(), image.shape)
        fine = lambda line: np.count_nonzero(
            np.interp(np.linspace(0, len(line) - 1, 20_000), np.arange(len(line)), line)
            > line.max() / 2
        )  # noqa: E731
        return np.array([fine(image[:, j]), fine(image[i, :])], float)

    full, half = widths(1.0), widths(0.5)
    assert half[0] == pytest.approx(full[0], rel=0.03)
    assert half[1] == pytest.approx(2 * full[1], rel=0.06)


@pytest.mark.parametrize(("n_from", "n_to"), [(7, 5), (5, 7), (12, 4), (9, 9)])
def test_area_weights_average_cells_of_equal_extent(n_from, n_to):
    weights = area_weights(n_from, n_to)
    assert weights.shape == (n_to, n_from)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    line = np.random.default_rng(0).normal(size=n_from)
    by_repetition = (
        np.repeat(line, n_to).reshape(n_to, n_from).mean(axis=1)
    )  # each cell cut into n_to equal pieces
    np.testing.assert_allclose(weights @ line, by_repetition, atol=1e-6)


def test_pixels_fill_the_field_of_view():
    for field, acquired, reconstructed in (
        (256.0, 1.8, 1.3),
        (241.0, 1.85, 1.33),
        (300.0, 1.2, 1.7),
    ):
        k_space = KSpace(field, acquired, reconstructed)
        assert (
            k_space.acquired % 2 == 0
            and k_space.reconstructed % 2 == 0
            and k_space.reconstructed >= k_space.acquired
        )
        assert k_space.pixel_mm * k_space.reconstructed == pytest.approx(field)


def empty_scan(n_coils, sd, seed):
    """Complex images (coil, x, y) of nothing but noise, of acquired size and without window: pixels
    independent of each other."""
    k_space = KSpace(FIELD, 1.5, 1.5, window_alpha=0.0)
    lines = measure(
        np.zeros((256, 256), np.complex64), k_space, np.ones((n_coils, 256, 256), np.complex64)
    )
    return reconstruct(add_noise(lines, sd, np.random.default_rng(seed)), k_space, 256)


@pytest.mark.parametrize("n_coils", [4, 6])
def test_each_coil_is_rayleigh_and_their_sum_chi_with_twice_as_many_degrees_of_freedom(n_coils):
    sd = 0.2
    images = empty_scan(n_coils, sd, 8)
    for image in images:
        assert kstest(np.abs(image).ravel() / sd, "rayleigh").pvalue > 0.001
    both = combine(images).ravel() / sd
    assert kstest(both, chi(2 * n_coils).cdf).pvalue > 0.001
    for wrong in (
        2 * n_coils - 1,
        2 * n_coils + 1,
    ):  # the test tells neighbouring distributions apart
        assert kstest(both, chi(wrong).cdf).pvalue < 1e-6


def test_noise_of_two_coils_and_of_two_halves_of_a_coil_is_independent():
    first, second = (image.ravel() for image in empty_scan(2, 1.0, 3))
    for a, b in ((first.real, first.imag), (first.real, second.real), (first.imag, second.imag)):
        assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(first.size)


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_a_full_window_is_a_cosine_squared_over_the_lines_that_are_measured(share):
    """Tukey's window of alpha 1 is Hann's; along y it ends where the measured lines do."""
    point = np.zeros((200, 200), np.complex64)
    point[90, 110] = 1

    def spectrum(alpha, share=1.0):
        k_space = KSpace(FIELD, 2.0, 2.0, window_alpha=alpha, phase_resolution=share)
        return np.abs(
            np.fft.fftshift(
                np.fft.fft2(reconstruct(measure(point, k_space, one_coil(200)), k_space, 200)[0])
            )
        )

    kept = spectrum(1.0, share) / spectrum(0.0)
    at = (np.arange(120) - 60) / 60
    np.testing.assert_allclose(kept[:, 60], np.cos(np.pi * at / 2) ** 2, atol=2e-3)
    np.testing.assert_allclose(
        kept[60], np.where(np.abs(at) <= share, np.cos(np.pi * at / share / 2) ** 2, 0), atol=2e-3
    )


def test_a_pixel_finer_than_the_map_is_refused_in_one_line():
    with pytest.raises(
        Sim2RealError, match="acquired pixel 1 mm is finer than the map's voxel 2 mm"
    ) as caught:
        silent(np.ones((120, 120), np.complex64), KSpace(FIELD, 1.0, 1.0))
    assert "\n" not in str(caught.value)
