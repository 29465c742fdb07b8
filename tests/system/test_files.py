import os
import stat
import subprocess

import pytest

from mnist_tradeoff.system.files import write_whole
from mnist_tradeoff.system.signals import run_to_exit
from tests.services import small_disk


def test_a_file_is_replaced_at_once_and_has_the_usual_mode(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    before = os.umask(0o027)
    try:
        write_whole(path, b"new")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_nothing_behind_and_the_old_file_alone(tmp_path):
    kept, folder = tmp_path / "kept", tmp_path / "folder"
    kept.write_text("old")
    folder.mkdir()
    with pytest.raises(TypeError):
        write_whole(kept, "text where bytes are due")  # pyright: ignore[reportArgumentType]
    with pytest.raises(OSError, match="folder"):
        write_whole(folder, b"content")  # written, and then it cannot take this place
    assert kept.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == [folder, kept]


def test_a_full_disk_is_named_with_the_remedy_and_keeps_the_old_file(tmp_path, capsys):
    with small_disk(tmp_path, 1):
        path = tmp_path / "a.html"
        path.write_text("old")
        with pytest.raises(SystemExit):
            run_to_exit(lambda: write_whole(path, bytes(2_000_000)))
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]
    line = f"No space left on device: '{path}': make room on the disk, and start again\n"
    assert capsys.readouterr().err.endswith(line)


def test_what_a_killed_process_has_left_of_a_file_is_removed(tmp_path):
    path = tmp_path / "a.html"
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = tmp_path / f".a.html.{ended.pid}.x1.part"
    others = [tmp_path / f".a.html.{os.getpid()}.x1.part", tmp_path / f".b.{ended.pid}.x1.part"]
    for file in (left, *others):
        file.touch()
    write_whole(path, b"new")
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])
