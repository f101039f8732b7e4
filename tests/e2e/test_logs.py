# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sites' logs: every line once, in order, whatever dies in between; and nothing that is planted in a tree is followed."""
import contextlib
import glob
import gzip
import os
import random
import signal
import subprocess
import time

from framework import expect, expect_equal, rounds, test, timed, wait_for
from world import run

# Numbered lines on both streams: most short, some long, some of 100 KB, which the engine cuts in pieces. A short sleep now and then: the
# storm is to last as long as the kills do. WRITER LINES PAUSE_MS
k_writer = r"""
use Time::HiRes qw(usleep); my ($lines, $pause) = @ARGV; srand(7); $| = 0;
select(STDERR); $| = 0; select(STDOUT);
for my $i (1 .. $lines) {
  for my $f (*STDOUT, *STDERR) {
    my $r = rand(); my $n = $r < 0.0005 ? rand(100000) : $r < 0.02 ? rand(2000) : rand(100);
    print $f $r > 0.99 ? "x\n" : "$i " . ("y" x $n) . "\n";
  }
  if ($i % 100 == 0) { STDOUT->flush(); STDERR->flush(); usleep(1000 * $pause); }
}
STDOUT->flush(); STDERR->flush();
"""
k_files = ("access.log", "error.log")


def logs_of(world, site):
    return f"{world.sites}/{site}/logs"


def read_log(world, site, name):
    """With the rotated files, oldest first."""
    def age(path):
        rest = os.path.basename(path)[len(name) + 1:].removesuffix(".gz")
        date, _, number = rest.partition(".")
        return date, int(number or 0)
    folder = logs_of(world, site)

    def listing():
        """Names and inodes: syncd rotates a file by its name, and compresses it into a new one."""
        return sorted((entry.name, entry.inode()) for entry in os.scandir(folder)
                      if entry.name == name or entry.name.startswith(f"{name}-")) if os.path.isdir(folder) else []

    def read():
        text = b""
        rotated = sorted(glob.glob(f"{folder}/{name}-*"), key=age)
        for path in [*rotated, *glob.glob(f"{folder}/{name}")]:
            if path + ".gz" in rotated:  # compressed, and not yet removed
                continue
            with (gzip.open(path) if path.endswith(".gz") else open(path, "rb")) as file:
                text += file.read()
        return text

    while True:  # again where a file got another name meanwhile
        before = listing()
        with contextlib.suppress(FileNotFoundError):
            text = read()
            if listing() == before:
                return text


def engine_log(world, container):
    """What the engine has, (stdout, stderr): the truth that the files are held against."""
    out, err = f"{world.folder}/truth.out", f"{world.folder}/truth.err"
    with open(out, "wb") as o, open(err, "wb") as e:
        expect_equal(run_to(["docker", "logs", container], o, e), 0, "docker logs")
    with open(out, "rb") as o, open(err, "rb") as e:
        return o.read(), e.read()


def run_to(command, out, err):
    return subprocess.run(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL, timeout=120).returncode


def describe_difference(found, wanted, what):
    ours, theirs = found.split(b"\n"), wanted.split(b"\n")
    for i, (a, b) in enumerate(zip(ours, theirs)):
        if a != b:
            return f"{what}: line {i + 1} of {len(theirs)} is {a[:60]!r}, not {b[:60]!r} ({len(ours)} lines in all)"
    return f"{what}: {len(ours)} lines, not {len(theirs)}"


def expect_whole(world, site, container, seconds=60):
    """Both files have what the engine has, every byte of it once and in order."""
    truth = engine_log(world, container)
    for name, wanted in zip(k_files, truth):
        try:
            wait_for(seconds, f"{name} is as long as the engine's", lambda: len(read_log(world, site, name)) >= len(wanted))
        except Exception:
            pass
        found = read_log(world, site, name)
        expect(found == wanted, lambda: describe_difference(found, wanted, name))
    return truth


def run_writer(world, site, lines, pause, options=(), container=None, script=k_writer):
    container = container or site
    world.made.append(container)
    os.makedirs(f"{world.sites}/{site}/www", exist_ok=True)
    world.docker("run", "-d", "--name", container, "--network", "none", "-e", f"VIRTUAL_HOST={site}.test",
                 "-v", f"{world.sites}/{site}/www:/var/www/html", *options, "php:apache",
                 "perl", "-MIO::Handle", "-e", script + "\n;open(F, '>/var/www/html/done'); close(F); sleep 600;", str(lines), str(pause))
    return container


