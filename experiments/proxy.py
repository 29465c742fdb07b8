"""Entry point ``proxy``: Optuna's gRPC proxy in front of the storage that OPTUNA_STORAGE names.

python -m experiments.proxy --host 0.0.0.0

Workers then use OPTUNA_STORAGE=grpc://HOST:13000. It is for a private network: the proxy asks
for no password and encrypts nothing.
"""

import sys
from pathlib import Path

from mnist_tradeoff.search.config import ProxyConfig
from mnist_tradeoff.system import command_line as cli


def run_proxy(config: ProxyConfig) -> None:
    # Imported here, because Optuna takes a moment that --help need not wait for.
    from mnist_tradeoff.search.study import serve

    print(f"serving the study's storage at grpc://{config.host}:{config.port}", file=sys.stderr)
    serve(Path.cwd(), config.host, config.port)


if __name__ == "__main__":
    cli.run(lambda: run_proxy(cli.parse(ProxyConfig)))
