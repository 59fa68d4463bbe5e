"""Each process of a catalogue's run works with one thread, and does all of a poster's work itself.

How many times as fast two processes are as one is measured by `make bench`: it needs a machine that does nothing else.
"""

import pytest

from benchmarks.catalogue import timed
from posterbeat.batch.jobs import Wish
from posterbeat.controls import Controls
from posterbeat.genres import mixture
from tests.served import at_rest


@pytest.fixture(scope="module")
def runs():
    """A catalogue done by one process and by two."""
    alike = Wish(mixture("drama"), Controls(64, seed=1), own_seed=True, colours=False)  # equal work for every poster
    with pytest.MonkeyPatch.context() as patch, at_rest():
        patch.delenv("OMP_NUM_THREADS", raising=False)  # it is the processes that are to keep to one thread
        return {workers: timed(workers, 12, alike) for workers in (1, 2)}


def test_a_process_works_with_one_thread_and_the_one_that_leads_hardly_at_all(runs):
    for workers, one in runs.items():
        assert 0 < one.cores <= 1.05 * workers
        assert one.leading < 0.1
