# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers with hostile names and values: they break nothing, and the log names them."""
import os
import re
import time

from framework import expect, expect_equal, test, wait_for
from world import run


def tree_of(folder):
    """{path: owner, group, mode}, of the folder itself and of all below it."""
    paths = [folder, *(os.path.join(path, name) for path, names, files in os.walk(folder) for name in names + files)]
    return {path: (seen.st_uid, seen.st_gid, oct(seen.st_mode)) for path in paths for seen in [os.lstat(path)]}


def expect_all_is_well(world, what):
    """A valid site that starts after the hostile one gets its account and is served; nginx accepts its configuration."""
    name = f"decent-{what}"
    _, password = world.new_site(name)
    world.put(name, password, "<?php echo 'fine';", "index.php")
    world.wait_until_served(f"{name}.test", (200, "fine"), seconds=10)
    expect_equal(run(["docker", "exec", "heberg-proxy-render", "nginx", "-q", "-t"]).returncode, 0, "nginx -t")


def logs_since(world):
    return world.logs("heberg-syncd", world.since) + world.logs("heberg-proxy-render", world.since)


@test
def hostile_hosts(world):
    """Host names with a newline, brace, semicolon, blank, path, port, 300 characters or control bytes are left out and named in the log."""
    bad = {
        "newline": "a.test\nserver_name evil.test", "brace": "a.test{}", "semicolon": "a.test; return 200 pwned;", "blank": "a.test b.test",
        "path": "../../etc/passwd", "url": "http://a.test/", "long": "a" * 300 + ".test", "control": "a\x01\x1b[31m.test", "quote": 'a".test',
        "dollar": "$host.test", "regex": "~^a(.test$", "hash": "a.test#", "backslash": "a\\.test",
    }
    for word, host in bad.items():
        world.run_site(f"bad-{word}", host)  # running: one that was only created has no part in the configuration
    expect_all_is_well(world, "hosts")
    for word in bad:
        wait_for(5, f"the log names bad-{word}", lambda: f"bad-{word}" in world.logs("heberg-proxy-render", world.since))
    log = logs_since(world)
    expect("\x1b" not in log and "\x01" not in log, "a control byte reached the log")
    configuration = world.docker("exec", "heberg-proxy", "cat", "/etc/nginx/conf.d/heberg.conf")
    for sign in ("pwned", "evil.test", "passwd", "a" * 100, "\x01"):
        expect(sign not in configuration, f"{sign!r} reached nginx's configuration")
    for host in ("evil.test", "a.test", "b.test"):
        expect_equal(world.fetch(host)[0], 503, host)


@test
def hostile_ports(world):
    """A VIRTUAL_PORT that is none leaves its container out alone."""
    for word, port in (("word", "abc"), ("zero", "0"), ("big", "99999"), ("list", "80,443"), ("inject", "80; return 200 pwned"),
                       ("newline", "80\n}"), ("minus", "-1")):
        world.run_site(f"port-{word}", options=["-e", f"VIRTUAL_PORT={port}"])
    expect_all_is_well(world, "ports")
    for word in ("word", "zero", "big", "list", "inject", "newline", "minus"):
        wait_for(5, f"the log names port-{word}", lambda: f"port-{word}" in world.logs("heberg-proxy-render", world.since))
        expect_equal(world.fetch(f"port-{word}.test")[0], 503, f"port-{word}.test")


@test
def hostile_names(world):
    """Labels that name root, a system user, "..", a path, 300 characters or control bytes make no account, and are named in the log."""
    bad = {
        "root": "root", "user": "www-data", "up": "..", "path": "../etc", "inner": "a/b", "long": "a" * 300, "control": "a\x01b",
        "newline": "a\nroot:x:0:0", "colon": "a:x:0:0", "upper": "Exam", "digit": "0day", "blank": "a b", "dots": "a..b", "dash": "-rf",
    }
    for word, name in bad.items():
        world.run_site("none", f"{word}.test", container=f"label-{word}", mount=False, options=["--label", f"heberg.site={name}"])
    expect_all_is_well(world, "names")
    for word in bad:
        wait_for(5, f"the log names label-{word}", lambda: f"label-{word}" in world.syncd_log())
    log = world.syncd_log()
    expect("\x01" not in log, "a control byte reached the log")
    expect_equal(world.getent("-s", "heberg", "passwd", "0")[0], 2, "getent passwd 0")
    expect_equal(world.getent("passwd", "root")[1].split(":")[2], "0", "root's UID")
    for line in world.getent("-s", "heberg", "passwd")[1].splitlines():
        name = line.split(":")[0]
        expect(len(line.split(":")) == 7 and (name.islower() or "-" in name), f"an odd account: {line!r}")


