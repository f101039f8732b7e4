# SPDX-License-Identifier: LGPL-2.1-or-later
"""A site's session does SFTP in its own tree, and nothing else."""
import os
import re
import subprocess

from framework import expect, expect_equal, test, wait_for
from world import k_sftp_address, k_sftp_port

# sshd's own answer, after the login, to whatever is not SFTP (ForceCommand internal-sftp).
k_refusal = "This service allows sftp connections only.\n"

@test
def no_shell_no_command(world):
    """No shell, no command, no terminal: sshd lets the owner in and refuses whatever is not SFTP."""
    _, password = world.new_site("cell")
    for arguments, options in ((["id"], []), (["/bin/sh", "-c", "id"], []), ([], []), ([], ["-tt"]), (["id"], ["-tt"]),
                               (["cat /etc/passwd"], []), (["scp -t /www"], []), (["rsync --server . /www"], []),
                               (["bash"], ["-s"]), (["netconf"], ["-s"])):
        done = world.ssh("cell", password, arguments, options)
        # Without a terminal or a subsystem that was asked for, the client leaves, at times before the answer.
        answers = [""] if "-s" in options else ["", k_refusal] if "-tt" in options else [k_refusal]
        expect(done.stdout in answers, f"the answer to ssh {options} {arguments}: {done.stdout!r} ({done.stderr})")
        if "-s" in options:
            expect("subsystem request failed" in done.stderr, f"ssh {options} {arguments}: {done.stderr}")
        if "-tt" in options:
            expect("PTY allocation request failed" in done.stderr, f"ssh {options} {arguments} has a terminal: {done.stderr}")


@test
def no_environment_no_user_rc(world):
    """The owner's own authorized_keys options and ~/.ssh/rc change nothing: no command, no environment, no terminal, no forwarding."""
    _, password = world.new_site("opts")
    key, public = world.make_key("opts")
    options = 'command="/bin/sh",environment="LD_PRELOAD=/www/x.so",pty,port-forwarding,agent-forwarding,user-rc,permitopen="*:*" '
    expect_equal(world.put("opts", password, options + public, "/.ssh/authorized_keys").returncode, 0, "putting the key")
    expect_equal(world.put("opts", password, "echo pwned >/www/pwned\n", "/.ssh/rc").returncode, 0, "putting ~/.ssh/rc")
    expect(world.can_log_in("opts", key=key), "the key does not get in")
    done = world.ssh("opts", None, ["id"], key=key)
    expect_equal(done.stdout, k_refusal, f"the answer to a command ({done.stderr})")
    expect(not os.path.exists(f"{world.sites}/opts/www/pwned"), "~/.ssh/rc ran")


def count_refused_forwards(world):
    return len(re.findall("refused (?:local|streamlocal) port forward", world.logs("heberg-sftp", world.since)))


@test
def no_forwarding(world):
    """Nothing is forwarded: no local or remote port, no proxy, no socket, no agent, no X11, no tunnel."""
    _, password = world.new_site("wall")
    # -W asks for one forwarded connection and says what became of it. The proxy's own port would answer.
    for target in ("127.0.0.1:22", "172.17.0.1:80", f"localhost:{k_sftp_port}"):
        done = world.ssh("wall", password, [], ["-W", target, "-o", "LogLevel=INFO"])
        expect("prohibited" in done.stderr and "SSH-" not in done.stdout, f"-W {target}: {done.stdout!r} {done.stderr!r}")
    done = world.ssh("wall", password, [], ["-N", "-R", "18081:127.0.0.1:80", "-o", "ExitOnForwardFailure=yes", "-o", "LogLevel=INFO"])
    expect("remote port forwarding failed" in done.stderr, f"-R: {done.stderr!r}")
    done = world.ssh("wall", password, [],
                     ["-N", "-R", f"/tmp/e2e.sock:{world.folder}/x", "-o", "ExitOnForwardFailure=yes", "-o", "LogLevel=INFO"])
    expect("remote port forwarding failed" in done.stderr, f"-R socket: {done.stderr!r}")
    done = world.ssh("wall", password, [], ["-N", "-w", "0:0", "-o", "ExitOnForwardFailure=yes", "-o", "LogLevel=INFO"])
    expect("Tunnel forwarding failed" in done.stderr, f"-w: {done.stderr!r}")
    # Without /dev/net/tun in the container the answer would be the same: what sshd has decided says it.
    settings = world.docker("exec", "heberg-sftp", "/usr/sbin/sshd", "-T", "-C", f"user=wall,host=client,addr={k_sftp_address}")
    expect("\npermittunnel no\n" in settings, f"sshd's settings: {settings}")
    for options, port in ((["-L", "18082:127.0.0.1:22"], 18082), (["-D", "18083"], 18083),
                          (["-L", "18084:/run/docker.sock"], 18084)):
        refused = count_refused_forwards(world)
        client = world.forwarding_client("wall", password, options)
        try:
            answer = world.ask_forwarded(port, socks="-D" in options)
            expect(answer == b"", f"{options} answered {answer!r}")
            wait_for(5, f"sshd logs that it refuses {options}", lambda: count_refused_forwards(world) > refused)
        finally:
            client.kill()
            client.wait()
    # The agent and X11 are asked for beside a command. A forwarded agent would be a socket in the session's /tmp, made before the chroot.
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", f"{world.folder}/agent"], stdout=subprocess.DEVNULL)
    try:
        wait_for(5, "an agent", lambda: os.path.exists(f"{world.folder}/agent"))
        done = world.ssh("wall", password, ["id"], ["-A", "-Y", "-o", "LogLevel=INFO"],
                         environment={"SSH_AUTH_SOCK": f"{world.folder}/agent", "DISPLAY": "127.0.0.1:9"})
    finally:
        agent.terminate()
        agent.wait()
    expect("X11 forwarding request failed" in done.stderr, f"-Y: {done.stderr!r}")
    expect_equal(done.stdout, k_refusal, f"the answer to a command beside -A -Y ({done.stderr})")
    expect_equal(world.docker("exec", "heberg-sftp", "ls", "-A", "/tmp"), "", "/tmp of heberg-sftp after -A")


