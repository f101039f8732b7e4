# SPDX-License-Identifier: LGPL-2.1-or-later
"""A site moves between two hosts under systemd, each with an engine of its own."""
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
from world import run

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
        self.run("sh", "-c", "DEBIAN_FRONTEND=noninteractive dpkg -i /packages/*.deb && systemctl enable --now heberg-syncd")
        wait_for(20, "heberg-syncd runs", lambda: self.try_run("systemctl", "is-active", "heberg-syncd").stdout.strip() == "active")
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

    def move_words(self, to, ssh=k_ssh):
        return ("move", "mover", "--to", f"root@{to.address}", "--ssh", ssh)


@contextlib.contextmanager
def two_hosts(world):
    other = engines.engine(f"{world.folder}/other", apart=True)
    hosts = []
    try:
        other.run(["ip", "link", "set", "lo", "up"])
        other.start()
        world.docker("network", "create", "net-move")
        save = subprocess.Popen(["docker", "save", "php:apache"], stdout=subprocess.PIPE)
        subprocess.run(["docker", "load", "-q"], stdin=save.stdout, check=True, stdout=subprocess.DEVNULL, env=other.environment)
        save.wait()
        run(["docker", "network", "create", "--opt", "com.docker.network.bridge.enable_icc=false", "heberg-sites"], env=other.environment)
        key, public = world.make_key("move")
        for name, engine in (("host-one", world.engine), ("host-two", other)):
            one = host(world, name, engine, "net-move")
            hosts.append(one)
            one.start()
            with open(key) as file:
                one.write("/root/.ssh/id_ed25519", file.read())
            one.write("/root/.ssh/authorized_keys", public)
            one.run("chmod", "-R", "go-rwx", "/root/.ssh")
        yield hosts
    finally:
        world.made.append("mover")
        run(["docker", "rm", "-fv", *world.made])
        run(["docker", "network", "rm", "net-move"])
        other.close()
        for one in hosts:
            shutil.rmtree(one.sites, ignore_errors=True)


