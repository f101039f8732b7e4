# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who gets in: the password's file, the two files of keys, the lock."""
import os
import re

from framework import expect, expect_equal, test, timed, wait_for
from world import k_containers, run


def hash_of(password):
    return run(["openssl", "passwd", "-6", "-stdin"], input=password + "\n").stdout.strip()


def wait_for_login(world, name, password):
    """Logins take a while themselves; that the hash changes within a second is a test of its own."""
    wait_for(5, "the new password holds", lambda: world.can_log_in(name, password))


@test
def wrong_password(world):
    """A wrong password, an empty one, another site's, an unknown name, root and the system's users do not get in."""
    _, password = world.new_site("right")
    _, other = world.new_site("wrong")
    expect(world.can_log_in("right", password), "the right password does not hold")
    for name, tried in (("right", "x"), ("right", ""), ("right", other), ("right", password + " "), ("right", password[:-1]),
                        ("nosite", password), ("root", password), ("www-data", password), ("sshd", password), ("nobody", password)):
        expect(not world.can_log_in(name, tried), f"{name} got in with {tried!r}")


def published(world):
    with open(f"{world.state}/directory/shadow.cdb", "rb") as file:
        return file.read()


@timed
def changed_password(world):
    """A password changed in the file holds within a second, and the old one no more."""
    _, old = world.new_site("change")
    before = published(world)
    world.write_password("change", "a new one, with blanks: é$:\n")
    wait_for(1, "another hash is published", lambda: published(world) != before)
    expect(world.can_log_in("change", "a new one, with blanks: é$:"), "the new password does not hold")
    expect(not world.can_log_in("change", old), "the old password still holds")


@test
def hash_in_file(world):
    """A crypt(5) hash in the file is taken as it is."""
    world.new_site("hashed")
    text = hash_of("spelled out")
    world.write_password("hashed", text + "\n")
    wait_for_login(world, "hashed", "spelled out")
    expect(f"hashed:{text}:" in world.getent("shadow", "hashed")[1], "the hash is another one")
    expect(not world.can_log_in("hashed", text), "the hash itself got in")


@test
def empty_password(world):
    """An empty file turns password login off; keys still work."""
    _, old = world.new_site("empty")
    key, public = world.make_key("empty")
    with open(f"{world.sites}/empty/.heberg/authorized_keys", "w") as file:
        file.write(public)
    world.write_password("empty", "")
    wait_for(5, "password login is off", lambda: not world.can_log_in("empty", old))
    expect(not world.can_log_in("empty", ""), "the empty password got in")
    expect(world.can_log_in("empty", key=key), "the key does not work")


def refusals(world, name):
    return [line for line in world.syncd_log().splitlines() if f"{name}: " in line and "password is refused: " in line]


@test
def foreign_password_file(world):
    """A password file that others own, read or write is refused, the log names the site and says why, and no password gets in."""
    uid, before = world.new_site("weak")
    for i, (mode, owner, why) in enumerate(((0o644, 0, "open to others"), (0o602, 0, "open to others"), (0o600, uid, "does not belong to root"))):
        world.write_password("weak", f"chosen-{i}\n", mode, owner)
        line = wait_for(3, f"the log refuses the file: {why}", lambda: len(seen := refusals(world, "weak")) > i and seen[-1])
        expect(why in line, f"the reason is another one: {line}")
        expect(not world.can_log_in("weak", f"chosen-{i}"), f"a password from a file that is {why} got in")
        expect(not world.can_log_in("weak", before), "the former password got in")
    world.write_password("weak", "at last\n")
    wait_for_login(world, "weak", "at last")


@test
def linked_password_file(world):
    """A password file that is a symbolic or a hard link is refused."""
    world.new_site("link")
    path = f"{world.sites}/link/.heberg/password"
    elsewhere = f"{world.sites}/elsewhere"
    with open(elsewhere, "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write("from elsewhere\n")
    for i, link in enumerate((os.symlink, os.link)):
        os.unlink(path)
        link(elsewhere, path)
        wait_for(3, "the log refuses it", lambda: len(refusals(world, "link")) > i)
        expect(not world.can_log_in("link", "from elsewhere"), "the link was followed")
    os.unlink(path)
    world.write_password("link", "from elsewhere\n")
    wait_for_login(world, "link", "from elsewhere")


@test
def keys_in_both_files(world):
    """A key in the sysadmin's file and one in the owner's own both get in; another does not."""
    _, password = world.new_site("keys")
    admins, admins_public = world.make_key("admin")
    owners, owners_public = world.make_key("owner")
    strangers, _ = world.make_key("stranger")
    for key in (admins, owners, strangers):
        expect(not world.can_log_in("keys", key=key), "a key got in before it was in a file")
    with open(f"{world.sites}/keys/.heberg/authorized_keys", "w") as file:
        file.write(admins_public)
    expect(world.can_log_in("keys", key=admins), "the sysadmin's key does not get in")
    done = world.put("keys", password, owners_public, "/.ssh/authorized_keys")
    expect_equal(done.returncode, 0, f"putting the owner's key: {done.stderr}")
    expect(world.can_log_in("keys", key=owners), "the owner's key does not get in")
    expect(not world.can_log_in("keys", key=strangers), "a stranger's key got in")


@test
def locked(world):
    """hebergctl lock: its session is cut, neither password nor key gets in, getent still lists it; unlock undoes it."""
    _, password = world.new_site("lock")
    key, public = world.make_key("lock")
    with open(f"{world.sites}/lock/.heberg/authorized_keys", "w") as file:
        file.write(public)
    session = world.open_session("lock", password)
    expect(world.can_log_in("lock", key=key), "the key does not get in before the lock")
    world.docker("exec", "heberg-syncd", "hebergctl", "lock", "lock")
    wait_for(5, "the session is cut", session.is_dead)
    expect(not world.can_log_in("lock", password), "the password got in")
    expect(not world.can_log_in("lock", key=key), "the key got in")
    expect(world.find_account("lock"), "a locked account is not listed")
    world.docker("exec", "heberg-syncd", "hebergctl", "unlock", "lock")
    wait_for(5, "the password gets in again", lambda: world.can_log_in("lock", password))


@test
def secrets_stay_out_of_logs(world):
    """No log holds a password that somebody tried or set; the generated one is logged once, when it is made."""
    _, generated = world.new_site("quiet")
    world.can_log_in("quiet", "tried-Pa55word")
    world.can_log_in("nosite", "tried-Pa55word")
    world.can_log_in("oops-typed-Pa55word", "tried-Pa55word")
    world.write_password("quiet", "set-Pa55word\n")
    wait_for_login(world, "quiet", "set-Pa55word")
    wait_for(5, "the failures are logged", lambda: all(
        re.search(rf"Failed password for (invalid user )?{name} ", world.logs("heberg-sftp", world.since)) for name in ("quiet", "nosite")))
    everything = "".join(world.logs(name, world.since) for name in k_containers)
    for secret in ("tried-Pa55word", "set-Pa55word"):
        expect(secret not in everything, f"{secret} is in a log")
    expect_equal(world.syncd_log().count(generated), 1, "times that the generated password is logged")
