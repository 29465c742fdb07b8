"""An exported int8 model as C source."""

from collections.abc import Sequence

from mnist_tradeoff.device import litert
from mnist_tradeoff.system.plain import visible

BYTES_PER_LINE = 12


def c_header(content: bytes, title: str, class_names: Sequence[str] = ()) -> str:
    """An int8 file as a C array, for a microcontroller that has no file system.

    Args:
        content: a LiteRT model from uint8 images to int8 scores.
        title: what it is, for the first line.
        class_names: of all classes, or none.
    """
    interface = litert.interface(content)
    lines = [
        "  " + ", ".join(f"0x{byte:02x}" for byte in content[i : i + BYTES_PER_LINE]) + ","
        for i in range(0, len(content), BYTES_PER_LINE)
    ]
    dimensions = "".join(f"[{side}]" for side in interface.input_shape)
    _, height, width, *channels = interface.input_shape
    return "\n".join(
        [
            f"// {visible(title)}, every operation on integers, LiteRT.",
            f"// Input: uint8{dimensions}, an image as it is. "
            f"Output: int8[1][{interface.classes}], a score a class;",
            "// score = SCALE * (integer - ZERO_POINT).",
            "#include <stdint.h>",
            f"#define MODEL_INT8_HEIGHT {height}",
            f"#define MODEL_INT8_WIDTH {width}",
            f"#define MODEL_INT8_CHANNELS {channels[0] if channels else 1}",
            f"#define MODEL_INT8_CLASSES {interface.classes}",
            f"#define MODEL_INT8_INPUT_SCALE {interface.input.scale!r}f",
            f"#define MODEL_INT8_INPUT_ZERO_POINT {interface.input.zero_point}",
            f"#define MODEL_INT8_OUTPUT_SCALE {interface.output.scale!r}f",
            f"#define MODEL_INT8_OUTPUT_ZERO_POINT {interface.output.zero_point}",
            f"#define MODEL_INT8_SIZE {len(content)}u",
            "static const uint8_t model_int8[MODEL_INT8_SIZE] __attribute__((aligned(16))) = {",
            *lines,
            "};",
            *_names(class_names),
            "",
        ]
    )


def _names(class_names: Sequence[str]) -> list[str]:
    if not class_names:
        return []
    return [
        "// The name of the class of each score, UTF-8.",
        "static const char *const model_int8_class_names[MODEL_INT8_CLASSES] "
        "__attribute__((unused)) = {",
        *(f'  "{_literal(name)}",' for name in class_names),
        "};",
    ]


def _literal(text: str) -> str:
    """The inside of a C string: ASCII, whatever the text; no quote ends it, no trigraph begins."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode("utf-8", "backslashreplace")
    )
