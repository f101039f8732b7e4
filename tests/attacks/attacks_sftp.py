# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a site's owner, or a stranger, does to the sshd that all sites share: its processes, its slots before login, its memory, the list of
sessions."""
import contextlib
import glob
import os
import re
import socket
import subprocess
import time

from attacks import attack, control, held
from framework import wait_for
from world import k_sftp_address, k_sftp_port, k_source, run

k_patience = 10  # seconds in which another site's owner logs in
k_limit = 20  # connections of a site: sessions= of deploy/images/sftp/pam-sshd
k_key_file_max = 64 * 1024


@contextlib.contextmanager
def addresses(*wanted):
    """Clients' own addresses (RFC 5737), on the lo of the tests' network."""
    for address in wanted:
        run(["ip", "address", "add", f"{address}/32", "dev", "lo"])
    try:
        yield wanted
    finally:
        for address in wanted:
            run(["ip", "address", "del", f"{address}/32", "dev", "lo"])


@contextlib.contextmanager
def sftp_with(world, file, path, change):
    """heberg-sftp with this file of deploy/images/sftp changed; as it was afterwards."""
    with open(f"{k_source}/deploy/images/sftp/{file}") as source:
        text = change(source.read())
    changed = f"{world.folder}/undefended-{file}"
    with open(changed, "w") as out:
        out.write(text)
    try:
        start_sftp(world, f"run_sftp --volume {changed}:{path}:ro")
        yield
    finally:
        start_sftp(world, "run_sftp")


def start_sftp(world, what):
    run(["docker", "rm", "-f", "heberg-sftp"])
    done = world.deploy(what)
    control(done.returncode == 0, f"{what}: {done.stderr}")
    wait_for(20, "sshd answers", lambda: "Permission denied" in world.ssh("nobody-there", "x", ["true"]).stderr)


def without_session_limit(world):
    return sftp_with(world, "pam-sshd", "/etc/pam.d/sshd", lambda text: text.replace(f" sessions={k_limit}", ""))


def with_few_slots(world):
    def change(text):
        text = re.sub(r"^MaxStartups .*$", "MaxStartups 10:30:40", text, flags=re.M)
        return re.sub(r"^PerSourceMaxStartups .*$", "PerSourceMaxStartups 20", text, flags=re.M)
    return sftp_with(world, "sshd-heberg.conf", "/etc/ssh/sshd_config.d/heberg.conf", change)


def with_owners_key_file(world):
    def change(text):
        text = re.sub(r"^AuthorizedKeysCommand.*$", "", text, flags=re.M)
        return re.sub(r"^(AuthorizedKeysFile .*)$", r"\1 /sites/%u/.ssh/authorized_keys", text, flags=re.M)
    return sftp_with(world, "sshd-heberg.conf", "/etc/ssh/sshd_config.d/heberg.conf", change)


def start_client(world, name, password, source, key=None):
    """An sftp from this address that stays connected while its standard input is open."""
    return subprocess.Popen(["sftp", "-o", f"BindAddress={source}", "-o", "LogLevel=INFO", *world._ssh_options(key), "-P", str(k_sftp_port), "-b", "-",
                             f"{name}@{k_sftp_address}"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            env=world._environment(password), cwd=world.folder, text=True)


def end_clients(clients):
    said = ""
    for client in clients:
        client.kill()
    for client in clients:
        said += client.communicate()[1]
    return said


def connections_of(uid):
    """sshd's processes of this UID that talk to a client: the children of a root's sshd."""
    count = 0
    for path in glob.glob("/proc/[0-9]*/status"):
        with contextlib.suppress(OSError):
            with open(path) as file:
                status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
            if not status["Name"].startswith("sshd") or status["Uid"].split()[0] != str(uid):
                continue
            with open(f"/proc/{status['PPid']}/status") as file:
                count += "\nUid:\t0\t" in file.read()
    return count


def logs_in(world, name, password):
    start = time.monotonic()
    return world.can_log_in(name, password) and time.monotonic() - start < k_patience


@attack("R01", undefended=without_session_limit)
def sessions_of_one_owner(world):
    """However many connections one owner opens, he has 20 at a time, and another site's owner logs in and opens 20 of his own."""
    uid, password = world.new_site("r01-at")
    victim_uid, victim_password = world.new_site("r01-va")
    control(logs_in(world, "r01-va", victim_password), "the other owner cannot log in before the attack")
    clients, sessions = [], []
    with addresses("192.0.2.11"):
        try:
            for _ in range(6):  # not more at a time than one address may have before login
                clients += [start_client(world, "r01-at", password, "192.0.2.11") for _ in range(8)]
                time.sleep(3)
            control(connections_of(uid) >= k_limit, f"{connections_of(uid)} connections of the attacker's: not the limit")
            seen = connections_of(uid)
            held(seen <= k_limit, f"one owner has {seen} connections open")
            for _ in range(3):
                held(logs_in(world, "r01-va", victim_password), "the other owner cannot log in within 10 s")
            sessions += [world.open_session("r01-va", victim_password) for _ in range(k_limit)]
            held(all(one.works() for one in sessions), "a session of the other owner's does not work")
            held(connections_of(victim_uid) == k_limit, lambda: f"the other owner has {connections_of(victim_uid)} connections")
        finally:
            said = end_clients(clients)
    held(f"r01-at has {k_limit} connections open" in said, f"who is refused is not told why: {said[:300]}")
    # The kernel takes the places back, however a connection ends.
    wait_for(k_patience, "the attacker's connections are gone", lambda: connections_of(uid) == 0)
    held(logs_in(world, "r01-at", password), "an owner who closed his connections cannot log in again")


