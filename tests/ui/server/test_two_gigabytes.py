"""However many ask at once, and by whichever way: two gigabytes suffice, as docs/hosting.md says."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.served import ask, call, memory, served


@pytest.mark.skipif(bool(os.environ.get("POSTERBEAT_URL")), reason="only an own app's memory can be measured")
def test_eight_who_compose_at_once_fit_into_two_gigabytes():
    app, held = served(), []
    with ThreadPoolExecutor(16) as callers:
        pieces = [callers.submit(call, app, "compose", {"genre": "horror", "notes": 64, "seed": seed}) for seed in range(8)]
        aside = [callers.submit(ask, f"{app}/gradio_api/run/compose", {"data": ["horror"]}) for _ in range(8)]
        while not all(piece.done() for piece in pieces):
            held.append(memory())
            time.sleep(0.3)
    assert [refusal for _, refusal in (piece.result() for piece in pieces)] == [None] * 8
    assert all(status >= 400 for status, _ in (answer.result() for answer in aside))
    assert 0 < max(held, default=1) < 2048, f"{max(held):.0f} MB"
