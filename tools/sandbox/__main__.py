"""`python -m tools.sandbox`."""

from tools.sandbox.cli import main

main(prog_name="sandbox")
