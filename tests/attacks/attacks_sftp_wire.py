# SPDX-License-Identifier: LGPL-2.1-or-later
"""The SFTP protocol, packet by packet: what no client of OpenSSH's would send."""
import contextlib
import os
import stat
import struct
import time

import parties
from attacks import attack, control, held
from parties import logs_in, sftp_wire

k_prefix = "wire"


def without_chroot(world):
    return parties.without_locks(world, "ChrootDirectory")


def www_of(site):
    """Its www as a session sees it: below the chroot, or where that is taken away."""
    return "/www" if parties.door.config != parties.k_lax_config else f"/sites/{site.name}/www"


def open_wire(world):
    at = parties.share(world, k_prefix).made
    return at, sftp_wire(world, at.name, at.password)


@attack("S01", short=True, undefended=without_chroot)
def paths(world):
    """No spelling of a path leads out of the tree: dots, doubled slashes, a NUL, /proc, what the engine's host or heberg-sftp have."""
    sites = parties.share(world, k_prefix)
    parties.write(sites.made, "own", "own content")
    at, wire = open_wire(world)
    with wire:
        control(wire.content(f"{www_of(at)}/own") == b"own content", "its own file")
        outside = (f"/sites/{sites.victim.name}/www/config.php", "/etc/passwd", "/proc/self/environ", "/var/lib/heberg/directory/accounts.cdb", "/etc/ssh/host_keys/ssh_host_ed25519_key",
                   "/dev/null", "/proc/1/root/etc/passwd")
        for path in outside:
            for spelling in (path, "../../../../../.." + path, "/www/../.." + path, "/./" + path, "//" + path, "/www//..//.." + path, path + "/.", "/www/./../../../" + path.lstrip("/"),
                             "~" + path, "\\..\\.." + path.replace("/", "\\")):
                held(wire.content(spelling) is None, f"open {spelling!r} works")
                held(wire.ask(wire.stat, spelling)[0] == wire.status, f"stat {spelling!r} answers")
        for path in ("/..", "../../..", "/www/../../../..", "/../../sites"):
            answer, body = wire.ask(wire.realpath, path)
            held(answer == wire.status or wire.strings(body[4:])[0] in (b"/", b"/sites"), f"realpath {path!r}: {body!r}")
        names = set(wire.names("/..") or [])
        held(names == {b".", b"..", b"www", b"logs", b".ssh", b".heberg", b"dev"}, f"/.. holds {names}")
    for spelling in ("/www/\0/../../etc/passwd", "/etc/passwd\0.php", "\0"):  # sshd ends a session that sends one
        at, wire = open_wire(world)
        with wire, contextlib.suppress(EOFError):
            held(wire.content(spelling) is None, f"open {spelling!r} works")


@attack("S02", short=True, undefended=without_chroot)
def links_by_wire(world):
    """Links made by the protocol's own packets, absolute, relative and over two steps, are followed inside the tree alone."""
    sites = parties.share(world, k_prefix)
    at, wire = open_wire(world)
    www = www_of(at)
    parties.write(at, "own", "own content")
    with wire:
        control(wire.code(wire.symlink, "own", f"{www}/good") == 0 and wire.content(f"{www}/good") == b"own content", "a link to an own file")
        victim = f"/sites/{sites.victim.name}/www/config.php"
        for number, target in enumerate((victim, "../.." + victim, "../../../../../etc/passwd", "/etc/passwd", "/proc/self/root/etc/passwd", "/proc/self/cwd/../../etc/passwd")):
            link = f"{www}/out{number}"
            wire.code(wire.symlink, target, link)
            held(wire.content(link) is None, f"a link to {target} is followed")
            wire.code(wire.symlink, f"out{number}", f"{www}/twice{number}")
            held(wire.content(f"{www}/twice{number}") is None, f"two links to {target} are followed")
        wire.code(wire.symlink, "..", f"{www}/up")
        held(wire.content(f"{www}/up/up/up/etc/passwd") is None and wire.content(f"{www}/up/../etc/passwd") is None, "a link to .. leads out")


