# SPDX-License-Identifier: LGPL-2.1-or-later
"""nginx-proxy's scenarios, with heberg's proxy: the containers' variables, and what visitors get."""
import hashlib
import os
import shutil

from framework import expect, expect_equal, test, wait_for
from web import answers, ask, run_web
from world import k_sftp_address, run


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def names_that_answer(host, count=12, **where):
    return [ask(host, **where)[1].get("name") for _ in range(count)]


@test
def proxy_hosts(world):
    """Several names, wildcards at either end, a regular expression; the exact name wins, upper case is the same name; an empty VIRTUAL_HOST is none."""
    run_web(world, "exact", {"VIRTUAL_HOST": "a.names.test, b.names.test"})
    run_web(world, "wild", {"VIRTUAL_HOST": "*.names.test"})
    run_web(world, "trail", {"VIRTUAL_HOST": "names.*"})
    run_web(world, "regex", {"VIRTUAL_HOST": r"~^r\d+\.names\.example$"})
    run_web(world, "empty", {"VIRTUAL_HOST": ""})
    for host, name in (("a.names.test", "exact"), ("B.Names.Test", "exact"), ("c.names.test", "wild"), ("x.y.names.test", "wild"),
                       ("names.org", "trail"), ("names.co.uk", "trail"), ("r42.names.example", "regex")):
        answers(host, name=name)
    for host in ("rx.names.example", "empty.test", "nobody.test"):
        expect_equal(ask(host)[0], 503, host)


@test
def proxy_ports(world):
    """VIRTUAL_PORT, else the only exposed port, else 80; several ports of one container by name and path; ports of the proxy's own for one host."""
    both = {"PORTS": "80,8081"}
    run_web(world, "port-given", {**both, "VIRTUAL_PORT": "8081"})
    run_web(world, "port-none", both)
    run_web(world, "port-two", both, options=["--expose", "8081", "--expose", "8082"])
    run_web(world, "port-many", {"PORTS": "80,8081", "VIRTUAL_HOST": "", "VIRTUAL_HOST_MULTIPORTS":
                                 "one.many.test:\ntwo.many.test:\n  /:\n    port: 8081\n  /api:\n    port: 80\n    dest: /v2\n"})
    run_web(world, "port-own", {"EXTERNAL_HTTP_PORT": "8099"})
    for host, port in (("port-given.test", "8081"), ("port-none.test", "80"), ("port-two.test", "80"), ("one.many.test", "80"),
                       ("two.many.test", "8081")):
        expect_equal(answers(host)["port"], port, f"the port of {host}")
    seen = answers("two.many.test", path="/api/x?y=1")
    expect_equal((seen["port"], seen["request"]), ("80", "GET /v2/x?y=1 HTTP/1.1"), "the path that has a port of its own")
    answers("port-own.test", name="port-own", port=8099)
    expect_equal(ask("port-own.test")[0], 503, "port-own.test on the proxy's port")
    expect_equal(ask("port-given.test", port=8099)[0], 503, "another's name on that port")


@test
def proxy_events(world):
    """A container paused, stopped, unhealthy, disconnected, renamed or replaced changes the proxy's answer, and is served again afterwards."""
    # Two containers: Docker 20.10 can lock up a container that is paused while a health probe begins; docker unpause hangs then, too.
    run_web(world, "ailing", options=["--health-cmd", "test ! -e /tmp/ill", "--health-interval", "500ms", "--health-retries", "1"])
    run_web(world, "moody")
    for name in ("ailing", "moody"):
        answers(f"{name}.test", name=name)
    for name, away, back, status in (("ailing", ("exec", "ailing", "touch", "/tmp/ill"), ("exec", "ailing", "rm", "/tmp/ill"), 503),
                                     ("moody", ("pause", "moody"), ("unpause", "moody"), 503),
                                     ("moody", ("stop", "-t", "0", "moody"), ("start", "moody"), 503),
                                     ("moody", ("network", "disconnect", "heberg-sites", "moody"), ("network", "connect", "heberg-sites", "moody"), 502)):
        world.docker(*away)
        answers(f"{name}.test", status)
        world.docker(*back)
        answers(f"{name}.test", name=name, seconds=8)
    world.docker("rename", "moody", "calm")
    world.made.append("calm")
    answers("moody.test", name="moody")  # the name it was started with
    world.docker("rm", "-f", "calm")
    answers("moody.test", 503)
    run_web(world, "moody-2", {"VIRTUAL_HOST": "moody.test"})
    answers("moody.test", name="moody-2")


