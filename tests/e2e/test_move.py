# SPDX-License-Identifier: LGPL-2.1-or-later
"""A site moves between two hosts under systemd, each with an engine of its own."""
import concurrent.futures
import contextlib
import itertools
import json
import os
import random
import shutil
import subprocess
import time

import engine as engines
from framework import expect, expect_equal, rounds, test, wait_for
from test_host import machine
from trees import contents, fill
from world import k_source, run

k_ssh = "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new"

# The other host does the last step, and its answer never comes.
k_lossy = f"""#!/bin/sh
case "$*" in
  *" finish "*) {k_ssh} "$@" >/dev/null; exit 255 ;;
esac
exec {k_ssh} "$@"
"""


class host(machine):
    def __init__(self, world, name, engine, network):
        super().__init__(world, name, engine.socket_dir, network)
        self.engine = engine

    def start(self):
        super().start()
        self.world.made.remove(self.name)  # it stays for all of this file's tests
        self.run("sh", "-c", "DEBIAN_FRONTEND=noninteractive dpkg -i /packages/*.deb && systemctl enable --now heberg-syncd")
        wait_for(20, "heberg-syncd runs", lambda: self.try_run("systemctl", "is-active", "heberg-syncd").stdout.strip() == "active")
        # Its sshd, for the other host and for the sites' owners: as docs/examples/sshd-host.conf says.
        with open(f"{k_source}/docs/examples/sshd-host.conf") as file:
            self.write("/etc/ssh/sshd_config.d/heberg.conf", file.read())
        self.run("pam-auth-update", "--enable", "heberg")
        self.run("systemctl", "restart", "ssh")
        wait_for(20, "sshd runs", lambda: self.try_run("systemctl", "is-active", "ssh").stdout.strip() == "active")
        self.address = self.world.docker("inspect", "-f", f'{{{{index .NetworkSettings.Networks "{self.network}" "IPAddress"}}}}', self.name)

    def ctl(self, *words, code=0):
        done = self.try_run("hebergctl", *words)
        expect_equal(done.returncode, code, f"hebergctl {' '.join(words)} on {self.name}: {done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stderr

    def docker(self, *words):
        return run(["docker", *words], env=self.engine.environment)

    def runs(self, site):
        return self.docker("inspect", "-f", "{{.State.Running}}", site).stdout.strip() == "true"

    def uid(self, site):
        line = self.try_run("getent", "passwd", site).stdout
        return int(line.split(":")[2]) if line else None

    def has(self, site):
        return os.path.isdir(f"{self.sites}/{site}")

    def is_locked(self, site):
        return next(row for row in json.loads(self.ctl("list", "--json")) if row["name"] == site)["locked_at"] is not None

    def logs_in(self, site, password=None, key=None):
        return self.world.can_log_in(site, password, key, self.address, 22)

    def create(self, site, files=50):
        """A site of this host's, with files: what hebergctl says of it, and its tree's contents."""
        self.world.made.append(site)
        made = json.loads(self.ctl("create", site, "--host", f"{site}.test", "--json"))
        fill(f"{self.sites}/{site}", made["uid"], files)
        return made, contents(f"{self.sites}/{site}")

    def move(self, site, to, *more, ssh=k_ssh, code=0):
        return self.ctl("move", site, "--to", f"root@{to.address}", "--ssh", ssh, *more, code=code)


@contextlib.contextmanager
def start_two_hosts(world):
    shutil.rmtree(f"{world.folder}/other", ignore_errors=True)  # of a run before, where it was kept
    other = engines.engine(f"{world.folder}/other", apart=True)
    hosts = []
    try:
        other.run(["ip", "link", "set", "lo", "up"])
        other.start()
        world.docker("network", "create", "net-move")
        save = subprocess.Popen(["docker", "save", "php:apache"], stdout=subprocess.PIPE)
        subprocess.run(["docker", "load", "-q"], stdin=save.stdout, check=True, stdout=subprocess.DEVNULL, env=other.environment)
        expect_equal(save.wait(), 0, "docker save")
        key, public = world.make_key("move")
        hosts += [host(world, "host-one", world.engine, "net-move"), host(world, "host-two", other, "net-move")]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(host.start, hosts))
        for one in hosts:
            with open(key) as file:
                one.write("/root/.ssh/id_ed25519", file.read())
            one.write("/root/.ssh/authorized_keys", public)
            one.run("chmod", "-R", "go-rwx", "/root/.ssh")
        make_sites_network(hosts[1])
        yield hosts
    finally:
        run(["docker", "rm", "-fv", "host-one", "host-two"])
        run(["docker", "network", "rm", "net-move"])
        other.close()
        shutil.rmtree(other.folder, ignore_errors=True)
        for one in hosts:
            shutil.rmtree(one.sites, ignore_errors=True)


def make_sites_network(host):
    done = host.docker("network", "create", "--opt", "com.docker.network.bridge.enable_icc=false", "heberg-sites")
    expect_equal(done.returncode, 0, f"docker network create: {done.stderr}")


