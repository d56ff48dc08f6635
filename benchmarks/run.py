"""Runs every benchmark of this folder, one after the other: `make bench`.

`--only NAME` runs `bench_NAME.py` alone; what follows `--` goes to it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path


def main() -> None:
    here = Path(__file__).resolve().parent
    names = sorted(path.stem.removeprefix("bench_") for path in here.glob("bench_*.py"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=names)
    parser.add_argument("rest", nargs="*", help="settings of the one benchmark")
    arguments = parser.parse_args()
    failed = []
    for name in [arguments.only] if arguments.only else names:
        print(f"== {name}", flush=True)
        rest = arguments.rest if arguments.only else []
        script = here / f"bench_{name}.py"
        if subprocess.run([sys.executable, str(script), *rest]).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
