"""Entry point ``proxy``: Optuna's gRPC proxy in front of the storage that OPTUNA_STORAGE names.

python -m experiments.proxy --host 0.0.0.0

Workers then use OPTUNA_STORAGE=grpc://HOST:13000. It is for a private network: the proxy asks
for no password and encrypts nothing.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from mnist_tradeoff.system.command_line import EntryPoint
from mnist_tradeoff.system.settings import option, require_range


@dataclass(frozen=True, kw_only=True)
class ProxyConfig:
    """Serve the storage that OPTUNA_STORAGE names to many workers, over Optuna's gRPC proxy."""

    host: str = option("127.0.0.1", "address to listen at; whoever reaches it can use the storage")
    port: int = option(13000, "port to listen at")

    def __post_init__(self) -> None:
        require_range("port", self.port, 1, 65_535)


def run(config: ProxyConfig) -> None:
    # Imported here, because Optuna takes a moment that --help need not wait for.
    from mnist_tradeoff.search.service import serve

    print(f"serving the study's storage at grpc://{config.host}:{config.port}", file=sys.stderr)
    serve(Path.cwd(), config.host, config.port)


# No matter of `mlflow run`: it serves until it is stopped.
ENTRY_POINT = EntryPoint("", ProxyConfig, run)


if __name__ == "__main__":
    ENTRY_POINT.main()
