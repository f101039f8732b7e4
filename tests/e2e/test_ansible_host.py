# SPDX-License-Identifier: LGPL-2.1-or-later
"""The role heberg: a Debian host without heberg becomes one that has it, over ssh."""
import contextlib
import json
import re

from framework import expect, expect_equal, test, wait_for
from test_ansible import environment_of, prepare
from test_host import machine
from world import run


class target(machine):
    """A Debian host that ssh reaches and that has no heberg. Its engine is the tests', by a link; its apt has no network."""

    def __init__(self, world, name, folder, is_fresh):
        super().__init__(world, name, network="net-role", is_fresh=is_fresh)
        self.folder = folder
        self.settings = {"docker": {"host": "unix:///engine/docker.sock"}, "sites": {"host_root": self.sites}, "accounts": {"uid_min": 48000, "uid_max": 48999},
                         "proxy": {"http_port": 8082}}

    def start(self):
        super().start()
        self.key, public = self.world.make_key("role")
        self.write("/root/.ssh/authorized_keys", public)
        self.run("chmod", "-R", "go-rwx", "/root/.ssh")
        self.run("rm", "-r", "/etc/heberg")
        wait_for(20, "sshd runs", lambda: self.try_run("systemctl", "is-active", "ssh").stdout.strip() == "active")
        self.address = self.world.docker("inspect", "-f", '{{index .NetworkSettings.Networks "net-role" "IPAddress"}}', self.name)
        self.world.docker("cp", f"{self.name}:/packages", f"{self.folder}/packages")
        self.run("sh", "-c", "ln -s /engine/docker.sock /var/run/docker.sock && printf '#!/bin/sh\nexit 0\n' >/usr/local/bin/docker && chmod 755 /usr/local/bin/docker")

    def play(self, code=0, **variables):
        """The role, run on it; what ansible-playbook says."""
        with open(f"{self.folder}/host.yml", "w") as file:
            json.dump([{"hosts": "all", "gather_facts": False, "roles": ["heberg.heberg.heberg"],
                        "vars": {"ansible_python_interpreter": "/usr/bin/python3", "heberg_engine_packages": [], "heberg_proxy_packages": [],
                                 "heberg_settings": self.settings, **variables}}], file)
        done = run(["ansible-playbook", "-i", f"{self.address},", f"{self.folder}/host.yml", "-u", "root", "--private-key", self.key],
                   env={**environment_of(self.folder), "ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_PIPELINING": "True",
                        "ANSIBLE_SSH_ARGS": "-o UserKnownHostsFile=/dev/null -o ControlMaster=auto -o ControlPersist=60s",
                        "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{self.folder}/ssh"},
                   timeout=180)
        expect_equal(done.returncode, code, f"ansible-playbook: {done.stdout}{done.stderr}")
        return done.stdout

    def runs_heberg(self):
        for unit in ("heberg-syncd", "heberg-proxy-render"):
            wait_for(20, f"{unit} runs", lambda unit=unit: self.try_run("systemctl", "is-active", unit).stdout.strip() == "active")


def count_changes(said):
    return int(re.search(r"changed=(\d+)", said).group(1))


@contextlib.contextmanager
def bare_host(world, name, is_fresh=False):
    world.docker("network", "create", "net-role")
    try:
        host = target(world, name, prepare(world, name), is_fresh)
        host.start()
        yield host
    finally:
        run(["docker", "rm", "-fv", *world.made])
        run(["docker", "network", "rm", "net-role"])


@test
def ansible_host(world):
    """The role heberg on a Debian host: packages, settings, network and daemons; again it changes nothing; a wrong setting is refused before it is in place."""
    with bare_host(world, "host-role") as host:
        packages = f"{host.folder}/packages"
        expect(count_changes(host.play(heberg_packages=packages)) > 0, "the first run changes nothing")
        host.runs_heberg()
        world.made.append("rolled")
        world.docker("run", "-d", "--name", "rolled", "--network", "heberg-sites", "-e", "VIRTUAL_HOST=rolled.test",
                     "-v", f"{host.sites}/rolled/www:/var/www/html", "php:apache")
        wait_for(10, "getent passwd rolled", lambda: host.try_run("getent", "passwd", "rolled").returncode == 0)
        expect_equal(count_changes(host.play(heberg_packages=packages)), 0, "what a second run changes")
        before = host.run("cat", "/etc/heberg/heberg.toml")
        host.settings["proxy"]["http_prot"] = 8083
        said = host.play(code=2, heberg_packages=packages)
        expect("http_prot: unknown key" in said, f"a wrong setting: {said}")
        expect_equal(host.run("cat", "/etc/heberg/heberg.toml"), before, "the settings in place")
        expect_equal(host.try_run("systemctl", "is-active", "heberg-syncd").stdout.strip(), "active", "heberg-syncd")


@test
def ansible_host_apt(world):
    """The role heberg on a host without a folder /sites takes the packages from the host's apt, where a repository has them; again it changes nothing."""
    with bare_host(world, "host-apt", is_fresh=True) as host:
        host.run("test", "!", "-e", "/sites")
        index = run(["dpkg-scanpackages", "-m", "."], cwd=f"{host.folder}/packages").stdout
        host.write("/packages/Packages", index)
        host.run("sh", "-c", "rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*; echo 'deb [trusted=yes] file:/packages ./' >/etc/apt/sources.list.d/heberg.list")
        expect(count_changes(host.play()) > 0, "the first run changes nothing")
        host.runs_heberg()
        expect("file:/packages" in host.run("apt-cache", "policy", "heberg-syncd"), "where it is from")
        expect_equal(count_changes(host.play()), 0, "what a second run changes")
