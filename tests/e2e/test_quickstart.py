# SPDX-License-Identifier: LGPL-2.1-or-later
"""deploy/quickstart, the README's first command: in place of the tests' own heberg, with its containers and folders of its own."""
import os
import re
import shutil
import tempfile

from framework import expect, expect_equal, test
from world import k_base_image, k_build, k_source, run

k_containers = ["heberg-proxy", "heberg-proxy-render", "heberg-sftp", "heberg-syncd", "site_1"]
k_images = ["heberg-syncd", "heberg-sftp", "heberg-proxy", "heberg-proxy-render", "php:apache", k_base_image]
k_http_port = "8081"
k_wrong = {
    ("--http-port", "0"): '--http-port needs a port from 1 to 65535, not "0"',
    ("--sftp-port", "65536"): '--sftp-port needs a port from 1 to 65535, not "65536"',
    ("--sites", "sites"): '--sites needs an absolute path of letters, digits and ._-/, not "sites"',
    ("--sites",): "--sites needs a value",
    ("--everything",): "unknown option --everything; see --help",
}


class quickstart:
    """Its folders are root's all the way up, as sshd wants a site's tree to be; its images bear second names, so that --purge takes
    none away from the other tests."""

    def __init__(self, world):
        self.world = world
        self.folder = tempfile.mkdtemp(prefix="heberg-e2e.", dir="/var/lib")
        os.chmod(self.folder, 0o755)
        self.sites = f"{self.folder}/sites"
        self.environment = {**os.environ, "HEBERG_STATE": f"{self.folder}/state", "HEBERG_CONFIG": f"{self.folder}/etc",
                            "HEBERG_BUILD": f"{self.folder}/build"}
        # The packages as they are built: the rest of that folder is large and not needed.
        for name in os.listdir(k_build):
            if name.startswith("packages-"):
                shutil.copytree(f"{k_build}/{name}", f"{self.folder}/build/{name}")
        for name in k_images:
            world.docker("tag", name, f"kept-{name}")

    def run(self, *options):
        return run([f"{k_source}/deploy/quickstart", "--http-port", k_http_port, "--sites", self.sites, *options],
                   env=self.environment, timeout=300)

    def succeed(self, *options):
        done = self.run(*options)
        expect_equal(done.returncode, 0, f"quickstart {' '.join(options)}: {done.stdout}{done.stderr}")
        return done.stdout

    def close(self):
        run(["docker", "rm", "-fv", *k_containers, "another"])
        run(["docker", "network", "rm", "heberg-sites"])
        for name in k_images:
            self.world.docker("tag", f"kept-{name}", name)
            self.world.docker("rmi", f"kept-{name}")
        run(["umount", "--lazy", self.sites])  # where --purge did not come to that
        shutil.rmtree(self.folder)
        self.world.start_heberg()


def containers(world):
    return sorted(world.docker("ps", "-a", "--format", "{{.Names}}").split())


@test
def quickstart_life(world):
    """quickstart installs heberg with a first site and tests it; a second run changes nothing; --down and --purge leave what is not its own."""
    world.docker("rm", "-f", "heberg-syncd", "heberg-sftp", "heberg-proxy", "heberg-proxy-render")
    world.docker("network", "rm", "heberg-sites")
    world.docker("volume", "rm", "heberg-sftp-keys", "heberg-proxy-conf")
    started = quickstart(world)
    try:
        said = started.succeed()
        for line in (r"account: site_1:x:20000:20000:site-1\.localhost:/sites/site_1:/usr/sbin/nologin", "sftp: put a PHP file",
                     "proxy: fetched it, and PHP ran it as UID 20000", f"address +http://site-1.localhost:{k_http_port}/",
                     r"SFTP +sftp -P 2222 site_1@localhost", r"password +\S{16,}"):
            expect(re.search(line, said), f"not said: {line}: {said}")
        expect("It works" in world.fetch_at(k_http_port, "site-1.localhost")[1], "the first site's page")
        expect_equal(containers(world), k_containers, "containers")
        options = run(["findmnt", "-n", "-o", "OPTIONS", "-T", started.sites]).stdout.split(",")
        expect({"nosuid", "nodev"} <= {option.strip() for option in options}, f"mount options of the sites: {options}")

        before = world.docker("ps", "-aq", "--no-trunc")
        said = started.succeed()
        expect("nothing had to be changed" in said, f"the second run: {said}")
        expect_equal(world.docker("ps", "-aq", "--no-trunc"), before, "containers after the second run")

        # A site of the sysadmin's own, on a network of its own: its account would be lost.
        world.docker("run", "-d", "--name", "another", "-e", "VIRTUAL_HOST=another.test", "-v", f"{started.sites}/another/www:/var/www/html",
                     "php:apache")
        done = started.run("--purge")
        expect(done.returncode == 1 and done.stderr.strip().endswith("containers first: another"), f"--purge: {done.stdout}{done.stderr}")
        expect_equal(containers(world), sorted([*k_containers, "another"]), "containers after a refused --purge")

        started.succeed("--down")
        expect_equal(containers(world), ["another"], "containers after --down")
        expect("nothing to stop" in started.succeed("--down"), "a second --down")
        expect(os.path.exists(f"{started.sites}/site_1/www/index.html"), "--down took files away")

        world.docker("rm", "-f", "another")
        started.succeed("--purge")
        expect(not os.path.ismount(started.sites) and run(["mountpoint", "-q", started.sites]).returncode, "the sites are still a mount")
        expect_equal(os.listdir(started.sites), ["another"], "trees after --purge")
        expect_equal(sorted(os.listdir(started.folder)), ["sites"], "folders after --purge")
        expect_equal(world.docker("volume", "ls", "-q"), "", "volumes after --purge")
        expect_equal(world.docker("images", "-q", "heberg-syncd"), "", "images after --purge")
    finally:
        started.close()


@test
def quickstart_refuses(world):
    """quickstart names a wrong option or value and does nothing."""
    before = containers(world)
    for options, sentence in k_wrong.items():
        done = run([f"{k_source}/deploy/quickstart", *options])
        expect_equal((done.returncode, done.stderr.strip()), (1, f"quickstart: {sentence}"), f"quickstart {' '.join(options)}")
    expect_equal(containers(world), before, "containers")
