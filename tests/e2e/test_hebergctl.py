# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sysadmin's command: every verb against the running system."""
import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

from framework import expect, expect_equal, rounds, test, wait_for
from test_proxy_tls import make_certificate
from trees import contents, fill
from world import k_registry, run


def ctl(world, *arguments, code=0, **options):
    """hebergctl in syncd's container; its standard output."""
    done = run(["docker", "exec", *(["-i"] if "input" in options else []), "heberg-syncd", "hebergctl", *arguments], **options)
    expect_equal(done.returncode, code, f"hebergctl {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout if code == 0 else done.stderr


@test
def ctl_passwd(world):
    """hebergctl passwd: a made-up password is printed and holds, one from standard input and a hash hold; nonsense is refused."""
    _, first = world.new_site("pass")
    made = ctl(world, "passwd", "pass").strip()
    wait_for(5, "the made-up password holds", lambda: world.can_log_in("pass", made))
    expect(not world.can_log_in("pass", first), "the old password still holds")
    ctl(world, "passwd", "pass", "--stdin", input="correct horse battery\n")
    wait_for(5, "the password given holds", lambda: world.can_log_in("pass", "correct horse battery"))
    hash_of = run(["openssl", "passwd", "-6", "-stdin"], input="by hash\n").stdout
    ctl(world, "passwd", "pass", "--hash", input=hash_of)
    wait_for(5, "the hash's password holds", lambda: world.can_log_in("pass", "by hash"))
    ctl(world, "passwd", "pass", "--hash", input="no hash\n", code=5)
    ctl(world, "passwd", "nosite", code=3)


@test
def ctl_keys(world):
    """hebergctl keys: a key that is added gets in and is listed, removed it no longer does; a broken one is refused."""
    world.new_site("key")
    key, public = world.make_key("ctl")
    ctl(world, "keys", "key", "add", input=public)
    expect(world.can_log_in("key", key=key), "the key does not get in")
    listed = json.loads(ctl(world, "--json", "keys", "key", "list"))
    expect_equal([k["type"] for k in listed], ["ssh-ed25519"], "the keys listed")
    ctl(world, "keys", "key", "add", "ssh-ed25519 AAAAbroken", code=5)
    ctl(world, "keys", "key", "remove", listed[0]["fingerprint"])
    expect(not world.can_log_in("key", key=key), "the removed key got in")


@test
def ctl_sessions(world):
    """hebergctl sessions lists an open session with its start, kick ends it, and the account stays."""
    _, password = world.new_site("sess")
    session = world.open_session("sess", password)
    rows = json.loads(ctl(world, "sessions", "sess", "--json"))
    expect(rows and rows[0]["site"] == "sess" and rows[0]["since"], f"the sessions: {rows}")
    ctl(world, "kick", "sess")
    wait_for(5, "the session is cut", session.is_dead)
    expect(world.can_log_in("sess", password), "after the kick the login fails")


@test
def ctl_status(world):
    """hebergctl status shows engine, accounts and host keys; while syncd is down, list still answers and says how old its data is."""
    world.new_site("stat")
    status = json.loads(ctl(world, "status", "--json"))
    expect(status["syncd"] and status["engine"] and status["accounts"] >= 1, f"the status: {status}")
    expect("ssh-ed25519" in [k["type"] for k in status["host_keys"]], f"the host keys: {status['host_keys']}")
    world.docker("stop", "heberg-syncd")
    try:
        done = run(["docker", "run", "--rm", "--network", "none", "-v", f"{world.state}:/var/lib/heberg:ro",
                    "--entrypoint", "hebergctl", "heberg-syncd", "list"])
        expect(done.returncode == 0 and "stat " in done.stdout, f"list: {done.stdout}{done.stderr}")
        expect("does not answer" in done.stderr and "old" in done.stderr, f"its age: {done.stderr}")
    finally:
        world.docker("start", "heberg-syncd")
    wait_for(10, "syncd answers again", lambda: run(["docker", "exec", "heberg-syncd", "hebergctl", "status"]).returncode == 0)


@test
def ctl_rename(world):
    """hebergctl rename: refused while a container exists; then UID, password and files are the new name's."""
    uid, password = world.new_site("oldname")
    world.put("oldname", password, "kept", "kept.txt")
    ctl(world, "rename", "oldname", "newname", code=5)
    world.remove("oldname")
    world.wait_for_no_account("oldname")
    ctl(world, "rename", "oldname", "newname")
    expect(not os.path.exists(f"{world.sites}/oldname"), "the old tree is still there")
    world.run_site("newname")
    expect_equal(int(world.wait_for_account("newname")[2]), uid, "the UID")
    wait_for(5, "the old password holds", lambda: world.can_log_in("newname", password))
    wait_for(5, "its files are served", lambda: world.fetch("newname.test", "/kept.txt") == (200, "kept"))


@test
def ctl_purge(world):
    """hebergctl purge: refused while a container exists and without --confirm; then row and tree are gone."""
    world.new_site("purge")
    ctl(world, "purge", "purge", "--confirm", "other", code=2)
    ctl(world, "purge", "purge", "--confirm", "purge", "--tree", code=5)
    world.remove("purge")
    world.wait_for_no_account("purge")
    ctl(world, "purge", "purge", "--confirm", "purge", "--tree")
    ctl(world, "show", "purge", code=3)
    expect_equal([n for n in os.listdir(world.sites) if "purge" in n], [], "what is left of its tree")


@test
def ctl_create(world):
    """hebergctl create: the site runs as its own UID without capabilities, SFTP and HTTP work; again it changes nothing; remove and create: the same UID."""
    world.made.append("made")
    made = json.loads(ctl(world, "create", "made", "--host", "made.test", "--json"))
    expect(made["changed"], f"the first time: {made}")
    uid = made["uid"]
    expect_equal(int(world.wait_for_account("made")[2]), uid, "the UID")
    world.put("made", made["password"], "<?php echo posix_getuid();", "index.php")
    wait_for(10, "PHP runs as the site", lambda: world.fetch("made.test") == (200, str(uid)))
    owners = set(world.docker("exec", "made", "sh", "-c", "cat /proc/[0-9]*/status | grep ^Uid: | cut -f2").split())
    expect_equal(owners, {str(uid)}, "UIDs in the container")
    status = world.docker("exec", "made", "cat", "/proc/1/status")
    expect("CapEff:\t0000000000000000" in status and "CapBnd:\t0000000000000000" in status, "the site's container has capabilities")

    before = world.docker("inspect", "-f", "{{.Id}}", "made")
    expect(not json.loads(ctl(world, "create", "made", "--host", "made.test", "--json"))["changed"], "the second time it changed something")
    wanted = ctl(world, "create", "made", "--host", "made.test", "--memory", "256m", "--dry-run")
    expect("would be replaced" in wanted and "memory: 268435456" in wanted, f"--dry-run: {wanted}")
    expect_equal(world.docker("inspect", "-f", "{{.Id}}", "made"), before, "the container after those two")
    ctl(world, "create", "made", "--host", "made.test", "--image", "no-such-image:1", code=1)
    expect_equal(world.docker("inspect", "-f", "{{.Id}} {{.State.Running}}", "made"), f"{before} true", "the container after a replacement that failed")
    session = world.open_session("made", made["password"])
    ctl(world, "create", "made", "--host", "made.test", "--memory", "256m")
    expect_equal(world.docker("inspect", "-f", "{{.HostConfig.Memory}}", "made"), str(256 << 20), "the memory of the new one")
    expect(session.works(), "the open session was cut by the replacement")

    ctl(world, "remove", "made")
    world.wait_for_no_account("made")
    ctl(world, "create", "made", "--host", "made.test")
    wait_for(10, "it is served again", lambda: world.fetch("made.test") == (200, str(uid)))


@test
def ctl_create_refused(world):
    """hebergctl create and remove leave a container alone that hebergctl did not make, and refuse names that cannot be."""
    world.new_site("foreign")
    before = world.docker("inspect", "-f", "{{.Id}}", "foreign")
    ctl(world, "create", "foreign", "--host", "foreign.test", code=5)
    ctl(world, "remove", "foreign", code=5)
    expect_equal(world.docker("inspect", "-f", "{{.Id}}", "foreign"), before, "the container")
    ctl(world, "create", "root", "--host", "root.test", code=2)
    ctl(world, "create", "evil", "--host", "a.test; }", code=2)
    ctl(world, "create", "noimage", "--host", "noimage.test", "--image", "no-such-image:1", code=1)
    ctl(world, "remove", "nosuchsite", code=3)


@test
def ctl_render(world):
    """hebergctl render: the renderer runs on, and nginx has new workers though nothing has changed."""
    def workers():
        return {line.split()[1] for line in world.docker("top", "heberg-proxy").splitlines() if "worker process" in line and "shutting down" not in line}

    before, started = workers(), world.docker("inspect", "-f", "{{.State.StartedAt}}", "heberg-proxy-render")
    expect(before, "nginx has no workers")
    expect_equal(json.loads(ctl(world, "render", "--json"))["told"], 1, "how many were reloaded")
    wait_for(10, "new workers", lambda: workers() and not workers() & before)
    expect_equal(world.docker("inspect", "-f", "{{.State.StartedAt}}", "heberg-proxy-render"), started, "when the renderer was started")


@test
def ctl_archive(world):
    """hebergctl archive --remove and restore: the same UID, password, files, last log lines and address; under another name a site of its own."""
    world.made += ["arch", "copy"]
    made = json.loads(ctl(world, "create", "arch", "--host", "arch.test", "--json"))
    world.put("arch", made["password"], "kept", "kept.txt")
    world.wait_until_served("arch.test", (200, "kept"), "/kept.txt")
    for i in range(50):
        expect_equal(world.fetch("arch.test", f"/kept.txt?last-{i}"), (200, "kept"), f"request {i}")
    file = json.loads(ctl(world, "archive", "arch", "--remove", "--json"))["file"]
    world.wait_for_no_account("arch")
    expect(not os.path.exists(f"{world.sites}/arch"), "the tree is still there")
    ctl(world, "restore", file)
    with open(f"{world.sites}/arch/logs/access.log") as log:
        lines = log.read()
    expect_equal([i for i in range(50) if lines.count(f"?last-{i} ") != 1], [], "requests that were not logged once before it went")
    expect_equal(int(world.wait_for_account("arch")[2]), made["uid"], "the UID")
    wait_for(10, "the password holds", lambda: world.can_log_in("arch", made["password"]))
    wait_for(10, "its files are served", lambda: world.fetch("arch.test", "/kept.txt") == (200, "kept"))
    ctl(world, "restore", file, code=5)
    # Where it was served by a certificate that is not there any more, that is reported.
    make_certificate(world, "arch.test", "arch.test")
    file = json.loads(ctl(world, "archive", "arch", "--remove", "--json"))["file"]
    shutil.rmtree(f"{world.config}/certs")
    world.wait_for_no_account("arch")
    expect_equal(json.loads(ctl(world, "restore", file, "--json"))["missing_certificates"], ["arch.test"], "what is missing")
    copy = json.loads(ctl(world, "restore", file, "--as", "copy", "--json"))
    expect(copy["uid"] != made["uid"], "the copy has the first one's UID")
    with open(f"{world.sites}/copy/www/kept.txt") as text:
        expect_equal(text.read(), "kept", "the copy's file")
    expect_equal(os.stat(f"{world.sites}/copy/www/kept.txt").st_uid, copy["uid"], "the owner of the copy's file")


@test
def ctl_quota(world):
    """hebergctl quota: a site's limit is set, shown with what it uses, survives, and is reported by check from 80 % on."""
    uid = json.loads(ctl(world, "reserve", "quota", "--json"))["uid"]
    path = f"{world.sites}/quota/www/file"
    with open(path, "wb") as file:
        file.write(os.urandom(900_000))
    os.chown(path, uid, uid)
    expect("no limit" in ctl(world, "quota", "quota"), "a limit before one is set")
    said = json.loads(ctl(world, "quota", "quota", "1m,5", "--json"))
    expect_equal((said["bytes_limit"], said["files_limit"], said["files"], said["is_complete"]), (1 << 20, 5, 3, True), "the limit and the files")
    expect(80 <= said["percent"] < 100, f"its share: {said}")
    expect_equal(json.loads(ctl(world, "show", "quota", "--json"))["disk"]["bytes_limit"], 1 << 20, "the limit in show")
    expect(" of 1.0 MiB, 3 of 5 files" in ctl(world, "show", "quota"), "what show says")
    for bad in ("1x", "-1", "1,2,3", "5 g"):
        ctl(world, "quota", "--", "quota", bad, code=2)
    ctl(world, "quota", "nosite", "1m", code=3)
    expect("no limit" in ctl(world, "quota", "quota", "none"), "none")
    expect("no limit" in ctl(world, "quota", "quota", "default"), "default")
    expect(not os.path.exists(f"{world.sites}/quota/.heberg/quota"), "its file is left")
    ctl(world, "purge", "quota", "--confirm", "quota", "--tree")


@test
def ctl_clone(world):
    """hebergctl clone: the same files, and keys where that is asked for, a UID, password, logs and address of its own; the first one is untouched, and what fails leaves nothing."""
    world.made += ["dolly", "dolly-2", "dolly-3", "dolly-4"]
    made = json.loads(ctl(world, "create", "dolly", "--host", "dolly.test", "--json"))
    world.put("dolly", made["password"], "wool", "wool.txt")
    wait_for(10, "its log", lambda: world.fetch("dolly.test", "/wool.txt") == (200, "wool")
             and os.path.exists(f"{world.sites}/dolly/logs/access.log"))
    two = json.loads(ctl(world, "clone", "dolly", "dolly-2", "--host", "dolly-2.test", "--json"))
    expect(two["uid"] != made["uid"], "they have one UID")
    wait_for(10, "the clone is served", lambda: world.fetch("dolly-2.test", "/wool.txt") == (200, "wool"))
    expect_equal(os.stat(f"{world.sites}/dolly-2/www/wool.txt").st_uid, two["uid"], "the owner of the clone's file")
    password = world.wait_for_password("dolly-2")
    expect(password != made["password"], "they have one password")
    wait_for(10, "its own password holds", lambda: world.can_log_in("dolly-2", password))
    expect(not world.can_log_in("dolly-2", made["password"]), "the first one's password holds for the clone")
    expect(world.can_log_in("dolly", made["password"]), "the first one's login")
    with open(f"{world.sites}/dolly-2/logs/access.log") as log:
        expect("Host: dolly.test" not in log.read(), "the first one's lines")
    key, public = world.make_key("dolly")
    ctl(world, "keys", "dolly", "add", input=public)
    ctl(world, "clone", "dolly", "dolly-4", "--keep-keys", "--host", "dolly-4.test")
    world.wait_for_password("dolly-4")
    expect(world.can_log_in("dolly-4", key=key), "--keep-keys: the key")
    ctl(world, "clone", "dolly", "dolly-2", code=5)
    ctl(world, "clone", "dolly", "dolly-3", "--host", "a.test; }", code=2)
    ctl(world, "clone", "nosite", "dolly-3", code=3)
    ctl(world, "show", "dolly-3", code=3)
    expect(not os.path.exists(f"{world.sites}/dolly-3"), "a refused clone left a tree")


@contextlib.contextmanager
def registry(world):
    """Debian's, on the loopback; where it is."""
    folder = f"{world.folder}/registry"
    os.makedirs(folder)
    address = "127.0.0.1:5000"
    with open(f"{folder}/config.yml", "w") as file:
        json.dump({"version": "0.1", "storage": {"filesystem": {"rootdirectory": folder}}, "http": {"addr": address}}, file)
    with open(f"{folder}/log", "w") as log:
        server = subprocess.Popen([k_registry, "serve", f"{folder}/config.yml"], stdout=log, stderr=log)
    try:
        wait_for(10, "the registry answers", lambda: run(["curl", "-sf", f"http://{address}/v2/"]).returncode == 0)
        yield address
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)


