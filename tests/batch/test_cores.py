"""A catalogue keeps all cores busy: each process of a run works with one thread, and does all of a poster's work itself."""

import os
import time

import pytest

from benchmarks.catalogue import busy, timed
from posterbeat.batch.jobs import Wish
from posterbeat.controls import Controls
from posterbeat.genres import mixture
from tests.served import at_rest

FREE = 0.15  # cores that others may keep busy: more, and the ratio says nothing


@pytest.fixture(scope="module")
def runs():
    """A catalogue done by one process and by two, and how many cores others kept busy before."""
    alike = Wish(mixture("drama"), Controls(64, seed=1), own_seed=True, colours=False)  # equal work for every poster
    with pytest.MonkeyPatch.context() as patch, at_rest():
        before, began = busy(), time.perf_counter()
        time.sleep(1)
        others = None if before is None else (busy() - before) / (time.perf_counter() - began)
        patch.delenv("OMP_NUM_THREADS", raising=False)  # it is the processes that are to keep to one thread
        return {workers: timed(workers, 12, alike) for workers in (1, 2)}, others


def test_a_process_works_with_one_thread_and_the_one_that_leads_hardly_at_all(runs):
    for workers, one in runs[0].items():
        assert 0 < one.cores <= 1.05 * workers
        assert one.leading < 0.1


def test_two_processes_are_at_least_1_7_times_as_fast_as_one(runs):
    (one, two), others = (runs[0][workers] for workers in (1, 2)), runs[1]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    taken = [others, one.elsewhere, two.elsewhere]
    if cores < 2 or None in taken or max(taken) > FREE:
        pytest.skip(f"TWO PROCESSES WERE NOT COMPARED WITH ONE: {cores} cores, of which others took {taken}")
    assert one.each / two.each >= 1.7
