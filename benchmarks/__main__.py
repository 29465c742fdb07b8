"""The entry point ``benchmark`` under its short name: ``python -m benchmarks --what T1,S1``."""

from experiments.benchmark import ENTRY_POINT

if __name__ == "__main__":
    ENTRY_POINT.main()
