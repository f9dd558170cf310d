"""`python -m tools` reaches every tool that is a click command, and says what there is for a name it does not know."""

import pytest
from click.testing import CliRunner

from tools.__main__ import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_every_tool_tells_its_options(name):
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0 and "Options:" in done.output, done.output


def test_the_list_names_every_tool_and_another_name_is_refused():
    listed = CliRunner().invoke(main, ["--help"]).output
    assert all(name in listed for name in COMMANDS)
    done = CliRunner().invoke(main, ["flourish"])
    assert done.exit_code == 2 and "flourish" in done.output
