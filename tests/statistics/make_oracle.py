"""Writes oracle.json anew: what pingouin and spm1d say of the tables of `exotwin bench stats`.

Run it where both are installed (the extra `oracle`): `python -m tests.statistics.make_oracle`. They cost the
tests 350 MB and a quarter of a minute to set up, and are GPL-3; numbers cost neither.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from app.bench.stats import pingouin_numbers, spm1d_numbers

FILE = Path(__file__).with_name("oracle.json")
DIGITS = 10


def main() -> None:
    numbers = pingouin_numbers() | spm1d_numbers()
    rounded = {
        table: {name: float(f"{value:.{DIGITS}g}") for name, value in found.items()}
        for table, found in numbers.items()
    }
    made_by = {name: version(name) for name in ("pingouin", "spm1d", "numpy", "scipy")}
    lines = [f"{json.dumps(table)}: {json.dumps(found)}" for table, found in rounded.items()]
    body = ",\n".join(lines)
    FILE.write_text(f'{{"made_by": {json.dumps(made_by)},\n{body}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
