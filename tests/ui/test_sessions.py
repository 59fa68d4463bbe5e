"""gradio's memory of visits: kept while it serves somebody, and no longer."""

import gc
import platform
import weakref
from datetime import datetime, timedelta
from pathlib import Path

import gradio as gr
import pytest
from gradio.state_holder import StateHolder

from posterbeat.ui.sessions import forget, give_back


@pytest.fixture
def holder():
    with gr.Blocks() as page:
        gr.Slider(0, 9, value=1)
        gr.State(3)
    holder = StateHolder()
    holder.set_blocks(page)
    return holder


def used(holder, name, seconds_ago):
    session = holder[name]
    holder.time_last_used[name] = datetime.now() - timedelta(seconds=seconds_ago)
    return session


def test_empty_sessions_go_after_a_while_and_the_others_with_their_files(holder):
    numbers = {type(block): number for number, block in holder.blocks.blocks.items()}
    used(holder, "just came", 10)
    used(holder, "asked once", 400)
    used(holder, "holds a take", 400)[numbers[gr.State]] = ["take"]
    used(holder, "moved a slider", 400)[numbers[gr.Slider]] = gr.Slider(0, 9, value=5)
    used(holder, "came yesterday", 90000)[numbers[gr.State]] = ["take"]
    forget(holder, kept=3600)
    assert set(holder.session_data) == set(holder.time_last_used) == {"just came", "holds a take", "moved a slider"}
    assert holder["holds a take"][numbers[gr.State]] == ["take"]


def test_who_comes_back_is_a_new_visitor(holder):
    used(holder, "asked once", 400)
    forget(holder, kept=3600)
    number = next(number for number, block in holder.blocks.blocks.items() if isinstance(block, gr.State))
    assert holder["asked once"][number] == 3


class Ring:
    def __init__(self):
        self.itself = self


def test_what_only_refers_to_itself_is_given_back():
    gc.disable()
    try:
        seen = weakref.ref(Ring())
        assert seen()
        give_back()
        assert not seen()
    finally:
        gc.enable()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps what was freed below what is in use")
def test_memory_below_what_is_in_use_is_given_back():
    def held():
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    blocks = [b"x" * (64_000 + number) for number in range(1600)]  # 100 MB, in pieces too small for memory of their own
    last = blocks.pop()
    blocks.clear()
    before = held()
    give_back()
    assert before - held() > 80
    assert len(last) > 64_000
