# SPDX-License-Identifier: LGPL-2.1-or-later
"""The two modules in the SFTP container: getent, id, pamtester."""
from framework import expect, expect_equal, test
from world import run


@test
def getent_passwd_and_group(world):
    """getent finds a site's user and group by name, by number and in the list, and nothing for what is not there."""
    uid, _ = world.new_site("ask")
    user = f"ask:x:{uid}:{uid}:ask.test:/sites/ask:/usr/sbin/nologin"
    group = f"ask:x:{uid}:"
    for key in ("ask", str(uid)):
        expect_equal(world.getent("passwd", key), (0, user), f"getent passwd {key}")
        expect_equal(world.getent("group", key), (0, group), f"getent group {key}")
    expect(user in world.getent("passwd")[1].splitlines(), "getent passwd does not list it")
    expect(group in world.getent("group")[1].splitlines(), "getent group does not list it")
    for key in ("ask2", "as", "ASK", "58999", "4294967295"):
        expect_equal(world.getent("-s", "heberg", "passwd", key)[0], 2, f"getent passwd {key}")


@test
def getent_initgroups(world):
    """A site's groups are its own alone."""
    uid, _ = world.new_site("groups")
    expect_equal(world.getent("initgroups", "groups")[1].split(), ["groups", str(uid)], "getent initgroups")
    done = run(["docker", "exec", "heberg-sftp", "id", "groups"])
    expect_equal(done.stdout.strip(), f"uid={uid}(groups) gid={uid}(groups) groups={uid}(groups)", "id")


@test
def getent_shadow(world):
    """Root alone reads a site's hash (yescrypt), through getent shadow and in the files."""
    world.new_site("dark")
    code, line = world.getent("shadow", "dark")
    expect_equal(code, 0, "getent shadow as root")
    expect(line.startswith("dark:$y$"), f"not a yescrypt hash: {line[:10]}")
    expect_equal(world.getent("shadow", "dark", user="nobody"), (2, ""), "getent shadow as nobody")
    seen = world.docker("exec", "heberg-sftp", "stat", "-c", "%U:%G %a", "/var/lib/heberg/directory/shadow.cdb",
                        "/var/lib/heberg/directory/accounts.cdb").splitlines()
    expect_equal(seen, ["root:shadow 640", "root:root 644"], "owners and modes of the directory's files")
    done = run(["docker", "exec", "--user", "nobody", "heberg-sftp", "cat", "/var/lib/heberg/directory/shadow.cdb"])
    expect("Permission denied" in done.stderr, f"the user nobody reads shadow.cdb: {done.stdout[:40]!r} {done.stderr}")


def start_pam(world):
    """A container with heberg-sftp's PAM stack, pamtester, and the published accounts."""
    world.made.append("pam")
    world.docker("run", "-d", "--name", "pam", "--network", "none", "-v", f"{world.state}/directory:/var/lib/heberg/directory:ro",
                 "heberg-e2e-pam")


def pamtester(world, name, password, *operations):
    return run(["docker", "exec", "-i", "pam", "pamtester", "sshd", name, *operations], input=password + "\n")


@test
def pam_stack(world):
    """pamtester through pam.d/sshd: the right password alone is accepted, and a session opens."""
    start_pam(world)
    _, password = world.new_site("pamsite")
    done = pamtester(world, "pamsite", password, "authenticate", "acct_mgmt", "open_session", "close_session")
    expect_equal(done.returncode, 0, f"pamtester: {done.stdout}{done.stderr}")
    for name, wrong in (("pamsite", password + "x"), ("pamsite", ""), ("nosite", password), ("root", password)):
        expect(pamtester(world, name, wrong, "authenticate").returncode != 0, f"{name} got in with {wrong!r}")
    for name in ("nosite", "root", "www-data"):
        expect(pamtester(world, name, "", "acct_mgmt").returncode != 0, f"{name} has an account")


@test
def chauthtok(world):
    """A site's password is not changed through PAM: the module says whom to ask and answers PAM_PERM_DENIED; another PAM stack accepts the same request."""
    start_pam(world)
    _, password = world.new_site("pamsite")
    # The control: the same program, name and input, and a stack whose answer is yes.
    run(["docker", "exec", "-i", "pam", "tee", "/etc/pam.d/yes"], input="password required pam_permit.so\n")
    done = run(["docker", "exec", "-i", "pam", "pamtester", "yes", "pamsite", "chauthtok"], input="x\nx\n")
    expect_equal((done.returncode, done.stderr), (0, ""), "chauthtok through pam_permit")
    expect("altered successfully" in done.stdout, f"chauthtok through pam_permit: {done.stdout}")
    done = pamtester(world, "pamsite", "x\nx", "chauthtok")
    said = done.stdout + done.stderr
    expect_equal(done.returncode, 1, f"chauthtok: {said}")
    expect("The password of pamsite is managed by the administrator of this server" in said, f"the refusal: {said}")
    expect("pamtester: Permission denied" in said, f"PAM_PERM_DENIED: {said}")  # pam_strerror of that code alone
    # A name that is no site's is another module's matter: another code, and no sentence.
    done = pamtester(world, "nosite", "x\nx", "chauthtok")
    said = done.stdout + done.stderr
    expect("User not known" in said and "is managed by" not in said, f"chauthtok of a name that is no site's: {said}")
    expect_equal(pamtester(world, "pamsite", password, "authenticate").returncode, 0, "the password that was not changed")
