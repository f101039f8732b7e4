# SPDX-License-Identifier: LGPL-2.1-or-later
"""An owner's session: commands, terminals, forwarding, and life beyond the account."""
import os
import re
import subprocess
import time

import parties
from attacks import attack, control, held
from framework import wait_for
from parties import hebergctl, logs_in, shell
from world import run

k_refusal = "This service allows sftp connections only.\n"
k_prefix = "ses"


def with_commands(world):
    return parties.without_locks(world, "ForceCommand", "PermitTTY yes")


def with_forwarding(world):
    return parties.without_locks(world, "DisableForwarding no", "AllowTcpForwarding yes", "AllowStreamLocalForwarding yes")


@attack("P01", undefended=with_commands)
def commands(world):
    """The owner gets no shell, command, terminal or subsystem but sftp."""
    at = parties.share(world, k_prefix).made
    control(logs_in(world, at.name, at.password), "the owner's own sftp")
    for arguments, options in ((["id"], []), ([], []), (["id"], ["-tt"]), (["/bin/sh", "-c", "id"], []), (["scp -t /www"], []), (["scp -f /www"], []),
                               (["rsync --server --sender . /"], []), (["/usr/lib/openssh/sftp-server"], []), (["id; id"], []), (["$(id)"], []),
                               (["internal-sftp -d / -e"], []), (["netconf"], ["-s"]), (["sftp -h"], ["-s"])):
        done = parties.ssh(world, at.name, at.password, arguments, [*options, "-o", "LogLevel=INFO"])
        answered = done.stdout in ("", k_refusal) and "uid=" not in done.stdout + done.stderr
        refused = "-tt" not in options or "PTY allocation request failed" in done.stderr
        named = arguments == [] or done.stdout == k_refusal or "-tt" in options or "subsystem request failed" in done.stderr
        held(answered and refused and named, f"ssh {options} {arguments}: {done.stdout!r} {done.stderr!r}")


@attack("P02", undefended=with_forwarding)
def forwarding(world):
    """The owner forwards nothing through sshd: no port, socket, tunnel or agent, in either direction."""
    at = parties.share(world, k_prefix).made
    control(logs_in(world, at.name, at.password), "the owner's own sftp")
    for target in ("127.0.0.1:22", "127.0.0.1:2299", f"{parties.address_of(world, at.container)}:80", "169.254.169.254:80"):
        done = parties.ssh(world, at.name, at.password, [], ["-W", target, "-o", "LogLevel=INFO"])
        held("prohibited" in done.stderr and "SSH-" not in done.stdout, f"-W {target}: {done.stdout!r} {done.stderr!r}")
    for words in (["-R", "18081:127.0.0.1:80"], ["-R", "0:127.0.0.1:80"], ["-R", f"/www/forward.sock:{world.folder}/x"], ["-R", "18082"], ["-w", "0:0"]):
        done = parties.ssh(world, at.name, at.password, [], ["-N", *words, "-o", "ExitOnForwardFailure=yes", "-o", "LogLevel=INFO"])
        held(done.returncode != 0 and "failed" in done.stderr, f"{words}: {done.stderr!r}")
    held(not os.path.exists(f"{at.www}/forward.sock"), "a socket was made")


def count_sessions(world, uid):
    done = run(["docker", "exec", "heberg-sftp", "sh", "-c", "for p in /proc/[0-9]*; do stat -c %u $p; done 2>/dev/null"])
    return done.stdout.split().count(str(uid))


