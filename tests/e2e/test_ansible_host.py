# SPDX-License-Identifier: LGPL-2.1-or-later
"""The role heberg: a Debian host without heberg becomes one that has it, over ssh."""
import json
import re

from framework import expect, expect_equal, test, wait_for
from test_ansible import environment_of, prepare
from test_host import machine
from world import run


@test
def ansible_host(world):
    """The role heberg on a Debian host: packages, settings, network and daemons; again it changes nothing; a wrong setting is refused before it is in place."""
    folder = prepare(world, "role")
    key, public = world.make_key("role")
    world.docker("network", "create", "net-role")
    try:
        host = machine(world, "host-role", network="net-role")
        host.start()
        host.write("/root/.ssh/authorized_keys", public)
        host.run("chmod", "-R", "go-rwx", "/root/.ssh")
        host.run("rm", "-r", "/etc/heberg")
        wait_for(20, "sshd runs", lambda: host.try_run("systemctl", "is-active", "ssh").stdout.strip() == "active")
        address = world.docker("inspect", "-f", '{{index .NetworkSettings.Networks "net-role" "IPAddress"}}', "host-role")
        world.docker("cp", "host-role:/packages", f"{folder}/packages")
        # The host is a container: its engine is the tests', which it reaches by a link; apt has no network.
        host.run("sh", "-c", "ln -s /engine/docker.sock /var/run/docker.sock && printf '#!/bin/sh\nexit 0\n' >/usr/local/bin/docker && chmod 755 /usr/local/bin/docker")
        settings = {"docker": {"host": "unix:///engine/docker.sock"}, "sites": {"host_root": host.sites}, "accounts": {"uid_min": 48000, "uid_max": 48999},
                    "proxy": {"http_port": 8082}}

        def play(code=0):
            with open(f"{folder}/host.yml", "w") as file:
                json.dump([{"hosts": "all", "gather_facts": False, "roles": ["heberg.heberg.heberg"],
                            "vars": {"ansible_python_interpreter": "/usr/bin/python3", "heberg_packages": f"{folder}/packages", "heberg_engine_packages": [],
                                     "heberg_proxy_packages": [], "heberg_settings": settings}}], file)
            done = run(["ansible-playbook", "-i", f"{address},", f"{folder}/host.yml", "-u", "root", "--private-key", key],
                       env={**environment_of(folder), "ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_PIPELINING": "True",
                            "ANSIBLE_SSH_ARGS": "-o UserKnownHostsFile=/dev/null -o ControlMaster=auto -o ControlPersist=60s",
                            "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{folder}/ssh"},
                       timeout=180)
            expect_equal(done.returncode, code, f"ansible-playbook: {done.stdout}{done.stderr}")
            return done.stdout

        expect("changed=" in play(), "the first run")
        for unit in ("heberg-syncd", "heberg-proxy-render"):
            wait_for(20, f"{unit} runs", lambda unit=unit: host.try_run("systemctl", "is-active", unit).stdout.strip() == "active")
        world.made.append("rolled")
        world.docker("run", "-d", "--name", "rolled", "--network", "heberg-sites", "-e", "VIRTUAL_HOST=rolled.test",
                     "-v", f"{host.sites}/rolled/www:/var/www/html", "php:apache")
        wait_for(10, "getent passwd rolled", lambda: host.try_run("getent", "passwd", "rolled").returncode == 0)
        expect_equal(re.search(r"changed=(\d+)", play()).group(1), "0", "what a second run changes")
        before = host.run("cat", "/etc/heberg/heberg.toml")
        settings["proxy"]["http_prot"] = 8083
        said = play(code=2)
        expect("http_prot: unknown key" in said, f"a wrong setting: {said}")
        expect_equal(host.run("cat", "/etc/heberg/heberg.toml"), before, "the settings in place")
        expect_equal(host.try_run("systemctl", "is-active", "heberg-syncd").stdout.strip(), "active", "heberg-syncd")
    finally:
        run(["docker", "rm", "-fv", *world.made])
        run(["docker", "network", "rm", "net-role"])
