# SPDX-License-Identifier: LGPL-2.1-or-later
"""nginx in a container on some networks, instead of on the host's network."""
import contextlib
import json

from framework import expect, expect_equal, test, wait_for
from web import answers, run_web
from world import run

k_networks = ("net-a", "net-b", "net-c")


def render_arguments(world):
    return ["--mount", f"type=bind,source={world.engine.socket_dir},target=/run/engine,readonly,bind-nonrecursive=true",
            "-e", "DOCKER_HOST=unix:///run/engine/docker.sock", "--tmpfs", "/var/lib/nginx"]


@contextlib.contextmanager
def edge(world):
    """nginx in a container on net-a and net-b, and its renderer beside it."""
    world.made += ["edge", "edge-render"]
    for network in k_networks:
        world.docker("network", "create", network)
    try:
        world.docker("run", "-d", "--name", "edge", "--network", "net-a", "-v", "edge-conf:/etc/nginx/conf.d", "heberg-proxy")
        world.docker("network", "connect", "net-b", "edge")
        world.docker("run", "-d", "--name", "edge-render", "--network", "container:edge", "-v", "edge-conf:/etc/nginx/conf.d",
                     *render_arguments(world), "heberg-proxy-render", "--reload", "container:edge")
        yield
    finally:
        run(["docker", "rm", "-fv", *world.made])
        run(["docker", "network", "rm", *k_networks])
        run(["docker", "volume", "rm", "edge-conf"])


@test
def proxy_in_a_container(world):
    """nginx in a container reaches what shares a network with it, wherever that is connected later; what does not is 502, and named."""
    with edge(world):
        at = {"address": world.docker("inspect", "-f", '{{index .NetworkSettings.Networks "net-a" "IPAddress"}}', "edge")}
        for name, networks in (("web-a", ["net-a"]), ("web-cb", ["net-c", "net-b"]), ("web-c", ["net-c"])):
            run_web(world, name, networks=networks)
        for name in ("web-a", "web-cb"):
            answers(f"{name}.test", name=name, seconds=10, **at)
        answers("web-c.test", 502, **at)
        wait_for(5, "the log says so", lambda: "container web-c: is on no network of the proxy's container edge (net-a, net-b)"
                 in world.logs("edge-render"))
        world.docker("network", "connect", "net-b", "web-c")
        answers("web-c.test", name="web-c", **at)
        world.docker("network", "disconnect", "net-b", "web-c")
        answers("web-c.test", 502, seconds=10, **at)
        world.docker("network", "connect", "net-c", "edge")
        answers("web-c.test", name="web-c", **at)
        expect("still serves an older" not in world.logs("edge-render"), "nginx was not seen to serve the new text")


@test
def proxy_finds_its_own_container(world):
    """The renderer finds by itself which container it is in, on a network and on the host's."""
    world.docker("network", "create", "net-own")
    try:
        for network, wanted in (("net-own", {"container": "own", "networks": ["net-own"]}), ("host", {"container": None, "networks": []})):
            status = world.docker("run", "--rm", "--name", "own", "--network", network, *render_arguments(world), "heberg-proxy-render",
                                  "--reload", "command:true", "--status")
            expect_equal(json.loads(status)["proxy"], wanted, f"where the proxy is on {network}")
    finally:
        world.docker("network", "rm", "net-own")
