"""An exported int8 model as C source."""

from mnist_tradeoff.device import litert

BYTES_PER_LINE = 12


def c_header(content: bytes, title: str) -> str:
    """An int8 file as a C array, for a microcontroller that has no file system.

    Args:
        content: a LiteRT model from uint8 images to int8 scores.
        title: what it is, for the first line.
    """
    interface = litert.interface(content)
    lines = [
        "  " + ", ".join(f"0x{byte:02x}" for byte in content[i : i + BYTES_PER_LINE]) + ","
        for i in range(0, len(content), BYTES_PER_LINE)
    ]
    dimensions = "".join(f"[{side}]" for side in interface.input_shape)
    return "\n".join(
        [
            f"// {title}, every operation on integers, LiteRT.",
            f"// Input: uint8{dimensions}, an image as it is. "
            f"Output: int8[1][{interface.classes}], a score a class;",
            "// score = SCALE * (integer - ZERO_POINT).",
            "#include <stdint.h>",
            f"#define MODEL_INT8_INPUT_SCALE {interface.input.scale!r}f",
            f"#define MODEL_INT8_INPUT_ZERO_POINT {interface.input.zero_point}",
            f"#define MODEL_INT8_OUTPUT_SCALE {interface.output.scale!r}f",
            f"#define MODEL_INT8_OUTPUT_ZERO_POINT {interface.output.zero_point}",
            f"#define MODEL_INT8_SIZE {len(content)}u",
            "static const uint8_t model_int8[MODEL_INT8_SIZE] __attribute__((aligned(16))) = {",
            *lines,
            "};\n",
        ]
    )