@test
def move(world):
    """hebergctl move: UID, password, keys, every file and the container go to another host, and back; what is refused changes nothing; killed at random it goes on, and the site never runs twice."""
    with two_hosts(world) as (one, two):
        made = json.loads(one.ctl("create", "mover", "--host", "mover.test", "--json"))
        uid = made["uid"]
        fill(f"{one.sites}/mover", uid, 300)
        before = contents(f"{one.sites}/mover")

        # Refused: nothing changes here.
        os.mkdir(f"{two.sites}/mover")
        expect("a tree of that name" in one.ctl(*one.move_words(two), code=5), "a tree that is there")
        os.rmdir(f"{two.sites}/mover")
        one.ctl("move", "mover", "--to", "root@192.0.2.77", "--ssh", k_ssh, code=5)  # it is being moved elsewhere
        one.ctl("move", "mover", "--cancel")
        one.ctl("move", "mover", "--to", "root@127.0.0.9", "--ssh", "false", code=5)
        one.ctl("move", "nosuch", "--to", "x", code=3)
        expect(one.runs("mover"), "after a move that failed it does not run")
        wait_for(10, "the account after a move that failed", lambda: one.uid("mover") == uid)
        expect("locked" not in one.ctl("list"), "a move that failed leaves a lock")
        one.try_run("hebergctl", "move", "mover", "--cancel")
        one.run("rm", "-f", "/var/lib/heberg/moves/mover.json")

        # Refused at the last step: its container cannot run there. It goes on here, and the same command goes on with the move.
        two.docker("network", "rm", "heberg-sites")
        expect("the site runs on this host as before" in one.ctl(*one.move_words(two), code=5), "a container that cannot run there")
        expect(one.runs("mover"), "after a late refusal it does not run here")
        expect(not two.runs("mover") and not two.has("mover"), "a late refusal leaves something there")
        wait_for(10, "the account here after a late refusal", lambda: one.uid("mover") == uid)
        expect("locked" not in one.ctl("list"), "a late refusal leaves a lock")
        two.docker("network", "create", "--opt", "com.docker.network.bridge.enable_icc=false", "heberg-sites")

        # Of a run that was given up, and comes late: the last step. And a lock of meanwhile comes along.
        note = json.loads(one.run("cat", "/var/lib/heberg/moves/mover.json"))
        late = two.try_run("hebergctl", "--json", "receive", "mover", "finish", note["token"], "another-run", input=note["about"])
        expect(late.returncode == 5 and "another run" in late.stdout, f"a last step that comes late: {late.stdout}{late.stderr}")
        expect(not two.has("mover"), "a last step that comes late was done")
        one.ctl("lock", "mover", "--why", "abuse")

        said = json.loads(one.ctl(*one.move_words(two), "--json"))
        print(f"        it stood still for {said['down_seconds']:.1f} s, {said['files']} entries", flush=True)
        wait_for(10, "the account there", lambda: two.uid("mover") == uid)
        wait_for(15, "no account here", lambda: one.uid("mover") is None)
        expect(two.runs("mover") and not one.runs("mover") and not one.has("mover"), "the site is not there alone")
        expect_equal(contents(f"{two.sites}/mover"), before, "what came")
        expect("abuse" in two.ctl("show", "mover"), "its lock did not come along")
        two.ctl("unlock", "mover")
        address = two.docker("inspect", "-f", '{{index .NetworkSettings.Networks "heberg-sites" "IPAddress"}}', "mover").stdout.strip()
        wait_for(10, "it answers there", lambda: two.engine.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://{address}/deep/4"]).stdout == "200")
        one.ctl(*one.move_words(two), code=5)  # nothing to move any more

        # Back, where its UID is reserved still.
        start = time.monotonic()
        two.ctl(*two.move_words(one))
        took = time.monotonic() - start
        wait_for(10, "the account back", lambda: one.uid("mover") == uid)

        # The answer to the last step is lost, once when all of it was done, once when it ended before the container was made.
        one.write("/root/lossy", k_lossy)
        one.run("chmod", "755", "/root/lossy")
        for was_made in (True, False):
            said = one.ctl(*one.move_words(two, "/root/lossy"), code=1)
            expect("unknown whether the site runs on" in said and "the site is stopped on this host: run the same command again" in said, f"a lost answer: {said}")
            expect(not one.runs("mover") and one.has("mover") and two.runs("mover"), "after a lost answer it does not run there alone")
            one.ctl("create", "mover", "--host", "mover.test", code=5)  # it would run twice
            if not was_made:
                two.docker("rm", "-f", "mover")
            one.ctl(*one.move_words(two))
            expect(two.runs("mover") and not one.runs("mover") and not one.has("mover"), "after a lost answer, and again")
            expect_equal(contents(f"{two.sites}/mover"), before, "what came after a lost answer")
            wait_for(10, "the account there after a lost answer", lambda: two.uid("mover") == uid)
            two.ctl(*two.move_words(one))
            wait_for(10, "the account back after a lost answer", lambda: one.uid("mover") == uid)

        # There and back, killed at random, on either host.
        here, there = one, two
        hits = []
        tries = rounds(8)
        for _ in range(tries):
            words = here.move_words(there)
            mover = subprocess.Popen(["docker", "exec", here.name, "hebergctl", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.1, took))
            victims = list(itertools.product((here, there), ("hebergctl", "rsync", "ssh")))
            random.shuffle(victims)
            victim = next((f"{name} on {at.name}" for at, name in victims if at.try_run("pkill", "-9", "-x", name).returncode == 0), "nothing")
            if victim != "nothing":
                hits.append(victim)
            mover.wait()
            expect(not (here.runs("mover") and there.runs("mover")), f"after {victim} was killed it runs twice")
            expect(here.has("mover") or there.has("mover"), f"after {victim} was killed it is nowhere")
            if here.has("mover") or here.try_run("test", "-e", "/var/lib/heberg/moves/mover.json").returncode == 0:
                here.ctl(*words)
            expect(there.runs("mover") and not here.runs("mover") and not here.has("mover"), f"after {victim} was killed, and again")
            expect_equal(contents(f"{there.sites}/mover"), before, f"what came after {victim} was killed")
            here, there = there, here
        print(f"        {len(hits)} of {tries} kills hit it: {', '.join(hits)}", flush=True)
        expect(hits, "no kill hit anything")

        # A UID that is another's there: the files are mapped to the new one.
        wait_for(15, "it is forgotten there", lambda: there.try_run("hebergctl", "purge", "mover", "--confirm", "mover", "--tree").returncode == 0)
        there.run("sh", "-c", "hebergctl reserve other && hebergctl reserve another")
        taken = {row["uid"] for row in json.loads(there.ctl("list", "--json"))}
        expect(uid in taken, f"the UID {uid} is nobody's: {taken}")
        here.ctl(*here.move_words(there))
        wait_for(10, "the account there", lambda: there.uid("mover"))
        new = there.uid("mover")
        expect(new not in taken and os.stat(f"{there.sites}/mover/www/deep/1").st_uid == new, "the owner of what came")
