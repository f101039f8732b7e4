# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a site's owner, or who broke in as him, does to the disk and to the evidence by his logs."""
import contextlib
import gzip
import os
import subprocess
import time

from attacks import attack, control, held
from framework import wait_for

k_burst = 5_000_000  # bytes of sftp.log that a site may write at once, and a second (syncd/sftp/sftp_log.cpp)
k_per_second = 50_000

# As internal-sftp does it, as the site's own user, with the longest names.
k_flood = """
import os, socket, sys, time
path, uid, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(path)
os.setresgid(uid, uid, uid)
os.setresuid(uid, uid, uid)
for number in range(count):
    s.send(b"<38>internal-sftp[1]: mkdir name \\"/www/%06d/" % number + b"x" * 850 + b"\\" mode 0777")
s.send(b"<38>internal-sftp[1]: session opened for local user at from [203.0.113.66]")
"""


def flood(world, name, uid, count):
    done = subprocess.run(["python3", "-c", k_flood, f"{world.sites}/{name}/dev/log", str(uid), str(count)], capture_output=True, text=True)
    control(done.returncode == 0, f"the flood: {done.stderr}")


def sftp_logs(world, name):
    folder = f"{world.sites}/{name}/logs"
    return sorted(f"{folder}/{file}" for file in os.listdir(folder) if file.startswith("sftp.log"))


def read_all(paths):
    text = ""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            with (gzip.open if path.endswith(".gz") else open)(path, "rt", errors="replace") as file:
                text += file.read()
    return text


@attack("R04", short=True)
def sftp_log_flood(world):
    """A flood of one owner's SFTP lines writes no more than its share, says how much was left out, and hides no login."""
    uid, _ = world.new_site("r04-at")
    start = time.monotonic()
    flood(world, "r04-at", uid, 20_000)
    wait_for(5, "the flood's last line", lambda: "203.0.113.66" in read_all(sftp_logs(world, "r04-at")))
    most = k_burst + k_per_second * (time.monotonic() - start + 1) + 100_000
    text = read_all(sftp_logs(world, "r04-at"))
    control(len(text) > k_burst / 2, f"{len(text)} bytes are in the log: no flood")
    held(len(text) < most, f"{len(text)} bytes of 18 MB are in the log, {most:.0f} are the share")
    time.sleep(0.1)
    flood(world, "r04-at", uid, 1)
    wait_for(5, "the count", lambda: "lines were dropped before this" in read_all(sftp_logs(world, "r04-at")))


def rotate_by(world, name, uid):
    """Another line, after the log was last written on another day."""
    flood(world, name, uid, 1)
    log = f"{world.sites}/{name}/logs/sftp.log"
    wait_for(5, "sftp.log", lambda: os.path.exists(log) and os.path.getsize(log) > 0)
    before = len(sftp_logs(world, name))
    os.utime(log, (time.time() - 90_000,) * 2)
    flood(world, name, uid, 1)
    wait_for(5, "the rotation", lambda: len(sftp_logs(world, name)) > before or before > 20)


@attack("R04b", short=True)
def sftp_log_is_archived(world):
    """A rotated sftp.log is compressed soon, without any line of a container."""
    uid, _ = world.new_site("r04b-at")
    rotate_by(world, "r04b-at", uid)
    held(wait_for(10, "a compressed sftp.log", lambda: any(path.endswith(".gz") for path in sftp_logs(world, "r04b-at"))), "it is not compressed")


@attack("L04")
def evidence_is_kept(world):
    """What a thief did first is still in the sftp logs after a flood of whole files; and so are the days before."""
    with small_allowance(world):
        uid, _ = world.new_site("l04-at")
        folder = f"{world.sites}/l04-at/logs"
        today = time.strftime("%Y%m%d")
        yesterday = time.strftime("%Y%m%d", time.localtime(time.time() - 86_400))
        for name, text in ((f"sftp.log-{yesterday}-120000", "THE-DAY-BEFORE\n"), (f"sftp.log-{today}-000000", "THE-INTRUDER\n")):
            write(f"{folder}/{name}", text, uid)
        for number in range(40):
            write(f"{folder}/sftp.log-{today}-0001{number:02}", f"{number} " + "x" * 100_000 + "\n", uid)
        control(len(sftp_logs(world, "l04-at")) >= 42, "the logs are not there")
        rotate_by(world, "l04-at", uid)
        wait_for(10, "the archive's work", lambda: sum(os.path.getsize(path) for path in sftp_logs(world, "l04-at")) < 2_100_000)
        text = read_all(sftp_logs(world, "l04-at"))
        held("THE-INTRUDER" in text, "the intruder's line is gone")
        held("THE-DAY-BEFORE" in text, "the day before is gone")
        held("\n39 x" in text, "the newest file is gone")


def write(path, text, group):
    with open(path, "w") as file:
        file.write(text)
    os.chown(path, 0, group)
    os.chmod(path, 0o640)


@contextlib.contextmanager
def small_allowance(world):
    """[logs] is the last section of the tests' settings."""
    path = f"{world.config}/heberg.toml"
    with open(path) as file:
        before = file.read()
    try:
        with open(path, "w") as file:
            file.write(before.replace("keep = 1000\n", 'keep = 14\nsftp_max_total = "2MB"\ncompress = "none"\n'))
        world.docker("restart", "heberg-syncd")
        yield
    finally:
        with open(path, "w") as file:
            file.write(before)
        world.docker("restart", "heberg-syncd")