@test
def proxy_replicas(world):
    """Replicas share the requests, in turn or by address; one that is unhealthy or removed gets none; connections to them are kept unless KEEPALIVE is 0."""
    for i in (1, 2):
        run_web(world, f"turn-{i}", {"VIRTUAL_HOST": "turn.test"})
        run_web(world, f"hash-{i}", {"VIRTUAL_HOST": "hash.test", "LOADBALANCE": "ip_hash"})
    run_web(world, "kept")
    run_web(world, "unkept", {"KEEPALIVE": "0"})
    wait_for(5, "both of turn.test", lambda: set(names_that_answer("turn.test")) == {"turn-1", "turn-2"})
    answers("hash.test")
    wait_for(5, "one of hash.test", lambda: len(set(names_that_answer("hash.test"))) == 1)
    world.docker("kill", "turn-1")
    wait_for(5, "the other one alone", lambda: set(names_that_answer("turn.test")) == {"turn-2"})

    def connections(host):
        answers(host)
        return len({ask(host)[1]["link"] for _ in range(20)})
    expect(connections("kept.test") <= 4, "connections to the container are not kept")  # one a worker, and the first
    expect_equal(connections("unkept.test"), 20, "connections to the container that wants none kept")


@test
def proxy_paths(world):
    """VIRTUAL_PATH and VIRTUAL_DEST: two containers share a name, each path goes where it says, a path of neither is 404; each can be internal."""
    run_web(world, "path-api", {"VIRTUAL_HOST": "paths.test", "VIRTUAL_PATH": "/api/", "VIRTUAL_DEST": "/"})
    run_web(world, "path-web", {"VIRTUAL_HOST": "paths.test", "VIRTUAL_PATH": "/web"})
    run_web(world, "path-in", {"VIRTUAL_HOST": "paths.test", "VIRTUAL_PATH": "/in", "NETWORK_ACCESS": "internal"})
    expect_equal(answers("paths.test", name="path-api", path="/api/x/y?z")["request"], "GET /x/y?z HTTP/1.1", "below /api/")
    expect_equal(answers("paths.test", name="path-web", path="/web/x")["request"], "GET /web/x HTTP/1.1", "below /web")
    expect_equal(ask("paths.test", "/other")[0], 404, "a path of neither")
    answers("paths.test", name="path-in", path="/in")
    outside = {"address": k_sftp_address, "options": ["--interface", k_sftp_address]}
    expect_equal(ask("paths.test", "/in", **outside)[0], 403, "an internal path, from outside")
    expect_equal(ask("paths.test", "/web", **outside)[0], 200, "another path, from outside")


@test
def proxy_variables(world):
    """MAX_BODY, MAINTENANCE, REDIRECT_WWW; a label wins over the environment; an invalid value leaves its container out alone, and is named in the log."""
    run_web(world, "small", {"MAX_BODY": "1k"})
    run_web(world, "work", {"MAINTENANCE": "true"})
    run_web(world, "bare", {"REDIRECT_WWW": "true"})
    run_web(world, "label", {"MAX_BODY": "1k"}, options=["--label", "heberg.proxy.max_body=10k"])
    run_web(world, "wrong", {"MAX_BODY": "a lot"})
    body = ["-H", "Expect:", "--data-binary", "x" * 2000]
    answers("small.test", name="small")
    expect_equal(ask("small.test", options=body)[0], 413, "2 KB to small.test")
    answers("label.test", name="label")
    expect_equal(ask("label.test", options=body)[0], 200, "2 KB to label.test")
    expect("being worked on" in answers("work.test", 503)["body"], "the page of a site that is worked on")
    answers("www.bare.test", 301)
    where = run(["curl", "-s", "-o", "/dev/null", "-w", "%{redirect_url}", "-H", "Host: www.bare.test", "http://127.0.0.1/a?b"]).stdout
    expect_equal(where, "http://bare.test/a?b", "where www.bare.test leads")
    wait_for(5, "the log names it", lambda: 'container wrong: MAX_BODY "a lot"' in world.logs("heberg-proxy-render", world.since))
    expect_equal(ask("wrong.test")[0], 503, "wrong.test")


