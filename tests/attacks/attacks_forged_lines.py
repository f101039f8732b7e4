# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lines that look like somebody else's, or like commands to a terminal, in the sites' logs and in heberg's."""
import contextlib
import glob
import os
import re
import time

import parties
from attacks import attack, control, held
from framework import wait_for
from parties import hebergctl, logs_in, php, sftp_wire, shell
from world import k_source, run

k_prefix = "fls"
k_control = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")  # but the newline, and the tab


def log_of(world, site, name):
    try:
        with open(f"{world.sites}/{site.name}/logs/{name}", "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


@attack("L01", short=True)
def names_of_files(world):
    """A file name with ESC, newline, CR, C1 or any byte is one line of sftp.log, without a control byte, and of its own site."""
    sites = parties.share(world, k_prefix)
    at = sites.made
    names = (b"l01-esc\x1b[2J", b"l01-nl\nopen \"/www/forged\" flags READ", b"l01-cr\rforged", b"l01-c1\xc2\x9b31m", b"l01-ff" + b"\xff" * 240, b"l01-bel\x07", b"l01-quote\" flags", b"l01-%s%n%1$s")
    with sftp_wire(world, at.name, at.password) as wire:
        control(wire.code(wire.mkdir, "/www/l01-control", 0) == 0, "mkdir")
        for name in names:
            wire.code(wire.mkdir, b"/www/" + name, 0)
    wait_for(5, "the last line", lambda: b"l01-%s" in log_of(world, at, "sftp.log"))
    written = log_of(world, at, "sftp.log")
    held(not k_control.search(written.replace(b"\r\n", b"\n")), f"a control byte: {k_control.findall(written)[:5]}")
    held(b"\xc2\x9b" not in written, "a C1 control character")
    lines = [line for line in written.splitlines() if b"l01-" in line]
    held(len(lines) == len(names) + 1 and not any(line.startswith(b"open ") for line in written.splitlines()), f"{len(lines)} lines for {len(names) + 1} folders")
    held(b"l01-" not in log_of(world, sites.victim, "sftp.log"), "a line in the victim's log")


@attack("L02", short=True)
def output_of_a_site(world):
    """What PHP writes to its standard error reaches a terminal escaped: hebergctl logs prints no control byte and no C1 character of it."""
    at = parties.share(world, k_prefix).made
    text = b"l02 X\x1b]0;pwned\x07\x0dY\xc2\x9b31m\x00\x08Z\x7f l02-end\n"
    parties.write(at, "l02", text)
    parties.write(at, "l02.php", "<?php file_put_contents('php://stderr', file_get_contents('/var/www/html/l02')); echo 'written';")
    wait_for(10, "PHP writes", lambda: world.fetch(at.host, "/l02.php") == (200, "written"))
    wait_for(10, "it is in the log", lambda: b"l02-end" in log_of(world, at, "error.log"))
    # To a program the lines are as they were written; to a terminal they must not be.
    shown = run(["docker", "exec", "-t", "heberg-syncd", "hebergctl", "logs", at.name, "--error"]).stdout.encode(errors="replace").replace(b"\r\n", b"\n")
    control(b"l02-end" in shown, f"hebergctl shows the line: {shown[-200:]!r}")
    held(not k_control.search(shown) and b"\xc2\x9b" not in shown, f"on a terminal: {shown[-200:]!r}")


@attack("L03")
def flood(world):
    """A site that floods its output delays the victim's lines by no more than three seconds."""
    sites = parties.share(world, k_prefix)
    control(parties.victim_is_well(world, sites.victim), "the victim is served")
    flooding = run(["docker", "exec", "-d", sites.root.container, "sh", "-c", "timeout 12 yes flood-of-the-attacker-0123456789 >/proc/1/fd/1"])
    control(flooding.returncode == 0, "the flood begins")
    time.sleep(2)
    for number in range(4):
        mark = f"l03-{number}-{time.time()}"
        world.fetch(sites.victim.host, f"/?{mark}")
        wait_for_line(world, sites.victim, mark, 3)
    control(log_of(world, sites.root, "access.log").count(b"flood-of") > 5000, "the flood is in the attacker's own log")
    held(b"flood-of" not in log_of(world, sites.victim, "access.log"), "the attacker's lines are in the victim's log")


def wait_for_line(world, site, mark, seconds):
    end = time.monotonic() + seconds
    while mark.encode() not in log_of(world, site, "access.log"):
        held(time.monotonic() < end, f"the line {mark} is not in {site.name}'s access.log after {seconds} s")
        time.sleep(0.05)


k_filter = {"lax": False}


@contextlib.contextmanager
def filter_without_ends(world):
    """The filter as many are: what follows an address is not looked at, and the first one counts."""
    k_filter["lax"] = True
    try:
        yield
    finally:
        k_filter["lax"] = False


@attack("L05", undefended=filter_without_ends)
def failures_for_fail2ban(world):
    """User names that look like sshd's own lines make fail2ban count the client's true address alone."""
    parties.share(world, k_prefix)
    names = ("x from 6.6.6.6 port 1 ssh2", "root from 6.6.6.6 port 22 ssh2\\n", "y\nFailed password for root from 6.6.6.6 port 22 ssh2", 'a","stream":"stderr","time":"2020-01-01T00:00:00Z"}',
             "invalid user z from 6.6.6.6 port 5 ssh2\r", "from <HOST>", "6.6.6.6")
    for name in names:
        logs_in(world, name, "wrong")
    wait_for(10, "the failures are logged", lambda: world.logs("heberg-sftp", world.since).count("Failed password") >= 4)
    with open(world.docker("inspect", "-f", "{{.LogPath}}", "heberg-sftp")) as file:
        lines = [line for line in file][-200:]
    with open(f"{k_source}/debian/fail2ban/heberg-sftp.conf") as file:
        shipped = file.read()
    if k_filter["lax"]:
        shipped = shipped.replace("%(_end)s", "").replace(".* from", ".*? from")
    world.made.append("fls-fail2ban")
    world.docker("run", "-d", "--name", "fls-fail2ban", "--network", "none", "heberg-e2e-pam")
    run(["docker", "exec", "-i", "fls-fail2ban", "tee", "/etc/fail2ban/filter.d/heberg-sftp.conf"], input=shipped)
    run(["docker", "exec", "-i", "fls-fail2ban", "tee", "/tmp/log"], input="".join(lines))
    done = run(["docker", "exec", "fls-fail2ban", "fail2ban-regex", "-v", "/tmp/log", "heberg-sftp"])
    counted = re.findall(r"^\|\s+([0-9a-f.:]+)\s+\w+ \w+ \d+ ", done.stdout, re.M)
    control(parties.door.address in counted, f"the true address is counted: {done.stdout[-400:]}")
    held("6.6.6.6" not in counted, f"it counts {set(counted)}")


k_requests = (b"GET /g01-esc\x1b[2J HTTP/1.1\r\nHost: HOST", b"GET /g01?a=\x01\x02 HTTP/1.1\r\nHost: HOST", b"GET /g01 HTTP/1.1\r\nHost: HOST\r\nUser-Agent: g01 \x1b]0;pwned\x07",
              b"GET /g01 HTTP/1.1\r\nHost: HOST\r\nUser-Agent: g01\" 200 5 \"-\" \"forged", b"GET /g01 HTTP/1.1\r\nHost: HOST\r\nReferer: g01\x0b\x0c\x7f\xc2\x9b31m",
              b"GET /g01%0aforged%0d HTTP/1.1\r\nHost: HOST", b"G\x1bET /g01 HTTP/1.1\r\nHost: HOST", b"GET /g01 HTTP/1.1\r\nHost: HOST\x1b[2J", b"GET /g01 HTTP/1.1\r\nHost: HOST\r\nUser-Agent: g01 \\x0aforged",
              b"GET /g01 HTTP/1.1\r\nHost: HOST\r\nAuthorization: Basic " + b"ZzAxChtbMko6eA==", b"GET /g01 HTTP/1.1\r\nHost: HOST\r\nX-Forwarded-For: g01\x1b[2J, 6.6.6.6")


@attack("G01", short=True)
def requests_in_logs(world):
    """A visitor's request, whatever bytes it has, is one line of the site's access.log and of nginx's, without a control byte."""
    sites = parties.share(world, k_prefix)
    victim = sites.victim
    control(parties.victim_is_well(world, victim), "the victim is served")
    for data in k_requests:
        parties.talk(data.replace(b"HOST", victim.host.encode()) + b"\r\nConnection: close\r\n\r\n", 2)
    mark = f"g01-last-{time.time()}"
    world.fetch(victim.host, f"/?{mark}")
    wait_for_line(world, victim, mark, 5)
    for what, text in (("access.log", log_of(world, victim, "access.log")), ("error.log", log_of(world, victim, "error.log")),
                       ("nginx's log", run(["docker", "logs", "--since", f"{world.since:.3f}", "heberg-proxy"]).stdout.encode(errors="replace"))):
        held(not k_control.search(text), f"{what}: {[line for line in text.splitlines() if k_control.search(line)][:2]}")
        held(not re.search(rb"^forged", text, re.M), f"{what} has a forged line")


@attack("G02")
def foreign_lines(world):
    """What a site writes stays in its own logs: names, labels, JSON and frames of other sites in it put no line into theirs or into syncd's."""
    sites = parties.share(world, k_prefix)
    at, victim = sites.root, sites.victim
    mark = f"g02-{time.time()}"
    texts = (f"site {victim.name}: {mark}", f'{{"log":"{mark}\\n","stream":"stdout","attrs":{{"heberg.site":"{victim.name}"}}}}', f"\x01\0\0\0\0\0\0\x08{mark}", f"\r\n{victim.name} {mark}",
             f"/sites/{victim.name}/logs/access.log: {mark}", f"<6>heberg-syncd: {mark}", f"{mark}\0{mark}")
    for number, text in enumerate(texts):
        parties.write(at, f"g02-{number}", text + "\n")
        control(shell(at, f"cat /var/www/html/g02-{number} >/proc/1/fd/1").returncode == 0, "it writes")
    wait_for(10, "its own log has them", lambda: log_of(world, at, "access.log").count(mark.encode()) >= len(texts))
    for name in ("access.log", "error.log", "sftp.log"):
        held(mark.encode() not in log_of(world, victim, name), f"the victim's {name} has one")
    held(mark not in world.syncd_log(), "syncd's own log has one")


@attack("G03", short=True)
def sender_of_sftp_lines(world):
    """A site's container has no way to heberg's log socket: neither /dev/log nor the tree's socket is in it, and links to it do not connect."""
    sites = parties.share(world, k_prefix)
    control(os.path.exists(f"{world.sites}/{sites.root.name}/dev/log"), "the tree's log socket")
    for site in (sites.root, sites.made):
        done = php(site, 'openlog("sshd", 0, LOG_AUTH); syslog(LOG_INFO, "g03-forged"); echo file_exists("/dev/log") ? "there" : "none";')
        held(done.stdout == "none", f"/dev/log in {site.name}: {done.stdout}")
        os.symlink("../dev/log", f"{site.www}/g03") if not os.path.lexists(f"{site.www}/g03") else None
        done = php(site, '$s = @stream_socket_client("udg:///var/www/html/g03", $e, $m, 1); echo $s ? "reached" : "no";')
        held(done.stdout == "no", f"{site.name} by a link: {done.stdout}")
    for path in glob.glob(f"{world.sites}/{k_prefix}-*/logs/sftp.log"):
        with open(path, "rb") as file:
            held(b"g03-forged" not in file.read(), f"{path} has the line")


@attack("G04")
def words_in_heberg_logs(world):
    """A container's name, image, labels and variables reach the daemons' logs and hebergctl's lists without a control byte and as one line."""
    parties.share(world, k_prefix)
    name = "fls-words"
    world.made.append(name)
    world.docker("create", "--name", name, "--label", "heberg.site=x\n\x1b[2Jforged", "--label", "heberg.proxy.virtual_host=\x1b]0;pwned\x07.test", "-e", "VIRTUAL_HOST=a\x1b[31m\nforged.test",
                 "-e", "NETWORK_ACCESS=\x9b31m", "-e", "MAX_BODY=1\rforged", "php:apache")
    world.docker("start", name)
    wait_for(10, "a daemon names it", lambda: name in world.syncd_log() + world.logs("heberg-proxy-render", world.since))
    shown = hebergctl(world, "list").stdout + hebergctl(world, "check").stdout + hebergctl(world, "status").stdout
    control(shown != "", "hebergctl prints")
    for what, text in (("syncd", world.syncd_log()), ("the renderer", world.logs("heberg-proxy-render", world.since)), ("hebergctl", shown)):
        held(not k_control.search(text.encode(errors="replace")), f"{what} prints a control byte")
        held(not re.search(r"^forged", text, re.M), f"{what} prints a forged line")


@attack("G05", short=True)
def long_and_partial_lines(world):
    """A line without an end, of 300 KB, or of bytes that are no text is bounded, and what follows it is a line of its own."""
    at = parties.share(world, k_prefix).root
    mark = f"g05-{time.time()}"
    parties.write(at, "g05", b"A" * 300_000 + b"\xff\xfe\x00" * 1000 + f"\n{mark}\n".encode())
    control(shell(at, "cat /var/www/html/g05 >/proc/1/fd/1").returncode == 0, "it writes")
    wait_for(15, "the line that follows", lambda: f"\n{mark}\n".encode() in log_of(world, at, "access.log"))
    longest = max(len(line) for line in log_of(world, at, "access.log").splitlines())
    held(longest <= 400_000, f"a line of {longest} bytes")
    held(hebergctl(world, "logs", at.name).returncode == 0, "hebergctl logs")
