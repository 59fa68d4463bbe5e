"""The pieces that come with the project are rendered once."""

from pathlib import Path

import pytest

from posterbeat.ui.components.example_pieces import PIECES, listen_to


@pytest.mark.skipif(not PIECES, reason="an installed package comes without them")
def test_a_piece_that_was_heard_before_is_there_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    first = Path(listen_to(0)["audio"]["path"])
    written = first.stat().st_mtime_ns
    assert Path(listen_to(0)["audio"]["path"]) == first and first.stat().st_mtime_ns == written
