import numpy as np
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.population.structures import ID
from sim2real.simulation.parameters import SimulationParameters
from sim2real.simulation.signal import bssfp_signal
from sim2real.simulation.slice_profile import flip_profile
from sim2real.simulation.tables import SlabTables, bins_of
from sim2real.simulation.tissues import tissue_times

TIMES = tissue_times(1.5)
BLOOD, MYOCARDIUM, FAT, MUSCLE = (
    ID[name] for name in ("lv_blood", "lv_myocardium", "epicardial_fat", "muscle")
)
IDEAL = {"slice_time_bandwidth": 0.0, "b1_spread": 0.0, "intravoxel_dephasing": 0.0}


def read(tables, structures, hertz=0.0, flip_excess=None, variation=None):
    """Signal of one voxel of the given structures through the slab."""
    slab = np.array(structures, np.uint8).reshape(1, 1, -1)
    plane = lambda value: (
        None if value is None else np.asarray(value, np.float32).reshape(*np.shape(value), 1, 1)
    )  # noqa: E731
    return complex(
        tables.signal(slab, bins_of(np.full((1, 1), hertz)), plane(flip_excess), plane(variation))[
            0, 0
        ]
    )


def plain(structure, hertz=0.0, flip=60.0, t1=1.0, t2=1.0, t2_prime=np.inf):
    tissue = TIMES.loc[structure]
    return complex(
        bssfp_signal(
            tissue["t1_ms"] * t1,
            tissue["t2_ms"] * t2,
            tissue["pd"],
            flip,
            3.0,
            1.5,
            hertz,
            t2_prime,
        )
    )


def test_an_ideal_slab_is_the_mean_of_its_sub_slices_signals_never_of_their_times():
    tables = SlabTables.of(TIMES, SimulationParameters(**IDEAL), 3, 10.0)
    wanted = (2 * plain(BLOOD, 40.0) + plain(MUSCLE, 40.0)) / 3
    assert read(tables, [BLOOD, MUSCLE, BLOOD], 40.0) == pytest.approx(wanted, rel=1e-5)


def test_fat_resonates_below_water():
    tables = SlabTables.of(TIMES, SimulationParameters(**IDEAL), 1, 10.0)
    assert read(tables, [FAT], 20.0) == pytest.approx(
        plain(FAT, 20.0 - 3.4 * 42.577 * 1.5), rel=1e-5
    )


def test_t2_prime_of_the_tissue_is_scaled():
    tables = SlabTables.of(
        TIMES, SimulationParameters(**{**IDEAL, "intravoxel_dephasing": 2.0}), 1, 10.0
    )
    half = TIMES.loc[MYOCARDIUM, "t2_prime_ms"] / 2
    assert read(tables, [MYOCARDIUM], 90.0) == pytest.approx(
        plain(MYOCARDIUM, 90.0, t2_prime=half), rel=1e-5
    )
    assert abs(plain(MYOCARDIUM, 90.0, t2_prime=half) / plain(MYOCARDIUM, 90.0) - 1) > 0.01


@pytest.mark.parametrize("structure", [BLOOD, MYOCARDIUM])
@pytest.mark.parametrize("hertz", [0.0, 80.0])
def test_a_shaped_pulse_gives_the_integral_over_its_profile(structure, hertz):
    parameters = SimulationParameters(**{**IDEAL, "slice_time_bandwidth": 3.0})
    found = read(SlabTables.of(TIMES, parameters, 3, 10.0), [structure] * 3, hertz)
    positions = np.linspace(-3, 3, 4001)
    wanted = (
        np.mean([plain(structure, hertz, flip) for flip in flip_profile(60.0, 3.0, positions)]) * 6
    )
    assert found == pytest.approx(wanted, rel=0.01)
    assert abs(abs(found) / abs(plain(structure, hertz)) - 1) > 0.05


@pytest.mark.parametrize("sub_slices", [1, 2, 5])
def test_a_slab_of_one_tissue_has_one_signal_however_finely_it_is_cut(sub_slices):
    parameters = SimulationParameters(**{**IDEAL, "slice_time_bandwidth": 3.0})
    found, fine = (
        read(SlabTables.of(TIMES, parameters, n, 10.0), [BLOOD] * n, 60.0) for n in (sub_slices, 9)
    )
    assert found == pytest.approx(fine, rel=3e-3)


def test_a_flip_angle_off_its_nominal_value_gives_that_angles_signal():
    tables = SlabTables.of(TIMES, SimulationParameters(**{**IDEAL, "b1_spread": 0.1}), 1, 10.0)
    for structure in (BLOOD, MYOCARDIUM, FAT):
        for excess in (-0.2, -0.1, 0.07, 0.15):
            wanted = plain(
                structure,
                30.0 if structure != FAT else 30.0 - 3.4 * 42.577 * 1.5,
                60 * (1 + excess),
            )
            assert read(tables, [structure], 30.0, excess) == pytest.approx(wanted, rel=0.005)
    assert abs(plain(BLOOD, 30.0, 51.0) / plain(BLOOD, 30.0) - 1) > 0.02


def test_a_tissue_off_its_mean_gives_the_signal_of_its_own_times_and_density():
    tables = SlabTables.of(
        TIMES, SimulationParameters(**{**IDEAL, "tissue_variation": 0.1, "b1_spread": 0.1}), 1, 10.0
    )
    for deviation in ([0.06, -0.06, 0.05], [-0.08, 0.06, 0.0], [0.0, 0.0, -0.2]):
        wanted = plain(MYOCARDIUM, 60.0, t1=np.exp(deviation[0]), t2=np.exp(deviation[1])) * (
            1 + deviation[2]
        )
        assert read(tables, [MYOCARDIUM], 60.0, 0.0, deviation) == pytest.approx(wanted, rel=0.01)
    assert abs(plain(MYOCARDIUM, 60.0, t2=0.9) / plain(MYOCARDIUM, 60.0) - 1) > 0.05


def test_inflow_brightens_blood_alone():
    standing, flowing = (
        SlabTables.of(TIMES, SimulationParameters(**{**IDEAL, "inflow_cm_s": velocity}), 1, 8.0)
        for velocity in (0.0, 2.0)
    )
    assert abs(read(flowing, [BLOOD])) > 1.3 * abs(read(standing, [BLOOD]))
    for structure in (MYOCARDIUM, FAT, MUSCLE):
        assert read(flowing, [structure]) == read(standing, [structure])


def test_the_scale_of_noise_is_the_whole_slab_of_myocardium_on_resonance():
    tables = SlabTables.of(TIMES, SimulationParameters(**IDEAL), 3, 10.0)
    assert tables.myocardium == pytest.approx(abs(plain(MYOCARDIUM)), rel=1e-5)


def test_a_number_that_is_no_structure_is_refused_in_one_line():
    tables = SlabTables.of(TIMES, SimulationParameters(**IDEAL), 1, 10.0)
    with pytest.raises(Sim2RealError, match="holds the number 200"):
        read(tables, [200])
