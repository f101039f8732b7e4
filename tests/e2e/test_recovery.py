# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever is killed at whatever time: ledger, directory and engine agree again."""
import random
import signal
import time

from framework import expect, expect_equal, expect_steady, rounds, test, timed, wait_for
from world import k_containers, k_served_in_a_row, k_uid_max, k_uid_min


def pid_of(world, container):
    return int(world.docker("inspect", "-f", "{{.State.Pid}}", container))


def accounts(world):
    """{name: uid} as the modules see them."""
    lines = world.getent("-s", "heberg", "passwd")[1].splitlines()
    return {line.split(":")[0]: int(line.split(":")[2]) for line in lines}


@test
def syncd_killed(world):
    """syncd killed at random moments while sites come and go: it starts again, and directory and engine agree; no UID is shared or lost."""
    random.seed(time.time_ns())
    names = [f"churn-{i}" for i in range(8)]
    uids = {}
    here = set()
    for _ in range(rounds(6)):
        for name in random.sample(names, 3):
            if name in here:
                world.remove(name)
                here.discard(name)
            else:
                world.run_site(name, create=True)
                here.add(name)
        time.sleep(random.uniform(0, 0.4))  # the moment is what the test varies
        world.docker("kill", "heberg-syncd")  # SIGKILL; the engine's own restarts would wait longer each time
        world.docker("start", "heberg-syncd")
        wait_for(20, f"the accounts are {sorted(here)}",
                 lambda: {name for name in accounts(world) if name.startswith("churn-")} == here)
        now = accounts(world)
        expect_equal(len(set(now.values())), len(now), "UIDs and names")
        for name in here:
            expect_equal(now[name], uids.setdefault(name, now[name]), f"the UID of {name}")
            expect(k_uid_min <= now[name] <= k_uid_max, f"UID {now[name]} is out of range")
        expect_equal(len(set(uids.values())), len(uids), "UIDs ever given")


@test
def syncd_comes_back(world):
    """syncd killed: the engine starts it again by itself, and the next site has its account."""
    pid = pid_of(world, "heberg-syncd")
    world.engine.kill(pid, signal.SIGKILL)
    wait_for(20, "syncd runs again", lambda: pid_of(world, "heberg-syncd") not in (0, pid))
    world.new_site("after-kill")


@timed
def syncd_stops_at_once(world):
    """syncd, the proxy and its renderer end within a second or so of being asked to, with status 0."""
    for name, limit in (("heberg-syncd", 1.5), ("heberg-proxy", 2.5), ("heberg-proxy-render", 1.5)):
        start = time.monotonic()
        world.docker("stop", name)
        took = time.monotonic() - start
        expect_equal(world.docker("inspect", "-f", "{{.State.ExitCode}}", name), "0", f"{name}'s status")
        expect(took < limit, f"{name} took {took:.1f} s to end")
        world.docker("start", name)
    wait_for(20, "the proxy answers", lambda: world.fetch("nobody.test")[0] == 503)


def expect_recovered(world, how):
    """The engine answers again: within 6 s a new site has its account and is served."""
    start = time.monotonic()
    world.run_site(f"after-{how}")
    world.wait_for_account(f"after-{how}", 6 - (time.monotonic() - start))
    wait_for(6 - (time.monotonic() - start), "the proxy serves it", lambda: world.fetch(f"after-{how}.test")[0] not in (0, 503))


@timed
def engine_restarted(world):
    """The engine restarted, by itself or killed: recovered within 6 s, without a restart of heberg's containers; sites and sessions continue meanwhile."""
    _, password = world.new_site("during")
    session = world.open_session("during", password)
    wait_for(5, "the proxy serves it", lambda: world.fetch("during.test")[0] not in (0, 503), in_a_row=k_served_in_a_row)
    pids = {name: pid_of(world, name) for name in k_containers}
    for name, number in (("term", signal.SIGTERM), ("kill", signal.SIGKILL)):
        world.engine.stop(number)
        try:
            expect(world.fetch("during.test")[0] not in (0, 502, 503), "the proxy does not serve without the engine")
            expect(session.works(), "the session was cut")
            expect(world.can_log_in("during", password), "no login without the engine")
        finally:
            world.engine.start()
        expect_recovered(world, name)
        expect(session.works(), "the session was cut afterwards")
    expect_equal({name: pid_of(world, name) for name in pids}, pids, "PIDs of heberg's containers")


