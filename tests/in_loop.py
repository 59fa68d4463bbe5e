"""Coroutines in tests that are functions."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def finished(work: Callable[..., Coroutine], *given: Any) -> Any:
    """What `work(*given)` comes to, in a thread of its own: the browser tests leave a running loop in the tests' thread."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(lambda: asyncio.run(work(*given))).result()
