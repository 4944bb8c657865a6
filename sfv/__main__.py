"""`python -m sfv` is `sfv`."""

import sys
from pathlib import Path

# `python -m` looks in the folder it is typed in first, where a user may have packages called as sfv's rooms are
sys.path.insert(0, str(Path(__file__).parents[1]))

from sfv.cli.main import main

raise SystemExit(main())
