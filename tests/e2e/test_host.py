# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host without containers of ours: Debian under systemd, the packages installed by dpkg, its own nginx and sshd."""
import json
import os
import shutil

from framework import expect, expect_equal, test, wait_for
from host_units import back_up_by_timer, deploy_by_webhook
from world import k_source, run

k_host = "heberg-e2e-host"
k_packages = ("heberg", "heberg-syncd", "heberg-proxy-render", "hebergctl", "libnss-heberg", "libpam-heberg")
k_daemons = ("heberg-syncd", "heberg-proxy-render")
k_install = ("sh", "-c", "DEBIAN_FRONTEND=noninteractive dpkg -i /packages/*.deb")


class machine:
    def __init__(self, world, name=k_host, socket_dir=None, network="host", is_fresh=False):
        """is_fresh: without a folder /sites, as Debian's installer leaves a host."""
        self.world = world
        self.is_fresh = is_fresh
        self.name = name
        self.network = network
        self.socket_dir = socket_dir or world.engine.socket_dir
        self.sites = f"{world.folder}/{name}-sites"
        shutil.rmtree(self.sites, ignore_errors=True)
        os.mkdir(self.sites, 0o755)

    def start(self):
        self.world.made.append(self.name)
        # systemd wants a cgroup tree of its own; the host's network, as a real host's nginx has it, but on ports of its own.
        self.world.docker("run", "-d", "--name", self.name, "--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE", "--cgroupns", "private",
                          "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
                          "--security-opt", "systempaths=unconfined", "--network", self.network, "--tmpfs", "/run", "--tmpfs", "/tmp",
                          *([] if self.is_fresh else ["-v", f"{self.sites}:/sites"]), "-v", f"{self.socket_dir}:/engine:ro", "heberg-e2e-host")
        wait_for(30, "systemd", lambda: self.try_run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"))
        self.write("/etc/heberg/heberg.toml", f"""
[docker]
host = "unix:///engine/docker.sock"
[sites]
host_root = "{self.sites}"
[accounts]
uid_min = 48000
uid_max = 48999
[proxy]
http_port = 8081
[network]
guard = false
""")

    def try_run(self, *command, **options):
        return run(["docker", "exec", *(["-i"] if "input" in options else []), self.name, *command], **options)

    def run(self, *command, **options):
        done = self.try_run(*command, **options)
        expect_equal(done.returncode, 0, f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def run_for(self, code, *command):
        done = self.try_run(*command)
        expect_equal(done.returncode, code, f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def write(self, path, text):
        self.run("sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1"', "sh", path, input=text)

    def is_active(self, unit):
        return self.try_run("systemctl", "is-active", unit).stdout.strip() == "active"

    def pid_of(self, unit):
        """The daemon's process; 0 where it does not run."""
        return int(self.run("systemctl", "show", "-P", "MainPID", unit))

    def explain(self, *units):
        return self.try_run("journalctl", "--no-pager", "-n", "60", *(f"-u{unit}" for unit in units)).stdout


def trouble(host):
    return (host.explain("heberg-syncd", "heberg-proxy-render", "heberg-backup", "heberg-webhook", "nginx", "ssh")
            + host.try_run("systemctl", "--no-pager", "status", "heberg-syncd", "heberg-proxy-render").stdout)


@test
def packages_on_a_host(world):
    """Debian under systemd: dpkg installs, the daemons, the nightly backup and the webhook run by their units, getent knows the site, nginx
    serves it, the host's own sshd lets its owner in, confined; purged, nothing is left of it but the sites and the ledger."""
    host = machine(world)
    host.start()
    host.run(*k_install)
    expect_equal(host.try_run("systemctl", "is-active", "heberg-syncd").stdout.strip(), "inactive", "installing starts nothing: it")
    host.run("mount", "-o", "remount,bind,nosuid,nodev", "/sites")  # it is a mount of the tests', so sites.mount leaves it alone
    host.run("systemctl", "enable", "--now", "heberg-syncd", "heberg-proxy-render")
    try:
        for unit in ("heberg-syncd", "heberg-proxy-render"):
            wait_for(20, f"{unit} runs", lambda unit=unit: host.try_run("systemctl", "is-active", unit).stdout.strip() == "active")
        world.made.append("hosted")
        world.docker("run", "-d", "--name", "hosted", "--network", "heberg-sites", "-e", "VIRTUAL_HOST=hosted.test",
                     "-v", f"{host.sites}/hosted/www:/var/www/html", "php:apache")
        wait_for(10, "getent passwd hosted", lambda: host.try_run("getent", "passwd", "hosted").returncode == 0)
        expect_equal(host.run("getent", "passwd", "hosted"), "hosted:x:48000:48000:hosted.test:/sites/hosted:/usr/sbin/nologin", "the account")
        expect_equal(host.run("id", "-nG", "hosted"), "hosted", "its groups")
        expect(host.try_run("getent", "shadow", "hosted").returncode == 2, "the host's shadow database has the site's password")
        wait_for(10, "the page", lambda: world.fetch_at(8081, "hosted.test")[0] in (200, 403))

        # Its sshd, for owners beside the administrators: as README and README.Debian say.
        host.run("sh", "-c", "cp /usr/share/doc/libpam-heberg/examples/sshd-host.conf /etc/ssh/sshd_config.d/heberg.conf 2>/dev/null"
                             " || { mkdir -p /etc/ssh/sshd_config.d; cat >/etc/ssh/sshd_config.d/heberg.conf; }",
                 input=open(f"{k_source}/docs/examples/sshd-host.conf").read())
        host.run("pam-auth-update", "--enable", "heberg")
        host.write("/etc/ssh/sshd_config.d/port.conf", "Port 2223\n")
        host.run("systemctl", "restart", "ssh")
        wait_for(10, "a password", lambda: host.try_run("test", "-s", "/sites/hosted/.heberg/password").returncode == 0)
        host.write("/root/ask", "#!/bin/sh\nhead -n 1 /sites/hosted/.heberg/password\n")
        host.run("chmod", "755", "/root/ask")
        sftp = ("env", "SSH_ASKPASS=/root/ask", "SSH_ASKPASS_REQUIRE=force", "sftp", "-oBatchMode=no", "-oStrictHostKeyChecking=no",
                "-oUserKnownHostsFile=/dev/null", "-oPreferredAuthentications=password", "-oNumberOfPasswordPrompts=1", "-P2223", "-b-",
                "hosted@127.0.0.1")
        host.write("/tmp/index.php", "<?php echo 'from sftp ', 6*7;")
        wait_for(10, "an SFTP session", lambda: host.try_run(*sftp, input="pwd\n").returncode == 0)
        seen = host.run(*sftp, input="put /tmp/index.php index.php\npwd\nls /\n")
        expect("Remote working directory: /www" in seen, f"not confined: {seen}")
        wait_for(5, "what was put", lambda: world.fetch_at(8081, "hosted.test")[1] == "from sftp 42")
        expect_equal(host.run("stat", "-c", "%U:%G", "/sites/hosted/www/index.php"), "hosted:hosted", "its owner")
        wait_for(5, "the upload in sftp.log", lambda: "/www/index.php" in host.run("cat", "/sites/hosted/logs/sftp.log"))

        # hebergctl check: it tests the site through the proxy and its log, reports what is broken, and repairs it with --fix.
        seen = json.loads(host.run_for(6, "hebergctl", "--json", "check", "hosted"))
        # The tests' own heberg guards that network, which this host shares.
        expect_equal([f["text"] for f in seen["findings"]],
                     ["the network is not isolated: network.guard is false: set it to true", "container hosted starts as root"], "findings")
        host.run("chmod", "0777", "/sites/hosted/logs")
        expect("/sites/hosted/logs has mode 0777, should have 0750" in host.run_for(1, "hebergctl", "check"), "the wrong mode is not reported")
        host.run_for(6, "hebergctl", "check", "--fix", "hosted")
        expect_equal(host.run("stat", "-c", "%a", "/sites/hosted/logs"), "750", "the repaired mode")
        host.run("sh", "-c", "cd /sites/hosted/logs && mv access.log kept && mkdir access.log")
        world.fetch_at(8081, "hosted.test", "/?unwritten")
        wait_for(5, "the engine has the line", lambda: "/?unwritten" in world.docker("logs", "hosted"))
        expect("access.log lacks the last lines of container hosted" in host.run_for(1, "hebergctl", "check", "hosted"), "a log that cannot be written is not reported")
        host.run("sh", "-c", "cd /sites/hosted/logs && rmdir access.log && mv kept access.log")
        wait_for(15, "the log goes on", lambda: host.try_run("hebergctl", "check", "hosted").returncode == 6)
        host.run_for(3, "hebergctl", "check", "nosite")

        back_up_by_timer(host, "hosted")
        deploy_by_webhook(host)

        # Killed, it comes back; stopped and started, too.
        host.run("systemctl", "kill", "--signal", "KILL", "heberg-syncd", "heberg-proxy-render")
        for unit in ("heberg-syncd", "heberg-proxy-render"):
            wait_for(20, f"{unit} is back", lambda unit=unit: host.try_run("systemctl", "is-active", unit).stdout.strip() == "active")
        host.run("hebergctl", "list")
        world.remove("hosted")
        wait_for(15, "no account", lambda: host.try_run("getent", "passwd", "hosted").returncode == 2)
    except Exception:
        print(trouble(host), flush=True)
        raise

    host.run("dpkg", "--purge", *k_packages)
    expect("heberg" not in host.run("cat", "/etc/nsswitch.conf"), "nsswitch.conf still names heberg")
    expect("heberg" not in host.run("sh", "-c", "cat /etc/pam.d/common-*"), "pam.d still names heberg")
    expect_equal(host.try_run("sh", "-c", "ls -d /usr/sbin/heberg* /lib/systemd/system/heberg* /usr/lib/*/libnss_heberg* 2>/dev/null").stdout,
                 "", "what is left")
    expect_equal(host.run("stat", "-c", "%u", "/sites/hosted/www/index.php"), "48000", "the site's file")


@test
def daemon_starts_on_a_fresh_host(world):
    """Debian without a folder /sites: installing starts nothing; systemctl enable --now heberg-syncd makes the folder, starts it, and it answers."""
    host = machine(world, "host-fresh", network="none", is_fresh=True)
    host.start()
    host.run("test", "!", "-e", "/sites")
    host.run(*k_install)
    for unit in k_daemons:
        expect_equal(host.try_run("systemctl", "is-active", unit).stdout.strip(), "inactive", f"{unit}, installed")
    done = host.try_run("systemctl", "enable", "--now", "heberg-syncd", timeout=20)
    expect_equal(done.returncode, 0, f"systemctl enable --now: {done.stderr}{trouble(host)}")
    expect(host.is_active("heberg-syncd"), "it does not run")
    expect_equal(host.run("stat", "-c", "%U:%G %a", "/sites"), "root:root 755", "owner and mode of /sites")
    options = set(host.run("findmnt", "-n", "-o", "OPTIONS", "/sites").replace("\n", ",").split(","))
    expect({"nosuid", "nodev"} <= options, f"mount options of /sites: {options}")
    host.run("hebergctl", "status")


@test
def packages_restart_and_stop_the_daemons(world):
    """The same packages installed again: a daemon that ran runs again with a new PID, one that is stopped stays so; removed, no process and no unit of heberg's is left."""
    host = machine(world, "host-again", network="none", is_fresh=True)
    host.start()
    host.run(*k_install)
    host.run("systemctl", "enable", "--now", "heberg-syncd", timeout=20)
    pid = host.pid_of("heberg-syncd")
    expect(pid, f"heberg-syncd does not run: {trouble(host)}")

    host.run(*k_install)
    wait_for(20, "heberg-syncd runs again", lambda: host.is_active("heberg-syncd"), detail=lambda: trouble(host))
    expect(host.pid_of("heberg-syncd") not in (0, pid), "heberg-syncd is the process of before")
    expect_equal(host.pid_of("heberg-proxy-render"), 0, "the PID of a daemon that is disabled")

    host.run("systemctl", "enable", "--now", "heberg-proxy-render", timeout=20)
    before = {unit: host.pid_of(unit) for unit in k_daemons}
    expect(all(before.values()), f"PIDs: {before}")
    host.run(*k_install)
    for unit in k_daemons:
        wait_for(20, f"{unit} runs again", lambda unit=unit: host.is_active(unit), detail=lambda: trouble(host))
        expect(host.pid_of(unit) not in (0, before[unit]), f"{unit} is the process of before")

    expect_equal(host.try_run("pgrep", "-c", "heberg").stdout.strip(), "2", "processes of heberg's")
    host.run("dpkg", "--remove", *k_packages)
    expect_equal(host.try_run("pgrep", "-a", "heberg").stdout, "", "processes of heberg's, removed")
    for unit in k_daemons:
        expect_equal(host.run("systemctl", "show", "-P", "LoadState,ActiveState", unit).split(), ["not-found", "inactive"], unit)