def is_written(world, site):
    return lambda: os.path.exists(f"{world.sites}/{site}/www/done")


@test
def logs_storm(world):
    """Two times 60,000 lines, 1 byte to 100 KB, through an engine that rotates each 100 KB, syncd killed 30 times at random, dockerd
    restarted three times: every line once and in order."""
    random.seed(time.time_ns())
    run_writer(world, "storm", rounds(60_000), 50, ["--log-opt", "max-size=100k", "--log-opt", "max-file=1000"])
    kills, least = 0, rounds(30)
    restarts = [least // 4, least // 2, 3 * least // 4]
    start = time.monotonic()
    while kills < least or not is_written(world, "storm")():
        expect(time.monotonic() - start < rounds(100), "the writer does not come to its end")
        if restarts and kills >= restarts[0]:
            restarts.pop(0)
            world.engine.stop(signal.SIGTERM)
            world.engine.start()
        time.sleep(random.uniform(0, 0.5))  # the moment is what the test varies
        world.docker("kill", "heberg-syncd")
        world.docker("start", "heberg-syncd")
        kills += 1
    out, err = expect_whole(world, "storm", "storm", 120)
    print(f"        {kills} kills, {3 - len(restarts)} restarts of dockerd, {out.count(10)} and {err.count(10)} lines, "
          f"{(len(out) + len(err)) / 1e6:.1f} MB, in {time.monotonic() - start:.0f} s", flush=True)
    expect(kills >= least and not restarts, f"only {kills} kills, {len(restarts)} restarts left")


@timed
def logs_removed_at_once(world):
    """A container removed by force right after its last line, of a few or of a burst of megabytes: nothing of its log is missing."""
    for i, (count, pause) in enumerate([(1000, 20), (1000, 20), (20_000, 0), (20_000, 0)]):
        site = f"gone-{i}"
        run_writer(world, site, count, pause)
        wait_for(60, "its last line", is_written(world, site))
        world.remove(site)
        for name in k_files:
            wait_for(5, f"the end of {name}", lambda: read_log(world, site, name).count(b"\n") == count)
            numbers = [int(line.split()[0]) for line in read_log(world, site, name).splitlines() if line != b"x"]
            expect_equal(numbers, sorted(set(numbers)), "the order of the lines")


@test
def logs_rotated_under_load(world):
    """Fifty rotations under load, by hebergctl and by SIGHUP: no line lost, cut or doubled; the owner reads old logs, and cannot change them."""
    run_writer(world, "turning", 20_000, 100)
    world.wait_for_account("turning")
    turns = 0
    while turns < 50:
        wait_for(20, "lines", lambda: os.path.getsize(f"{logs_of(world, 'turning')}/access.log") > 0
                 if os.path.exists(f"{logs_of(world, 'turning')}/access.log") else False)
        if turns % 2 == 0:
            world.docker("exec", "heberg-syncd", "hebergctl", "rotate", "turning")
        else:
            world.docker("kill", "--signal", "HUP", "heberg-syncd")
        turns += 1
    wait_for(120, "the writer's end", is_written(world, "turning"))
    expect_whole(world, "turning", "turning")
    old = glob.glob(f"{logs_of(world, 'turning')}/access.log-*")
    expect(len(old) >= 10, f"only {len(old)} old logs")
    uid = int(world.find_account("turning")[2])
    for path in old:
        status = os.stat(path)
        expect_equal((status.st_uid, status.st_gid, status.st_mode & 0o7777), (0, uid, 0o640), f"owner and mode of {path}")
    password = world.wait_for_password("turning")
    done = world.sftp("turning", password, f"get /logs/{os.path.basename(old[0])} {world.folder}/fetched\n")
    expect_equal(done.returncode, 0, f"fetching an old log: {done.stderr}")
    for command in (f"rm /logs/{os.path.basename(old[0])}", "put /etc/hostname /logs/access.log", "rename /logs/access.log /logs/x"):
        expect(world.sftp("turning", password, command + "\n").returncode != 0, f"the owner may: {command}")


@test
def logs_tty(world):
    """A container with a TTY: its one stream is access.log, without carriage returns, a line of 40 KB whole."""
    run_writer(world, "typist", 0, 0, ["-t"], script='print "one\n"; print STDERR "two\n"; print "z" x 40000, "\n"; print "end\n";')
    wait_for(20, "its last line", lambda: read_log(world, "typist", "access.log").endswith(b"end\n"))
    expect_equal(read_log(world, "typist", "access.log"), b"one\ntwo\n" + b"z" * 40000 + b"\nend\n", "access.log")
    expect_equal(read_log(world, "typist", "error.log"), b"", "error.log")


@test
def logs_two_containers(world):
    """Two containers of one site write into the same files: whole lines, each container's in order."""
    for name in ("left", "right"):
        run_writer(world, "duet", 3000, 20, container=f"duet-{name}", script=k_writer.replace('"$i "', f'"{name} $i "'))
    for name in k_files:
        wait_for(60, f"the end of {name}", lambda: read_log(world, "duet", name).count(b"\n") == 6000)
        lines = [line.split() for line in read_log(world, "duet", name).splitlines() if line != b"x"]
        for side in (b"left", b"right"):
            numbers = [int(line[1]) for line in lines if line[0] == side]
            expect_equal(numbers, sorted(set(numbers)), f"the order of {side}'s lines")
        expect(all(line[0] in (b"left", b"right") for line in lines), "a line of neither")


k_hostile = {
    "a link to the host's file": "ln -s /etc/hostname access.log",
    "a link to another site's file": "ln -s ../../victim/www/file access.log",
    "a link to nothing": "ln -s ../new access.log",
    "a link to itself": "ln -s access.log access.log",
    "a hard link": "ln ../www/other access.log",
    "a folder": "mkdir access.log",
    "a fifo": "mkfifo access.log",
    "a character device": "mknod access.log c 1 3",
    "a block device": "mknod access.log b 7 0",
    "a socket": "perl -MSocket -e 'socket(S,AF_UNIX,SOCK_DGRAM,0); bind(S,sockaddr_un(\"access.log\")) or die'",
    "a link in the folder's place": "cd ..; mv logs logs.old; ln -s /tree/www logs",
    "a file in the folder's place": "cd ..; mv logs logs.old; : >logs",
}


@test
def logs_hostile_trees(world):
    """Twelve kinds of things planted in a log's place by root in the site's own container: none is followed or written to, each is named in
    syncd's log, other sites' logs go on, and the lines come when it is gone."""
    world.run_site("victim")
    os.makedirs(f"{world.sites}/mallory/www", exist_ok=True)
    world.made.append("mallory")
    world.docker("run", "-d", "--name", "mallory", "--network", "none", "--cap-add", "MKNOD", "-e", "VIRTUAL_HOST=mallory.test",
                 "-v", f"{world.sites}/mallory:/tree", "php:apache", "perl", "-e", "$|=1; while(1) { print 'tick ', ++$i, \"\\n\"; sleep 1 }")
    world.wait_for_account("mallory")
    world.wait_for_account("victim")
    wait_for(20, "lines", lambda: read_log(world, "mallory", "access.log"))
    for path in (f"{world.sites}/victim/www/file", f"{world.sites}/mallory/www/other"):
        with open(path, "w") as file:
            file.write("mine\n")
    hostname = run(["cat", "/etc/hostname"]).stdout
    for kind, command in k_hostile.items():
        world.since = time.time()
        world.docker("exec", "mallory", "sh", "-c", f"cd /tree/logs && rm -rf access.log && {command}")
        wait_for(20, f"{kind} is named", lambda: "mallory: access.log " in world.syncd_log())
        world.docker("exec", "victim", "sh", "-c", f"echo {kind.replace(chr(39), '')} >/proc/1/fd/1")
        wait_for(10, "the other site's log", lambda: kind.replace("'", "").encode() in read_log(world, "victim", "access.log"))
        for path in (f"{world.sites}/victim/www/file", f"{world.sites}/mallory/www/other"):
            with open(path) as file:
                expect_equal(file.read(), "mine\n", f"{path} after {kind}")
        expect_equal(run(["cat", "/etc/hostname"]).stdout, hostname, f"the host's file after {kind}")
        expect(not os.path.exists(f"{world.sites}/mallory/new"), "a file was made through a link")
        world.docker("exec", "mallory", "sh", "-c", "cd /tree; [ ! -e logs.old ] || { rm -rf logs; mv logs.old logs; }; rm -rf logs/access.log")
        wait_for(10, f"lines after {kind}", lambda: os.path.exists(f"{logs_of(world, 'mallory')}/access.log")
                 and read_log(world, "mallory", "access.log").count(b"tick"))
