# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attacks on what all sites share of the proxy: its addresses, its workers, its connections, its disk and its processors."""
import concurrent.futures
import contextlib
import json
import os
import resource
import socket
import threading
import time

from attacks import attack, control, held, setting
from framework import wait_for
from web import answers, ask, run_web
from world import k_sftp_address, run

k_proxy = "heberg-proxy"
k_render = "heberg-proxy-render"


def is_served(name, seconds=10):
    """Whether the container answers for its own name by then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status, seen = ask(f"{name}.test")
        if (status, seen.get("name")) == (200, name):
            return True
        time.sleep(0.1)
    return False


def count_workers(world):
    """(new, old) workers of nginx."""
    lines = [line for line in world.docker("top", k_proxy).splitlines() if "worker process" in line]
    old = sum("shutting down" in line for line in lines)
    return len(lines) - old, old


class visitors:
    """A thousand requests a second of ordinary clients, from another address, beside an attack: how long they took, and which failed."""

    def __init__(self, name, rate=1000, threads=8):
        self.name = name
        self.pause = threads / rate
        self.took = []
        self.failed = []
        self.end = threading.Event()
        self.threads = [threading.Thread(target=self.visit) for _ in range(threads)]

    def visit(self):
        request = f"GET / HTTP/1.1\r\nHost: {self.name}.test\r\n\r\n".encode()
        connection, due = None, time.monotonic()
        while not self.end.is_set():
            start = time.monotonic()
            try:
                is_new = connection is None
                if is_new:
                    connection = socket.create_connection(("127.0.0.1", 80), 5)
                connection.sendall(request)
                answer = connection.recv(65536)
                if not answer and not is_new:  # closed while it was idle, at a reload: asked anew, as browsers do
                    connection.close()
                    connection = None
                    continue
                if not answer.startswith(b"HTTP/1.1 200"):
                    self.failed.append(answer[:40])
                    connection.close()
                    connection = None
            except OSError as error:
                if connection is not None:
                    connection.close()
                if connection is None or is_new:
                    self.failed.append(error)
                connection = None
            self.took.append(time.monotonic() - start)
            due += self.pause
            time.sleep(max(0, due - time.monotonic()))
        if connection is not None:
            connection.close()

    def __enter__(self):
        self.start = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.start

    def describe(self):
        took = sorted(self.took)
        return (f"{len(took) / self.seconds:.0f} requests/s, 95 % within {took[int(len(took) * 0.95)] * 1000:.1f} ms, "
                f"the slowest {took[-1] * 1000:.0f} ms, {len(self.failed)} failed {self.failed[:3]}")


@contextlib.contextmanager
def many_files():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def connections(number, text, source=k_sftp_address):
    """So many connections from one address, each with that much of a request."""
    made = []
    try:
        with many_files():
            for _ in range(number):
                one = socket.socket()
                one.settimeout(2)
                one.bind((source, 0))
                try:
                    one.connect(("127.0.0.1", 80))
                    one.sendall(text)
                except OSError:
                    one.close()
                    continue
                made.append(one)
        yield made
    finally:
        for one in made:
            one.close()


def configured(text):
    """The sysadmin's own lines at nginx's http level: they replace heberg's."""
    @contextlib.contextmanager
    def lines(world):
        path = f"{world.config}/conf.d/attack.conf"
        os.makedirs(os.path.dirname(path), exist_ok=True)

        def is_in_place():
            return "conf.d/attack.conf" in world.docker("exec", k_proxy, "cat", "/etc/nginx/conf.d/heberg.conf")
        try:
            with open(path, "w") as file:
                file.write(text)
            wait_for(10, "the lines are in place", is_in_place)
            time.sleep(1)
            yield
        finally:
            os.unlink(path)
            wait_for(10, "the lines are gone", lambda: not is_in_place())
    return lines


# --- addresses that changed hands ---

def swap_addresses(world, a, b):
    """Stops both and starts them in the other order; (address of a before, of b after)."""
    def address(name):
        return world.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
    before = address(a)
    world.docker("stop", "-t", "0", a, b)
    world.docker("start", b)
    world.docker("start", a)
    return before, address(b)


