# SPDX-License-Identifier: LGPL-2.1-or-later
"""sftp.log: what a site's owner did over SFTP, as sshd logs it; the kernel names the sender."""
import os
import re
import subprocess

from framework import expect, expect_equal, test, wait_for
from world import k_sftp_address, k_source, run


def sftp_log(world, name):
    try:
        with open(f"{world.sites}/{name}/logs/sftp.log") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def send(path, text, uid):
    """A datagram to a socket, as syslog(3) sends it, from a process that has become `uid`: after it has found the socket, for the
    tests' folder may be closed to others; what counts is who it is when it sends."""
    script = ("import os, socket, sys\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\ns.connect(sys.argv[1])\n"
              "uid = int(sys.argv[3])\nos.setresgid(uid, uid, uid)\nos.setresuid(uid, uid, uid)\ns.send(sys.argv[2].encode())\n")
    return subprocess.run(["python3", "-c", script, path, text, str(uid)], capture_output=True, text=True)


@test
def sftp_is_logged(world):
    """sftp.log says who came from where and what was put, fetched, renamed and removed; the owner reads it and cannot write it."""
    uid, password = world.new_site("diary")
    local = f"{world.folder}/upload"
    with open(local, "w") as file:
        file.write("x" * 1234)
    done = world.sftp("diary", password, f"put {local} a.txt\nget a.txt got\nrename a.txt b.txt\nmkdir d\nrmdir d\nrm b.txt\n")
    expect_equal(done.returncode, 0, f"the session: {done.stderr}")
    wait_for(5, "the session's end in sftp.log", lambda: "session closed for local user diary" in sftp_log(world, "diary"))
    text = sftp_log(world, "diary")
    for line in (r"session opened for local user diary from \[" + re.escape(k_sftp_address) + r"\]",
                 r'open "/www/a\.txt" flags WRITE,CREATE,TRUNCATE mode 0\d+', r'close "/www/a\.txt" bytes read 0 written 1234',
                 r'open "/www/a\.txt" flags READ mode 0\d+', r'close "/www/a\.txt" bytes read 1234 written 0',
                 r'(?:posix-)?rename old "/www/a\.txt" new "/www/b\.txt"', r'mkdir name "/www/d"', r'rmdir name "/www/d"',
                 r'remove name "/www/b\.txt"'):
        expect(re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[\d+\] " + line, text, re.M), f"not in sftp.log: {line}: {text}")
    seen = os.stat(f"{world.sites}/diary/logs/sftp.log")
    expect_equal((seen.st_uid, seen.st_gid, oct(seen.st_mode)), (0, uid, "0o100640"), "owner and mode of sftp.log")
    done = world.sftp("diary", password, "get /logs/sftp.log got\n")
    expect_equal(done.returncode, 0, f"reading it: {done.stderr}")
    for command in (f"put {local} /logs/sftp.log", "rm /logs/sftp.log", f"put {local} /dev/log", "rm /dev/log", f"put {local} /dev/x",
                    "ln /dev/log /www/log"):
        expect(world.sftp("diary", password, command + "\n").returncode != 0, f"{command} worked")


@test
def sftp_names_are_escaped(world):
    """A file name with a newline and control bytes is escaped in sftp.log: it starts no line."""
    _, password = world.new_site("scribe")
    # sftp's client cannot say it: the name is there already, and a removal names it.
    name = "x\n2026-01-01T00:00:00Z [1] forged\x1b[2J"
    path = f"{world.sites}/scribe/www/{name}"
    with open(path, "w"):
        pass
    os.chown(path, *os.stat(f"{world.sites}/scribe/www")[4:6])
    done = world.sftp("scribe", password, "rm x*\n")
    expect_equal(done.returncode, 0, f"rm: {done.stderr}")
    wait_for(5, "the removal in sftp.log", lambda: "remove name" in sftp_log(world, "scribe"))
    text = sftp_log(world, "scribe")
    expect("\x1b" not in text, "a control byte")
    expect(not re.search("^2026-01-01", text, re.M), f"a forged line: {text!r}")


@test
def sftp_log_of_another(world):
    """A process of another site reaches its own sftp.log alone, whatever it writes and whichever link it finds; that of a UID without a site goes nowhere."""
    uid, _ = world.new_site("honest")
    forger, _ = world.new_site("forger")
    text = "<38>Nov 24 21:45:00 internal-sftp[1]: session opened for local user honest from [203.0.113.9]"
    for path in (f"{world.sites}/.sftp-log", f"{world.sites}/forger/dev/log", f"{world.sites}/honest/dev/log"):
        done = send(path, text, forger)
        expect_equal(done.returncode, 0, f"sending to {path}: {done.stderr}")
        expect_equal(send(path, text, 46999).returncode, 0, "sending as a UID without a site")
    wait_for(5, "the forger's own log", lambda: sftp_log(world, "forger").count("user honest") == 3)
    expect("203.0.113.9" not in sftp_log(world, "honest"), "the honest site's log has the forger's line")


@test
def sftp_log_outlives_syncd(world):
    """A session that is open while heberg-syncd is killed and started again is logged on."""
    _, password = world.new_site("patient")
    opened = world.open_session("patient", password)
    in_tree, bound = f"{world.sites}/patient/dev/log", f"{world.sites}/.sftp-log"
    old = os.stat(bound).st_ino
    world.docker("kill", "--signal", "KILL", "heberg-syncd")
    opened.works()
    world.docker("start", "heberg-syncd")
    # The dead socket is one inode by both names, too.
    wait_for(10, "dev/log is the new socket", lambda: os.path.exists(bound) and os.stat(bound).st_ino != old
             and os.stat(in_tree).st_ino == os.stat(bound).st_ino)
    opened.process.stdin.write(b"mkdir after\n")
    wait_for(5, "what was done afterwards", lambda: 'mkdir name "/www/after"' in sftp_log(world, "patient"))


@test
def failed_logins(world):
    """A failed login is in heberg-sftp's own log, with its address, in a form that the shipped fail2ban filter reads; in syncd's too."""
    world.new_site("knocker")
    for name in ("knocker", "nobody-there", "x from 198.51.100.7 port 1 ssh2"):
        world.ssh(name, "wrong", ["true"])
    wait_for(5, "the failures in heberg-sftp's log", lambda: world.logs("heberg-sftp", world.since).count("Failed password") >= 3)
    wait_for(5, "the module's line in syncd's log", lambda: re.search(
        r"sftp: .*site knocker: authentication failure, from " + re.escape(k_sftp_address), world.syncd_log()))
    with open(world.docker("inspect", "-f", "{{.LogPath}}", "heberg-sftp")) as file:
        lines = [line for line in file if "Failed password" in line][-3:]
    expect(any("x from 198.51.100.7" in line for line in lines), f"the odd name: {lines}")
    with open(f"{k_source}/debian/fail2ban/heberg-sftp.conf") as file:
        shipped = file.read()
    world.made.append("fail2ban")
    world.docker("run", "-d", "--name", "fail2ban", "--network", "none", "heberg-e2e-pam")
    run(["docker", "exec", "-i", "fail2ban", "tee", "/etc/fail2ban/filter.d/heberg-sftp.conf"], input=shipped)
    run(["docker", "exec", "-i", "fail2ban", "tee", "/tmp/log"], input="".join(lines))
    done = run(["docker", "exec", "fail2ban", "fail2ban-regex", "-v", "/tmp/log", "heberg-sftp"])
    expect(re.search(r"Failregex: 3 total", done.stdout), f"fail2ban-regex: {done.stdout}{done.stderr}")
    expect_equal(set(re.findall(r"^\|\s+([0-9.]+)\s+\w+ \w+ \d+ ", done.stdout, re.M)), {k_sftp_address}, "whom it would ban")
