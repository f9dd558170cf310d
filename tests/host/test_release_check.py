"""make release-check finds each thing that stands against a release, and nothing where all is well."""

import json
import shutil
import subprocess

import click
import pytest
from click.testing import CliRunner

from tools import release_check


@pytest.fixture
def project(tmp_path):
    """A small project that may be released."""
    library = tmp_path / "lib" / "blynk_batch"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text('__version__ = "1.2.3"\n')
    package = {"version": "1.2.3", "urls": [["blynk_batch/__init__.py", "lib/blynk_batch/__init__.py"]]}
    (tmp_path / "package.json").write_text(json.dumps(package))
    (tmp_path / "CHANGES.md").write_text("# Changes\n\n## 1.2.3 (2026-11-24)\n")
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@b.example commit -qm First"):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True)
    return tmp_path


def test_nothing_stands_against_a_good_release(project):
    assert list(release_check.problems(project)) == []


def test_what_stands_against_it_is_printed_and_is_its_status(project, monkeypatch):
    monkeypatch.setattr(release_check, "ROOT", project)
    assert CliRunner().invoke(release_check.main).exit_code == 0
    (project / "notes.txt").write_text("x")
    done = CliRunner().invoke(release_check.main)
    assert (done.exit_code, done.output) == (1, "no: there are uncommitted changes: git status\n")


@pytest.mark.parametrize(
    "name, text, words",
    [
        ("lib/blynk_batch/__init__.py", '__version__ = "1.2.4"\n', "package.json says version 1.2.3, the lib"),
        ("lib/blynk_batch/__init__.py", '__version__ = "1.2"\n', "not of the form"),
        ("lib/blynk_batch/more.py", "", "does not list the files of lib/: blynk_batch/more.py"),
        ("CHANGES.md", "## 1.2.2 (2026-11-24)\n", "no section"),
        ("CHANGES.md", "## 1.2.3 (not yet released)\n", "dates 1.2.3 'not yet released'"),
        ("notes.txt", "x", "uncommitted changes"),
    ],
)
def test_each_thing_that_stands_against_it_is_named(project, name, text, words):
    (project / name).write_text(text)
    assert [problem for problem in release_check.problems(project) if words in problem]


def test_a_version_that_is_tagged_is_not_released_again(project):
    subprocess.run(["git", "tag", "v1.2.3"], cwd=project, check=True)
    assert list(release_check.problems(project)) == ["v1.2.3 is a tag already: raise the version"]


def test_an_unpacked_archive_is_called_no_checkout(project):
    shutil.rmtree(project / ".git")
    with pytest.raises(click.ClickException, match="is no git checkout: this needs `git clone`"):
        list(release_check.problems(project))