@test
def hostile_mounts(world):
    """Mounts from the root of the sites, beside it, or with odd names below it make no account of that name."""
    for word, source in (("root", world.sites), ("beside", world.sites + "-evil/x"), ("blank", f"{world.sites}/a b/www"),
                         ("upper", f"{world.sites}/UPPER/www"), ("system", f"{world.sites}/www-data/www"),
                         ("hidden", f"{world.sites}/.hidden/www")):
        world.made.append(f"mount-{word}")
        world.docker("create", "--name", f"mount-{word}", "-e", f"VIRTUAL_HOST=mount-{word}.test", "--mount",
                     "type=volume,destination=/x", "-v", f"{source}:/var/www/html", "php:apache")
    expect_all_is_well(world, "mounts")
    names = {line.split(":")[0] for line in world.getent("-s", "heberg", "passwd")[1].splitlines()}
    for name in ("a b", "UPPER", "www-data", ".hidden", "x", "sites-evil", ""):
        expect(name not in names, f"{name!r} has an account")


@test
def host_claimed_twice(world):
    """A host name that two sites claim stays with the first; the second is named in the log."""
    _, password = world.new_site("owner-a", host="claimed.test")
    world.put("owner-a", password, "<?php echo 'first';", "index.php")
    world.wait_until_served("claimed.test", (200, "first"))
    _, password = world.new_site("owner-b", host="claimed.test,own.test")
    world.put("owner-b", password, "<?php echo 'second';", "index.php")
    world.wait_until_served("own.test", (200, "second"))
    for _ in range(8):
        expect_equal(world.fetch("claimed.test"), (200, "first"), "claimed.test")
    wait_for(5, "the log names the second", lambda: any(
        "owner-b" in line and "claimed.test" in line for line in world.logs("heberg-proxy-render", world.since).splitlines()))


@test
def hostile_tree(world):
    """Links in the place of logs, .heberg and .ssh are refused by name and not followed: nothing is made, read or changed where they lead."""
    uid, password = world.new_site("trap")
    world.remove("trap")
    world.wait_for_no_account("trap")
    victims = {name: f"{world.folder}/victim-{name.strip('.')}" for name in ("logs", ".heberg", ".ssh")}
    for name, victim in victims.items():
        os.makedirs(victim, mode=0o700, exist_ok=True)
        os.rename(f"{world.sites}/trap/{name}", f"{world.sites}/trap/{name}.kept")
        os.symlink(victim, f"{world.sites}/trap/{name}")
    foreign = "set where the link leads"
    with open(f"{victims['.heberg']}/password", "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(foreign + "\n")
    before = {victim: tree_of(victim) for victim in victims.values()}
    since = world.since = time.time()
    world.run_site("trap")
    world.wait_for_account("trap")
    for name in victims:
        wait_for(10, f"syncd's log refuses {name}", lambda name=name: re.search(
            rf"/trap/{re.escape(name)}\S* is (a symbolic link|refused)", world.logs("heberg-syncd", since)))
    world.fetch("trap.test")  # a line for access.log
    expect(not world.can_log_in("trap", foreign), "the password file that the link leads to got in")
    expect_equal({victim: tree_of(victim) for victim in victims.values()}, before, "the folders that the links lead to")

    # The same site without the links: its log is written and its password is read again.
    world.remove("trap")
    world.wait_for_no_account("trap")
    for name in victims:
        os.unlink(f"{world.sites}/trap/{name}")
        os.rename(f"{world.sites}/trap/{name}.kept", f"{world.sites}/trap/{name}")
    world.run_site("trap")
    wait_for(10, "the site's own password gets in", lambda: world.can_log_in("trap", password))
    expect_equal(int(world.find_account("trap")[2]), uid, "the UID")
