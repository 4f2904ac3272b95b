import numpy as np
import pytest

from sim2real.simulation import CoilArray, coil_sensitivities

MIDDLE = np.array([12.0, -30.0, 55.0])


def polygon_field(position, centre, normal, radius, pieces=4000):
    """Biot and Savart's law summed over the straight pieces of a polygon, in units of mu0/2pi per
    mm."""
    seed = np.array([0.3, -0.8, 0.51])
    u = np.cross(normal, seed)
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    turn = 2 * np.pi * (np.arange(pieces + 1)) / pieces
    corners = centre + radius * (np.cos(turn)[:, None] * u + np.sin(turn)[:, None] * v)
    piece, middle = np.diff(corners, axis=0), (corners[1:] + corners[:-1]) / 2
    away = position - middle
    return (np.cross(piece, away) / np.linalg.norm(away, axis=1, keepdims=True) ** 3).sum(
        axis=0
    ) / 2


def test_field_of_a_loop_is_that_of_a_polygon_everywhere():
    array = CoilArray.ring(3, MIDDLE, 180.0, 90.0, np.random.default_rng(2), clearance_mm=1.0)
    rng = np.random.default_rng(5)
    positions = MIDDLE + rng.normal(0, 90, (40, 3))
    found = array.field(positions)
    for coil in range(3):
        for at, position in enumerate(positions):
            wanted = polygon_field(position, array.centres[coil], array.normals[coil], 90.0)
            np.testing.assert_allclose(found[coil, at], wanted, atol=2e-4 * np.linalg.norm(wanted))


def test_what_is_received_is_the_field_across_the_body_x_less_i_times_y():
    array = CoilArray.ring(4, MIDDLE)
    position = MIDDLE + [[20.0, 35.0, -15.0]]
    fields = [
        polygon_field(position[0], c, n, array.radius_mm)
        for c, n in zip(array.centres, array.normals, strict=True)
    ]
    at_middle = [
        polygon_field(MIDDLE, c, n, array.radius_mm)
        for c, n in zip(array.centres, array.normals, strict=True)
    ]
    scale = np.sqrt(sum(np.hypot(field[0], field[1]) ** 2 for field in at_middle))
    wanted = [complex(field[0], -field[1]) / scale for field in fields]
    np.testing.assert_allclose(array.sensitivities(position)[:, 0], wanted, rtol=1e-4)


def test_loops_stand_round_the_middle_and_face_it():
    array = CoilArray.ring(5, MIDDLE, 170.0)
    away = array.centres - MIDDLE
    np.testing.assert_allclose(np.linalg.norm(away, axis=1), 170)
    np.testing.assert_allclose((array.normals * away).sum(axis=1), -170)
    np.testing.assert_allclose(away[:, 2], 0, atol=1e-12)  # round the body's axis
    assert array.centres[0, 0] > MIDDLE[0] and array.centres[0, 1] > MIDDLE[1]


def test_sensitivities_of_an_oblique_slice_are_those_at_its_voxels_and_one_in_the_middle():
    n, voxel = 121, 2.0
    rotation, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = rotation * [voxel, voxel, 9.0]
    affine[:3, 3] = MIDDLE - affine[:3, :3] @ [60, 60, 1]
    array = CoilArray.ring(4, MIDDLE)
    coils = coil_sensitivities(array, affine, n, 1)
    assert coils.shape == (4, n, n) and coils.dtype == np.complex64
    assert np.sqrt((np.abs(coils[:, 60, 60]) ** 2).sum()) == pytest.approx(1, abs=1e-3)
    for i, j in ((60, 60), (35, 88), (90, 40), (75, 20)):
        direct = array.sensitivities((affine @ [i, j, 1, 1])[None, :3])[:, 0]
        np.testing.assert_allclose(coils[:, i, j], direct, atol=2e-4 * np.abs(direct).max())


def test_near_a_conductor_the_field_stops_growing():
    array = CoilArray.ring(1, MIDDLE, 150.0, 80.0, clearance_mm=15.0)
    up = np.array([0.0, 0.0, 1.0])
    conductor = array.centres[0] + 80 * up
    strength = [
        np.linalg.norm(array.field((conductor - d * up)[None])) for d in (0.1, 5.0, 15.0, 30.0)
    ]
    np.testing.assert_allclose(strength[:2], strength[2], rtol=1e-6)
    assert strength[3] < 0.8 * strength[2]
