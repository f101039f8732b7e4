# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test is and how it is reported. A test's docstring is the rule it proves, in a sentence."""
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


def rule_of(function):
    return " ".join(function.__doc__.split())


def expect(condition, message):
    if not condition:
        raise failed(message() if callable(message) else message)


def expect_equal(actual, expected, what):
    expect(actual == expected, f"{what}: {actual!r}, not {expected!r}")


def rounds(usual):
    """How often something is tried at random; HEBERG_E2E_ROUNDS=N: N times as often, for who has the time."""
    return usual * int(os.environ.get("HEBERG_E2E_ROUNDS", "1"))


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
    """The one place where time must pass: condition() stays truthy for that long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        expect(condition(), f"did not hold for {seconds} s: {what}")
        time.sleep(0.2)


def run_tests(chosen, world):
    """Runs each; prints a line each; returns (passed, failed)."""
    passed = lost = 0
    for function in chosen:
        start = time.monotonic()
        world.begin_test()
        try:
            function(world)
            problem = None
        except failed as error:
            problem = str(error)
        except Exception:  # a test that breaks is a test that fails
            problem = traceback.format_exc()
        took = time.monotonic() - start
        print(f"{'ok    ' if problem is None else 'FAILED'} {took:6.1f} s  {rule_of(function)}", flush=True)
        if problem is None:
            passed += 1
        else:
            lost += 1
            print("        " + problem.strip().replace("\n", "\n        "))
            print(world.describe_trouble(), flush=True)
        world.end_test()
    return passed, lost
