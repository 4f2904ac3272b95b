from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import dblquad, quad

from sim2real.data import Sim2RealError
from sim2real.population import DENSITY_G_PER_ML, GROUPS, Heart, RightVentricle


def cavity_ml(heart: Heart, ejected: float) -> float:
    """Volume inside the endocardium between the mitral plane and its apex, integrated in space at
    this moment."""
    top, bottom = (
        heart.base(ejected),
        heart.apex - heart.shortening(ejected) * (heart.apex - heart.length),
    )
    area = lambda z: (
        np.pi * float(heart.endocardium(heart.material_level(np.float64(z), ejected), ejected)) ** 2
    )  # noqa: E731
    return quad(area, top, bottom, limit=200)[0] / 1e3


def wall_ml(heart: Heart, ejected: float) -> float:
    """Volume between endocardium and epicardium at this moment, in cylinder coordinates of
    space."""

    def ring(angle, z):
        level = np.float64(heart.material_level(z, ejected))
        outer = float(heart.epicardium(np.float64(angle), level, ejected)) ** 2
        return (outer - float(heart.endocardium(level, ejected)) ** 2) / 2

    return (
        dblquad(ring, heart.base(ejected), heart.apex, 0, 2 * np.pi, epsabs=30, epsrel=1e-4)[0]
        / 1e3
    )


@pytest.mark.parametrize("group", GROUPS)
def test_cavity_holds_edv_and_esv(one_of_each, group):
    subject = one_of_each[group]
    heart = Heart(subject)
    assert cavity_ml(heart, 0.0) == pytest.approx(subject.lv_edv_ml, rel=2e-3)
    assert cavity_ml(heart, 1.0) == pytest.approx(subject.lv_esv_ml, rel=2e-3)


@pytest.mark.parametrize("group", ["NOR", "HCM"])
def test_myocardium_has_its_mass_and_keeps_its_volume(one_of_each, group):
    subject = one_of_each[group]
    volumes = [wall_ml(Heart(subject), ejected) for ejected in (0.0, 0.5, 1.0)]
    compact = subject.lv_mass_g / DENSITY_G_PER_ML - Heart(subject).cavity_muscle_ml
    np.testing.assert_allclose(volumes, compact, rtol=4e-3)
    assert 0.77 < compact / (subject.lv_mass_g / DENSITY_G_PER_ML) < 0.97


def test_a_wall_that_does_not_thicken_is_seen(one_of_each):
    class Stiff(Heart):
        def epicardium(self, angle, level, ejected):
            thickness = super().epicardium(angle, level, 0.0) - super().endocardium(level, 0.0)
            return self.endocardium(level, ejected) + thickness

    heart = Stiff(one_of_each["NOR"])
    assert abs(wall_ml(heart, 1.0) / wall_ml(heart, 0.0) - 1) > 0.1


def test_motion_of_a_material_point_keeps_volume_and_twists(one_of_each):
    """A small tetrahedron of muscle, moved through the cycle's states, keeps its volume: by its
    four corners alone."""
    heart = Heart(one_of_each["NOR"])
    corner = np.array([30.0, 0.7, 40.0])  # radius mm, angle, level mm at ED
    corners = corner + 1e-4 * np.array([[0, 0, 0], [1, 0, 0], [0, 1 / 30, 0], [0, 0, 1]])

    def place(point, ejected, twisted):
        radius, angle, level = point
        inner = float(heart.endocardium(np.float64(level), 0.0))
        moved_inner, lam = (
            float(heart.endocardium(np.float64(level), ejected)),
            heart.shortening(ejected),
        )
        r = np.sqrt(
            moved_inner**2 + (radius**2 - inner**2) / lam
        )  # a shell of muscle outside the endocardium keeps its volume
        theta = angle + heart.twist(level, twisted)
        return np.array(
            [r * np.cos(theta), r * np.sin(theta), heart.apex - lam * (heart.apex - level)]
        )

    def volume(ejected, twisted):
        at = np.array([place(point, ejected, twisted) for point in corners])
        return np.linalg.det(at[1:] - at[0])

    for state in ((0.4, 0.5), (1.0, 1.0), (1.0, 0.4)):
        assert volume(*state) == pytest.approx(volume(0.0, 0.0), rel=1e-4)
    # and the drawn epicardium is such a shell
    outer = float(heart.epicardium(np.float64(0.7), np.float64(40.0), 0.0))
    moved = place((outer, 0.7, 40.0), 0.8, 0.0)
    assert float(heart.epicardium(np.float64(0.7), np.float64(40.0), 0.8)) == pytest.approx(
        np.hypot(*moved[:2]), rel=1e-9
    )


