# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sites' backup: hebergctl over a real restic."""
import json
import os
import shutil
import time

from framework import expect, expect_equal, test, wait_for
from test_hebergctl import ctl
from test_proxy_variables import write
from world import run

# restic cuts where the content says, into pieces of half to 8 MiB, mostly one or two, elsewhere in each repository: a file that
# changed costs the piece that it lies in, and the archive's own beginning and end one each. Less would not show the difference between that and everything.
k_noise = 24_000_000


def repository_size(world):
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(f"{world.state}/repository") for name in names)


@test
def backup(world):
    """hebergctl backup: incremental and encrypted; a site comes back as it was at a date, with UID and password, or one file of it; a damaged repository is detected."""
    settings = f"{world.config}/heberg.toml"
    with open(settings) as file:
        before = file.read()
    world.made += ["saved", "saved-2"]
    try:
        ctl(world, "backup", code=1)  # no repository is set
        write(settings, before + '[backup]\nrepository = "/var/lib/heberg/repository"\npassword_file = "/etc/heberg/backup.password"\n')
        write(f"{world.config}/backup.password", "a password of this test's\n")
        made = json.loads(ctl(world, "create", "saved", "--host", "saved.test", "--json"))
        ctl(world, "create", "saved-2", "--host", "saved-2.test")
        world.put("saved", made["password"], "first", "text.txt")
        noise = os.urandom(k_noise)
        with open(f"{world.sites}/saved/www/noise", "wb") as file:
            file.write(noise)
        ctl(world, "backup", "saved", code=1)  # it is not made yet
        ctl(world, "backup", "--init")
        start = time.monotonic()
        said = json.loads(ctl(world, "backup", "saved", "saved-2", "--json"))
        expect(said["saved"] == 2 and not said["failed"], f"the first backup: {said}")
        print(f"        two sites saved in {time.monotonic() - start:.1f} s", flush=True)
        one = repository_size(world)
        expect(one > k_noise, f"the repository has {one} bytes")
        everything = b"".join(open(os.path.join(path, name), "rb").read() for path, _, names in os.walk(f"{world.state}/repository") for name in names)
        expect(noise[:64] not in everything and b"saved.test" not in everything, "the repository is not encrypted")
        second = int(time.time()) + 1  # --at takes whole seconds: the next one is after the first backup, and before the second
        wait_for(2, "the next second has passed", lambda: time.time() > second)
        then = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second))  # the container's clock is UTC
        world.put("saved", made["password"], "second", "text.txt")
        ctl(world, "backup", "saved")
        ctl(world, "backup", "saved", "nosuch", code=3)
        grown = repository_size(world) - one
        expect(grown < 0.75 * k_noise, f"the second backup added {grown} bytes for one changed file")
        listed = json.loads(ctl(world, "backup", "--list", "saved", "--json"))
        expect_equal([x["site"] for x in listed], ["saved", "saved"], "the snapshots")
        expect("verified: " in ctl(world, "backup", "--verify", "saved"), "--verify")

        # One file, beside the one that is there.
        said = json.loads(ctl(world, "restore", "saved", "--at", then, "--path", "www/text.txt", "--json"))
        expect_equal(said["path"], "www/text.txt.restored", "where the file is")
        with open(f"{world.sites}/saved/www/text.txt.restored") as file:
            expect_equal(file.read(), "first", "the file as it was")
        expect_equal(os.stat(f"{world.sites}/saved/www/text.txt.restored").st_uid, made["uid"], "its owner")
        ctl(world, "restore", "saved", "--at", then, "--path", "www/nothing", code=5)
        ctl(world, "restore", "saved", "--at", then, "--path", "../saved-2", code=2)

        # The whole site, lost with its account.
        ctl(world, "restore", "saved", "--at", "latest", code=5)  # a tree is there
        ctl(world, "remove", "saved")
        world.wait_for_no_account("saved")
        ctl(world, "purge", "saved", "--confirm", "saved", "--tree")
        ctl(world, "restore", "saved", "--at", "2020-01-01", code=5)
        ctl(world, "restore", "saved", "--at", "soon", code=2)
        ctl(world, "restore", "saved", "--at", "latest")
        expect_equal(int(world.wait_for_account("saved")[2]), made["uid"], "the UID")
        wait_for(10, "the password holds", lambda: world.can_log_in("saved", made["password"]))
        wait_for(10, "its files are served", lambda: world.fetch("saved.test", "/text.txt") == (200, "second"))
        with open(f"{world.sites}/saved/www/noise", "rb") as file:
            expect(file.read() == noise, "the large file is another one")

        # One whose tree is gone is named, the other is saved; what was damaged is found.
        ctl(world, "remove", "saved-2")
        expect_equal(run(["mv", f"{world.sites}/saved-2", f"{world.folder}/saved-2"]).returncode, 0, "mv, to another mount")
        said = ctl(world, "backup", "saved", "saved-2", code=1)
        expect("saved-2: not saved" in said and "1 of 2 sites saved" in said, f"a site without a tree: {said}")
        shutil.rmtree(f"{world.folder}/saved-2")
        for path, _, names in os.walk(f"{world.state}/repository/data"):
            for name in names:
                with open(os.path.join(path, name), "r+b") as file:
                    file.seek(100)
                    file.write(os.urandom(50))
        ctl(world, "backup", "--verify", "saved", code=1)
        expect(not [name for name in os.listdir(world.sites) if name.startswith(".saved")], "something is left beside the trees")
    finally:
        write(settings, before)
        run(["docker", "rm", "-fv", *world.made])
        for path in (f"{world.state}/repository", f"{world.state}/restic-cache"):
            shutil.rmtree(path, ignore_errors=True)
        os.unlink(f"{world.config}/backup.password")
