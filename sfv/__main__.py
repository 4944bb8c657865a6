"""`python -m sfv` is `sfv`."""

from sfv.cli.main import main

raise SystemExit(main())