@test
def proxy_headers(world):
    """The headers about the client that the container receives, and those that a client cannot set; over http and with a port in the name."""
    run_web(world, "heard")
    answers("heard.test")
    forged = ["-H", "X-Forwarded-For: 6.6.6.6", "-H", "X-Forwarded-Proto: https", "-H", "X-Real-IP: 6.6.6.6", "-H", "X-Forwarded-Host: evil",
            "-H", "X-Forwarded-Port: 1", "-H", "X-Forwarded-Ssl: on", "-H", "Forwarded: for=6.6.6.6", "-H", "Proxy: http://evil"]
    seen = ask("heard.test", "/p?q", options=forged)[1]
    expect_equal({k: seen.get(k) for k in ("host", "x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
                                           "x-forwarded-port", "x-forwarded-ssl", "x-original-uri", "forwarded", "proxy")},
                 {"host": "heard.test", "x-real-ip": "127.0.0.1", "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http",
                  "x-forwarded-host": "heard.test", "x-forwarded-port": "80", "x-forwarded-ssl": "off", "x-original-uri": "/p?q",
                  "forwarded": None, "proxy": None}, "headers")
    expect_equal(ask("heard.test", options=["-H", "Host: heard.test:81"])[1]["host"], "heard.test:81", "the name with a port")


@test
def proxy_files(world):
    """The sysadmin's files take effect at once: vhost.d for a host, a path, all; htpasswd; conf.d; 50x.html. A broken one hurts its host alone."""
    for name in ("file-a", "file-b"):
        run_web(world, name)
        answers(f"{name}.test", name=name)
    folders = [f"{world.config}/{name}" for name in ("vhost.d", "htpasswd", "conf.d", "errors")]

    def header(host, name, path="/"):
        done = run(["curl", "-sI", "-m", "3", "-H", f"Host: {host}", f"http://127.0.0.1{path}"])
        return dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line).get(name)
    try:
        write(f"{world.config}/conf.d/theirs.conf", "map $host $theirs { default everybody; }\n")
        write(f"{world.config}/vhost.d/file-a.test_location", "add_header X-Theirs $theirs;\n")
        wait_for(3, "the location's file", lambda: header("file-a.test", "X-Theirs") == "everybody")
        expect_equal(header("file-b.test", "X-Theirs"), None, "another host's header")
        write(f"{world.config}/vhost.d/file-b.test", "nonsense;\n")
        answers("file-b.test", 503, seconds=3)
        answers("file-a.test", name="file-a")
        write(f"{world.config}/vhost.d/file-b.test", "location = /own { return 204; }\n")
        answers("file-b.test", 204, path="/own", seconds=3)
        write(f"{world.config}/htpasswd/file-a.test", "user:{PLAIN}secret\n")
        os.chmod(f"{world.config}/htpasswd/file-a.test", 0o644)
        answers("file-a.test", 401, seconds=3)
        expect_equal(ask("file-a.test", options=["-u", "user:secret"])[0], 200, "with the password")
        write(f"{world.config}/errors/50x.html", "<h1>theirs</h1>\n")
        wait_for(3, "their page", lambda: ask("nobody.test") == (503, {"body": "<h1>theirs</h1>\n"}))
        write(f"{world.config}/conf.d/broken.conf", "nonsense;\n")
        wait_for(3, "the log names it", lambda: "nginx refuses /etc/heberg/conf.d/broken.conf" in world.logs("heberg-proxy-render", world.since))
        run_web(world, "file-c")
        answers("file-c.test", name="file-c")
        sha = hashlib.sha1(b"/sub").hexdigest()
        run_web(world, "file-d", {"VIRTUAL_PATH": "/sub"})
        write(f"{world.config}/vhost.d/file-d.test_{sha}_location", "add_header X-Sub yes;\n")
        wait_for(5, "the path's file", lambda: header("file-d.test", "X-Sub", "/sub") == "yes")
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
    answers("file-a.test", name="file-a")