@attack("S03", short=True)
def hard_links_and_renames(world):
    """No hardlink or posix-rename packet moves or joins what is root's: password, keys, logs, the log socket, the folders."""
    at, wire = open_wire(world)
    parties.write(at, "own", "own")
    top = f"{world.sites}/{at.name}"
    before = {name: os.lstat(f"{top}/{name}").st_ino for name in ("www", "logs", ".ssh", ".heberg", ".heberg/password", "dev", "dev/log")}
    with wire:
        for name in (b"hardlink@openssh.com", b"posix-rename@openssh.com"):
            control(name in wire.extensions, f"the server has {name}")
        control(wire.code(wire.extended, "hardlink@openssh.com", "/www/own", "/www/own2") == 0, "a hard link of an own file")
        for name in before:
            for kind in ("hardlink@openssh.com", "posix-rename@openssh.com"):
                code = wire.code(wire.extended, kind, "/" + name, "/www/" + name.replace("/", "-"))
                held(code != 0, f"{kind} /{name}")
                held(wire.code(wire.extended, kind, "/www/own", "/" + name) != 0, f"{kind} onto /{name}")
            held(wire.code(wire.rename, "/" + name, "/www/r") != 0, f"rename /{name}")
        for name in ("/x", "/logs/x", "/.heberg/authorized_keys", "/dev/x"):
            held(wire.code(wire.extended, "posix-rename@openssh.com", "/www/own", name) != 0, f"posix-rename to {name}")
    held({name: os.lstat(f"{top}/{name}").st_ino for name in before} == before, "the tree has changed")


@attack("S04", short=True, undefended=lambda world: parties.without_locks(world, "ForceCommand internal-sftp -d /www -u 0022"))
def names_of_ids(world):
    """No id becomes a name for a client: users-groups-by-id is not offered and not answered, long listings show numbers."""
    sites = parties.share(world, k_prefix)
    at, wire = open_wire(world)
    with wire:
        control(b"statvfs@openssh.com" in wire.extensions, "extensions are offered")
        held(b"users-groups-by-id@openssh.com" not in wire.extensions, "users-groups-by-id is offered")
        ids = struct.pack(">" + "I" * 3, 0, sites.victim.uid, at.uid)
        answer, body = wire.ask(wire.extended, "users-groups-by-id@openssh.com", ids, ids)
        held(answer == wire.status and sites.victim.name.encode() not in body and b"root" not in body, f"it answers {body!r}")


@attack("S05", short=True)
def homes_of_others(world):
    """expand-path and home-directory tell no other site's home, nor whether a name exists."""
    sites = parties.share(world, k_prefix)
    at, wire = open_wire(world)
    with wire:
        control(wire.ask(wire.realpath, ".")[0] == wire.name, "realpath")
        answers = []
        for name in (sites.victim.name, "nobody-there-at-all", "root", "www-data"):
            for kind, argument in (("expand-path@openssh.com", "~" + name), ("expand-path@openssh.com", f"~{name}/www/config.php"), ("home-directory", name)):
                answer, body = wire.ask(wire.extended, kind, argument)
                held(b"/sites" not in body and b"/root" not in body and b"/var/www" not in body, f"{kind} {argument}: {body!r}")
                answers.append((kind, argument.startswith("~") and "/" in argument, answer, body.replace(name.encode(), b"NAME")))
        for kind, deep in {(kind, deep) for kind, deep, _, _ in answers}:
            held(len({(a, b) for k, d, a, b in answers if (k, d) == (kind, deep)}) == 1, f"{kind} answers known and unknown names differently")


