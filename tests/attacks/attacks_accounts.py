# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accounts: who can log in, as whom, by what, and what a login tells."""
import os
import re
import statistics
import time

import parties
from attacks import attack, control, held
from framework import wait_for
from parties import hebergctl, logs_in
from world import run

k_prefix = "acc"


def time_login(world, name, password="wrong"):
    start = time.monotonic()
    run(["curl", "-s", "-m", "20", "--insecure", "-u", f"{name}:{password}", f"sftp://{parties.door.address}:{parties.door.port}/"])
    return time.monotonic() - start


@attack("A01", timed=True)
def timing(world):
    """How long a refused login takes does not tell whether the name exists: the medians of known and unknown names are within 15 per cent."""
    sites = parties.share(world, k_prefix)
    control(logs_in(world, sites.victim.name, sites.victim.password), "the victim's own login")
    known, unknown = [], []
    for number in range(9):
        known.append(time_login(world, sites.victim.name))
        unknown.append(time_login(world, f"acc-nobody{number}"))
    control(min(known + unknown) > 0.01, "a login takes time")
    ratio = statistics.median(known) / statistics.median(unknown)
    held(0.85 < ratio < 1.18, f"known {statistics.median(known):.3f} s, unknown {statistics.median(unknown):.3f} s")


@attack("A02", short=True)
def names_and_ids(world):
    """heberg's directory gives no id below 1000 and no system's name, root is the system's, and hashes are closed to all but root."""
    sites = parties.share(world, k_prefix)
    control(world.getent("passwd", sites.victim.name)[0] == 0, "the victim's account")
    for identifier in ("0", "1", "33", "99", "999", "65534", "4294967295", "-1"):
        held(world.getent("-s", "heberg", "passwd", identifier)[0] != 0, f"heberg has the id {identifier}")
    for name in ("root", "www-data", "sshd", "nobody", "..", "", "a/b", "x" * 300, "ROOT"):
        held(world.getent("-s", "heberg", "passwd", name)[0] != 0, f"heberg has the name {name!r}")
    for line in world.getent("-s", "heberg", "passwd")[1].splitlines():
        fields = line.split(":")
        held(len(fields) == 7 and int(fields[2]) >= 1000 and fields[2] == fields[3] and fields[5] == f"/sites/{fields[0]}", f"an odd account: {line}")
    held(world.getent("passwd", "root")[1].startswith("root:x:0:0:"), "root is not the system's")
    for uid in (sites.victim.uid, sites.made.uid, 33, 65534):
        code, said = world.getent("shadow", sites.victim.name, user=str(uid))
        held(code != 0 and "$" not in said, f"UID {uid} reads the hash: {said}")
        done = run(["docker", "exec", "--user", str(uid), "heberg-sftp", "sh", "-c", "cat /var/lib/heberg/directory/* 2>/dev/null | grep -ac '\\$y\\$'"])
        held(done.stdout.strip() == "0", f"UID {uid} reads hashes from the directory's files")


def kinds_of_password_files(world, site):
    """(what it is, function that makes it at path)."""
    def plain(path, mode, uid, text="pw-chosen\n"):
        with open(path, "w") as file:
            file.write(text)
        os.chown(path, uid, uid)
        os.chmod(path, mode)

    def linked(path):
        os.symlink(f"{world.folder}/foreign-password", path)

    def hard(path):
        plain(path + "2", 0o600, 0)
        os.link(path + "2", path)

    plain(f"{world.folder}/foreign-password", 0o600, 0)
    return (("a link", linked), ("a FIFO", lambda p: os.mkfifo(p, 0o600)), ("readable by all", lambda p: plain(p, 0o644, 0)), ("a hard link", hard),
            ("the owner's", lambda p: plain(p, 0o600, site.uid)), ("5 KB", lambda p: plain(p, 0o600, 0, "pw-chosen" * 600)), ("a folder", os.mkdir),
            ("writable by the group", lambda p: plain(p, 0o620, 0)), ("a NUL in it", lambda p: plain(p, 0o600, 0, "pw-chosen\0x\n")),
            ("a link to /dev/zero", lambda p: os.symlink("/dev/zero", p)), ("a device", lambda p: os.mknod(p, 0o600 | 0o020000, os.makedev(1, 5))))


def remove_all(path):
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)


@attack("A03")
def password_files(world):
    """A password file that is a link, FIFO, device or folder, has two names, is not root's alone or too long is refused, and holds nobody up."""
    site = parties.share(world, k_prefix).made
    world.write_password(site.name, "pw-control\n")
    wait_for(5, "the control's password", lambda: logs_in(world, site.name, "pw-control"))
    folder = f"{world.sites}/{site.name}/.heberg"
    path = f"{folder}/password"
    try:
        for what, make in kinds_of_password_files(world, site):
            remove_all(path)
            make(path)
            time.sleep(1.2)
            held(not logs_in(world, site.name, "pw-chosen"), f"{what} logs in")
            start = time.monotonic()
            control(hebergctl(world, "status").returncode == 0, "hebergctl status")
            held(time.monotonic() - start < 2, f"syncd is held up by {what}")
    finally:
        remove_all(path)
        remove_all(path + "2")
        world.write_password(site.name, site.password + "\n")
    wait_for(10, "its password again", lambda: logs_in(world, site.name, site.password))


