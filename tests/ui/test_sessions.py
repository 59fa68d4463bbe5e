"""gradio's memory of visits: kept while it serves somebody, and no longer."""

from datetime import datetime, timedelta

import gradio as gr
import pytest
from gradio.state_holder import StateHolder
from gradio_client import Client

from posterbeat.ui.server import sessions
from posterbeat.ui.server.sessions import forget


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


@pytest.mark.filterwarnings("ignore")  # gradio's own, of pandas
def test_few_records_of_calls_are_kept(monkeypatch):
    for name in ("GRADIO_ANALYTICS_MAX_EVENTS", "GRADIO_ANALYTICS_CACHE_FREQUENCY"):
        monkeypatch.setenv(name, "")  # so that it is after the test as it was before
        monkeypatch.delenv(name)
    monkeypatch.setattr(sessions, "_RECORDS", 4)
    sessions.keep_few_records()

    def three() -> int:
        return 3

    with gr.Blocks(analytics_enabled=False) as page:
        gr.api(three)
    tables, table = [], page._queue._get_df
    monkeypatch.setattr(page._queue, "_get_df", lambda records: tables.append(len(records)) or table(records))
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True)
    try:
        client = Client(url, verbose=False)
        assert [client.predict(api_name="/three") for _ in range(10)] == 10 * [3]
    finally:
        page.close()
    assert len(page._queue.event_analytics) == 4
    assert tables == [4, 4]