@attack("S06", short=True)
def attributes(world):
    """setstat, fsetstat and lsetstat give no file to another user, and change nothing of what is root's."""
    sites = parties.share(world, k_prefix)
    at, wire = open_wire(world)
    parties.write(at, "mine", "mine")
    top = f"{world.sites}/{at.name}"
    watched = ("", "logs", ".heberg", ".heberg/password", "dev", "www/mine")
    with wire:
        control(wire.code(wire.setstat, "/www/mine", 4, 0o600) == 0, "chmod of an own file")
        before = {name: os.lstat(f"{top}/{name}")[:6] for name in watched}
        answer, body = wire.ask(wire.open_, "/www/mine", 3, 0)
        handle = wire.strings(body)[0]
        for uid in (0, sites.victim.uid, 33, 0xFFFFFFFE):
            held(wire.code(wire.setstat, "/www/mine", 2, uid, uid) != 0, f"setstat to {uid}")
            held(wire.code(wire.fsetstat, handle, 2, uid, uid) != 0, f"fsetstat to {uid}")
            held(wire.code(wire.extended, "lsetstat@openssh.com", "/www/mine", 2, uid, uid) != 0, f"lsetstat to {uid}")
            held(wire.code(wire.setstat, "/www/mine", 2, at.uid, uid) != 0, f"setstat of the group to {uid}")
        for path in ("/", "/logs", "/.heberg", "/.heberg/password", "/dev", "/dev/log"):
            for fields in ((4, 0o777), (1, ("Q", 0)), (8, 1, 1)):
                held(wire.code(wire.setstat, path, *fields) != 0, f"setstat {path} {fields}")
                held(wire.code(wire.extended, "lsetstat@openssh.com", path, *fields) != 0, f"lsetstat {path} {fields}")
        held({name: os.lstat(f"{top}/{name}")[:6] for name in watched} == before, "owners or modes have changed")


@attack("S07")
def broken_packets(world):
    """A packet that is too long, empty, cut short, of no known type, or sent before the first one ends its own session at most; the victim logs in."""
    sites = parties.share(world, k_prefix)
    at = sites.made
    control(logs_in(world, at.name, at.password), "the owner's own sftp")
    for raw in (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff" + b"A" * 70000, b"\0\4\0\1" + b"\x05" * 300000, b"\0\0\0\0" * 50, b"\0\0\0\1\x03", b"\0\0\0\5\xc9\0\0\0\1",
                b"\0\0\0\x0d\x03\0\0\0\1\xff\xff\xff\xff\0\0\0\0", b"\0\0\0\5\x01\0\0\0\x06" * 30, b"\0\0\0\x0d\xc8\0\0\0\1\x80\0\0\0abcd"):
        with contextlib.suppress(OSError, EOFError), sftp_wire(world, at.name, at.password) as wire:
            wire.send_raw(raw)
            wire.receive(0.3)
    held(logs_in(world, sites.victim.name, sites.victim.password), "the victim does not log in")
    held("segfault" not in world.logs("heberg-sftp", world.since), "sshd crashed")


@attack("S08")
def handles(world):
    """A made-up, old or foreign handle reads nothing, and a session that opens without end is refused before it harms the others."""
    sites = parties.share(world, k_prefix)
    at, wire = open_wire(world)
    parties.write(at, "many", "many")
    with wire:
        answer, body = wire.ask(wire.open_, "/www/many", 1, 0)
        control(answer == wire.handle, "an own file opens")
        own = wire.strings(body)[0]
        for made_up in (b"\0\0\0\1", b"\0\0\0\xff", b"\xff\xff\xff\xff", b"", b"x" * 300, b"\x7f\xff\xff\xff", own + b"\0"):
            held(made_up == own or wire.code(wire.read, made_up, ("Q", 0), 100) not in (None, 0), f"the handle {made_up!r} reads")
        held(wire.code(wire.read, own, ("Q", (1 << 64) - 1), 100) not in (None, 0), "a read at offset -1")
        wire.code(wire.close_, own)
        held(wire.code(wire.read, own, ("Q", 0), 100) not in (None, 0), "a closed handle reads")
        opened = 0
        while opened < 3000 and wire.ask(wire.open_, "/www/many", 1, 0)[0] == wire.handle:
            opened += 1
        held(logs_in(world, sites.victim.name, sites.victim.password), f"the victim does not log in beside {opened} open handles")


