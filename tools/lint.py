"""`make lint`: ruff, pyright against the boards' stubs, and no trace of one machine in a tracked file.

Runs every check, prints what each found and ends with status 1 if any found something. Node is needed for
pyright (tools/node); the stubs lie in typings/ (`make setup`). Knows no rule itself: ruff's are in
pyproject.toml.
"""

import json
import re
import shutil
import subprocess
import sys

import click

from tools.device import ROOT
from tools.options import command, git

PORTS = ("esp32", "rp2")
# Examples for one board alone; all others are for both.
ONLY = {"esp32": "esp32", "sd_card": "esp32", "pico_w": "rp2", "external_flash": "rp2", "health": "rp2"}
PYRIGHT = ROOT / "tools" / "node" / "node_modules" / "pyright" / "index.js"

# What would tie the project to one machine or mirror. Written with [.] so that this file does not match itself.
MACHINE_TRACES = [
    r"\bpypi[.]org",
    r"pythonhosted[.]org",
    r"registry[.](npmjs|yarnpkg)[.]",
    r"\b(deb|security)[.]debian[.]org",
    r"\b(archive|ports|security)[.]ubuntu[.]com",
    r"(?<![\w.$}])/(home|Users|work|root)/[\w.]",
    r"(?<![\w.$}])/opt/(pypi|wheels)",
]


def check_ruff():
    return subprocess.call([sys.executable, "-m", "ruff", "check", "--quiet", "."], cwd=ROOT) == 0


def check_types(port):
    """pyright over the code for boards, as if it ran on this port."""
    stubs = ROOT / "typings" / port
    if not stubs.is_dir() or not PYRIGHT.is_file() or shutil.which("node") is None:
        print("pyright or the stubs are missing: install Node.js, then `make setup`")
        return False
    examples = [path.parent.name for path in sorted((ROOT / "examples").glob("*/main.py"))]
    programs = ["../examples/" + name for name in examples if ONLY.get(name, port) == port]
    settings = {
        "include": ["../lib", *programs],
        "exclude": ["**/__pycache__"],
        # Each example is what lies in the board's root; the library is in its /lib.
        "executionEnvironments": [{"root": root, "extraPaths": ["../lib"]} for root in [*programs, "../lib"]],
        "stubPath": "../typings/" + port,
        "typeshedPath": "../typings/" + port,
        "pythonVersion": "3.12",
        "typeCheckingMode": "basic",
        "reportMissingModuleSource": False,
        # On a board an attribute that is None until first used is an idiom, not a mistake.
        "reportOptionalMemberAccess": False,
        "reportOptionalSubscript": False,
        "reportOptionalOperand": False,
    }
    path = ROOT / "build" / ("pyright-%s.json" % port)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(settings, indent=2))
    command = ["node", str(PYRIGHT), "--outputjson", "--project", str(path)]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE).stdout
    report = json.loads(output[output.index(b"{") :])
    for finding in report["generalDiagnostics"]:
        where = "%s:%d" % (finding["file"], finding["range"]["start"]["line"] + 1)
        print("%s: %s: %s" % (where, finding["severity"], finding["message"]))
    # A wrong path makes pyright analyse nothing and report success.
    return report["summary"]["errorCount"] == 0 and report["summary"]["filesAnalyzed"] > len(programs)


def check_traces():
    patterns = [re.compile(pattern) for pattern in MACHINE_TRACES]
    patterns.append(re.compile(r"(?<![\w.])" + re.escape(str(ROOT)) + r"(?![\w-])"))
    found = 0
    for name in git(ROOT, "ls-files", "-z").split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or b"\0" in (content := path.read_bytes()):
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            for pattern in patterns:
                if match := pattern.search(line):
                    print("%s:%d: %r belongs to one machine or mirror" % (name, number, match.group()))
                    found += 1
    return found == 0


@command()
def main():
    """Check style, types against the boards' stubs, and for machine paths."""
    checks = [("ruff", check_ruff)]
    checks += [("pyright " + port, lambda port=port: check_types(port)) for port in PORTS]
    checks += [("no machine's paths or mirrors in tracked files", check_traces)]
    failed = 0
    for name, check in checks:
        passed = check()
        failed += not passed
        click.echo("%-50s %s" % (name, "ok" if passed else "FAILED"))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(prog_name="lint")