@test
def ctl_create_pulls(world):
    """hebergctl create gets an image that is not here from its registry, with a tag or without; one that is not there either is named, and nothing is made."""
    world.made += ["pulled", "pulled-making"]
    with registry(world) as address:
        world.docker("run", "--name", "pulled-making", "--entrypoint", "touch", "php:apache", "/pulled-from-afar")
        images = (f"{address}/pulled:apache", f"{address}/pulled")
        for image in images:
            world.docker("commit", "-c", 'ENTRYPOINT ["apache2-foreground"]', "pulled-making", image)
            world.docker("push", "-q", image)
            world.docker("rmi", image)
            ctl(world, "create", "pulled", "--host", "pulled.test", "--image", image)
            world.docker("exec", "pulled", "ls", "/pulled-from-afar")
            expect_equal(world.docker("inspect", "-f", "{{.Config.Image}}", "pulled"), image, "its image")
        before = world.docker("inspect", "-f", "{{.Id}}", "pulled")
        said = ctl(world, "create", "pulled", "--host", "pulled.test", "--image", f"{address}/nosuch:1", code=1)
        expect(f"pull the image {address}/nosuch:1" in said, f"an image that no registry has: {said}")
        expect_equal(world.docker("inspect", "-f", "{{.Id}} {{.State.Running}}", "pulled"), f"{before} true", "the container")
        said = ctl(world, "create", "pull-none", "--host", "pull-none.test", "--image", "127.0.0.1:1/nosuch", code=1)
        expect("127.0.0.1:1" in said, f"a registry that does not answer: {said}")
        expect(not run(["docker", "inspect", "pull-none"]).returncode == 0, "a container was made without its image")
    ctl(world, "remove", "pulled")
    run(["docker", "rmi", "-f", *images])


