# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an attack is. Its docstring says what must hold. It runs on the end-to-end tests' engine, sshd and nginx (tests/e2e/world.py), and
ends in one of three ways: held; succeeded (a defect); skipped, where its control failed, so that it cannot tell. Only held passes."""
import contextlib

from framework import failed

attacks = []


class succeeded(failed):
    """The attack did what it must not."""


class skipped(failed):
    """The control failed: whether the attack would have succeeded cannot be told."""


def attack(identifier, short=False, timed=False, undefended=None):
    """Registers function(world). short: tests/run runs it, too. timed: it runs when nothing else does. undefended(world): a context manager
    that takes its defence away; with --undefended the attack must then succeed."""
    def register(function):
        function.attack = identifier
        function.is_short = short
        function.is_timed = timed
        function.undefended = undefended
        attacks.append(function)
        return function
    return register


def control(condition, what):
    """What works for everybody: without it nothing that the attack sees means anything."""
    if not condition:
        raise skipped(f"its control failed: {what}")


def held(condition, seen):
    """condition: what must hold. seen: what the attack got where it does not."""
    if not condition:
        raise succeeded(seen() if callable(seen) else seen)


def without_defence(function):
    """The attack as a test that passes where it succeeds once its defence is taken away."""
    def run(world):
        with function.undefended(world):
            try:
                function(world)
            except succeeded as error:
                print(f"        without its defence: {error}")
                return
        raise failed("it was held although its defence was taken away: it proves nothing")
    run.__name__ = function.__name__
    run.__module__ = function.__module__
    run.__doc__ = f"{function.attack} without its defence succeeds: {function.__doc__}"
    run.is_timed = function.is_timed
    return run


@contextlib.contextmanager
def setting(world, text):
    """heberg.toml with these lines more, read anew by both daemons; as it was afterwards."""
    path = f"{world.config}/heberg.toml"
    with open(path) as file:
        before = file.read()
    daemons = ("heberg-syncd", "heberg-proxy-render")
    try:
        with open(path, "w") as file:
            file.write(before + text)
        world.docker("restart", *daemons)
        yield
    finally:
        with open(path, "w") as file:
            file.write(before)
        world.docker("restart", *daemons)