def start_again(world):
    """The renderer and the sites as the other attacks expect them."""
    run(["docker", "start", k_proxy, k_render])
    wait_for(20, "the proxy serves", lambda: world.fetch("nobody.test")[0] == 503)


@contextlib.contextmanager
def confirmed_by_anybody(world):
    """The signal that says that the renderer has read the engine, without it."""
    end = threading.Event()

    def confirm():
        while not end.wait(0.3):
            run(["docker", "kill", "--signal", "HUP", k_proxy])
    thread = threading.Thread(target=confirm)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def serve_after_a_swap(world, prefix, restart):
    a, b = f"{prefix}a", f"{prefix}b"
    for name in (a, b):
        run_web(world, name)
    for name in (a, b):
        answers(f"{name}.test", name=name)
    world.docker("stop", k_render)
    try:
        before, after = swap_addresses(world, a, b)
        control(before == after, f"{a} had {before}, {b} has {after}")
        restart()
        seen = set()
        end = time.monotonic() + 5
        while time.monotonic() < end:
            status, answer = ask(f"{a}.test")
            seen.add((status, answer.get("name")))
            time.sleep(0.05)
        held(all(name in (None, a) for _, name in seen), f"{a}.test was answered by {seen}")
    finally:
        start_again(world)
    held(is_served(a) and is_served(b), "they are not served once the renderer has read the engine")


@attack("X04", undefended=confirmed_by_anybody)
def address_of_another_after_a_start(world):
    """nginx started again, without the renderer, after sites were started in another order: nobody gets another site's answer."""
    serve_after_a_swap(world, "atkx", lambda: world.docker("restart", "-t", "2", k_proxy))


@attack("X04b")
def address_of_another_after_a_kill(world):
    """nginx's container killed and started by the engine, without the renderer, likewise."""
    def kill():
        world.engine.kill(int(world.docker("inspect", "-f", "{{.State.Pid}}", k_proxy)))
        wait_for(20, "nginx is back", lambda: world.fetch("nobody.test")[0] == 503)
    serve_after_a_swap(world, "atky", kill)


@attack("X04p")
def address_of_another_in_a_second_proxy(world):
    """A new nginx that gets the configuration of an older one serves nobody from it."""
    run_web(world, "atkz")
    control(answers("atkz.test", name="atkz"), "the older nginx serves the site")
    world.made.append("atk-second")
    world.docker("run", "-d", "--name", "atk-second", "--network", "heberg-sites", "-v", "heberg-proxy-conf:/etc/nginx/conf.d:ro", "heberg-proxy")
    address = world.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "atk-second")
    wait_for(10, "it answers", lambda: ask("nobody.test", address=address)[0] == 503)
    for _ in range(20):
        status, seen = ask("atkz.test", address=address)
        held(status == 503, f"{status} {seen}")
        time.sleep(0.1)