def kill_at_random(world, longest, *arguments):
    """hebergctl, killed after a random time. It runs in syncd's container, whose processes are the host's."""
    client = subprocess.Popen(["docker", "exec", "heberg-syncd", "hebergctl", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, longest))
    found = run(["pgrep", "-o", "-x", "-f", " ".join(["hebergctl", *arguments])]).stdout.split()  # the oldest: not its guard
    hit = False
    for pid in found:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.kill(int(pid), signal.SIGKILL)
            hit = True
    client.wait()
    return hit


@test
def ctl_killed(world):
    """hebergctl archive, restore and clone, killed 24 times at random: the container never stays paused, a tree is whole or not there, and again it works."""
    world.made += ["killed", "killed-copy"]
    ctl(world, "create", "killed", "--host", "killed.test")
    www = f"{world.sites}/killed/www"
    for i in range(1500):
        with open(f"{www}/{i}", "wb") as file:
            file.write(random.randbytes(20_000))
    # One file a kind that is easily lost on the way.
    os.link(f"{www}/1", f"{www}/hard")
    os.symlink("2", f"{www}/soft")
    with open(f"{www}/sparse", "wb") as file:
        file.truncate(50_000_000)
    with open(os.fsencode(f"{www}/").rstrip(b"/") + b"/\xff\n name", "wb") as file:
        file.write(b"odd")
    start = time.monotonic()
    archive = json.loads(ctl(world, "archive", "killed", "--json"))["file"]
    whole = time.monotonic() - start

    def same_as_first(site):
        done = run(["rsync", "-nacHS", "--delete", "--itemize-changes", "--no-owner", "--no-group", f"{www}/", f"{world.sites}/{site}/www/"])
        expect_equal((done.returncode, done.stdout), (0, ""), f"{site}'s files against the first one's: {done.stderr}")

    kills, times = 0, rounds(8)
    for _ in range(times):
        kills += kill_at_random(world, 0.8 * whole, "archive", "killed")
        wait_for(10, "the container runs", lambda: world.docker("inspect", "-f", "{{.State.Status}}", "killed") == "running")
    stopped = 0
    for _ in range(5):  # as a service that is stopped: its guard gets the signal, too
        client = subprocess.Popen(["docker", "exec", "heberg-syncd", "hebergctl", "archive", "killed", "--stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, whole))
        stopped += run(["pkill", "-TERM", "-x", "-f", "hebergctl archive killed --stop"]).returncode == 0
        client.wait()
        wait_for(20, "the container runs", lambda: world.docker("inspect", "-f", "{{.State.Status}}", "killed") == "running")
    expect(stopped, "no signal hit anything")
    archive = json.loads(ctl(world, "archive", "killed", "--json"))["file"]
    for verb in (["restore", archive, "--as", "killed-copy"], ["clone", "killed", "killed-copy"]):
        for _ in range(times):
            kills += kill_at_random(world, 0.8 * whole, *verb)
            if os.path.exists(f"{world.sites}/killed-copy"):
                same_as_first("killed-copy")
                ctl(world, "purge", "killed-copy", "--confirm", "killed-copy", "--tree")
        ctl(world, *verb)
        same_as_first("killed-copy")
        ctl(world, "purge", "killed-copy", "--confirm", "killed-copy", "--tree")
        wait_for(10, "the container runs", lambda: world.docker("inspect", "-f", "{{.State.Status}}", "killed") == "running")
    print(f"        {kills} of {3 * times} hit it", flush=True)
    expect(kills >= 2 * times, f"only {kills} kills hit anything")


@test
def ctl_in_use(world):
    """A tree that another container uses is not moved from under it; and one hebergctl at a time works on a site."""
    world.made += ["shared", "shared-cron"]
    ctl(world, "create", "shared", "--host", "shared.test")
    world.docker("run", "-d", "--name", "shared-cron", "-v", f"{world.sites}/shared/www:/work", "php:apache", "sleep", "600")
    said = ctl(world, "archive", "shared", "--remove", code=5)
    expect("shared-cron" in said, f"a container that uses it: {said}")
    expect_equal(world.docker("inspect", "-f", "{{.State.Running}}", "shared"), "true", "its own container")
    expect(os.path.isdir(f"{world.sites}/shared/www"), "its tree is gone")
    world.docker("rm", "-f", "shared-cron")
    world.run_site("composed", container="composed_web_1")
    world.wait_for_account("composed")
    expect("composed_web_1" in ctl(world, "archive", "composed", "--remove", code=5), "a site in a container of another name")

    with open(f"{world.state}/locks/shared") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        said = ctl(world, "archive", "shared", code=5)
        expect("another hebergctl is working on this site" in said, f"two at once: {said}")
        ctl(world, "list")
    ctl(world, "archive", "shared", "--remove")
    world.wait_for_no_account("shared")


@test
def ctl_progress(world):
    """Long work shows its progress on one line of a terminal, and clears the line at the end; without a terminal it prints nothing."""
    world.made.append("large")
    ctl(world, "create", "large", "--host", "large.test")
    with open(f"{world.sites}/large/www/film", "wb") as file:
        for _ in range(400):
            file.write(random.randbytes(1_000_000))
    shown = world.docker("exec", "-t", "heberg-syncd", "hebergctl", "archive", "large")
    *drawn, end = shown.split("\x1b[K")  # behind a carriage return each; text mode makes a newline of it
    shares = [int(share) for share in re.findall(r"large: packing +(\d+) %  \[[#.]+\]  [\d.]+ of 400", " ".join(drawn))]
    print(f"        {len(drawn)} times drawn, the last: {drawn[-1] if drawn else None}", flush=True)
    expect(len(shares) > 2 and shares == sorted(shares), f"what a terminal sees: {shown!r}")
    expect("packing" not in end and "%" not in end, f"the line stays: {shown!r}")
    quiet = run(["docker", "exec", "heberg-syncd", "hebergctl", "archive", "large"])
    expect(quiet.returncode == 0 and "packing" not in quiet.stderr, f"without a terminal: {quiet.stderr!r}")
    ctl(world, "remove", "large")
    world.wait_for_no_account("large")
    ctl(world, "purge", "large", "--confirm", "large", "--tree")


@test
def ctl_many_files(world):
    """hebergctl archive and restore of 20,000 files with links, holes, attributes and names in any bytes: what comes back is what was there."""
    world.made.append("heap")
    made = json.loads(ctl(world, "create", "heap", "--host", "heap.test", "--json"))
    fill(f"{world.sites}/heap", made["uid"], 20_000)
    before = contents(f"{world.sites}/heap")
    expect(len(before) > 20_000, f"only {len(before)} entries")
    start = time.monotonic()
    said = json.loads(ctl(world, "archive", "heap", "--remove", "--json"))
    packed = time.monotonic()
    expect_equal(said["left_out"], 2, "what was left out")  # the link that leads to /etc, and sshd's log socket
    world.wait_for_no_account("heap")
    again = time.monotonic()
    ctl(world, "restore", said["file"])
    print(f"        packed in {packed - start:.1f} s, restored in {time.monotonic() - again:.1f} s", flush=True)
    del before["www/out"]
    expect_equal(contents(f"{world.sites}/heap"), before, "what came back")
    ctl(world, "remove", "heap")
    world.wait_for_no_account("heap")
    ctl(world, "purge", "heap", "--confirm", "heap", "--tree")


@test
def ctl_rename_killed(world):
    """heberg-syncd killed 8 times at random while it renames a site: row, tree and UID are the one name's or the other's, and again it works."""
    uid, _ = world.new_site("turn-a")
    fill(f"{world.sites}/turn-a", uid, 50)
    world.remove("turn-a")
    world.wait_for_no_account("turn-a")
    before = contents(f"{world.sites}/turn-a")
    names = ["turn-a", "turn-b"]
    for _ in range(rounds(8)):
        client = subprocess.Popen(["docker", "exec", "heberg-syncd", "hebergctl", "rename", *names], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.05, 0.3))
        world.docker("kill", "heberg-syncd")
        client.kill()  # the engine does not always report that its container is gone
        client.wait()
        world.docker("start", "heberg-syncd")
        wait_for(20, "syncd answers", lambda: run(["docker", "exec", "heberg-syncd", "hebergctl", "status"]).returncode == 0)
        rows = {row["name"]: row["uid"] for row in json.loads(ctl(world, "list", "--json")) if row["name"] in names}
        expect(rows in ({names[0]: uid}, {names[1]: uid}), f"the rows: {rows}")
        name = next(iter(rows))
        trees = [n for n in names if os.path.exists(f"{world.sites}/{n}")]
        expect_equal(trees, [name], "the trees")
        expect_equal(contents(f"{world.sites}/{name}"), before, "what is in it")
        if name == names[0]:
            ctl(world, "rename", *names)
        names.reverse()
    ctl(world, "purge", names[0], "--confirm", names[0], "--tree")