@attack("A06")
def removed_and_returned(world):
    """A removed site's owner logs in by neither password nor key, nobody else has its UID, and it comes back with the same."""
    name = "acc-gone"
    uid, password = world.new_site(name)
    key, public = world.make_key(name)
    control(world.put(name, password, public, "/.ssh/authorized_keys").returncode == 0 and logs_in(world, name, key=key), "password and key log in")
    world.remove(name)
    world.wait_for_no_account(name, 12)
    held(not logs_in(world, name, password) and not logs_in(world, name, key=key), "a removed site's owner logged in")
    other, _ = world.new_site("acc-newer")
    held(other != uid, f"the UID {uid} went to another site")
    world.run_site(name)
    held(int(world.wait_for_account(name)[2]) == uid, "it came back with another UID")
    wait_for(10, "its key again", lambda: logs_in(world, name, key=key))


@attack("U01")
def spellings_of_a_name(world):
    """The victim's password logs in by the victim's name alone: upper case, dots, blanks, suffixes, tokens of sshd's and ids are no names."""
    sites = parties.share(world, k_prefix)
    name, password = sites.victim.name, sites.victim.password

    def gets_in(user):
        encoded = "".join(f"%{byte:02x}" for byte in user.encode())
        return run(["curl", "-s", "-m", "20", "--insecure", "-u", f":{password}", f"sftp://{encoded}@{parties.door.address}:{parties.door.port}/"],
                   ).returncode == 0 or logs_in(world, user, password)

    control(logs_in(world, name, password), "the victim's own login")
    # Not "NAME:x" and "NAME/x": sshd itself takes what follows for a style and a role, and the session is NAME's.
    for user in (name.upper(), name.capitalize(), name + ".", name + " ", " " + name, name + "@x", name + "\t", name + "\n", "./" + name, "%u", "%h", "%%u", str(sites.victim.uid), "#" + str(sites.victim.uid), name + "," + name, name + "x" * 300,
                 "х" + name[1:], name + "\x7f", "root", "*", ""):
        held(not gets_in(user), f"{user!r} logs in with the victim's password")


@attack("U02")
def odd_passwords(world):
    """No password but the whole one logs in: empty, cut, longer, with a newline, of control bytes or 30 KB, or the stored hash."""
    sites = parties.share(world, k_prefix)
    name, password = sites.victim.name, sites.victim.password

    def gets_in(word):
        escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        config = f'user = "{name}:{escaped}"\nurl = "sftp://{parties.door.address}:{parties.door.port}/www/config.php"\ninsecure\nsilent\nmax-time = 20\n'
        return parties.k_secret in run(["curl", "-K", "-"], input=config).stdout

    control(gets_in(password), "the victim's password by curl")
    hashed = world.getent("shadow", name)[1].split(":")[1]
    for word in ("", " ", password[:-1], password + "x", password + "\n", password + "\n" + password, "\n" + password, password.swapcase(), "x" * 30000,
                 password + "x" * 5000, hashed, "*", "!", "\x01\x02", password + "\x08"):
        held(not gets_in(word), f"{word[:40]!r} logs in")
    held(world.can_log_in(name, password), "the victim is locked out afterwards")
    held(password not in world.logs("heberg-sftp", world.since) + world.syncd_log(), "the password is in a log")


@attack("U03", short=True)
def certificates_of_a_site(world):
    """A certificate authority in a site's keys, the owner's or the sysadmin's, signs for that site alone, whatever principals a certificate names."""
    sites = parties.share(world, k_prefix)
    at, victim = sites.made, sites.victim
    authority, public = world.make_key("acc-authority")
    key, _ = world.make_key("acc-signed")
    names = f"{at.name},{victim.name},root,*"
    done = run(["ssh-keygen", "-q", "-s", authority, "-I", victim.name, "-n", names, key + ".pub"])
    control(done.returncode == 0, f"a certificate: {done.stderr}")
    control(world.put(at.name, at.password, "cert-authority " + public, "/.ssh/authorized_keys").returncode == 0, "the owner's keys")
    with open(f"{world.sites}/{at.name}/.heberg/authorized_keys", "w") as file:  # sshd itself reads this one, in any version
        file.write("cert-authority " + public)
    certificate = ["-o", f"CertificateFile={key}-cert.pub"]
    control(logs_in(world, at.name, key=key, options=certificate), "the certificate logs in to its own site")
    held(not logs_in(world, victim.name, key=key, options=certificate), "it logs in to the victim")
    held(not logs_in(world, "root", key=key, options=certificate), "it logs in as root")


