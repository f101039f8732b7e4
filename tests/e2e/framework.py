# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test is and how it is reported. A test's docstring is the rule it proves, in a sentence."""
import contextlib
import io
import os
import time
import traceback

tests = []


class failed(Exception):
    """What was expected did not happen."""


def test(function):
    """Registers a test: function(world), in the order of the files."""
    tests.append(function)
    return function


def timed(function):
    """A test of how fast something is: it runs when no other test does."""
    function.is_timed = True
    return test(function)


def is_timed(function):
    return getattr(function, "is_timed", False)


def attack_of(function):
    """An attack's identifier (tests/attacks); empty for a test."""
    return getattr(function, "attack", "")


def rule_of(function):
    return " ".join(function.__doc__.split())


def expect(condition, message):
    if not condition:
        raise failed(message() if callable(message) else message)


def expect_equal(actual, expected, what):
    expect(actual == expected, f"{what}: {actual!r}, not {expected!r}")


def rounds(short):
    """How often something is tried at random: so often in tests/run, HEBERG_E2E_ROUNDS times as often in a soak test (tests/e2e/run --soak)."""
    return short * int(os.environ.get("HEBERG_E2E_ROUNDS", "1"))


def wait_for(seconds, what, condition, detail=None, in_a_row=1):
    """Asks until condition() is truthy, so often in a row, and returns that; fails after `seconds`, with what detail() says then."""
    end = time.monotonic() + seconds
    seen = 0
    while True:
        value = condition()
        seen = seen + 1 if value else 0
        if seen == in_a_row:
            return value
        if time.monotonic() > end:
            raise failed(f"not within {seconds} s: {what}" + (f": {detail()}" if detail else ""))
        time.sleep(0.05)


def expect_steady(seconds, what, condition):
    """Fails unless condition() stays truthy for that long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        expect(condition(), f"did not hold for {seconds} s: {what}")
        time.sleep(0.2)


def run_test(function, world):
    """Runs it; returns (seconds, what it printed, "ok" or a word for what happened, the problem or None)."""
    start = time.monotonic()
    printed = io.StringIO()
    world.begin_test()
    try:
        with contextlib.redirect_stdout(printed):
            function(world)
        state, problem = "held" if attack_of(function) else "ok", None
    except failed as error:
        state, problem = {"succeeded": "SUCCEEDED", "skipped": "SKIPPED"}.get(type(error).__name__, "FAILED"), str(error)
    except Exception:  # a test that breaks is a test that fails
        state, problem = "FAILED", traceback.format_exc()
    return time.monotonic() - start, printed.getvalue(), state, problem


def run_tests(chosen, world):
    """Runs tests of one file; prints a block each, at once, as two workers may print; returns [[rule, seconds, whether it passed], …]."""
    results = []
    for function in chosen:
        took, printed, state, problem = run_test(function, world)
        text = f"{state.ljust(9)} {took:6.1f} s  {attack_of(function)} {rule_of(function)}\n{printed}"
        if problem is not None:
            text += "        " + problem.strip().replace("\n", "\n        ") + "\n" + world.describe_trouble() + "\n"
        os.write(1, text.encode(errors="replace"))
        world.end_test()
        results.append([rule_of(function), took, problem is None])
    world.end_file()
    return results
