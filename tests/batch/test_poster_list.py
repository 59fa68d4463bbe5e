"""Every picture of a folder counts once, nothing else does, and a line of a table that cannot be meant is named."""

import os

import pytest

from posterbeat.batch.jobs import Wish, find
from posterbeat.errors import ParameterError


def made(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"picture")


def names(folder, out="out"):
    return [job.name for job in find(folder, Wish(), folder / out)]


def test_what_macos_packs_beside_pictures_is_none(tmp_path):
    made(tmp_path, "a.jpg", "._a.jpg", "__MACOSX/a.jpg", "__MACOSX/old/._b.jpg", "old/b.jpg", "old/._b.jpg")
    assert names(tmp_path) == ["a.jpg", "old/b.jpg"]


def test_linked_folders_are_followed_and_each_counts_once(tmp_path):
    made(tmp_path, "posters/old/b.jpg", "posters/a.jpg", "elsewhere/c.jpg", "elsewhere/deep/d.jpg")
    (tmp_path / "posters/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "posters/circle").symlink_to(tmp_path / "posters")
    (tmp_path / "posters/again").symlink_to(tmp_path / "posters/old")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "posters")
    assert names(tmp_path / "posters") == ["a.jpg", "linked/c.jpg", "linked/deep/d.jpg", "old/b.jpg"]


def test_a_link_that_leads_nowhere_is_not_left_out_in_silence(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    assert names(tmp_path) == ["a.jpg"]


def test_results_are_no_posters_wherever_a_link_leads_from(tmp_path):
    made(tmp_path, "posters/a.jpg", "posters/out/thumbnails/a.jpg")
    (tmp_path / "posters/link").symlink_to(tmp_path / "posters/out/thumbnails")
    assert names(tmp_path / "posters") == ["a.jpg"]


@pytest.mark.skipif(os.name != "posix", reason="paths of Windows lead somewhere on Windows")
@pytest.mark.parametrize("file, sentence", [
    (r"C:\posters\a.jpg", "line 2 gives a Windows path"),
    (r"\\nas\posters\a.jpg", "line 2 gives a Windows path"),
    ("https://example.org/a.jpg", "line 2 gives a web address"),
    ("x" * 140_000, "line 2: a value is longer"),
])
def test_a_file_that_cannot_be_meant_is_told_with_its_line(tmp_path, file, sentence):
    (tmp_path / "list.csv").write_text(f"file,genre\n{file},\n")
    with pytest.raises(ParameterError, match=sentence):
        find(tmp_path / "list.csv", Wish(), tmp_path / "out")


def test_tables_of_excel_with_backslashes_are_read(tmp_path):
    made(tmp_path, "old/Amélie.jpg")
    (tmp_path / "list.csv").write_bytes("File;Genre\r\nold\\Amélie.jpg;horror\r\n".encode("cp1252"))
    job, = find(tmp_path / "list.csv", Wish(), tmp_path / "out")
    assert job.name == "old/Amélie.jpg" and os.path.exists(job.file) and job.wish.genre["horror"] == 1


@pytest.mark.parametrize("seed", ["9" * 400, "9" * 5000])
def test_a_seed_of_many_digits_is_told_with_its_line(tmp_path, seed):
    (tmp_path / "list.csv").write_text(f"file,seed\na.jpg,7\nb.jpg,{seed}\n")
    with pytest.raises(ParameterError, match="line 3: Seed must be a whole number") as caught:
        find(tmp_path / "list.csv", Wish(), tmp_path / "out")
    assert len(str(caught.value)) < 300
