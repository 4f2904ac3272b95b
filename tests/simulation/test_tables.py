import numpy as np
import pytest

from sim2real.data import Sim2RealError
from sim2real.population import ID
from sim2real.simulation import SimulationParameters, bins_of, bssfp_signal, tissue_times
from sim2real.simulation.tables import SlabTables

TIMES = tissue_times(1.5)
BLOOD, MYOCARDIUM, FAT, MUSCLE = (
    ID[name] for name in ("lv_blood", "lv_myocardium", "epicardial_fat", "muscle")
)
IDEAL = {"b1_spread": 0.0, "intravoxel_dephasing": 0.0}


def read(tables, structures, hertz=0.0, flip_excess=None):
    """Signal of one voxel of the given structures through the slab."""
    slab = np.array(structures, np.uint8).reshape(1, 1, -1)
    excess = None if flip_excess is None else np.full((1, 1), flip_excess, np.float32)
    return complex(tables.signal(slab, bins_of(np.full((1, 1), hertz)), excess)[0, 0])


def plain(structure, hertz=0.0, flip=60.0, t2_prime=np.inf):
    tissue = TIMES.loc[structure]
    return complex(
        bssfp_signal(
            tissue["t1_ms"],
            tissue["t2_ms"],
            tissue["pd"],
            flip,
            3.0,
            1.5,
            hertz,
            t2_prime,
        )
    )


def test_an_ideal_slab_is_the_mean_of_its_sub_slices_signals_never_of_their_times():
    tables = SlabTables.of(TIMES, SimulationParameters(**IDEAL))
    wanted = (2 * plain(BLOOD, 40.0) + plain(MUSCLE, 40.0)) / 3
    assert read(tables, [BLOOD, MUSCLE, BLOOD], 40.0) == pytest.approx(wanted, rel=1e-5)


def test_fat_resonates_below_water():
    tables = SlabTables.of(TIMES, SimulationParameters(**IDEAL))
    assert read(tables, [FAT], 20.0) == pytest.approx(
        plain(FAT, 20.0 - 3.4 * 42.577 * 1.5), rel=1e-5
    )


def test_t2_prime_of_the_tissue_is_scaled():
    tables = SlabTables.of(TIMES, SimulationParameters(**{**IDEAL, "intravoxel_dephasing": 2.0}))
    half = TIMES.loc[MYOCARDIUM, "t2_prime_ms"] / 2
    assert read(tables, [MYOCARDIUM], 90.0) == pytest.approx(
        plain(MYOCARDIUM, 90.0, t2_prime=half), rel=1e-5
    )
    assert abs(plain(MYOCARDIUM, 90.0, t2_prime=half) / plain(MYOCARDIUM, 90.0) - 1) > 0.01


def test_a_flip_angle_off_its_nominal_value_gives_that_angles_signal():
    tables = SlabTables.of(TIMES, SimulationParameters(**{**IDEAL, "b1_spread": 0.1}))
    for structure in (BLOOD, MYOCARDIUM, FAT):
        for excess in (-0.2, -0.1, 0.07, 0.15):
            wanted = plain(
                structure,
                30.0 if structure != FAT else 30.0 - 3.4 * 42.577 * 1.5,
                60 * (1 + excess),
            )
            assert read(tables, [structure], 30.0, excess) == pytest.approx(wanted, rel=0.005)
    assert abs(plain(BLOOD, 30.0, 51.0) / plain(BLOOD, 30.0) - 1) > 0.02


def test_the_scale_of_noise_is_the_whole_slab_of_myocardium_on_resonance():
    tables = SlabTables.of(TIMES, SimulationParameters(**IDEAL))
    assert tables.myocardium == pytest.approx(abs(plain(MYOCARDIUM)), rel=1e-5)


def test_a_number_that_is_no_structure_is_refused_in_one_line():
    tables = SlabTables.of(TIMES, SimulationParameters(**IDEAL))
    with pytest.raises(Sim2RealError, match="holds the number 200"):
        read(tables, [200])
