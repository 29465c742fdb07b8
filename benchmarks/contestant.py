"""A process that is measured, and the host in words."""

import contextlib
import json
import subprocess
import sys
import tempfile


class Contestant:
    """A process that answers one JSON line with another; ``benchmarks.MODULE ARGUMENTS…``."""

    def __init__(self, module: str, *arguments: str):
        # TensorFlow's banner, or why it failed
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (close() closes it)
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def ask(self, **request: float) -> dict:
        """Its answer; it works at nothing else meanwhile.

        Raises:
            SystemExit: it ended instead; its last words are in the message.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended: there is no answer, either
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise SystemExit(
                f"{self.errors.read()}error: {self.process.args} ended without an answer"
            )
        return json.loads(line)

    def close(self) -> None:
        """End it."""
        self.process.communicate()
        self.errors.close()


def host_line(*hosts: dict) -> str:
    """One sentence on the host that measured; of several, the range of the measured rates."""
    found = hosts[0]

    def rate(name: str) -> str:
        rates = [host[f"gemm_{name}_gflops"] for host in hosts]
        low, high = min(rates), max(rates)
        return f"{low}" if low == high else f"{low} to {high}"

    torch = f", PyTorch {found['torch']}" if "torch" in found else ""
    return (
        f"Host: {found['cpu']}, {found['threads']} cores, {rate('float32')} GFLOP/s in float32 and "
        f"{rate('bfloat16')} in bfloat16, Python {found['python']}, TensorFlow "
        f"{found['tensorflow']}, Keras {found['keras']}{torch}."
    )
