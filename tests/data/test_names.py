"""Names of sets and classes that users give, whatever is in them."""

import numpy as np
import pytest

from mnist_tradeoff.data import sets
from tests.factories import coloured, write_pictures


def test_names_lose_what_turns_text_and_keep_the_rest(tmp_path):
    names = ("*\n\t*", "<script>\u202e'\"", "\udcff猫")  # the last one's first byte is no text
    folder = write_pictures(tmp_path / "a\x1b[2J", *coloured(30, 3, 16), names)
    found = sets.load(str(folder))
    assert found.name == "a\\u001b[2J"
    assert found.class_names == ("*\\u000a\\u0009*", "<script>\\u202e'\"", "\\udcff猫")
    assert "\n" not in "".join(found.notes)
    assert "".join([found.name, *found.class_names, *found.notes]).encode()


def test_a_name_that_nobody_could_read_is_refused_in_a_short_line(tmp_path):
    labels = np.array(["a", "b" * 10_000] * 30)
    path = tmp_path / "set.npz"
    np.savez(path, data=coloured(60, 2, 16)[0], target=labels)
    with pytest.raises(ValueError, match=r"has a name of 10,000 characters, 'bbb.*at most") as e:
        sets.load(str(path))
    assert len(str(e.value)) < 300 + len(str(path))
