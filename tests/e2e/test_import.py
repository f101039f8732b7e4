# SPDX-License-Identifier: LGPL-2.1-or-later
"""The accounts of another host become sites."""
import crypt
import json
import os
import shutil
import sqlite3
import time

from framework import expect, expect_equal, test, wait_for
from test_hebergctl import ctl, kill_at_random

k_query = "SELECT login AS name, id AS uid, secret AS hash FROM customers"


def make_home(world, name, uid, key):
    """A home as on an old host, where syncd's container sees it."""
    home = f"{world.state}/old/{name}"
    os.makedirs(f"{home}/public_html")
    os.makedirs(f"{home}/.ssh", 0o700)
    for path, text in (("public_html/index.html", f"old {name}"), ("private.txt", "private"), (".ssh/authorized_keys", key)):
        with open(f"{home}/{path}", "w") as file:
            file.write(text)
    os.symlink("/etc/shadow", f"{home}/public_html/leads-out")
    for folder, folders, files in os.walk(home):
        for entry in (folder, *(f"{folder}/{f}" for f in (*folders, *files))):
            os.chown(entry, uid, uid, follow_symlinks=False)
    return f"/var/lib/heberg/old/{name}"


def write_config(world, name, text):
    with open(f"{world.config}/{name}", "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(text)
    return f"/etc/heberg/{name}"


def known(world):
    return {site["name"]: site for site in json.loads(ctl(world, "list", "--json"))}


@test
def import_passwd(world):
    """hebergctl import passwd: a plan first, nothing by halves; then UID, hash, keys and web folder are as they were, and only those."""
    private, public = world.make_key("old")
    homes = {name: make_home(world, name, uid, public) for name, uid in (("imp-1", 47801), ("imp-2", 47802))}
    passwd = (f"root:x:0:0::/root:/bin/sh\nimp-1:x:47801:47801::{homes['imp-1']}:/bin/false\n"
              f"imp-2:x:47802:47802::{homes['imp-2']}:/bin/false\n")
    hashed = crypt.crypt("old secret", crypt.METHOD_SHA512)
    shadow = write_config(world, "old-shadow", f"root:*:1::::::\nimp-1:{hashed}:1::::::\nimp-2:!{hashed}:1::::::\n")
    command = ("import", "passwd", "-", "--shadow", shadow, "--copy", "--www", "public_html")
    plan = ctl(world, *command, input=passwd)
    expect("make  imp-1  uid 47801" in plan and "locked, as before" in plan and hashed not in plan, f"the plan: {plan}")
    expect("imp-1" not in known(world), "the plan alone made something")

    bad = passwd + "imp-3:*:30000:30000::/home/imp-3:/bin/false\nimp-4:*:47801:47801::/home/x:/bin/false\n"
    said = ctl(world, *command, "--apply", input=bad, code=5)
    expect("3 conflicts" in said, f"conflicts: {said}")
    expect(not any(name.startswith("imp-") for name in known(world)), "a part of it was imported")

    said = ctl(world, *command, "--apply", input=passwd)
    expect("2 sites imported" in said, said)
    again = ctl(world, *command, "--apply", input=passwd)
    expect("0 sites imported, 2 existed already" in again, again)
    sites = known(world)
    expect_equal((sites["imp-1"]["uid"], sites["imp-2"]["uid"]), (47801, 47802), "UIDs")
    www = f"{world.sites}/imp-1/www"
    expect_equal(sorted(os.listdir(www)), ["index.html"], "www")  # not the link that leads out, nothing of the rest of the home
    expect_equal(os.stat(f"{www}/index.html").st_uid, 47801, "its owner")

    world.made += ["imp-1", "imp-2"]
    for name in homes:
        ctl(world, "create", name, "--host", f"{name}.test")
        wait_for(10, f"{name} is served", lambda name=name: world.fetch(f"{name}.test") == (200, f"old {name}"))
    expect_equal(int(world.find_account("imp-1")[2]), 47801, "the account's UID")
    wait_for(10, "its old password", lambda: world.can_log_in("imp-1", "old secret"))
    expect(world.can_log_in("imp-1", key=private), "its old key")
    expect(not world.can_log_in("imp-2", "old secret") and not world.can_log_in("imp-2", key=private), "a locked one logs in")
    ctl(world, "unlock", "imp-2")
    wait_for(10, "unlocked, its old password", lambda: world.can_log_in("imp-2", "old secret"))
    expect(not os.path.exists(f"{world.sites}/imp-1/www/private.txt"), "a private file is in www")
    shutil.rmtree(f"{world.state}/old")


def import_killed(world, hashed, turn, count, window):
    """Other accounts each turn, killed within so many seconds, while they are imported, then imported again; whether it was hit, and how long that took."""
    uids = {f"many-{turn}-{i}": 47500 + turn * count + i for i in range(count)}
    file = write_config(world, "many.conf", "".join(f"{name}:{hashed}:e:{uid}\n" for name, uid in uids.items()))
    command = ("import", "users.conf", file, "--apply")
    hit = window and kill_at_random(world, window, *command)
    start = time.monotonic()
    ctl(world, *command)
    took = time.monotonic() - start
    sites = known(world)
    expect_equal({name: sites[name]["uid"] for name in uids}, uids, "UIDs")
    for name in uids:
        with open(f"{world.sites}/{name}/.heberg/password") as password:
            expect_equal(password.read(), f"{hashed}\n", f"the hash of {name}")
    expect(f"0 sites imported, {count} existed already" in ctl(world, *command), "another run")
    return hit, took


@test
def import_others(world):
    """hebergctl import: atmoz/sftp's users.conf and a SQLite table; killed at random it is finished by the same command."""
    hashed = crypt.crypt("from a panel", crypt.METHOD_SHA512)
    said = ctl(world, "import", "users.conf", "-", "--apply", input=f"atmoz-1:plain words:47811:100:upload\natmoz-2:{hashed}:e:47812\natmoz-3:\n")
    expect("3 sites imported" in said, said)
    path = f"{world.config}/panel.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE customers (login TEXT, id INTEGER, secret TEXT)")
        db.execute("INSERT INTO customers VALUES ('panel-1', 47818, ?)", (hashed,))
    db.close()
    ctl(world, "import", "sqlite", "/etc/heberg/panel.db", "--query", "SELECT 1", "--apply", code=1)
    said = ctl(world, "import", "sqlite", "/etc/heberg/panel.db", "--query", k_query, "--apply")
    expect("1 sites imported" in said, said)
    sites = known(world)
    expect_equal([sites[name]["uid"] for name in ("atmoz-1", "atmoz-2", "panel-1")], [47811, 47812, 47818], "UIDs")
    for name, password in (("atmoz-1", "plain words"), ("atmoz-2", "from a panel"), ("panel-1", "from a panel")):
        world.run_site(name)
        wait_for(15, f"{name} logs in", lambda name=name, password=password: world.can_log_in(name, password))
    world.run_site("atmoz-3")
    world.wait_for_account("atmoz-3")
    with open(f"{world.sites}/atmoz-3/.heberg/password") as file:
        expect_equal(file.read(), "*\n", "the password of one that had none")

    _, took = import_killed(world, hashed, 0, 20, None)
    hits = sum(import_killed(world, hashed, turn, 20, took)[0] for turn in range(1, 13))
    print(f"        {hits} of 12 kills hit it", flush=True)
    expect(hits > 0, "no kill hit anything")
    os.unlink(path)


