"""`python -m tools.sandbox`."""

from tools.sandbox.cli import main

if __name__ == "__main__":
    main(prog_name="sandbox")