@attack("X04c")
def address_of_another_while_the_renderer_runs(world):
    """A site's container ends and another one gets its address at once: its name answers 503, never with the other's answer."""
    run_web(world, "atkq")
    answers("atkq.test", name="atkq")
    address = world.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "atkq")
    seen, taken, end = [], [], threading.Event()

    def visit():
        while not end.is_set():
            seen.append(ask("atkq.test")[1].get("name"))
    thread = threading.Thread(target=visit)
    thread.start()
    try:
        for number in range(5):
            world.docker("kill", "atkq")
            run_web(world, f"atkr{number}")
            taken.append(world.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", f"atkr{number}") == address)
            world.docker("start", "atkq")
            time.sleep(1)
    finally:
        end.set()
        thread.join()
    control("atkq" in seen and any(taken), "atkq was served, and another container got its address")
    held(not [name for name in seen if name and name != "atkq"], f"answers of {set(seen)}")


# --- generations of workers ---

k_slow = r"""
use IO::Socket::INET;
my $listener = IO::Socket::INET->new(LocalPort => 80, Listen => 512, ReuseAddr => 1) or die $!;
my @kept;
push @kept, $_ while $_ = $listener->accept;
"""


def run_slow(world, name):
    """A site that never answers."""
    world.made.append(name)
    world.docker("run", "-d", "--name", name, "--network", "heberg-sites", "-e", f"VIRTUAL_HOST={name}.test", "php:apache", "perl", "-e", k_slow)
    wait_for(10, f"{name} is connected to", lambda: ask(f"{name}.test")[0] == 0)  # curl gives up: 0


@contextlib.contextmanager
def holding(name):
    """A slow request to that site, every 0.2 s, each held open."""
    made, end = [], threading.Event()

    def hold():
        while not end.wait(0.2):
            with contextlib.suppress(OSError):
                one = socket.create_connection((k_sftp_address, 80), 2)
                one.sendall(f"GET / HTTP/1.1\r\nHost: {name}.test\r\n\r\n".encode())
                made.append(one)
    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        for one in made:
            one.close()


@contextlib.contextmanager
def no_limit_of_generations(world):
    with setting(world, "[proxy]\nmax_generations = 100\n"):
        wait_for(20, "the proxy serves", lambda: world.fetch("nobody.test")[0] == 503)
        yield


def flip_under_load(world, prefix, flip, seconds=40):
    slow, flapping, victim = f"{prefix}slow", f"{prefix}flip", f"{prefix}va"
    run_slow(world, slow)
    for name in (flapping, victim):
        run_web(world, name)
        control(is_served(name), f"{name} is served")
    most = 0
    with holding(slow), visitors(victim) as seen:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            flip(flapping)
            new, old = count_workers(world)
            most = max(most, (old + new - 1) // max(new, 1) + 1)
        run_web(world, f"{prefix}new")
    print(f"        {most} generations of workers at most; beside it {seen.describe()}", flush=True)
    held(most <= 5, f"{most} generations of workers lived at a time")  # four, and the one that a reload is starting
    held(not seen.failed, f"requests to {victim} failed: {seen.failed[:5]}")
    held(is_served(f"{prefix}new", 15), f"a new site is not served within 15 s of the attack's end, {count_workers(world)} workers")


@attack("R05", undefended=no_limit_of_generations)
def workers_by_a_flapping_site(world):
    """A site whose first process ends again and again, beside slow requests: at most four generations of workers live, and the others are served."""
    def flip(name):
        run(["docker", "restart", "-t", "0", name])
    flip_under_load(world, "atkg", flip)


@attack("R05b")
def workers_by_several_flapping_sites(world):
    """The same by several sites in turn, so that none of them flaps much."""
    names = [f"atkh{number}" for number in range(8)]
    for name in names:
        run_web(world, name)
    turn = iter(range(1000))

    def flip(_):
        run(["docker", "restart", "-t", "0", names[next(turn) % len(names)]])
    flip_under_load(world, "atki", flip)


# --- one client ---

def serve_beside(world, name, number, text):
    run_web(world, name)
    control(is_served(name), f"{name} is served")
    with connections(number, text) as made:
        control(len(made) > number * 0.9, f"only {len(made)} connections were made")
        with visitors(name) as seen:
            time.sleep(5)
        start = time.monotonic()
        status = ask(f"{name}.test")[0]
        took = time.monotonic() - start
    print(f"        beside {len(made)} connections: {seen.describe()}", flush=True)
    held(status == 200 and took < 2, f"status {status} after {took:.1f} s")
    held(len(seen.failed) == 0, f"requests failed: {seen.failed[:5]}")


@attack("R06")
def silent_connections(world):
    """8600 connections of one client that say nothing: the others are served within 2 s."""
    serve_beside(world, "atksilent", 8600, b"")


@attack("R06b")
def half_requests(world):
    """8600 connections of one client with half a request each: the others are served within 2 s."""
    serve_beside(world, "atkhalf", 8600, b"GET / HTTP/1.1\r\nHost: atkhalf.test\r\nX-")


@attack("R06c", undefended=configured("client_header_timeout 60s;\n"))
def half_requests_end(world):
    """A connection with half a request is closed soon, however slowly the rest comes."""
    with connections(20, b"GET / HTTP/1.1\r\nHost: nobody.test\r\n") as made:
        control(len(made) == 20, "they were made")
        end = time.monotonic() + 20
        alive = made
        while alive and time.monotonic() < end:
            time.sleep(1)
            still = []
            for one in alive:
                try:
                    one.sendall(b"X-A: b\r\n")
                    one.setblocking(False)
                    try:
                        if one.recv(100):  # 408, or its end
                            continue
                    except BlockingIOError:
                        still.append(one)
                except OSError:
                    pass
            alive = still
        held(not alive, f"{len(alive)} of 20 are open after 20 s")


@contextlib.contextmanager
def no_limit_of_requests(world):
    with setting(world, "[proxy]\nclient_requests = 0\n"):
        wait_for(20, "the proxy serves", lambda: world.fetch("nobody.test")[0] == 503)
        yield


@attack("R06d", undefended=no_limit_of_requests)
def requests_at_a_time(world):
    """One client's slow requests at a time are bounded: the one beyond gets 429, another client is served."""
    run_slow(world, "atkslow")
    run_web(world, "atkother")
    control(is_served("atkother"), "atkother is served")
    request = b"GET / HTTP/1.1\r\nHost: atkslow.test\r\n\r\n"
    with connections(600, request) as made:
        control(len(made) == 600, "they were made")
        time.sleep(1)
        refused = 0
        for one in made:
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                refused += one.recv(12).endswith(b"429")
        control(ask("atkother.test")[0] == 200, "another client is served")
        held(refused >= 90, f"{refused} of 600 requests at a time were refused")


# --- disk ---

def spooled(world):
    """Bytes in the temporary files that nginx has open (they have no names)."""
    total = 0
    for line in world.docker("top", k_proxy).splitlines()[1:]:
        folder = f"/proc/{line.split()[1]}/fd"
        with contextlib.suppress(FileNotFoundError):
            for name in os.listdir(folder):
                with contextlib.suppress(FileNotFoundError):
                    if os.readlink(f"{folder}/{name}").startswith("/var/lib/nginx/"):
                        total += os.stat(f"{folder}/{name}").st_blocks * 512
    return total


@attack("R07", undefended=configured("proxy_request_buffering on;\n"))
def slow_bodies(world):
    """30 unfinished bodies of 60 MB: less than 500 MB of the host's disk is taken, and another's body of 3 MB arrives meanwhile."""
    run_web(world, "atkbody")
    run_web(world, "atkbody2")
    for name in ("atkbody", "atkbody2"):
        control(is_served(name), f"{name} is served")
    head = b"POST / HTTP/1.1\r\nHost: atkbody.test\r\nContent-Length: 62914560\r\n\r\n"
    block = b"x" * 65536
    with connections(30, head) as made:
        def send(one):
            one.settimeout(3)
            with contextlib.suppress(OSError):
                for _ in range(900):
                    one.sendall(block)
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            list(pool.map(send, made))
        taken = spooled(world)
        print(f"        {taken / 1e6:.0f} MB in temporary files", flush=True)
        held(taken < 500e6, f"{taken / 1e6:.0f} MB in temporary files")
        path = f"{world.folder}/atk-body"
        with open(path, "wb") as file:
            file.write(b"y" * 3_000_000)
        status = ask("atkbody2.test", options=["--data-binary", f"@{path}", "-H", "Expect:"])[0]
        os.unlink(path)
        held(status == 200, f"another's body gets {status}")


@attack("R07b", undefended=configured("proxy_max_temp_file_size 1024m;\n"))
def slow_downloads(world):
    """30 answers of 100 MB that their clients do not read take no disk."""
    server = r"""
use IO::Socket::INET;
my $listener = IO::Socket::INET->new(LocalPort => 80, Listen => 128, ReuseAddr => 1) or die $!;
$SIG{CHLD} = "IGNORE";
while (my $client = $listener->accept) {
  next if fork;
  while (<$client>) { last if /^\r?$/ }
  print $client "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n";
  print $client "x" x 100000 for 1 .. 1000;
  exit;
}
"""
    world.made.append("atkdown")
    world.docker("run", "-d", "--name", "atkdown", "--network", "heberg-sites", "-e", "VIRTUAL_HOST=atkdown.test", "php:apache", "perl", "-e", server)
    size = run(["curl", "-s", "--retry", "5", "--retry-all-errors", "-f", "-o", "/dev/null", "-w", "%{size_download}", "-H", "Host: atkdown.test", "http://127.0.0.1/"]).stdout
    wait_for(10, "it is served", lambda: run(["curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{size_download}", "-H", "Host: atkdown.test",
                                              "http://127.0.0.1/"]).stdout == "100000000", detail=lambda: size)
    with connections(30, b"GET / HTTP/1.1\r\nHost: atkdown.test\r\n\r\n") as made:
        control(len(made) == 30, "they were made")
        time.sleep(5)
        taken = spooled(world)
        held(taken < 50e6, f"{taken / 1e6:.0f} MB in temporary files")


# --- processors ---

@attack("R09")
def expressions(world):
    """16 evil regular expressions for names and 50 requests a second to them: another site's slowest requests take less than thrice as long, and 17 are refused."""
    run_web(world, "atkcalm")
    control(is_served("atkcalm"), "atkcalm is served")

    def measure():
        with visitors("atkcalm", rate=200, threads=4) as seen:
            time.sleep(5)
        took = sorted(seen.took)
        return took[int(len(took) * 0.95)], seen
    before, _ = measure()
    evil = ",".join(f"~^(a+)+{number}\\.evil$" for number in range(16))
    run_web(world, "atkevil", environment={"VIRTUAL_HOST": f"{evil},atkevil.test"})
    control(is_served("atkevil"), "16 expressions are served")
    end = threading.Event()

    def ask_evil():
        while not end.wait(0.02):
            ask("a" * 200 + "!.evil")
    thread = threading.Thread(target=ask_evil)
    thread.start()
    try:
        beside, seen = measure()
    finally:
        end.set()
        thread.join()
    print(f"        95 % within {before * 1000:.1f} ms, beside it {beside * 1000:.1f} ms: {seen.describe()}", flush=True)
    held(beside < max(3 * before, 0.05), f"95 % within {beside * 1000:.1f} ms, before {before * 1000:.1f} ms")
    run_web(world, "atkevil17", environment={"VIRTUAL_HOST": f"{evil},~^one.more$,atkevil17.test"})
    wait_for(10, "the refusal is logged", lambda: "atkevil17: VIRTUAL_HOST" in world.logs(k_render, world.since))
    held("more than 16 regular expressions" in world.logs(k_render, world.since), "17 expressions are taken")


@attack("R09b")
def shares_of_processors(world):
    """sshd and nginx -t get no larger share of busy processors than one site, and the proxy a larger one."""
    shares = {name: json.loads(world.docker("inspect", name))[0]["HostConfig"]["CpuShares"] for name in
              ("heberg-syncd", "heberg-sftp", k_proxy, k_render)}
    control(len(set(shares.values())) > 1, "the engine tells shares")
    held(shares["heberg-sftp"] <= 1024 and shares[k_render] <= 1024 and shares[k_proxy] > 1024 and 0 not in shares.values(), shares)


# --- who the client is ---

@attack("W07")
def forged_addresses(world):
    """Headers that name another client open no internal host, and the site is told the true address."""
    run_web(world, "atkinner", environment={"NETWORK_ACCESS": "internal"})
    run_web(world, "atkouter")
    control(is_served("atkouter") and is_served("atkinner"), "both are served to the loopback")
    claims = ("X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Forwarded: for=127.0.0.1", "True-Client-IP: 127.0.0.1",
              "X-Client-IP: 127.0.0.1", "CF-Connecting-IP: 127.0.0.1", "X-Forwarded-For: 10.0.0.1, 127.0.0.1")
    for claim in claims:
        options = ["--interface", k_sftp_address, "-H", claim]
        status = ask("atkinner.test", options=options)[0]
        held(status == 403, f"{claim}: {status}")
        seen = ask("atkouter.test", options=options)[1]
        held((seen.get("x-real-ip"), seen.get("x-forwarded-for")) == (k_sftp_address, k_sftp_address), f"{claim}: the site is told {seen}")