@attack("S09", short=True)
def reads_of_what_is_roots(world):
    """The owner reads neither the password's file nor another's through any of open, readlink, statvfs or a listing, and writes none of root's."""
    at, wire = open_wire(world)
    with wire:
        control(wire.content("/logs/access.log") is not None or wire.names("/logs") is not None, "its own logs")
        for path in ("/.heberg/password", "/.heberg/password.new", "/dev/log"):
            held(wire.content(path) is None, f"{path} is read")
        for path in ("/.heberg/authorized_keys", "/.heberg/x", "/logs/access.log", "/logs/x", "/x", "/dev/x"):
            for flags in (2, 0xA, 0x1A, 6):
                held(wire.ask(wire.open_, path, flags, 0)[0] == wire.status, f"{path} opens for writing ({flags:#x})")
        for path in ("/x", "/logs/x", "/.heberg/x", "/dev/x"):
            held(wire.code(wire.mkdir, path, 0) != 0, f"mkdir {path}")
        for path in ("/www", "/.ssh", "/logs", "/dev"):
            held(wire.code(wire.rmdir, path) != 0, f"rmdir {path}")


@attack("S10", short=True)
def special_files_by_wire(world):
    """SFTP makes no device, no FIFO and no set-id file of another user: a mode of the open packet gives permission bits alone."""
    at, wire = open_wire(world)
    with wire:
        for number, mode in enumerate((0o020666, 0o060666, 0o010666, 0o140777, 0o120777, 0o106777)):
            answer, body = wire.ask(wire.open_, f"/www/special{number}", 0x1A, 4, mode)
            control(answer == wire.handle, f"a file opens with mode {mode:o}")
            seen = os.lstat(f"{at.www}/special{number}")
            held(stat.S_ISREG(seen.st_mode) and (seen.st_uid, seen.st_gid) == (at.uid, at.uid), f"mode {mode:o} made {seen.st_mode:o} of {seen.st_uid}")


@attack("S11")
def slow_and_silent_sessions(world):
    """Twenty sessions that ask and never read the answer hold nobody up: the victim logs in within five seconds and uploads."""
    sites = parties.share(world, k_prefix)
    at = sites.made
    parties.write(at, "large", b"x" * 4_000_000)
    with contextlib.ExitStack() as stack:
        wires = []
        for _ in range(20):
            try:
                wires.append(stack.enter_context(sftp_wire(world, at.name, at.password)))
            except (EOFError, OSError):
                break  # a limit of sessions
        control(len(wires) >= 1, "one session of the attacker's")
        for wire in wires:
            with contextlib.suppress(OSError):
                answer, body = wire.ask(wire.open_, "/www/large", 1, 0)
                handle = wire.strings(body)[0]
                for number in range(60):
                    wire.send(struct.pack(">BI", wire.read, number) + wire.pack([handle, ("Q", 0), 32768]))
        start = time.monotonic()
        done = world.put(sites.victim.name, sites.victim.password, "uploaded", "/www/uploaded")
        took = time.monotonic() - start
        held(done.returncode == 0 and took < 5, f"the victim's upload: {done.stderr!r} after {took:.1f} s beside {len(wires)} sessions")


@attack("S12")
def one_login_many_channels(world):
    """One connection opens a bounded number of sessions, and none of them is another's."""
    sites = parties.share(world, k_prefix)
    at = sites.made
    path = f"{world.folder}/mux-{os.getpid()}"
    first = parties.ssh(world, at.name, at.password, [], ["-M", "-S", path, "-f", "-N"])
    control(first.returncode == 0, f"one connection to share: {first.stderr}")
    try:
        done = parties.ssh(world, at.name, None, ["id"], ["-S", path])
        held(done.stdout in ("", "This service allows sftp connections only.\n"), f"a command over it: {done.stdout!r}")
        done = parties.ssh(world, sites.victim.name, None, ["id"], ["-S", path])
        held("uid=" not in done.stdout, "a command as the victim")
        held(logs_in(world, sites.victim.name, sites.victim.password), "the victim does not log in")
    finally:
        parties.run(["ssh", "-S", path, "-O", "exit", "x"])
