# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the containers are isolated: with few rights, and with nothing of each other's."""
import json
import os

from framework import expect, expect_equal, test
from world import k_containers, k_sftp_port, k_source, run


def inspect(world, name):
    return json.loads(world.docker("inspect", name))[0]


def bits(names):
    numbers = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "FSETID": 4, "KILL": 5, "SETGID": 6, "SETUID": 7, "NET_BIND_SERVICE": 10, "NET_ADMIN": 12,
               "SYS_CHROOT": 18, "SYS_PTRACE": 19, "AUDIT_WRITE": 29}
    return sum(1 << numbers[name] for name in names)


@test
def capabilities(world):
    """Each container's first process has exactly the capabilities it needs, and cannot gain any."""
    wanted = {
        "heberg-syncd": ["NET_ADMIN", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SYS_PTRACE"],
        "heberg-sftp": ["SETUID", "SETGID", "SYS_CHROOT", "AUDIT_WRITE", "KILL"],
        "heberg-proxy": ["NET_BIND_SERVICE", "SETUID", "SETGID", "CHOWN", "KILL"],
        "heberg-proxy-render": ["NET_BIND_SERVICE", "CHOWN"],
    }
    for name, capabilities_of in wanted.items():
        # syncd's container shares the PID namespace of its host, so its own process is found by the engine's number.
        pid = inspect(world, name)["State"]["Pid"] if name == "heberg-syncd" else 1
        status = dict(line.split(":\t", 1) for line in
                      world.docker("exec", name, "cat", f"/proc/{pid}/status").splitlines() if ":\t" in line)
        for field in ("CapEff", "CapBnd", "CapPrm"):
            expect_equal(int(status[field], 16), bits(capabilities_of), f"{name} {field}")
        expect_equal(status["NoNewPrivs"], "1", f"{name} NoNewPrivs")


@test
def units_have_as_little(world):
    """The packages' units have no more capabilities and writable paths than this list says, and why."""
    wanted = {
        # CHOWN, DAC_OVERRIDE, FOWNER, FSETID: folders in trees that are others'. KILL: sessions. NET_ADMIN: the guard of the sites' network.
        # SYS_PTRACE: what a container has mounted. The root: the trees.
        "heberg-syncd": ("CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_NET_ADMIN CAP_SYS_PTRACE", ["-/sites"]),
        # What nginx -t does: its temporary folders and log (CHOWN, DAC_OVERRIDE), port 80 (NET_BIND_SERVICE). /run: nginx.pid and its own socket.
        "heberg-proxy-render": ("CAP_CHOWN CAP_DAC_OVERRIDE CAP_NET_BIND_SERVICE", ["-/etc/nginx/conf.d -/var/log/nginx -/var/lib/nginx -/run"]),
    }
    for name, (capabilities_of, paths) in wanted.items():
        with open(f"{k_source}/debian/{name}.service") as file:
            lines = [line.strip() for line in file if "=" in line and not line.startswith("#")]
        settings = [line.split("=", 1) for line in lines]
        expect_equal([value for key, value in settings if key == "CapabilityBoundingSet"], [capabilities_of], f"{name}: capabilities")
        expect_equal([value for key, value in settings if key in ("ReadWritePaths", "BindPaths")], paths, f"{name}: writable paths")
        for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes"):
            expect(line in lines, f"{name}: {line} is missing")


@test
def read_only(world):
    """Nothing of a container's own file system can be written, nor the directory by the SFTP container."""
    def expect_read_only(name, path):
        done = run(["docker", "exec", name, "touch", path])
        expect("Read-only file system" in done.stderr, f"{name}: touch {path}: {done.returncode} {done.stderr}")

    for name in k_containers:
        expect(inspect(world, name)["HostConfig"]["ReadonlyRootfs"], f"{name} has a writable root")
        for path in ("/etc/x", "/usr/sbin/x", "/x"):
            expect_read_only(name, path)
        world.docker("exec", name, "touch", "/tmp/x")  # touch itself works
    for path in ("x", "accounts.cdb", "shadow.cdb"):
        expect_read_only("heberg-sftp", f"/var/lib/heberg/directory/{path}")
    expect_read_only("heberg-proxy", "/etc/nginx/conf.d/x")
    for name in ("heberg-syncd", "heberg-proxy", "heberg-proxy-render"):
        expect_read_only(name, "/etc/heberg/heberg.toml")


@test
def mounts(world):
    """No container that clients reach has the engine's socket: the SFTP container has the directory and the sites, nginx its configuration and the settings."""
    seen = sorted((m["Destination"], m["RW"]) for m in inspect(world, "heberg-sftp")["Mounts"])
    expect_equal(seen, [("/etc/ssh/host_keys", True), ("/sites", True), ("/var/lib/heberg/directory", False)], "mounts of heberg-sftp")
    expect_equal(world.docker("exec", "heberg-sftp", "ls", "/var/lib/heberg"), "directory", "/var/lib/heberg in heberg-sftp")
    seen = sorted((m["Destination"], m["RW"]) for m in inspect(world, "heberg-proxy")["Mounts"])
    expect_equal(seen, [("/etc/heberg", False), ("/etc/nginx/conf.d", False)], "mounts of heberg-proxy")
    for name in ("heberg-sftp", "heberg-proxy"):
        found = world.docker("exec", name, "sh", "-c", "ls /run/docker.sock /run/engine 2>/dev/null | wc -l")
        expect_equal(found, "0", f"engine sockets in {name}")


@test
def stock_sshd(world):
    """The sshd in heberg-sftp is Debian's, unchanged; one file of settings is ours."""
    done = run(["docker", "exec", "heberg-sftp", "dpkg", "--verify", "openssh-server", "openssh-sftp-server"])
    changed = [line.split()[-1] for line in done.stdout.splitlines() if "missing" not in line and "/usr/share/" not in line]
    expect_equal(changed, ["/etc/pam.d/sshd"], "changed files of openssh-server")  # PAM's own: dpkg sees what is changed
    expect_equal(world.docker("exec", "heberg-sftp", "ls", "/etc/ssh/sshd_config.d"), "heberg.conf", "sshd_config.d")


@test
def host_keys_survive(world):
    """A new SFTP container keeps its host keys."""
    keys = "cat /etc/ssh/host_keys/*.pub"
    before = world.docker("exec", "heberg-sftp", "sh", "-c", keys)
    world.docker("rm", "-f", "heberg-sftp")
    done = world.deploy("run_sftp")
    expect_equal(done.returncode, 0, f"run_sftp: {done.stderr}")
    expect_equal(world.docker("exec", "heberg-sftp", "sh", "-c", keys), before, "host keys")
    expect_equal(len(before.splitlines()), 3, "host keys")


def how_it_runs(world, name):
    """What isolates a container, in a form that is the same however it was started."""
    seen = inspect(world, name)
    host = seen["HostConfig"]
    return {
        "mounts": sorted((m["Type"], m.get("Name") or m["Source"], m["Destination"], m["RW"]) for m in seen["Mounts"]),
        "capabilities": sorted(host["CapAdd"]), "dropped": host["CapDrop"], "read-only": host["ReadonlyRootfs"],
        "security": sorted(option.replace(":true", "") for option in host["SecurityOpt"]), "tmpfs": sorted(host["Tmpfs"].items()),
        "shares": host["CpuShares"], "memory": host["Memory"], "processes": host["PidsLimit"], "network": host["NetworkMode"], "pid": host["PidMode"],
        "restart": host["RestartPolicy"]["Name"], "log": host["LogConfig"], "ports": host["PortBindings"] or {},
    }


@test
def compose_says_the_same(world):
    """compose.yaml runs the containers exactly as containers.sh does."""
    names = k_containers
    wanted = {name: how_it_runs(world, name) for name in names}
    world.docker("rm", "-f", *names)
    world.docker("network", "rm", "heberg-sites")
    compose = ["docker-compose", "--project-name", "heberg-e2e", "--file", f"{k_source}/deploy/compose.yaml"]
    environment = {**os.environ, "HEBERG_SITES": world.sites, "HEBERG_STATE": world.state, "HEBERG_CONFIG": world.config,
                   "HEBERG_ENGINE": world.engine.socket_dir, "HEBERG_SFTP_PORT": str(k_sftp_port)}
    try:
        done = run([*compose, "up", "--no-start"], env=environment)
        expect_equal(done.returncode, 0, f"docker-compose up: {done.stderr}")
        seen = {name: how_it_runs(world, name) for name in names}
        for name in names:
            for what, value in wanted[name].items():
                if what == "ports":  # compose names no address where docker names "every"
                    value = {port: [{**binding, "HostIp": ""} for binding in bindings] for port, bindings in value.items()}
                expect_equal(seen[name][what], value, f"{name}, {what}")
        icc = json.loads(world.docker("network", "inspect", "heberg-sites"))[0]["Options"]
        expect_equal(icc, {"com.docker.network.bridge.enable_icc": "false"}, "options of heberg-sites")
    finally:
        run([*compose, "down"], env=environment)
        world.start_heberg()