@test
def import_copies(world):
    """hebergctl import --copy: an account without a UID gets its home's files, too; its owner's links lead root nowhere, and no name in it is in the way."""
    _, public = world.make_key("sly")
    world.new_site("imp-other")
    keys = f"{world.sites}/imp-other/.ssh/authorized_keys"
    with open(keys, "w") as file:
        file.write(public)
    make_home(world, "imp-sly", 47821, public)
    home = f"{world.state}/old/imp-sly"
    shutil.rmtree(f"{home}/.ssh")
    os.symlink(".", f"{home}/l")
    os.symlink("l/l/../../imp-other/.ssh", f"{home}/.ssh")  # a text that stays inside, and a place that does not
    os.mkdir(f"{home}/.www.import0")
    path = f"{world.config}/homes.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE homes (name TEXT, home TEXT)")
        db.execute("INSERT INTO homes VALUES ('imp-sly', '/var/lib/heberg/old/imp-sly')")
    db.close()
    ctl(world, "import", "sqlite", "/etc/heberg/homes.db", "--query", "SELECT name, home FROM homes", "--copy", "--apply")
    expect_equal(sorted(os.listdir(f"{world.sites}/imp-sly/www")), [".ssh", ".www.import0", "l", "private.txt", "public_html"], "www")
    expect(os.path.exists(keys), "another site's keys are gone")
    os.unlink(path)
    shutil.rmtree(f"{world.state}/old")
