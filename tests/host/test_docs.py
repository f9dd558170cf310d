"""The docs cannot rot: every link leads somewhere, every code block is executed as printed or marked as output.

Shell blocks run in a folder that looks like the checkout, so that what they write stays out of it. Pages with tests of
their own are named below. Commands that are the whole test run, or minutes long, are only looked up in the Makefile:
continuous integration and other tests run them.
"""

import ast
import os
import re
import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from tests.host import markdown
from tests.host.boards import ended, start_board
from tests.host.simulated_board import Board
from tools.sandbox.testing import Sandbox

ROOT = markdown.ROOT
PAGES = markdown.pages()
OWN_TESTS = {
    "docs/format.md": "test_format_doc.py",
    "docs/getting-started.md": "test_getting_started.py",
    "docs/sandbox.md": "test_sandbox_docs.py",
}
LONG = {"test", "lint", "bench", "soak", "powercut", "powercut-long", "clean", "sandbox-bench", "release-check"}
# What a reader has and a test has not: a port, a server's address.
TOKEN = "my-test-token"
MAKE_RING = """
import blynk_batch
client = blynk_batch.Client("my-test-token", ring=blynk_batch.FileRing("ring", capacity_bytes=65536))
for row in range(300):
    client.log_group({1: 20 + row / 10, 2: row}, timestamp=1648054765458 + row * 60000)
client.log(1, None)
client.close()
"""


def of_kind(*kinds):
    found = [block for page in PAGES if page not in OWN_TESTS for block in markdown.blocks(page)]
    return [block for block in found if block.kind in kinds]


PROGRAMS = [block for block in markdown.blocks("README.md") if block.kind == "python"][:2]  # test_readme.py runs them


def test_every_block_is_of_a_kind_that_is_executed_or_marked_as_output():
    found = [block for page in PAGES if page not in OWN_TESTS for block in markdown.blocks(page)]
    assert [str(block) for block in found if block.kind not in ("python", "sh", "output")] == []
    for name in OWN_TESTS.values():
        assert (ROOT / "tests" / "host" / name).is_file()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for link in markdown.links(page):
        if re.match(r"(https?|mailto):", link):
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), link
        if anchor:
            assert anchor in markdown.anchors(path.resolve().relative_to(ROOT).as_posix()), link


@pytest.fixture
def checkout(tmp_path):
    """A folder with all that the checkout has, by links."""
    for path in ROOT.iterdir():
        if path.name not in (".git", "build"):
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


@pytest.fixture
def stage(checkout, request):
    """What the block asks for; {text in the docs: what stands for it here}."""
    block, running, replaced = request.param, [], {}
    try:
        for name in block.before:
            getattr(Stage, name)(checkout, running, replaced)
        yield block, checkout, replaced
    finally:
        for end in running:
            end()


class Stage:
    """What blocks can ask for by `before`."""

    @staticmethod
    def ring(folder, running, replaced):
        (folder / "make_ring.py").write_text(MAKE_RING)
        subprocess.run([ROOT / "tools" / "micropython", "make_ring.py"], cwd=folder, check=True)

    @staticmethod
    def sandbox(folder, running, replaced):
        server = Sandbox(tokens=[TOKEN]).start()
        running.append(server.stop)
        replaced["http://127.0.0.1:8080"] = server.url

    @staticmethod
    def board(folder, running, replaced):
        board = start_board()
        running.append(board.close)
        replaced["/dev/ttyACM0"] = board.port

    @staticmethod
    def roots(folder, running, replaced):
        if not Path("/etc/ssl/certs/ISRG_Root_X1.pem").is_file():
            pytest.skip("this machine keeps its root certificates elsewhere")


def commands(text):
    """The shell's lines, those that end in a backslash joined, without comments."""
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [line for line in (re.sub(r"\s+# .*$", "", line).strip() for line in lines) if line and line[0] != "#"]


def make_target(command):
    match = re.match(r"make ([a-z][\w-]*)", command)
    return match.group(1) if match else ("help" if command == "make" else None)


@pytest.mark.parametrize("stage", of_kind("sh"), indirect=True, ids=str)
def test_shell_blocks_run_as_printed(stage):
    block, folder, replaced = stage
    printed = ""
    for command in commands(block.text):
        for text, here in replaced.items():
            command = command.replace(text, here)
        if make_target(command) in LONG:
            command = command.replace("make ", "make -n ", 1)
        done = ended("sh", "-ec", command, cwd=folder, env=dict(os.environ, CI="true"), timeout=600)
        printed += done.stdout
        assert done.returncode == 0, "%s\n%s" % (command, done.stdout)
    assert block.prints in printed, printed


# What the fragments in the docs take for granted, and what shows that they ran.
BEFORE = "import blynk_batch\nTOKEN = %r\n" % TOKEN
BEHIND = "\nprint(client, type(client.transport).__name__)\n"


@pytest.mark.parametrize("block", [block for block in of_kind("python") if block not in PROGRAMS], ids=str)
def test_python_fragments_run_as_printed(block, tmp_path):
    board = Board(tmp_path, "esp32")
    root = trustme.CA().cert_pem.bytes().decode()
    (board.files / "isrg-root-x1.der").write_bytes(ssl.PEM_cert_to_DER_cert(root))
    board.program(BEFORE + block.text + BEHIND)
    assert "<Client https://blynk.cloud: 0 pending> HTTPS" in board.start()


def test_the_line_of_a_traceback_that_is_shown_is_in_that_function():
    shown = re.search(r'File "(\S+)", line (\d+), in (\w+)', (ROOT / "docs" / "install.md").read_text())
    file, line, name = shown.groups()
    tree = ast.parse((ROOT / file).read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    assert [node for node in functions if node.lineno < int(line) <= node.end_lineno], shown.group()


def test_the_searches_that_are_shown_are_those_that_a_test_of_the_search_wants():
    source = (ROOT / "tests" / "device" / "test_search.py").read_text()
    shown = [block.text.strip() for block in markdown.blocks("docs/delivery.md")]
    assert shown == re.findall('^(?:ONE|TEN)_BAD = "(.*)"$', source, re.MULTILINE)


def test_a_command_that_fails_and_a_block_of_no_kind_would_show(tmp_path, monkeypatch):
    monkeypatch.setattr(markdown, "ROOT", tmp_path)
    text = "<!-- before: ring -->\n```sh\nfalse\n```\n\n```output\ny\n```\n```text\nx\n```\n[a](#b) [c](d.md)\n"
    (tmp_path / "page.md").write_text(text)
    first, _, third = markdown.blocks("page.md")
    assert (first.kind, first.before, commands(first.text), first.prints) == ("sh", ("ring",), ["false"], "y\n")
    assert (third.kind, third.prints) == ("text", "")
    assert markdown.links("page.md") == ["#b", "d.md"]