@test
def everything_restarted(world):
    """A site that went while syncd was down is retired when syncd is back; one that came is there."""
    world.new_site("leaves")
    world.docker("stop", "heberg-syncd")
    world.remove("leaves")
    world.run_site("arrives")
    expect(world.find_account("leaves"), "an account went while syncd was down")
    expect(not world.find_account("arrives"), "an account came while syncd was down")
    world.docker("start", "heberg-syncd")
    world.wait_for_account("arrives", 6)
    world.wait_for_no_account("leaves", 12)


@test
def proxy_serves_last_good(world):
    """The proxy started while the engine does not answer answers 503: what it served last may be other sites' by now. It serves when the renderer has read the engine."""
    _, password = world.new_site("lasting")
    world.put("lasting", password, "<?php echo 'lasting';", "index.php")
    wait_for(5, "it is served", lambda: world.fetch("lasting.test") == (200, "lasting"))
    world.docker("rm", "-f", "heberg-proxy", "heberg-proxy-render")
    try:
        for done in (world.deploy("run_proxy"), world.deploy("run_proxy_render", engine_dir=world.dead_engine_dir())):
            expect_equal(done.returncode, 0, done.stderr)
        wait_for(10, "the proxy answers without an engine", lambda: world.fetch("lasting.test")[0] == 503)
        expect_steady(3, "nothing is served without an engine", lambda: world.fetch("lasting.test")[0] == 503)
    finally:
        world.docker("rm", "-f", "heberg-proxy-render")
        world.deploy("run_proxy_render")
    wait_for(5, "it is served again", lambda: world.fetch("lasting.test") == (200, "lasting"))
    world.run_site("later")
    wait_for(20, "the proxy follows the engine again", lambda: world.fetch("later.test")[0] not in (0, 503))


@test
def proxy_killed(world):
    """nginx or the renderer killed: its container starts again, and new sites are served."""
    _, password = world.new_site("phoenix")
    world.put("phoenix", password, "<?php echo 'phoenix';", "index.php")
    wait_for(5, "it is served", lambda: world.fetch("phoenix.test") == (200, "phoenix"))
    for number, victim in enumerate(("heberg-proxy", "heberg-proxy-render")):
        pid = pid_of(world, victim)
        expect(world.engine.kill(pid), f"no {victim} to kill")
        wait_for(30, f"a new process of {victim}", lambda: pid_of(world, victim) not in (0, pid))
        wait_for(20, "it serves again", lambda: world.fetch("phoenix.test") == (200, "phoenix"))
        world.run_site(f"after-fire-{number}")
        wait_for(20, "a new site is served", lambda: world.fetch(f"after-fire-{number}.test")[0] not in (0, 503))


@test
def proxy_waits_for_a_configuration(world):
    """nginx started with a configuration that it refuses answers 503, and loads another one when the renderer has written it."""
    _, password = world.new_site("patient")
    world.put("patient", password, "<?php echo 'patient';", "index.php")
    wait_for(5, "it is served", lambda: world.fetch("patient.test") == (200, "patient"))
    world.docker("stop", "heberg-proxy", "heberg-proxy-render")  # which would write it anew with the next event
    try:
        with open(f"{world.docker('volume', 'inspect', '-f', '{{.Mountpoint}}', 'heberg-proxy-conf')}/heberg.conf", "a") as file:
            file.write("no directive;\n")
        world.docker("start", "heberg-proxy")
        wait_for(10, "nginx answers", lambda: world.fetch("patient.test")[0] == 503)
    finally:
        world.docker("start", "heberg-proxy", "heberg-proxy-render")
    world.run_site("other")
    wait_for(20, "both are served", lambda: world.fetch("patient.test") == (200, "patient") and world.fetch("other.test")[0] not in (0, 503))
