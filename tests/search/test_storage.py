"""Where a study is stored: described, repaired after a full disk, and refused where it is none."""

import pytest

from mnist_tradeoff.architecture.task import MNIST
from mnist_tradeoff.search import service
from mnist_tradeoff.search.storage import StudyError
from mnist_tradeoff.search.study import Study
from tests.services import PASSWORD
from tests.studies import CONFIG, DATA, run


def test_a_storage_is_described_and_its_clock_is_looked_at(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("OPTUNA_STORAGE", postgres.create())
    Study(CONFIG, DATA, MNIST, tmp_path)
    text = service.describe_storage(tmp_path)
    assert text.startswith("postgresql+psycopg://***@127.0.0.1")
    assert text.endswith(", studies: s")
    assert PASSWORD not in text
    monkeypatch.setattr(service, "MAX_CLOCK_SECONDS", 1e-9)
    with pytest.raises(StudyError, match="seconds from this machine's: set both by NTP"):
        service.describe_storage(tmp_path)


def test_a_line_that_a_full_disk_cut_off_is_removed(tmp_path, monkeypatch):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    study = Study(CONFIG, DATA, MNIST, tmp_path)
    run(study, 2)
    journal = tmp_path / "optuna_journal.log"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code": 5, "trial_id')
    again = Study(CONFIG, DATA, MNIST, tmp_path)
    run(again, 1)
    assert journal.read_bytes().startswith(whole + b"{")
    assert len(again.finished()) == 3


@pytest.mark.parametrize(
    "storage",
    [
        "postgresql+psycopg://me:hunter2@127.0.0.1:1/optuna",
        "postgresql+psycopg://me:hunter2 and more@127.0.0.1:1/optuna",
        "mysql+nodriver://me:hunter2@127.0.0.1/optuna",
        "no such scheme://me:hunter2@x",
        "/no/such/folder/journal.log",
    ],
)
def test_a_storage_that_cannot_be_used_is_one_line_without_its_password(
    tmp_path, monkeypatch, storage
):
    monkeypatch.setenv("OPTUNA_STORAGE", storage)
    with pytest.raises(StudyError) as error:
        Study(CONFIG, DATA, MNIST, tmp_path)
    message = str(error.value)
    assert "cannot be used" in message
    assert "OPTUNA_STORAGE" in message
    assert "hunter2" not in message
    assert "and more" not in message
    assert "\n" not in message
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    "name",
    [
        "nonsense",
        "postgres://me:hunter2@127.0.0.1/optuna",
        "postgresql+psycopg:/me:hunter2@127.0.0.1/optuna",
        "me:hunter2@127.0.0.1/optuna",
    ],
)
def test_a_word_that_is_no_storage_is_refused_and_makes_no_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPTUNA_STORAGE", name)
    with pytest.raises(StudyError, match=r"postgresql\+psycopg://") as error:
        Study(CONFIG, DATA, MNIST, tmp_path)
    assert "hunter2" not in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "garbage",
    [b"garbage", b"\xff\xfe", b"\x80", b"\0\0", b"[]", b'{"op_code": 99}', b'{"op_code": 4}'],
)
def test_a_line_of_a_journal_that_is_no_entry_is_named(tmp_path, monkeypatch, garbage):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    run(Study(CONFIG, DATA, MNIST, tmp_path), 2)
    journal = tmp_path / "optuna_journal.log"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:5], garbage, b"\n", *lines[5:]]))
    with pytest.raises(StudyError) as error:
        Study(CONFIG, DATA, MNIST, tmp_path)
    assert str(error.value).startswith(f"line 6 of '{journal}' is no entry of Optuna's journal (")
    assert str(error.value).endswith("restore the file from a copy, or remove that line")
    journal.write_bytes(b"".join(lines))
    assert len(Study(CONFIG, DATA, MNIST, tmp_path).finished()) == 2


def test_looking_for_studies_makes_no_journal(tmp_path, monkeypatch):
    monkeypatch.delenv("OPTUNA_STORAGE", raising=False)
    assert service.study_names(tmp_path) == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["my notes\n", "my notes", '{"op": 1}'])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path, monkeypatch, content):
    path = tmp_path / "notes.txt"
    path.write_text(content)
    monkeypatch.setenv("OPTUNA_STORAGE", str(path))
    with pytest.raises(StudyError, match="is no journal of Optuna's"):
        Study(CONFIG, DATA, MNIST, tmp_path)
    assert path.read_text() == content
    assert list(tmp_path.iterdir()) == [path]
