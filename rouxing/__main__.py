"""``python -m rouxing``: the same as the command ``rouxing``."""

from rouxing.cli import main

main()
