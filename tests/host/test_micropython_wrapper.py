"""tools/micropython: which MicroPython it runs, and what it says where there is none.

Works on a copy in a folder of its own, with a PATH of fakes: shell scripts that say who they are.
"""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tools.device import ROOT

ORDINARY = "sh dirname readlink uname awk cat mkdir mktemp mv rm basename tail grep sleep touch".split()


def write_script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def fake_micropython(path, name, new_enough=True):
    """Answers the wrapper's version check and else prints its name and arguments."""
    return write_script(path, '[ "$1" = -c ] && echo %s && exit\necho %s "$@"\n' % (new_enough, name))


class Machine:
    def __init__(self, folder):
        self.root = folder / "checkout"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in ORDINARY:
            if found := shutil.which(name):
                (self.bin / name).symlink_to(found)
        (self.root / "tools").mkdir(parents=True)
        for name in ("micropython", "fetch-micropython.sh"):
            shutil.copy(ROOT / "tools" / name, self.root / "tools" / name)
        self.wrapper = self.root / "tools" / "micropython"

    def start(self, *arguments, path=(), **environment):
        folders = [str(folder) for folder in path] + [str(self.bin)]
        return subprocess.Popen(
            [str(self.wrapper), *arguments],
            env=dict(environment, PATH=":".join(folders)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, **options):
        process = self.start(*arguments, **options)
        self.output, self.errors = process.communicate(timeout=60)
        self.status = process.returncode
        return self.output.strip()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_the_variable_wins_over_path(machine, tmp_path):
    chosen = fake_micropython(tmp_path / "chosen", "chosen", new_enough=False)
    fake_micropython(machine.bin / "micropython", "on-path")
    assert machine.run("-X", "heapsize=64k", "script.py", MICROPYTHON=str(chosen)) == "chosen -X heapsize=64k script.py"


def test_a_variable_that_names_nothing_is_an_error(machine):
    fake_micropython(machine.bin / "micropython", "on-path")
    machine.run("script.py", MICROPYTHON="/nowhere/micropython")
    assert machine.status != 0 and "MICROPYTHON=/nowhere/micropython cannot be run" in machine.errors


def test_an_old_one_on_path_is_passed_over_for_a_newer_one_further_on(machine, tmp_path):
    fake_micropython(tmp_path / "old" / "micropython", "old", new_enough=False)
    fake_micropython(tmp_path / "new" / "micropython", "new")
    assert machine.run("script.py", path=[tmp_path / "old", tmp_path / "new"]) == "new script.py"


def test_the_wrapper_on_path_does_not_call_itself(machine, tmp_path):
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "micropython").symlink_to(machine.wrapper)
    fake_micropython(machine.bin / "micropython", "real")
    assert machine.run("a.py", path=[tmp_path / "links", machine.wrapper.parent]) == "real a.py"


def test_path_wins_over_the_fetched_one(machine):
    add_fetched(machine)
    fake_micropython(machine.bin / "micropython", "on-path")
    assert machine.run("script.py") == "on-path script.py"


def test_the_fetched_one_runs_through_its_own_loader(machine):
    package = add_fetched(machine)
    libraries = package / "usr" / "lib" / "x86_64-linux-gnu"
    expected = "loader --library-path %s %s/usr/bin/micropython script.py" % (libraries, package)
    assert machine.run("script.py") == expected


def test_an_old_one_on_path_gives_way_to_the_fetched_one(machine):
    add_fetched(machine)
    fake_micropython(machine.bin / "micropython", "old", new_enough=False)
    assert machine.run("script.py").startswith("loader ")


def add_fetched(machine):
    package = machine.root / ".micropython" / "package"
    fake_micropython(package / "usr" / "bin" / "micropython", "fetched")
    write_script(package / "usr" / "lib" / "x86_64-linux-gnu" / "ld-linux-x86-64.so.2", 'echo loader "$@"\n')
    return package


def test_the_callers_own_path_comes_first_then_the_library(machine, tmp_path):
    shower = write_script(tmp_path / "shower", 'echo "$MICROPYPATH"\n')
    library = str(machine.root / "lib")
    assert machine.run(MICROPYTHON=str(shower)) == library + ":.frozen"
    assert machine.run(MICROPYTHON=str(shower), MICROPYPATH="/mine:/yours") == "/mine:/yours:" + library + ":.frozen"


def test_the_real_wrapper_imports_the_library_from_anywhere(tmp_path):
    code = "import blynk_batch; print(blynk_batch.__file__)"
    command = [str(ROOT / "tools" / "micropython"), "-c", code]
    output = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, check=True, text=True).stdout
    assert output.strip() == str(ROOT / "lib" / "blynk_batch" / "__init__.py")


def test_macos_without_one_is_told_in_one_sentence_what_to_install(machine):
    (machine.bin / "uname").unlink()
    write_script(machine.bin / "uname", "echo Darwin\n")
    machine.run("script.py")
    assert machine.status != 0 and machine.output == ""
    assert machine.errors == "tools/micropython: MicroPython is missing: run 'brew install micropython'.\n"


