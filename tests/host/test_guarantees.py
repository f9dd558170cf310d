"""docs/guarantees.md against the tests: every test that its matrix names exists, and every row names one."""

import ast
import re

import pytest

from tools.device import ROOT

DOC = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
ROWS = [line for line in DOC.partition("## The fault matrix")[2].splitlines() if line.startswith("| ")]
MATRIX = [row for row in ROWS if not row.startswith("| fault |")]


def names_of_tests(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, functions) and node.name.startswith("test_")}


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.split("|")[1].strip())
def test_each_fault_names_a_test_that_exists(row):
    fault, reaction, proof = [part.strip() for part in row.strip("| ").split(" | ")]
    assert fault and reaction
    path, name = re.fullmatch(r"`(tests/\w+/test_\w+\.py)` `(test_\w+)`", proof).groups()
    assert name in names_of_tests(path)


def test_the_matrix_speaks_of_network_flash_and_time():
    assert len(MATRIX) > 60
    assert len({row.split("|")[1] for row in MATRIX}) == len(MATRIX), "a fault stands twice"


def test_the_classes_name_every_exception_and_counter_of_the_library():
    table = DOC.partition("| class |")[2].partition("\n\n")[0]
    files = [ROOT / "lib" / "blynk_batch" / name for name in ("errors.py", "refusals.py")]
    nodes = [node for file in files for node in ast.parse(file.read_text(encoding="utf-8")).body]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    exceptions = {node.name for node in classes if node.bases[0].id == "UploadError"}
    named = set(re.findall(r"`(\w+)`", table))
    assert len(exceptions) >= 7 and exceptions <= named
    assert {"retried", "smaller", "redirected", "held", "rejected", "stopped"} <= named
