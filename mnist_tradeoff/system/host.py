"""What this machine has: cores, memory, and what its processor can do."""

import os
from pathlib import Path

import psutil


def available_cores() -> int:
    """CPU cores this process may use: `taskset` and containers' CPU sets are respected."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int:
    """Bytes that this machine can give to processes without swapping."""
    return psutil.virtual_memory().available


def cpu_flags() -> set[str]:
    """Instruction set extensions of this CPU as Linux names them; empty on other systems."""
    return set(_cpuinfo("flags").split())


def cpu_name() -> str:
    """Model name of this CPU."""
    return _cpuinfo("model name") or "unknown"


def _cpuinfo(key: str) -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")