@attack("U04")
def keys_of_others(world):
    """An owner's keys are read from the owner's own tree: a link, a folder or another's key in place of authorized_keys opens no other account."""
    sites = parties.share(world, k_prefix)
    at, victim = sites.made, sites.victim
    key, public = world.make_key("acc-of-the-victim")
    control(world.put(victim.name, victim.password, public, "/.ssh/authorized_keys").returncode == 0, "the victim's key")
    control(logs_in(world, victim.name, key=key), "it logs in to the victim's site")
    held(not logs_in(world, at.name, key=key), "it logs in to the attacker's")
    for target in (f"/sites/{victim.name}/.ssh/authorized_keys", f"../../{victim.name}/.ssh/authorized_keys", "/etc/passwd", "/dev/zero", "/proc/self/environ"):
        done = world.sftp(at.name, at.password, f"-rm /.ssh/authorized_keys\nln -s {target} /.ssh/authorized_keys\n")
        control(done.returncode == 0, f"the owner's link: {done.stderr}")
        start = time.monotonic()
        logs_in(world, at.name, key=key)
        held(time.monotonic() - start < 8, f"a login with keys that are a link to {target} took {time.monotonic() - start:.0f} s")
        held(logs_in(world, victim.name, victim.password), f"the victim does not log in beside a link to {target}")
    world.sftp(at.name, at.password, "-rm /.ssh/authorized_keys\n")


@attack("U05")
def system_accounts(world):
    """No account of the image's own logs in, with an empty, a usual or a site's password, or a key."""
    sites = parties.share(world, k_prefix)
    control(logs_in(world, sites.made.name, sites.made.password), "a site's login")
    key, _ = world.make_key("acc-system")
    for name in ("root", "www-data", "sshd", "nobody", "daemon", "backup", "sync"):
        for password in ("", name, sites.made.password):
            held(not logs_in(world, name, password), f"{name} logs in with {password!r}")
        held(not logs_in(world, name, key=key), f"{name} logs in with a key")


@attack("U06")
def names_for_hebergctl(world):
    """hebergctl takes no name that is a path, an option, a system's account or more than one line, with any verb, and makes nothing of it."""
    sites = parties.share(world, k_prefix)
    control(hebergctl(world, "reserve", "acc-reserved").returncode == 0, "a sound name")
    before = sorted(os.listdir(world.sites))
    for name in ("root", "www-data", "daemon", "..", ".", "../x", "a/b", "-rf", "--force", "A", "a b", "a\nb", "", "x" * 200, ".heberg", "a\x1b[2J", "é", "nobody"):
        for verb in (("create", "--host", "x.test"), ("reserve",), ("clone", sites.victim.name)):
            done = hebergctl(world, verb[0], *(verb[1:] if verb[0] == "clone" else ()), "--", name)
            held(done.returncode != 0, f"hebergctl {verb[0]} {name!r} works")
            held(not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", done.stdout + done.stderr), f"a control byte is printed for {name!r}")
    held(sorted(os.listdir(world.sites)) == before, f"made: {set(os.listdir(world.sites)) - set(before)}")
    hebergctl(world, "purge", "acc-reserved", "--tree", "--confirm", "acc-reserved")


@attack("U07", short=True, undefended=lambda world: parties.without_locks(world, "KbdInteractiveAuthentication yes"))
def login_without_pam(world):
    """Neither keyboard-interactive, host-based, GSSAPI nor "none" authentication is offered: passwords go through the one module."""
    sites = parties.share(world, k_prefix)
    done = parties.ssh(world, sites.victim.name, None, [], ["-v", "-o", "PreferredAuthentications=none,keyboard-interactive,hostbased,gssapi-with-mic",
                                                            "-o", "LogLevel=DEBUG1"])
    control("Authentications that can continue" in done.stderr, f"sshd says what it offers: {done.stderr[-300:]}")
    offered = set(re.findall(r"Authentications that can continue: (\S+)", done.stderr))
    held(offered == {"publickey,password"}, f"it offers {offered}")


@attack("U08")
def guesses_in_parallel(world):
    """Forty guesses at once neither let anybody in nor keep the victim out once they end."""
    sites = parties.share(world, k_prefix)
    control(logs_in(world, sites.victim.name, sites.victim.password), "the victim's own login")
    address = f"{parties.door.address}:{parties.door.port}"
    script = f'for i in $(seq 40); do curl -s -m 20 --insecure -u "{sites.victim.name}:guess$i" sftp://{address}/ >/dev/null && echo in & done; wait'
    done = run(["sh", "-c", script], timeout=120)
    held("in" not in done.stdout, "a guess logged in")
    start = time.monotonic()
    held(logs_in(world, sites.victim.name, sites.victim.password), "the victim does not log in afterwards")
    held(time.monotonic() - start < 5, f"the victim's login took {time.monotonic() - start:.1f} s")
