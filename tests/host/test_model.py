"""Random sequences of log, log_group, flush, upload with failures, power cut, reopen, clear and capacity pressure, on
a client inside MicroPython, against a model that is two lists.

Hypothesis draws the steps from the seed of the day, and prints a sequence that fails. The client runs in one
long-lived process over simulated flash (tools/powercut/board.py). To have a failing sequence shortened, add
Phase.shrink to `phases`: it can take minutes.
"""

import json
import subprocess

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tools import device
from tools.device import ROOT
from tools.seed import seed

FOLDERS = [ROOT / "tools" / "powercut", device.SIM, device.LIB, device.FROZEN]
EXAMPLES, STEPS = 50, 40  # each day others
ANSWERS = st.lists(st.sampled_from(["ok", "ok", "ok", "reset", "lost", "busy", "html"]), max_size=8)


class Board:
    """The process: `ask` gives [True, result, batches] or [False, the exception's name, batches, frames logged]."""

    def __init__(self):
        script = ROOT / "tools" / "powercut" / "board.py"
        self._process = device.start(script, heap="8m", paths=FOLDERS, stdin=subprocess.PIPE)

    def ask(self, *command):
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("ANSWER "):
                return json.loads(line[7:])
        raise AssertionError("MicroPython ended with status %s in %r" % (self._process.wait(), command))

    def do(self, *command):
        good, result, *_ = self.ask(*command)
        assert good, (command, result)
        return result

    def stop(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture
def board():
    """A process for each test: one that ended would else fail all others."""
    running = Board()
    yield running
    running.stop()


class Model(RuleBasedStateMachine):
    """Points are numbers. `durable` are pending for sure; `buffered` frames, lists of numbers, follow them: at most
    `commit_every` - 1, since a turn to the next sector commits too and the count starts anew."""

    board = None
    medium = None

    @initialize(salt=st.integers(0, 2**32 - 1))
    def begin(self, salt):
        self.board.do("new", self.medium, salt)
        self.durable, self.buffered = [], []
        self.number = self.dropped = 0
        self.open(1, True)

    def open(self, commit_every, overwrite):
        self.commit_every, self.overwrite = commit_every, overwrite
        self.board.do("open", commit_every, overwrite)

    # Steps

    @rule(count=st.integers(1, 5), frames=st.integers(1, 30), wide=st.booleans())
    def log(self, count, frames, wide):
        for _ in range(frames):
            numbers = list(range(self.number, self.number + count))
            good, result, *_ = self.board.ask("log", [[self.number, count]], wide)
            if not good:
                assert result == "RingFull" and not self.overwrite
                self.flush()
                return
            self.took(numbers, result)

    def took(self, numbers, dropped):
        self.number += len(numbers)
        self.buffered.append(numbers)
        self.forget_dropped(dropped)
        while len(self.buffered) >= self.commit_every:
            self.durable += self.buffered.pop(0)

    def committed(self):
        self.durable += [number for frame in self.buffered for number in frame]
        self.buffered = []

    def forget_dropped(self, dropped):
        lost = dropped - self.dropped
        assert lost >= 0 and (self.overwrite or not lost)
        self.dropped = dropped
        if lost > len(self.durable):
            self.committed()
        del self.durable[:lost]

    @rule()
    def flush(self):
        self.board.do("flush")
        self.committed()
        self.forget_dropped(self.board.do("dropped"))

    @rule(answers=ANSWERS)
    def upload(self, answers):
        good, result, batches, *_ = self.board.ask("upload", answers)
        assert good, result
        self.committed()
        for acknowledged, numbers in batches:
            self.came(acknowledged, numbers)
        self.forget_dropped(self.board.do("dropped"))  # a note of what was accepted may turn the sector of a full ring
        assert result == [sum(len(numbers) for acknowledged, numbers in batches if acknowledged), len(self.durable)]

    def came(self, acknowledged, numbers):
        assert set(numbers) <= set(self.durable), "never logged, dropped, or delivered before"
        assert numbers == sorted(set(numbers))
        if acknowledged:
            self.durable = [number for number in self.durable if number not in numbers]

    @rule()
    def clear(self):
        self.board.do("clear")
        self.dropped += len(self.durable) + sum(map(len, self.buffered))
        self.durable, self.buffered = [], []

    @rule(commit_every=st.sampled_from([1, 1, 3, 8]), overwrite=st.booleans())
    def reopen(self, commit_every, overwrite):
        self.board.do("close")
        self.committed()
        self.open(commit_every, overwrite)

    # Power cuts

    @rule(
        what=st.sampled_from(["log", "log", "upload", "flush", "clear", "close"]),
        operation=st.integers(0, 12),
        byte=st.integers(0, 600),
        mode=st.sampled_from(["prefix", "random"]),
        count=st.integers(1, 5),
        wide=st.booleans(),
        commit_every=st.sampled_from([1, 1, 3, 8]),
    )
    def cut(self, what, operation, byte, mode, count, wide, commit_every):
        """The power goes in the midst of a step, or after it if that makes fewer changes."""
        self.board.do("cut", operation, byte, mode, byte)
        frames = []
        if what == "log":
            for first in range(self.number, self.number + 10 * count, count):
                frames.append(list(range(first, first + count)))
        arguments = {"log": [[[frame[0], count] for frame in frames], wide], "upload": [[]]}.get(what, [])
        good, result, batches, *done = self.board.ask(what, *arguments)
        assert good or result in ("OSError", "RingFull"), result
        at_least = 0
        if self.commit_every == 1 or (good and what != "log"):
            at_least = len(self.buffered + frames) if good else sum(done) if what == "log" else 0
        self.open(commit_every, self.overwrite)
        self.judge(what, at_least, frames, [numbers for _, numbers in batches])

    def judge(self, what, at_least, frames, batches):
        """What is there must be one of the few things that the cut may have left; `at_least` so many of the frames
        buffered or logged just now."""
        stats = self.board.do("stats")
        found = self.board.do("points")
        lost = stats["dropped"] - self.dropped
        acknowledged = {number for numbers in batches[:-1] for number in numbers}
        last = set(batches[-1]) if batches else set()
        whole = self.buffered + frames
        for kept in range(len(whole), at_least - 1, -1):
            points = self.durable + [number for frame in whole[:kept] for number in frame]
            for gone in (acknowledged | last, acknowledged):
                left = [number for number in points if number not in gone]
                if found == left[lost:] and stats["pending"] == len(found):
                    self.durable, self.buffered, self.dropped = found, [], stats["dropped"]
                    self.number = stats["logged"]
                    return
        raise AssertionError(
            "%s left %r of %r + %r, accepted %r, dropped %d, %r"
            % (what, found, self.durable, whole, batches, lost, stats)
        )

    @invariant()
    def pending_agrees(self):
        if self.board and hasattr(self, "durable"):
            stats = self.board.do("stats")
            assert stats["pending"] == len(self.durable) + sum(map(len, self.buffered)), stats
            assert stats["logged"] == self.number and stats["corrupt"] == 0, stats

    def teardown(self):
        if hasattr(self, "durable"):
            found = self.board.do("points")
            self.committed()
            self.forget_dropped(self.board.do("dropped"))
            assert found == self.durable
            self.upload([])
            if self.durable:  # the last of a refused range, all others being accepted: asked a day later
                assert len(self.durable) <= 3, self.durable
                self.upload([])
            assert not self.durable


def test_the_model_notices_a_reading_that_it_does_not_know(board):
    class Deceived(Model):
        def took(self, numbers, dropped):
            super().took(numbers, dropped)
            self.board.do("log", [[self.number, 1]], False)

    with pytest.raises(AssertionError):
        check(Deceived, board, "nor")


@pytest.mark.parametrize("medium", ["nor", "esp32", "sd", "rp2"])
def test_whatever_happens_the_ring_holds_what_the_model_says(board, medium):
    check(Model, board, medium)


def check(model, board, medium):
    machine = type(model.__name__ + "_" + medium, (model,), {"board": board, "medium": medium})
    machine = hypothesis.seed(seed())(machine)
    fixed = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=fixed)
