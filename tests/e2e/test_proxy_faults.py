# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever fails: in the end the proxy serves what the engine runs."""
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time

from framework import expect, expect_equal, rounds, test, timed, wait_for
from test_proxy_networks import render_arguments
from test_proxy_variables import write
from web import answers, ask, run_web
from world import run

k_sites = [f"fault-{i}" for i in range(8)]


def states(world):
    """{name: whether it runs}, as the engine has it."""
    lines = world.docker("ps", "-a", "--filter", "name=fault-", "--format", "{{.Names}} {{.State}}").splitlines()
    found = {name: state == "running" for name, state in (line.split() for line in lines)}
    expect_equal(sorted(found), k_sites, "the containers")
    return found


def list_wrong(world, may=None):
    """{name: what it answers}, of those that run and may be served and are not, or are and should not."""
    wrong = {}
    for name, runs in states(world).items():
        status = ask(f"{name}.test")[0]
        if (status == 200) != (runs and (may is None or may[name])):
            wrong[name] = status
    return wrong


def expect_settled(world, seconds=2):
    start = time.monotonic()
    wait_for(seconds + 2, "what is served is what runs", lambda: not list_wrong(world), detail=lambda: list_wrong(world))  # looking takes a while itself
    return time.monotonic() - start


def count_restarts(world):
    return world.docker("inspect", "-f", "{{.RestartCount}}", "heberg-proxy-render")


def storm(times):
    """Sites stop and start at random, also while the engine does not answer."""
    for _ in range(times):
        verb = random.choice((["stop", "-t", "0"], ["start"], ["pause"], ["unpause"], ["restart", "-t", "0"]))
        subprocess.run(["docker", *verb, random.choice(k_sites)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


@test
def proxy_engine_faults(world):
    """The engine gone for 10 s in a storm of starts and stops, and killed 7 times: what is served is what runs, 2 s after it is quiet."""
    for name in k_sites:
        run_web(world, name)
    for name in k_sites:
        answers(f"{name}.test", name=name)
    restarts = count_restarts(world)
    storm(rounds(10))
    took = [expect_settled(world)]
    threads = [threading.Thread(target=storm, args=(rounds(5),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    world.engine.stop(signal.SIGKILL)
    time.sleep(rounds(10))
    world.engine.start()
    for thread in threads:
        thread.join()
    took.append(expect_settled(world, 4))  # the renderer notices within two seconds that the engine is back
    for _ in range(rounds(7)):
        world.engine.stop(signal.SIGKILL)
        world.engine.start()
        storm(1)
    took.append(expect_settled(world, 4))
    print("        settled after " + ", ".join(f"{seconds:.1f}" for seconds in took) + " s", flush=True)
    expect_equal(count_restarts(world), restarts, "restarts of the renderer")


def write_at_random(world, name):
    """A file of the sysadmin's for the host: one that nginx refuses, one that it takes, or none; whether the host is to be served."""
    path = f"{world.config}/vhost.d/{name}.test"
    text = random.choice(("nonsense;\n", "add_header X-Theirs yes;\n", None))
    if text is None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    else:
        write(path, text)
    return text != "nonsense;\n"


@test
def proxy_nginx_refuses(world):
    """nginx refuses now this host, now that one, in a storm of starts and stops: 2 s after it is quiet what is served is what runs and may be."""
    os.makedirs(f"{world.config}/vhost.d", exist_ok=True)
    try:
        for name in k_sites:
            run_web(world, name)
        for name in k_sites:
            answers(f"{name}.test", name=name)
        may = dict.fromkeys(k_sites, True)
        for _ in range(5):
            for _ in range(8):
                name = random.choice(k_sites)
                may[name] = write_at_random(world, name)
                storm(1)
            wait_for(4, "what is served is what runs and may be", lambda: not list_wrong(world, may),
                     detail=lambda: list_wrong(world, may))
    finally:
        shutil.rmtree(f"{world.config}/vhost.d", ignore_errors=True)


@timed
def proxy_reload_refused(world):
    """A file of the sysadmin's that nginx -t takes and a reload does not (an address that is in use: nginx tries for 2.5 s to have it): whatever was served stays; 3 s after it is removed all that came meanwhile is served."""
    k_path = f"{world.config}/vhost.d/refused-a.test"
    taken = socket.create_server(("127.0.0.1", 0))
    try:
        run_web(world, "refused-a")
        answers("refused-a.test", name="refused-a")
        write(k_path, f"listen 127.0.0.1:{taken.getsockname()[1]};\n")
        wait_for(5, "nginx logs it", lambda: "Address already in use" in world.logs("heberg-proxy", world.since))
        run_web(world, "refused-b")
        expect_equal(ask("refused-a.test")[0], 200, "what was served before")
        expect_equal(ask("refused-b.test")[0], 503, "what came meanwhile")
        os.unlink(k_path)
        answers("refused-b.test", name="refused-b", seconds=3)
        answers("refused-a.test", name="refused-a")
    finally:
        taken.close()
        shutil.rmtree(f"{world.config}/vhost.d", ignore_errors=True)


@test
def proxy_disk_full(world):
    """A full disk at nginx's configuration: what is served stays, the log says so, and changes are published again when there is room."""
    world.made += ["full-proxy", "full-render"]
    world.docker("network", "create", "net-full")
    world.docker("volume", "create", "--driver", "local", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=size=128k", "full-conf")
    try:
        world.docker("run", "-d", "--name", "full-proxy", "--network", "net-full", "-v", "full-conf:/etc/nginx/conf.d", "heberg-proxy")
        world.docker("run", "-d", "--name", "full-render", "--network", "container:full-proxy", "-v", "full-conf:/etc/nginx/conf.d",
                     *render_arguments(world), "heberg-proxy-render", "--reload", "container:full-proxy")
        address = world.docker("inspect", "-f", '{{index .NetworkSettings.Networks "net-full" "IPAddress"}}', "full-proxy")
        run_web(world, "full-a", networks=["net-full"])
        answers("full-a.test", name="full-a", address=address, seconds=10)
        run(["docker", "exec", "full-render", "dd", "if=/dev/zero", "of=/etc/nginx/conf.d/filler", "bs=1k"])
        run_web(world, "full-b", networks=["net-full"])
        wait_for(10, "the log says so", lambda: "No space left on device" in world.logs("full-render"))
        expect_equal(ask("full-a.test", address=address)[0], 200, "what was served before")
        expect_equal(ask("full-b.test", address=address)[0], 503, "the new one")
        world.docker("exec", "full-render", "rm", "/etc/nginx/conf.d/filler")
        answers("full-b.test", name="full-b", address=address, seconds=10)
    finally:
        run(["docker", "rm", "-fv", *world.made])
        run(["docker", "network", "rm", "net-full"])
        run(["docker", "volume", "rm", "full-conf"])


@test
def proxy_nginx_dies(world):
    """nginx killed while sites change: its container is back, and serves what runs by then."""
    run_web(world, "fault-dies")
    answers("fault-dies.test", name="fault-dies")
    pid = int(world.docker("inspect", "-f", "{{.State.Pid}}", "heberg-proxy"))
    expect(world.engine.kill(pid), "nginx could not be killed")
    run_web(world, "fault-comes")
    world.docker("rm", "-f", "fault-dies")
    answers("fault-comes.test", name="fault-comes", seconds=15)
    answers("fault-dies.test", 503)
