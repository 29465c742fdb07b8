"""The exported C header, compiled and run with LiteRT's C library."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import ai_edge_litert
import numpy as np
import pytest

from mnist_tradeoff.architecture.notation import parse
from mnist_tradeoff.architecture.task import MNIST, Shape, Task
from mnist_tradeoff.device import convert, litert
from mnist_tradeoff.device.c_header import c_header
from mnist_tradeoff.training.build import build

NET = parse("4C3-P2-8C3-P2")
COLOURS, LETTERS = Task(Shape(32, 32, 3), 3), Task(Shape(28, 28, 1), 26)
HOSTILE = ('a"; int x = 1; //', "*/ ??/", "trailing\\")
LIBRARY = Path(ai_edge_litert.__file__).parent / "libLiteRt.so"
STRICT = ("-std=c99", "-trigraphs", "-pedantic", "-Wall", "-Wextra", "-Werror")


@pytest.fixture(scope="module", autouse=True)
def _converter():
    yield
    convert.stop_converter()


def images_of(task: Task, count: int = 50) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *task.image_shape)).astype(np.uint8)


def compiled(header: str, folder: Path, has_names: bool) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    (folder / "model_int8.h").write_text(header)
    sources = [Path(__file__).with_name("run_header.c"), LIBRARY]
    named = ["-DHAS_NAMES"] if has_names else []
    program = folder / "run"
    command = [compiler, *STRICT, *named, "-I", folder, *sources, "-o", program]
    subprocess.run([*command, f"-Wl,-rpath,{LIBRARY.parent}"], check=True)
    return program


def output(program: Path, *arguments: str, data: bytes = b"") -> bytes:
    command = [program, *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def scores(content: bytes, images: np.ndarray) -> np.ndarray:
    interpreter = litert.load(content)
    (entry,), (out,) = interpreter.get_input_details(), interpreter.get_output_details()
    found = []
    for image in images:
        interpreter.set_tensor(entry["index"], image[None])
        interpreter.invoke()
        found.append(interpreter.get_tensor(out["index"])[0].copy())
    return np.array(found)


@pytest.mark.parametrize(
    ("task", "names"),
    [(MNIST, ()), (COLOURS, HOSTILE), (LETTERS, [f"Ä{chr(97 + i)}" for i in range(26)])],
)
def test_a_c_program_has_the_files_bytes_names_and_scores(
    tmp_path, task: Task, names: Sequence[str]
):
    images = images_of(task)
    content = convert.convert_to_int8(NET, task, build(NET, task).get_weights(), images)
    header = c_header(content, 'n\net.py:f */ "\\', names)
    program = compiled(header, tmp_path, has_names=bool(names))
    assert output(program, "bytes") == content
    assert output(program, "names") == b"".join(name.encode() + b"\0" for name in names)
    expected = scores(content, images[:10])
    assert len(np.unique(expected, axis=0)) > 5
    found = np.frombuffer(output(program, data=images[:10].tobytes()), np.int8)
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)
