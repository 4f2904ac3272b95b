import operator
import os
from itertools import product

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from sim2real.data import Sim2RealError, available_cores, generator, map_in_order, seed_of, work
from sim2real.paper.cli import _SPINS, main


def test_each_seed_and_name_has_a_stream_of_its_own():
    names = list(product(range(3), ("virtual", "surrogate"), range(20)))
    draws = {generator(*name).random() for name in names}
    assert len(draws) == len(names)
    assert generator(1, "a", 2).random() == generator(1, "a", 2).random()
    assert all(0 <= seed_of(*name) < 2**63 for name in names)


def test_streams_of_neighbours_are_not_correlated():
    draws = np.array([generator(0, "virtual", k).standard_normal(400) for k in range(30)])
    correlation = np.corrcoef(draws)[np.triu_indices(30, 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(400)


@pytest.fixture(params=["1", "2"])
def at_work(request, monkeypatch):
    """One core, and two with workers for the shortest of pieces."""
    monkeypatch.setenv("SIM2REAL_CORES", request.param)
    monkeypatch.setattr(work, "_WORKERS_S", -1.0)


def test_results_keep_the_order_of_the_items_whatever_the_number_of_workers(at_work):
    assert map_in_order(operator.neg, [3, 1, 2, 5, 4], name="numbers") == [-3, -1, -2, -5, -4]


def test_fault_in_a_worker_reaches_the_caller(at_work):
    with pytest.raises(TypeError, match="bad operand"):
        map_in_order(operator.neg, [1, "x", 3], name="numbers")


def test_a_job_held_to_few_cores_is_believed(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "3")
    assert available_cores() == 3
    monkeypatch.setenv("SIM2REAL_CORES", "0")
    assert available_cores() == 1


def refused(item):
    if item == "a.nii":
        raise Sim2RealError(f"{item}: expected another")


def test_an_error_for_the_user_is_the_same_from_a_worker(at_work):
    with pytest.raises(Sim2RealError) as error:
        map_in_order(refused, ["first", "a.nii", "a.nii"], name="files")
    assert str(error.value) == "a.nii: expected another"


def threads_and_process(item) -> tuple[int, int]:
    return max(pool["num_threads"] for pool in threadpool_info()), os.getpid()


@pytest.mark.parametrize("start_s", [-1.0, 60.0])
def test_a_piece_has_one_thread_and_workers_start_where_they_are_worth_it(monkeypatch, start_s):
    monkeypatch.setenv("SIM2REAL_CORES", "2")
    monkeypatch.setattr(work, "_WORKERS_S", start_s)
    threads, processes = zip(*map_in_order(threads_and_process, range(4), name="x"), strict=True)
    assert set(threads) == {1} and processes[0] == os.getpid()
    assert (set(processes) == {os.getpid()}) is (start_s > 0)


def test_nothing_to_do_gives_nothing():
    assert map_in_order(operator.neg, [], name="numbers") == []


@pytest.mark.parametrize(("given", "kept"), [("", _SPINS), ("5", "5")])
def test_threads_that_wait_sleep_soon_unless_the_user_says_otherwise(monkeypatch, given, kept):
    monkeypatch.setenv("GOMP_SPINCOUNT", given)
    if not given:
        del os.environ["GOMP_SPINCOUNT"]
    assert main(["run", "--preset", "quik"]) == 1
    assert os.environ["GOMP_SPINCOUNT"] == kept
