"""Posters collected from a real server on this machine, and prepared for training."""

import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest

from tests.vision.drawn import poster
from train.posters.download import main, split_of
from train.posters.prepare import prepare


def jpeg(picture, quality=90):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture
def server():
    """Serves drawn posters; the first request for /busy is refused, /gone does not exist."""
    asked = []
    pages = {f"/{seed}.jpg": jpeg(poster(seed, (300, 450))) for seed in range(12)}
    pages |= {f"/none{copy}.jpg": jpeg(poster(99)) for copy in range(3)}
    pages |= {"/twin.jpg": jpeg(poster(1, (300, 450)), 70), "/broken.jpg": jpeg(poster(3))[:500],
              "/busy": pages["/5.jpg"], "/flat.jpg": jpeg(poster(0).point(lambda _: 127))}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            first = self.path not in asked
            asked.append(self.path)
            if self.path not in pages:
                self.send_error(404)
            elif self.path == "/busy" and first:
                self.send_response(503)
                self.send_header("Retry-After", "0")
                self.end_headers()
            else:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(pages[self.path])

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()


def test_posters_are_collected_cleaned_and_prepared(server, tmp_path):
    address, asked = server
    pages = [*(f"/{seed}.jpg" for seed in range(5)), *(f"/{seed}.jpg" for seed in range(6, 12)), "/busy", "/gone",
             "/twin.jpg", "/broken.jpg", "/flat.jpg", "/none0.jpg", "/none1.jpg", "/none2.jpg"]
    genres = ["Comedy|Drama", "Western|Horror", "Documentary"]
    pd.DataFrame({
        "imdbId": range(100, 100 + len(pages)),
        "Title": [f"Film {page} (1999)" for page in pages],
        "Genre": [genres[0] if row else genres[2] for row in range(len(pages))],
        "Poster": [address + page for page in pages],
    }).to_csv(tmp_path / "films.csv", index=False)
    out = tmp_path / "collected"
    main([str(tmp_path / "films.csv"), str(out), "--rate", "200"])

    table = pd.read_csv(out / "posters.csv")
    assert "/0.jpg" not in asked  # the documentary is none of the five
    assert asked.count("/busy") == 2
    assert len(table) == 11  # 10 posters and the busy one: not the gone, twin, broken, flat and placeholder ones
    assert set(table.label) == {"comedy"} and set(table.n_of_five) == {2} and set(table.year) == {1999}
    assert [split_of(name) for name in table.imdb_id] == list(table.split)

    requests = len(asked)
    main([str(tmp_path / "films.csv"), str(out), "--rate", "200"])
    assert len(asked) == requests  # nothing is fetched twice

    prepare(out, tmp_path / "arrays")
    arrays = sorted((tmp_path / "arrays").glob("*.npy"))
    assert sum(len(np.load(path)) for path in arrays) == 11
    times = [path.stat().st_mtime_ns for path in arrays]
    prepare(out, tmp_path / "arrays")
    assert [path.stat().st_mtime_ns for path in arrays] == times


def test_splits_have_their_shares():
    names = [split_of(f"tt{number:07}") for number in range(4000)]
    assert names.count("train") / 4000 == pytest.approx(0.83, abs=0.03)
    assert names.count("test") / 4000 == pytest.approx(0.10, abs=0.03)