@attack("P03")
def locked_in_a_loop(world):
    """After lock no session of the site lives on, and none is opened, though its owner reconnects all the time, by key and by password."""
    at = parties.share(world, k_prefix).made
    key, public = world.make_key("ses-loop")
    control(world.put(at.name, at.password, public, "/.ssh/authorized_keys").returncode == 0, "the owner's key")
    opened = [world.open_session(at.name, at.password) for _ in range(3)]
    control(count_sessions(world, at.uid) >= 3, "three sessions are open")
    options = world._ssh_options(key)
    loop = subprocess.Popen(["sh", "-c", 'while :; do sftp "$@" -b /dev/null >/dev/null 2>&1; done', "loop", *options, "-P", str(parties.door.port),
                             f"{at.name}@{parties.door.address}"], env=world._environment(None), stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        control(hebergctl(world, "lock", at.name).returncode == 0, "hebergctl lock")
        time.sleep(6)
        held(count_sessions(world, at.uid) == 0, lambda: f"{count_sessions(world, at.uid)} processes of the site after 6 s")
        held(all(session.is_dead() for session in opened), "a session that was open still answers")
        held(not logs_in(world, at.name, at.password) and not logs_in(world, at.name, key=key), "a locked site's owner logged in")
    finally:
        run(["pkill", "-g", str(loop.pid)])
        loop.wait()
        hebergctl(world, "unlock", at.name)
    wait_for(10, "unlocked, it logs in again", lambda: logs_in(world, at.name, at.password))


@attack("P30")
def own_key_options(world):
    """No option of the owner's own keys gives more than sftp: no command, environment, forwarding, and no tunnel."""
    at = parties.share(world, k_prefix).made
    key, public = world.make_key("ses-options")
    words = 'command="/bin/sh -c id",environment="LD_PRELOAD=/www/x.so",restrict,pty,port-forwarding,permitlisten="*:*",tunnel="0",user-rc,no-touch-required '
    control(world.put(at.name, at.password, words + public, "/.ssh/authorized_keys").returncode == 0, "the owner's key")
    control(logs_in(world, at.name, key=key), "the key logs in")
    done = parties.ssh(world, at.name, None, ["id"], ["-o", "LogLevel=INFO"], key=key)
    held(done.stdout == k_refusal, f"the answer to a command: {done.stdout!r}")
    done = parties.ssh(world, at.name, None, [], ["-W", "127.0.0.1:22", "-o", "LogLevel=INFO"], key=key)
    held("prohibited" in done.stderr, f"-W by the key: {done.stderr!r}")


@attack("P31", short=True, undefended=lambda world: parties.without_locks(world, "PermitUserEnvironment yes", "AcceptEnv *"))
def environment(world):
    """sshd takes no variable from a client but the locale's, and none from the owner's files."""
    at = parties.share(world, k_prefix).made
    options = [x for word in ("LD_PRELOAD=/www/x.so", "LC_ALL=../../www", "GLIBC_TUNABLES=x", "HOME=/") for x in ("-o", f"SetEnv={word}")]
    control(logs_in(world, at.name, at.password, options=options), "a session with variables opens")
    # internal-sftp runs in sshd's own process: what it was given cannot be seen from outside, what sshd takes can.
    settings = world.docker("exec", "heberg-sftp", "/usr/sbin/sshd", "-T", "-f", parties.door.config, "-C", f"user={at.name},host=x,addr=192.0.2.9")
    accepted = set(re.findall(r"^acceptenv (.+)$", settings, re.M))
    held(accepted <= {"LANG", "LC_*"} and "\npermituserenvironment no" in settings and "\npermituserrc no" in settings, f"it takes {accepted}")


@attack("P32", short=True)
def signals_from_a_container(world):
    """root in a container sees and signals its own processes alone: no other site's, no sshd's, no nginx's."""
    sites = parties.share(world, k_prefix)
    control(shell(sites.root, "kill -0 1").stdout == "" and shell(sites.root, "kill -0 1").returncode == 0, "it reaches its own PID 1")
    done = shell(sites.root, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    control("apache2" in done.stdout, "it sees its own Apache")
    held(not any(word in done.stdout for word in ("sshd", "nginx", "heberg", "dockerd")), f"it sees {done.stdout!r}")
    reached = shell(sites.root, "n=0; for p in $(seq 1 40000); do kill -0 $p 2>/dev/null && [ ! -d /proc/$p ] && n=$((n+1)); done; echo $n")
    held(reached.stdout.strip() == "0", f"it reaches {reached.stdout.strip()} processes that it does not see")


@attack("P33", short=True)
def others_roots(world):
    """No process of a container is a way to another root: /proc/PID/root, cwd and fd of all that it sees lead to its own files."""
    sites = parties.share(world, k_prefix)
    control("www-data" in shell(sites.root, "cat /proc/1/root/etc/passwd").stdout, "its own root by /proc")
    seen = shell(sites.root, "for p in /proc/[0-9]*; do ls $p/root/ 2>/dev/null; cat $p/mountinfo 2>/dev/null; done | sort -u").stdout
    held(sites.victim.name not in seen, "the victim's name is in its mounts")
    inside = shell(sites.root, "find / -xdev -name config.php -o -xdev -name docker.sock -o -xdev -name accounts.cdb 2>/dev/null").stdout
    held(inside == "", f"it found {inside!r}")


@attack("P34")
def ghost_of_an_old_account(world):
    """A session that was opened before the site's container went is dead in ten seconds, also in the middle of an upload."""
    name = "ses-ghost"
    world.new_site(name)
    password = world.password(name)
    with parties.sftp_wire(world, name, password) as wire:
        answer, body = wire.ask(wire.open_, "/www/endless", 0x1A, 0)
        control(answer == wire.handle, "a file is open for writing")
        handle = wire.strings(body)[0]
        world.remove(name)
        end = time.monotonic() + 12
        dead = False
        while time.monotonic() < end and not dead:
            try:
                wire.ask(wire.write_, handle, ("Q", 0), b"x" * 1000)
                time.sleep(0.1)
            except (EOFError, OSError):
                dead = True
    held(dead, "it still writes after 12 s")