@attack("R01b")
def one_owner_reconnects(world):
    """While one owner logs in again and again, as often as his address may, another logs in within 10 s."""
    _, password = world.new_site("r01b-at")
    _, victim_password = world.new_site("r01b-va")
    control(logs_in(world, "r01b-va", victim_password), "the other owner cannot log in before the attack")
    clients = []
    with addresses("192.0.2.11"):
        try:
            end = time.monotonic() + 15
            results = []
            while time.monotonic() < end:
                clients = [one for one in clients if one.poll() is None]
                clients += [start_client(world, "r01b-at", password, "192.0.2.11") for _ in range(24 - len(clients))]
                for one in clients:
                    with contextlib.suppress(OSError, ValueError):
                        one.stdin.close()
                results.append(logs_in(world, "r01b-va", victim_password))
            held(len(results) >= 2 and all(results), f"logins of the other owner: {results}")
        finally:
            for one in clients:
                one.kill()
                one.wait()


@attack("R02", undefended=with_few_slots)
def half_open_connections(world):
    """Two addresses that hold all the connections before login that they can leave the login of a third address as it is."""
    _, password = world.new_site("r02-va")
    control(all(logs_in(world, "r02-va", password) for _ in range(3)), "the owner cannot log in before the attack")
    open_ones = []
    with addresses("192.0.2.11", "192.0.2.12") as sources:
        try:
            for _ in range(40):
                for source in sources:
                    one = socket.socket()
                    one.bind((source, 0))
                    one.settimeout(2)
                    with contextlib.suppress(OSError):
                        one.connect((k_sftp_address, k_sftp_port))
                    open_ones.append(one)
            results = [logs_in(world, "r02-va", password) for _ in range(8)]
            held(all(results), f"{sum(results)} of 8 logins of a third address")
        finally:
            for one in open_ones:
                one.close()


def put_key_file(world, name, password, make):
    """As the owner can: what make(path) leaves as his .ssh/authorized_keys."""
    path = f"{world.sites}/{name}/.ssh/authorized_keys"
    if os.path.lexists(path):
        os.unlink(path)
    make(path)
    owner = os.stat(f"{world.sites}/{name}/.ssh")
    os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    if not os.path.islink(path):
        os.chmod(path, 0o600)


