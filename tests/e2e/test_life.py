# SPDX-License-Identifier: LGPL-2.1-or-later
"""A site's life: its container comes, stays, goes and returns."""
import os
import stat
import time

from framework import expect, expect_equal, expect_steady, test, timed, wait_for
from world import k_base_image, k_uid_max, k_uid_min

k_hello = '<?php echo "PHP says ", 6 * 7, "\\n";'


@timed
def appear(world):
    """A container started: within 2 s its account answers; SFTP with its password puts a file, and the proxy serves it through PHP."""
    world.run_site("exam", "exam.test")
    start = time.monotonic()
    account = world.wait_for_account("exam", 2)
    took = time.monotonic() - start
    expect(took <= 2, f"the account took {took:.2f} s")
    uid = int(account[2])
    expect(k_uid_min <= uid <= k_uid_max, f"UID {uid} is out of the range {k_uid_min}-{k_uid_max}")
    expect_equal(account, ["exam", "x", str(uid), str(uid), "exam.test", "/sites/exam", "/usr/sbin/nologin"], "the entry")
    password = world.wait_for_password("exam", 2)
    expect(len(password) >= 16, f"a password of {len(password)} characters")
    done = world.put("exam", password, k_hello, "index.php")
    expect_equal(done.returncode, 0, f"sftp put: {done.stderr}")
    put = os.stat(f"{world.sites}/exam/www/index.php")
    expect_equal((put.st_uid, put.st_gid, stat.S_IMODE(put.st_mode)), (uid, uid, 0o644), "owner, group and mode of the file put")
    wait_for(2, "the proxy serves it", lambda: world.fetch("exam.test") == (200, "PHP says 42\n"))


@test
def tree(world):
    """The site's tree is made with its owners and modes, and the password's file is root's alone."""
    uid, _ = world.new_site("tree")
    wanted = {
        "": (0, uid, 0o750), "www": (uid, uid, 0o2755), "logs": (0, uid, 0o750), ".ssh": (uid, uid, 0o700), ".heberg": (0, uid, 0o750),
    }
    for path, owner_group_mode in wanted.items():
        seen = os.stat(f"{world.sites}/tree/{path}")
        expect_equal((seen.st_uid, seen.st_gid, stat.S_IMODE(seen.st_mode)), owner_group_mode, f"/sites/tree/{path}")
    seen = os.stat(f"{world.sites}/tree/.heberg/password")
    expect_equal((seen.st_uid, stat.S_IMODE(seen.st_mode)), (0, 0o600), "the password's file")


@timed
def vanish(world):
    """A container removed: within 10 s its account is gone, its login fails, its open session is dead, the proxy says 503; its files stay."""
    uid, password = world.new_site("gone")
    world.put("gone", password, k_hello, "index.php")
    wait_for(5, "the proxy serves it", lambda: world.fetch("gone.test")[0] == 200)
    session = world.open_session("gone", password)
    world.remove("gone")
    start = time.monotonic()
    world.wait_for_no_account("gone", 10)
    wait_for(10 - (time.monotonic() - start), "the open session is dead", session.is_dead)
    wait_for(10 - (time.monotonic() - start), "the proxy says 503", lambda: world.fetch("gone.test")[0] == 503)
    expect(not world.can_log_in("gone", password), "it could log in after it was gone")
    expect(os.path.exists(f"{world.sites}/gone/www/index.php"), "its files are gone")


@test
def come_back(world):
    """A site that returns has the UID and the password it had."""
    uid, password = world.new_site("back")
    world.remove("back")
    world.wait_for_no_account("back")
    world.new_site("other")
    world.run_site("back")
    expect_equal(int(world.wait_for_account("back")[2]), uid, "the UID")
    expect_equal(world.wait_for_password("back"), password, "the password")
    expect(world.can_log_in("back", password), "the password no longer holds")


@test
def uid_is_never_given_away(world):
    """A removed site's UID is not given to another site."""
    uid, _ = world.new_site("first")
    world.remove("first")
    world.wait_for_no_account("first")
    later, _ = world.new_site("second")
    expect(later != uid, f"the UID {uid} was given again")


@test
def stopped(world):
    """A container stopped: the account stays and SFTP works, open sessions included; the proxy says 502 or 503."""
    _, password = world.new_site("rest")
    session = world.open_session("rest", password)
    world.docker("stop", "rest")
    wait_for(12, "the proxy says 502 or 503", lambda: world.fetch("rest.test")[0] in (502, 503))
    expect_steady(7, "the account of a stopped container", lambda: world.find_account("rest"))
    expect(session.works(), "the open session was cut")
    expect(world.can_log_in("rest", password), "SFTP does not work")
    world.docker("start", "rest")
    wait_for(10, "the proxy serves it again", lambda: world.fetch("rest.test")[0] not in (0, 502, 503))


@test
def redeploy(world):
    """A container removed and replaced at once: no session is cut off."""
    uid, password = world.new_site("redo")
    session = world.open_session("redo", password)
    world.remove("redo")
    world.run_site("redo")
    expect_steady(7, "the account over a redeploy", lambda: world.find_account("redo"))
    expect(session.works(), "the open session was cut")


@test
def two_containers(world):
    """Two containers of one site: the account lives while one of them exists."""
    world.new_site("pair")
    world.run_site("pair", container="pair-2")
    world.remove("pair")
    expect_steady(7, "the account while one container is left", lambda: world.find_account("pair"))
    world.remove("pair-2")
    world.wait_for_no_account("pair")


@test
def adopted(world):
    """A site whose www folder has an owner in the range takes that UID."""
    uid = k_uid_max - 100
    os.makedirs(f"{world.sites}/adopted/www")
    os.chown(f"{world.sites}/adopted/www", uid, uid)
    world.run_site("adopted")
    expect_equal(int(world.wait_for_account("adopted")[2]), uid, "the UID")


@test
def runs_as_itself(world):
    """A site made as deploy makes it runs as its own UID, without capabilities; nothing in its container is root's."""
    world.made.append("self")
    done = world.deploy("run_site self self.test")
    expect_equal(done.returncode, 0, f"run_site: {done.stderr}")
    uid = world.wait_for_account("self")[2]
    world.put("self", world.wait_for_password("self"), "<?php echo posix_getuid();", "index.php")
    wait_for(5, "PHP runs as the site", lambda: world.fetch("self.test") == (200, uid))
    owners = set(world.docker("exec", "self", "sh", "-c", "cat /proc/[0-9]*/status | grep ^Uid: | cut -f2").split())
    expect_equal(owners, {uid}, "UIDs in the container")
    status = world.docker("exec", "self", "cat", "/proc/1/status")
    expect("CapEff:\t0000000000000000" in status and "CapBnd:\t0000000000000000" in status, "the site's container has capabilities")


@test
def stranger_is_none(world):
    """A container without VIRTUAL_HOST, or without a mount below /sites, or of another image, is no site."""
    world.made += ["mute", "homeless", "alien"]
    world.docker("create", "--name", "mute", "-v", f"{world.sites}/mute/www:/var/www/html", "php:apache")
    world.docker("create", "--name", "homeless", "-e", "VIRTUAL_HOST=homeless.test", "php:apache")
    world.docker("create", "--name", "alien", "-e", "VIRTUAL_HOST=alien.test", "-v", f"{world.sites}/alien/www:/x",
                 k_base_image)
    world.new_site("native")  # made after them: when it has an account, they have been examined
    for name in ("mute", "homeless", "alien"):
        expect(not world.find_account(name), f"{name} has an account")
