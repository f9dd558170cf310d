"""Sandboxes for tests, forked off one process that has imported what each of them needs: most of what a start costs.

They get the arguments that the command gets; test_sandbox_command.py starts the command itself.
"""

import multiprocessing
import os
import subprocess

from tools.sandbox.testing import ROOT, Sandbox

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tools.sandbox.cli"])


class _Forked:
    """As much of subprocess.Popen as Sandbox and its tests use."""

    def __init__(self, arguments):
        said, says = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_run, args=(arguments, says), daemon=True)
        self._process.start()
        says.close()
        self.stdout = os.fdopen(os.dup(said.fileno()))
        said.close()

    pid = property(lambda self: self._process.pid)
    returncode = property(lambda self: self._process.exitcode)

    def send_signal(self, number):
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self):
        self._process.kill()

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("sandbox", timeout)
        return self.returncode

    def communicate(self, timeout=None):
        """What it said since and None, once it has ended."""
        self.wait(timeout)
        with self.stdout:
            return self.stdout.read(), None


def _run(arguments, says):
    from tools.sandbox.cli import main  # not in the process of the tests

    os.dup2(says.fileno(), 1)
    says.close()
    os.chdir(ROOT)
    main(arguments, prog_name="sandbox")


def fork_sandboxes():
    """From now on each Sandbox of this process starts so."""
    Sandbox.launch = staticmethod(_Forked)
