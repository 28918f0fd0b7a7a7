#!/usr/bin/env python3
"""The programs of tests/long/strangers that are marked `fast'; `make check-strangers' tries all."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "long"))

from strangers import rows_of, run_rows  # noqa: E402

if __name__ == "__main__":
    sys.exit(run_rows([row for row in rows_of(sys.argv[1:]) if row.get("fast") or len(sys.argv) > 1]))