def write(text):
    def make(path):
        with open(path, "w") as file:
            file.write(text)
    return make


def largest_sshd():
    """MB of memory of the largest sshd of the machine, now."""
    most = 0
    for path in glob.glob("/proc/[0-9]*/status"):
        with contextlib.suppress(OSError):
            with open(path) as file:
                text = file.read()
            if re.match(r"Name:\t(sshd|authorized-key)", text):
                most = max(most, int((re.search(r"VmRSS:\s+(\d+)", text) or [0, 0])[1]) // 1024)
    return most


def is_logged(world, name, reason):
    """Whether the site's sftp.log says so, at once or a moment later."""
    end = time.monotonic() + 3
    while reason not in sftp_log(world, name) and time.monotonic() < end:
        time.sleep(0.05)
    return reason in sftp_log(world, name)


def sftp_log(world, name):
    with contextlib.suppress(FileNotFoundError):
        with open(f"{world.sites}/{name}/logs/sftp.log") as file:
            return file.read()
    return ""


@attack("R03", undefended=with_owners_key_file)
def endless_key_file(world):
    """A key file of any size costs sshd no memory when strangers try keys, and its owner is told that it is not used."""
    _, password = world.new_site("r03-at")
    _, victim_password = world.new_site("r03-va")
    key, public = world.make_key("r03")
    put_key_file(world, "r03-at", password, write(public))
    control(world.can_log_in("r03-at", key=key), "the owner's key does not open his account")
    put_key_file(world, "r03-at", password, lambda path: (write("")(path), os.truncate(path, 300 << 20)))
    strangers = [start_client(world, "r03-at", None, k_sftp_address, key) for _ in range(6)]
    most = 0
    try:
        end = time.monotonic() + 8
        while time.monotonic() < end and any(one.poll() is None for one in strangers):
            most = max(most, largest_sshd())
            time.sleep(0.02)
        held(most < 60, f"a stranger's attempt makes sshd {most} MB large")
        held(logs_in(world, "r03-va", victim_password), "another owner cannot log in within 10 s")
    finally:
        end_clients(strangers)
    held(is_logged(world, "r03-at", "authorized_keys is larger than 64 KB: no key of it is used"),
         lambda: f"not in the owner's sftp.log: {sftp_log(world, 'r03-at')[-300:]}")


@attack("R03b", short=True)
def key_files_that_are_none(world):
    """No link, fifo, option or line that an owner puts in the place of his keys opens an account, delays a login or is read by sshd as root."""
    name = "r03b-at"
    _, password = world.new_site(name)
    key, public = world.make_key("r03b")
    put_key_file(world, name, password, write("# mine\n\n" + public.replace("\n", " a comment\r\n")))
    control(world.can_log_in(name, key=key), "the owner's key, with a comment, does not open his account")
    other = f"{world.sites}/{name}/www/keys"
    write(public)(other)
    os.chmod(other, 0o600)
    rows = {
        "a link": (lambda path: os.symlink("../www/keys", path), "symbolic link"),
        "a fifo": (os.mkfifo, "not a regular file"),
        "an option": (write(f"cert-authority {public}"), "line 1, has an option that cannot be used here"),
        "a restriction": (write(f'from="203.0.113.1" {public}'), ""),
        "a long line": (write("#\n" + public.strip() + " " + "x" * 9000 + "\n"), "line 2, is longer than 8 KB"),
        "too much": (write("#" * k_key_file_max + "\n" + public), "larger than 64 KB"),
    }
    for what, (make, reason) in rows.items():
        put_key_file(world, name, password, make)
        start = time.monotonic()
        held(not world.can_log_in(name, key=key), f"{what} opens the account")
        held(time.monotonic() - start < 5, f"{what} delays a login by {time.monotonic() - start:.1f} s")
        held(is_logged(world, name, reason), lambda: f"{what}: {reason!r} is not in the owner's sftp.log: {sftp_log(world, name)[-300:]}")
    held(world.can_log_in(name, password), "the owner cannot log in with his password")


sessions_options = []


@contextlib.contextmanager
def without_the_engines_word(world):
    """hebergctl cannot ask where heberg-sftp's sshd is."""
    sessions_options.extend(["--env", "DOCKER_HOST=unix:///nonexistent"])
    try:
        yield
    finally:
        sessions_options.clear()


def list_sessions(world, name):
    done = run(["docker", "exec", *sessions_options, "heberg-syncd", "hebergctl", "sessions", name])
    return done.stdout


@attack("P04", undefended=without_the_engines_word)
def ghost_session(world):
    """A process in a site's container that calls itself sshd and has another site's UID is neither listed nor ended as a session of that site."""
    uid, password = world.new_site("p04-va")
    world.new_site("p04-ar")
    opened = world.open_session("p04-va", password)
    control(re.search(r"^p04-va ", list_sessions(world, "p04-va"), re.M), "a session that is open is not listed")
    ghost = ("d=$(mktemp -d) && chmod 755 $d && cp /bin/sleep $d/sshd && "
             f"exec setpriv --reuid {uid} --regid {uid} --clear-groups $d/sshd 300")
    world.docker("exec", "-d", "p04-ar", "sh", "-c", ghost)
    # A child of a root's sshd of its own, as a session's process is.
    world.docker("exec", "-d", "p04-ar", "sh", "-c", f"cp /bin/sh /tmp/sshd-session && exec /tmp/sshd-session -c '({ghost}); true'")

    def ghosts():
        return run(["docker", "exec", "p04-ar", "sh", "-c", "cat /proc/[0-9]*/comm | grep -cx sshd"]).stdout.strip()

    wait_for(5, "the attacker's processes", lambda: ghosts() == "2")
    listed = list_sessions(world, "p04-va")
    held(len(re.findall(r"^p04-va ", listed, re.M)) <= 2, f"processes of another container are listed: {listed}")
    run(["docker", "exec", "heberg-syncd", "hebergctl", "kick", "p04-va"])
    wait_for(5, "the session's end", opened.is_dead)
    held(ghosts() == "2", "a process of another container was ended")
    held(list_sessions(world, "p04-va").count("p04-va") == 0, lambda: f"a ghost is left: {list_sessions(world, 'p04-va')}")


k_instances = """
import ctypes, time
libc = ctypes.CDLL(None)
end = time.monotonic() + 60
said = False
while time.monotonic() < end:  # what another program gives back is taken, too
    while libc.inotify_init1(0) >= 0: pass
    if not said: print("full", flush=True)
    said = True
    time.sleep(0.001)
"""


@attack("R08b", timed=True)
def inotify_used_up(world):
    """With all of root's inotify instances in one container's hands a changed password holds within 5 s, also after syncd was started again,
    and syncd watches again when they are free."""
    _, _ = world.new_site("r08b-va")
    world.run_site("r08b-ar")
    world.write_password("r08b-va", "before the attack\n")
    control(wait_for(5, "a changed password", lambda: world.can_log_in("r08b-va", "before the attack")), "a changed password does not hold")
    taker = subprocess.Popen(["python3", "-c", k_instances], stdout=subprocess.PIPE, text=True)  # root of the host's, as root in a container is
    try:
        control(taker.stdout.readline() == "full\n", "the instances could not be used up")
        world.docker("restart", "heberg-syncd")
        world.write_password("r08b-va", "beside the attack\n")
        start = time.monotonic()
        while not world.can_log_in("r08b-va", "beside the attack"):
            held(time.monotonic() - start < 15, "a changed password does not hold")
        held("no inotify(7) instance" in world.syncd_log(), "syncd does not say that it polls")
    finally:
        taker.kill()
        taker.wait()
    wait_for(10, "syncd watches again", lambda: "inotify(7) works again" in world.syncd_log())
    world.write_password("r08b-va", "after the attack\n")
    held(wait_for(5, "a changed password", lambda: world.can_log_in("r08b-va", "after the attack")), "a changed password does not hold")