def test_apex_turns_anticlockwise_and_the_base_a_little_back(one_of_each):
    """Seen from the apex with y downwards, anticlockwise is a falling angle; the difference over
    the length is the torsion."""
    subject = one_of_each["NOR"]
    heart = Heart(subject)
    apex, base = np.degrees(heart.twist(heart.apex, 1.0)), np.degrees(heart.twist(0.0, 1.0))
    assert 0 < base < 6 and apex < base
    assert (base - apex) / (heart.apex / 10) == pytest.approx(subject.torsion_deg_per_cm)
    assert heart.twist(heart.apex, 0.0) == 0


def test_wall_thickens_as_in_people(one_of_each):
    """Published thickening is 4.4 ± 1.4 mm in the middle of the ventricle."""
    subject = replace(
        one_of_each["NOR"], lv_edv_ml=150.0, lv_esv_ml=50.0, lv_mass_g=110.0, base_descent_mm=16.0
    )
    heart, level = Heart(subject), np.float64(0.4 * Heart(subject).length)
    angles = np.linspace(0, 2 * np.pi, 60)
    thickness = [
        np.mean(heart.epicardium(angles, level, e)) - float(heart.endocardium(level, e))
        for e in (0.0, 1.0)
    ]
    assert 2 < thickness[1] - thickness[0] < 8


@pytest.mark.parametrize("group", GROUPS)
def test_right_ventricle_holds_its_volumes_by_counting_points(one_of_each, group):
    """Independent of the quadrature: random points in a box, inside the ellipses and outside the
    LV."""
    subject = replace(one_of_each[group], outline_unevenness=0.0)
    heart, rng = Heart(subject), np.random.default_rng(2)
    right = RightVentricle(heart)
    for ejected, wanted in ((0.0, subject.rv_edv_ml), (1.0, subject.rv_esv_ml)):
        depth, box = (
            right.depth(ejected),
            np.array([[-40.0, 130.0], [-90.0, 90.0], [-30.0, heart.apex]]),
        )
        along, across, z = box[:, :1] + np.diff(box) * rng.random((3, 2_000_000))
        level = heart.material_level(z, ejected)
        centre, radial, transverse = right.section(level, ejected, depth)
        angle = right.direction(level) + np.arctan2(across, along)
        inside = right.measure((along - centre) / radial, across / transverse) < 1
        inside &= (
            (level > -right.inflow(ejected))
            & (level < right.apex)
            & (np.hypot(along, across) > heart.epicardium(angle, np.maximum(level, 0), ejected))
        )
        assert inside.mean() * np.prod(np.diff(box)) / 1e3 == pytest.approx(wanted, rel=0.025)


def test_volumes_that_no_heart_can_have_give_one_line(one_of_each):
    too_heavy = Heart(replace(one_of_each["NOR"], lv_mass_g=2500.0))
    with pytest.raises(Sim2RealError, match="expected less mass") as caught:
        _ = too_heavy.wall
    too_light = Heart(replace(one_of_each["DCM"], lv_mass_g=3.0))
    with pytest.raises(Sim2RealError, match="leaves no wall"):
        _ = too_light.wall
    assert "2500 g" in str(caught.value) and "\n" not in str(caught.value)
    too_full = Heart(replace(one_of_each["NOR"], rv_edv_ml=4000.0))
    with pytest.raises(Sim2RealError, match="does not fit this LV; expected between") as caught:
        RightVentricle(too_full).depth(0.0)
    assert "4000 ml" in str(caught.value) and "\n" not in str(caught.value)
