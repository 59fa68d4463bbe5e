"""Programs run in this process, which has loaded torch already."""

import runpy
import signal
import sys
import warnings

import torch


def run_module(module: str, *words) -> None:
    """`python -m module words`, without the seconds that a new process needs to begin."""
    before, threads, ended = sys.argv, torch.get_num_threads(), signal.getsignal(signal.SIGTERM)
    sys.argv = [module, *map(str, words)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # the module may have been imported before
            runpy.run_module(module, run_name="__main__")
    finally:
        sys.argv = before
        torch.set_num_threads(threads)
        signal.signal(signal.SIGTERM, ended)