def two_hosts(world):
    """The two hosts, started by the first test of this file that runs."""
    return world.share("two hosts", start_two_hosts)


def expect_only_at(there, here, site, when):
    expect(there.runs(site) and there.has(site), f"{when} {site} is not at {there.name}")
    expect(not here.runs(site) and not here.has(site), f"{when} {site} is still at {here.name}")


@test
def move(world):
    """hebergctl move: UID, password, keys, every file, the lock and the container go to the other host; its owner logs in there by password and by key, and here no more."""
    one, two = two_hosts(world)
    made, _ = one.create("mover", 300)
    uid, password = made["uid"], made["password"]
    admins, admins_public = world.make_key("move-admin")
    owners, owners_public = world.make_key("move-owner")
    one.ctl("keys", "mover", "add", admins_public.strip())
    with open(f"{one.sites}/mover/.ssh/authorized_keys", "w") as file:
        file.write(owners_public)
    os.chown(f"{one.sites}/mover/.ssh/authorized_keys", uid, uid)
    ways = ({"password": password}, {"key": admins}, {"key": owners})
    for way in ways:
        wait_for(10, f"a login here by {list(way)[0]}", lambda way=way: one.logs_in("mover", **way))
        expect(not two.logs_in("mover", **way), f"a login there by {list(way)[0]}, before the move")
    before = contents(f"{one.sites}/mover")
    one.ctl("lock", "mover", "--why", "abuse")

    said = json.loads(one.move("mover", two, "--json"))
    print(f"        it was stopped for {said['down_seconds']:.1f} s, {said['files']} entries", flush=True)
    wait_for(10, "the account there", lambda: two.uid("mover") == uid)
    wait_for(15, "no account here", lambda: one.uid("mover") is None)
    expect_only_at(two, one, "mover", "after the move")
    expect_equal(contents(f"{two.sites}/mover"), before, "what came")
    expect(two.is_locked("mover") and "abuse" in two.ctl("show", "mover"), "its lock did not come along")
    for way in ways:
        expect(not two.logs_in("mover", **way), f"a login there by {list(way)[0]}, of a locked site")
    two.ctl("unlock", "mover")
    for way in ways:
        wait_for(10, f"a login there by {list(way)[0]}", lambda way=way: two.logs_in("mover", **way))
        expect(not one.logs_in("mover", **way), f"a login here by {list(way)[0]}, after the move")
    address = two.docker("inspect", "-f", '{{index .NetworkSettings.Networks "heberg-sites" "IPAddress"}}', "mover").stdout.strip()
    wait_for(10, "it answers there", lambda: two.engine.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{address}/deep/4"]).stdout == "200")
    one.move("mover", two, code=5)  # nothing to move any more

    # Back, where its UID is reserved still.
    two.move("mover", one)
    wait_for(10, "the account back", lambda: one.uid("mover") == uid)
    expect_only_at(one, two, "mover", "after the way back")
    wait_for(10, "a login back here", lambda: one.logs_in("mover", password))


@test
def move_refused(world):
    """hebergctl move: what is refused at the beginning changes nothing: the site runs on, with its account and without a lock."""
    one, two = two_hosts(world)
    uid = one.create("stayer")[0]["uid"]
    os.mkdir(f"{two.sites}/stayer")
    expect("a tree of that name" in one.move("stayer", two, code=5), "a tree that is there")
    os.rmdir(f"{two.sites}/stayer")
    one.ctl("move", "stayer", "--to", "root@192.0.2.77", "--ssh", k_ssh, code=5)  # it is being moved elsewhere
    one.ctl("move", "stayer", "--cancel")
    one.ctl("move", "stayer", "--to", "root@127.0.0.9", "--ssh", "false", code=5)
    one.ctl("move", "nosuch", "--to", "x", code=3)
    expect(one.runs("stayer") and not two.has("stayer"), "after a move that failed it does not run here alone")
    wait_for(10, "the account after a move that failed", lambda: one.uid("stayer") == uid)
    expect(not one.is_locked("stayer"), "a move that failed leaves a lock")


@contextlib.contextmanager
def refused_at_the_last_step(one, two, site):
    """The site's container cannot run at the other host, as long as this lasts; the move there was refused for it."""
    others = two.docker("ps", "-aq").stdout.split()  # of tests before this one
    if others:
        two.docker("rm", "-f", *others)
    done = two.docker("network", "rm", "heberg-sites")
    expect_equal(done.returncode, 0, f"docker network rm: {done.stderr}")
    try:
        expect("the site runs on this host as before" in one.move(site, two, code=5), "a container that cannot run there")
        yield
    finally:
        make_sites_network(two)


@test
def move_refused_late(world):
    """hebergctl move: refused at the last step, as its container cannot run there: the site runs on here, and the same command goes on with the move."""
    one, two = two_hosts(world)
    made, before = one.create("waiter")
    with refused_at_the_last_step(one, two, "waiter"):
        expect_only_at(one, two, "waiter", "after a late refusal")
        wait_for(10, "the account here after a late refusal", lambda: one.uid("waiter") == made["uid"])
        expect(not one.is_locked("waiter"), "a late refusal leaves a lock")
    one.move("waiter", two)
    expect_only_at(two, one, "waiter", "after the same command")
    expect_equal(contents(f"{two.sites}/waiter"), before, "what came")


@test
def move_step_of_another_run(world):
    """hebergctl move: the last step of a run that was given up, and comes late, is refused."""
    one, two = two_hosts(world)
    one.create("late")
    with refused_at_the_last_step(one, two, "late"):
        pass
    note = json.loads(one.run("cat", "/var/lib/heberg/moves/late.json"))
    late = two.try_run("hebergctl", "--json", "receive", "late", "finish", note["token"], "another-run", input=note["about"])
    expect(late.returncode == 5 and "another run" in late.stdout, f"a last step that comes late: {late.stdout}{late.stderr}")
    expect_only_at(one, two, "late", "after a last step that comes late")


@test
def move_answer_lost(world):
    """hebergctl move: the answer to the last step is lost, once when all of it was done, once before the container was made: the site never runs twice, and the same command ends the move."""
    one, two = two_hosts(world)
    made, before = one.create("unheard")
    one.write("/root/lossy", k_lossy)
    one.run("chmod", "755", "/root/lossy")
    for was_made in (True, False):
        said = one.move("unheard", two, ssh="/root/lossy", code=1)
        expect("unknown whether the site runs on" in said and "the site is stopped on this host: run the same command again" in said, f"a lost answer: {said}")
        expect(not one.runs("unheard") and one.has("unheard") and two.runs("unheard"), "after a lost answer it does not run there alone")
        one.ctl("create", "unheard", "--host", "unheard.test", code=5)  # it would run twice
        if not was_made:
            two.docker("rm", "-f", "unheard")
        one.move("unheard", two)
        expect_only_at(two, one, "unheard", "after a lost answer, and again")
        expect_equal(contents(f"{two.sites}/unheard"), before, "what came after a lost answer")
        wait_for(10, "the account there after a lost answer", lambda: two.uid("unheard") == made["uid"])
        if was_made:
            two.move("unheard", one)
            wait_for(10, "the account back after a lost answer", lambda: one.uid("unheard") == made["uid"])


@test
def move_killed(world):
    """hebergctl move: killed at random on either host it goes on with the same command; the site never runs twice and is never lost."""
    one, two = two_hosts(world)
    _, before = one.create("victim", 300)
    start = time.monotonic()
    one.move("victim", two)
    took = time.monotonic() - start
    here, there = two, one
    hits = []
    tries = rounds(4)
    for _ in range(tries):
        mover = subprocess.Popen(["docker", "exec", here.name, "hebergctl", "move", "victim", "--to", f"root@{there.address}", "--ssh", k_ssh],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.1, took))  # the moment is what the test varies
        victims = list(itertools.product((here, there), ("hebergctl", "rsync", "ssh")))
        random.shuffle(victims)
        victim = next((f"{name} on {at.name}" for at, name in victims if at.try_run("pkill", "-9", "-x", name).returncode == 0), "nothing")
        if victim != "nothing":
            hits.append(victim)
        mover.wait()
        expect(not (here.runs("victim") and there.runs("victim")), f"after {victim} was killed it runs twice")
        expect(here.has("victim") or there.has("victim"), f"after {victim} was killed it is nowhere")
        if here.has("victim") or here.try_run("test", "-e", "/var/lib/heberg/moves/victim.json").returncode == 0:
            here.move("victim", there)
        expect_only_at(there, here, "victim", f"after {victim} was killed, and again,")
        expect_equal(contents(f"{there.sites}/victim"), before, f"what came after {victim} was killed")
        here, there = there, here
    print(f"        {len(hits)} of {tries} kills hit it: {', '.join(hits)}", flush=True)
    expect(hits, "no kill hit anything")


@test
def move_to_a_host_where_the_uid_is_taken(world):
    """hebergctl move: where the UID is another site's, the site gets a new one, its files belong to that, and its owner logs in by password."""
    one, two = two_hosts(world)
    made, before = one.create("guest")

    def taken():
        return {row["uid"] for row in json.loads(two.ctl("list", "--json"))}

    for i in range(20):  # the next free UID there, until it is this one
        if made["uid"] in taken():
            break
        two.ctl("reserve", f"resident-{i}")
    others = taken()
    expect(made["uid"] in others, f"the UID {made['uid']} belongs to none of {others}")
    one.move("guest", two)
    uid = wait_for(10, "the account there", lambda: two.uid("guest"))
    expect(uid not in others, f"the UID {uid} is another site's")
    expect_equal(contents(f"{two.sites}/guest"), {
        path: (mode, *(uid if owner == made["uid"] else owner for owner in owners), *more) for path, (mode, *owners, t, c, n) in before.items() for more in [(t, c, n)]
    }, "what came, with the new owner")
    wait_for(10, "a login there", lambda: two.logs_in("guest", made["password"]))