@test
def no_path_outside(world):
    """No path leads out of the tree: not "..", not an absolute one, not a link made by the owner or by PHP."""
    _, password = world.new_site("inside")
    www = f"{world.sites}/inside/www"
    os.symlink("/etc/shadow", f"{www}/by-php")
    os.symlink("../../../../../../etc/passwd", f"{www}/by-php-too")
    os.symlink("/proc/self/root/etc/passwd", f"{www}/by-proc")
    _, _ = world.new_site("neighbour")
    os.symlink("/sites/neighbour/www", f"{www}/by-name")
    for path in ("/etc/passwd", "../../../etc/passwd", "/../../etc/passwd", "/sites/neighbour/www", "../../neighbour/www", "by-php",
                 "by-php-too", "by-proc", "by-name/x", "/proc/self/environ", "/dev/null", "/var/lib/heberg/directory/accounts.cdb"):
        done = world.sftp("inside", password, f"get {path} got\n")
        expect(done.returncode != 0, f"get {path} worked")
    done = world.sftp("inside", password, "ln -s /etc/passwd by-owner\nget by-owner got\n")
    expect(done.returncode != 0, "a link of the owner's led out")
    done = world.sftp("inside", password, "cd /\npwd\ncd ..\npwd\nls -1a\n")
    seen = {line for line in done.stdout.splitlines() if not line.startswith(("sftp>", "Remote"))}
    expect_equal(seen, {".", "..", ".heberg", ".ssh", "dev", "logs", "www"}, "what / of the session holds")


@test
def no_other_name(world):
    """No listing shows another site's name or any name of the system's: owners are numbers."""
    uid, password = world.new_site("alone")
    world.new_site("hidden-neighbour")
    foreign = int(world.find_account("hidden-neighbour")[2])
    path = f"{world.sites}/alone/www/foreign"
    with open(path, "w"):
        pass
    os.chown(path, foreign, foreign)
    done = world.sftp("alone", password, "ls -la /\nls -la /www\nls -lan /www\n-ls -la /sites\n")
    text = done.stdout
    expect(str(foreign) in text, f"the listing lacks the number {foreign}: {text!r}")
    for name in ("hidden-neighbour", "root", "www-data"):
        expect(not re.search(rf"\b{name}\b", text), f"{name} is in the listing: {text!r}")


@test
def no_writing_elsewhere(world):
    """Nothing can be written, renamed, removed or re-permissioned outside www and .ssh, and the password's file cannot be read."""
    _, password = world.new_site("still")
    with open(f"{world.sites}/still/logs/access.log", "w") as file:
        file.write("a line\n")
    os.chmod(f"{world.sites}/still/logs/access.log", 0o640)
    os.chown(f"{world.sites}/still/logs/access.log", 0, int(world.find_account("still")[2]))
    local = f"{world.folder}/upload"
    with open(local, "w") as file:
        file.write("x")
    for command in (f"put {local} /x", f"put {local} /logs/x", f"put {local} /.heberg/x", f"put {local} /.heberg/password",
                    f"put {local} /.heberg/authorized_keys", f"put {local} /logs/access.log", "mkdir /x", "rmdir /www", "rm /logs/access.log",
                    "rename /www /www2", "rename /.heberg /x", "rename /.ssh /www/ssh", "rename /www /logs/www", "chmod 777 /",
                    "chmod 777 /logs", "chmod 777 /.heberg", "chown 0 /www", "ln /logs/access.log /www/hard", "ln -s /www /link",
                    "get /.heberg/password got"):
        done = world.sftp("still", password, command + "\n")
        expect(done.returncode != 0, f"{command} worked")
    done = world.sftp("still", password, f"put {local} /www/x\nput {local} /.ssh/x\nget /logs/access.log got\nrm /www/x\nrm /.ssh/x\n")
    expect_equal(done.returncode, 0, f"what the owner may do: {done.stderr}")


@test
def no_special_files(world):
    """A file that the owner puts belongs to the owner's UID and GID."""
    uid, password = world.new_site("plain")
    local = f"{world.folder}/upload"
    with open(local, "w") as file:
        file.write("x")
    expect_equal(world.sftp("plain", password, f"put {local} tool\n").returncode, 0, "putting it")
    seen = os.stat(f"{world.sites}/plain/www/tool")
    expect_equal((seen.st_uid, seen.st_gid), (uid, uid), "owner and group")