@pytest.mark.parametrize("system", ["Linux", "FreeBSD"])
def test_another_system_without_one_is_told_the_packages_name(machine, system):
    (machine.bin / "uname").unlink()
    write_script(machine.bin / "uname", "echo %s\n" % system)
    machine.run("script.py")
    assert machine.status != 0 and len(machine.errors.splitlines()) == 1
    assert "install the package 'micropython'" in machine.errors and "brew install micropython" in machine.errors
    assert not list(machine.root.glob(".micropython/*"))


def release():
    """ID and codename of this machine, if it is one that the wrapper fetches for."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return None
    fields = {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}
    keyring = "/usr/share/keyrings/%s-archive-keyring.gpg" % fields.get("ID")
    return fields["VERSION_CODENAME"] if fields.get("ID") in ("debian", "ubuntu") and os.path.exists(keyring) else None


needs_debian = pytest.mark.skipif(release() is None, reason="needs Debian or Ubuntu")


@pytest.fixture
def apt(machine, tmp_path):
    """A fake apt whose mirrors work unless their address says broken; it logs the address of each try."""
    etc = tmp_path / "etc"
    (etc / "sources.list.d").mkdir(parents=True)
    write_script(machine.bin / "apt-config", "echo \"list='%s' parts='%s'\"\n" % (etc / "list", etc / "sources.list.d"))
    write_script(machine.bin / "dpkg", "echo amd64\n")
    write_script(
        machine.bin / "apt-get",
        'work=${2%%/apt.conf}\ncase "$*" in\n'
        '*update*) cat "$work/sources.list" >>%s; ! grep -q broken "$work/sources.list" ;;\n'
        '*) sleep 0.2; touch "$work/cache/archives/micropython.deb" ;;\nesac\n' % (tmp_path / "tried"),
    )
    fake_micropython(tmp_path / "made", "fetched")
    loader = write_script(tmp_path / "loader", 'shift 2; exec "$@"\n')
    write_script(
        machine.bin / "dpkg-deb",
        'mkdir -p "$3/usr/bin" "$3/usr/lib/x86_64-linux-gnu"\n'
        'cat %s >"$3/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"; cat %s >"$3/usr/bin/micropython"\n'
        "chmod +x $3/usr/bin/micropython $3/usr/lib/*/ld*\n" % (loader, tmp_path / "made"),
    )
    (machine.bin / "chmod").symlink_to(shutil.which("chmod"))
    machine.etc = etc
    machine.tried = lambda: [line.split("] ")[1].split()[0] for line in (tmp_path / "tried").read_text().splitlines()]
    return machine


@needs_debian
def test_mirrors_come_from_one_line_lists_and_only_from_this_releases_main_archive(apt):
    (apt.etc / "list").write_text(
        "# deb http://commented.test/debian {0} main\n"
        "deb [arch=amd64 signed-by=/some/key] http://broken.test/debian {0} main contrib\n"
        "deb-src http://sources.test/debian {0} main\n"
        "deb http://other.test/debian {0}-security main\n"
        "deb http://stranger.test/linux {0} stable\n"
        "deb http://good.test/debian {0} contrib main\n"
        "deb http://never.test/debian {0} main\n".format(release())
    )
    assert apt.run("a.py") == "fetched a.py"
    assert sorted(set(apt.tried()), key=apt.tried().index) == ["http://broken.test/debian", "http://good.test/debian"]


@needs_debian
def test_mirrors_come_from_deb822_files(apt):
    (apt.etc / "sources.list.d" / "system.sources").write_text(
        "# the system's own\nTypes: deb deb-src\nURIs: http://broken.test/debian\n  http://good.test/debian\n"
        "Suites: {0}-updates\n# a comment in between\n {0}\nComponents: main\n\n"
        "Types: deb\nURIs: http://off.test/debian\nSuites: {0}\nComponents: main\nEnabled: no\n".format(release())
    )
    assert apt.run("a.py") == "fetched a.py"
    assert sorted(set(apt.tried())) == ["http://broken.test/debian", "http://good.test/debian"]


@needs_debian
def test_two_first_runs_at_once_both_work_and_leave_one_package(apt):
    (apt.etc / "list").write_text("deb http://good.test/debian %s main\n" % release())
    both = [apt.start("%d.py" % number) for number in range(2)]
    assert [process.communicate(timeout=60)[0] for process in both] == ["fetched 0.py\n", "fetched 1.py\n"]
    assert [path.name for path in (apt.root / ".micropython").iterdir()] == ["package"]


@needs_debian
def test_a_failed_fetch_leaves_nothing_and_says_so(apt):
    (apt.etc / "list").write_text("deb http://broken.test/debian %s main\n" % release())
    apt.run("a.py")
    assert apt.status != 0 and "could not fetch the package 'micropython'" in apt.errors
    assert not list((apt.root / ".micropython").iterdir())


@needs_debian
def test_a_machine_without_a_mirror_of_its_release_is_told_so(apt):
    apt.run("a.py")
    assert apt.status != 0 and "name no mirror" in apt.errors
