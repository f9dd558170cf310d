"""The emulator's block compiler against the interpreter that it is faster than."""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.host.boards import run
from tools.emulator.firmware import missing
from tools.seed import seed

PROOF = Path(__file__).with_name("emulator_blocks.mjs")


def test_blocks_do_what_single_instructions_do():
    if problem := missing():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(problem)
    said = run(shutil.which("node"), PROOF, seed())  # another program each day
    known, instructions, blocks = [int(number) for number in re.findall(r"\d+", said)]
    assert known > 50_000 and instructions > 250_000 and blocks > 10_000, said
