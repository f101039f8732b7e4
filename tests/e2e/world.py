# SPDX-License-Identifier: LGPL-2.1-or-later
"""heberg in the tests' engine, and what people do with it: the sysadmin (docker, files), a site's owner (sftp, ssh), a visitor (curl)."""
import contextlib
import os
import platform
import select
import shutil
import socket
import subprocess
import time

from framework import expect, wait_for

k_source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
k_containers = ("heberg-syncd", "heberg-sftp", "heberg-proxy", "heberg-proxy-render")
k_build = os.environ.get("HEBERG_BUILD", f"{k_source}/build/deploy")
k_registry = os.environ.get("HEBERG_REGISTRY", f"{k_build}/docker-registry/usr/bin/docker-registry")  # tests/run unpacks it
k_uid_min, k_uid_max = 47000, 47999
k_base_image = f"debian:{platform.freedesktop_os_release()['VERSION_CODENAME']}-slim"  # as deploy/lib.sh has it
k_http_port = 80
k_sftp_port = 2222
# Not 127.0.0.1: that is served by dockerd's own child docker-proxy, which ends with it; clients from outside come by a rule of the
# kernel's that stays. An address of RFC 5737, on the lo of the tests' own network (suite.py).
k_sftp_address = "192.0.2.1"
k_settings = """\
[sites]
host_root = "{sites}"
[accounts]
uid_min = {uid_min}
uid_max = {uid_max}
[logs]
keep = 1000
[proxy]
external_ports = ["8099"]
shared_hosts = ["turn.test", "hash.test", "paths.test"]
host_owners = ["*.names.test container:wild", "names.* container:trail", "tree.forest.test container:tls-bare-tree"]
"""
# For a tenth of a second after a reload nginx's old workers take connections beside the new ones: one answer is none.
k_served_in_a_row = 3


def run(command, timeout=60, **options):
    """A finished command: .returncode, .stdout, .stderr as text. A failure of the command raises nothing."""
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, stdin=options.pop(
        "stdin", None if "input" in options else subprocess.DEVNULL), **options)

class world:
    def __init__(self, engine, folder):
        self.engine = engine
        self.folder = folder
        self.sites = f"{folder}/sites"
        self.state = f"{folder}/state"
        self.config = f"{folder}/etc"
        self.unmount_sites()
        for path in (self.sites, self.state, self.config):
            shutil.rmtree(path, ignore_errors=True)
            os.mkdir(path, 0o755)
        os.mkdir(f"{self.state}/directory", 0o755)
        self.mount_sites()
        with open(f"{self.config}/heberg.toml", "w") as file:
            file.write(k_settings.format(sites=self.sites, uid_min=k_uid_min, uid_max=k_uid_max))
        self.ask = f"{folder}/askpass"
        with open(self.ask, "w") as file:
            file.write('#!/bin/sh\nprintf "%s\\n" "$e2e_password"\n')
        os.chmod(self.ask, 0o700)
        self.made = []
        self.sessions = []
        self.since = 0
        self.shared = {}
        self.shared_stack = contextlib.ExitStack()

    # --- heberg itself ---

    def mount_sites(self):
        """As quickstart and the packages do."""
        for options in (["--bind", self.sites], ["-o", "remount,bind,nosuid,nodev"]):
            subprocess.run(["mount", *options, self.sites], check=True)

    def unmount_sites(self):
        while run(["mountpoint", "-q", self.sites]).returncode == 0:
            subprocess.run(["umount", "--lazy", self.sites], check=True)

    def deploy(self, what, engine_dir=None):
        """A function of deploy/containers.sh, with the tests' folders."""
        return run(["bash", "-c", f"""
            set -eu
            heberg_source={k_source}
            sites_dir={self.sites} state_dir={self.state} config_dir={self.config} engine_dir={engine_dir or self.engine.socket_dir}
            sftp_port={k_sftp_port}
            . "$heberg_source/deploy/lib.sh"
            . "$heberg_source/deploy/containers.sh"
            {what}"""], timeout=120)

    def start_heberg(self):
        for name in k_containers:
            run(["docker", "rm", "-fv", name])
        for what in ("make_network", "run_syncd", "run_sftp", "run_proxy", "run_proxy_render"):
            done = self.deploy(what)
            expect(done.returncode == 0, f"{what}: {done.stderr}")
        wait_for(30, "sshd answers", lambda: self.ssh("nobody-there", "x", ["true"]).returncode == 255
                 and "Permission denied" in self.ssh("nobody-there", "x", ["true"]).stderr)
        wait_for(30, "the proxy answers", lambda: self.fetch("nobody.test")[0] == 503)

    def dead_engine_dir(self):
        """A folder with a socket that no process listens on."""
        path = f"{self.folder}/dead"
        os.makedirs(path, exist_ok=True)
        if not os.path.exists(f"{path}/docker.sock"):
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(f"{path}/docker.sock")
        return path

    def logs(self, name, since=None):
        done = run(["docker", "logs", *(["--since", f"{since:.3f}"] if since else []), name])
        return done.stdout + done.stderr

    def syncd_log(self):
        """What syncd has logged since the test began."""
        return self.logs("heberg-syncd", self.since)

    # --- tests ---

    def begin_test(self):
        self.since = time.time()
        self.made = []
        self.sessions = []

    def share(self, what, start):
        """What several tests of one file use: started (a context manager of the world) by the first that asks, ended with the file."""
        if what not in self.shared:
            self.shared[what] = self.shared_stack.enter_context(start(self))
        return self.shared[what]

    def end_file(self):
        """The last test of a file has ended."""
        self.shared = {}
        self.shared_stack.close()

    def end_test(self):
        for session in self.sessions:
            session.close()
        if self.made:
            run(["docker", "rm", "-fv", *self.made])

    def describe_trouble(self):
        text = "        --- heberg's logs of this test\n"
        for name in k_containers:
            done = run(["docker", "logs", "--timestamps", "--since", f"{self.since:.3f}", name])
            lines = sorted((done.stdout + done.stderr).splitlines())[-40:]
            text += "".join(f"        {name}: {line[11:23]} {line[31:]}\n" for line in lines)
        return text

    # --- what the sysadmin does ---

    def docker(self, *arguments, **options):
        done = run(["docker", *arguments], **options)
        expect(done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def run_site(self, name, host=None, container=None, options=(), mount=True, create=False):
        """The sysadmin's one line, as in the README; returns the container's name. It goes with the test."""
        container = container or name
        self.made.append(container)
        self.docker("create" if create else "run", *([] if create else ["-d"]), "--name", container, "--network", "heberg-sites",
                    "-e", f"VIRTUAL_HOST={host or name + '.test'}",
                    *(["-v", f"{self.sites}/{name}/www:/var/www/html"] if mount else []), *options, "php:apache")
        return container

    def remove(self, *containers):
        self.docker("rm", "-f", *containers)

    def getent(self, *arguments, user="root"):
        done = run(["docker", "exec", "--user", user, "heberg-sftp", "getent", *arguments])
        return done.returncode, done.stdout.strip()

    def find_account(self, name):
        code, line = self.getent("passwd", name)
        return line.split(":") if code == 0 else None

    def wait_for_account(self, name, seconds=10):
        return wait_for(seconds, f"account {name}", lambda: self.find_account(name))

    def wait_for_no_account(self, name, seconds=10):
        wait_for(seconds, f"account {name} gone", lambda: self.getent("passwd", name)[0] == 2)

    def new_site(self, name, **options):
        """A site with an account and a password, which comes after the account: (uid, password)."""
        self.run_site(name, **options)
        uid = int(self.wait_for_account(name)[2])
        return uid, self.wait_for_password(name)

    def wait_for_password(self, name, seconds=10):
        """The password, once its hash is published."""
        wait_for(seconds, f"the password of {name}", lambda: f"{name}:$" in self.getent("shadow", name)[1])
        return self.password(name)

    def password(self, name):
        with open(f"{self.sites}/{name}/.heberg/password") as file:
            return file.readline().rstrip("\n")

    def write_password(self, name, text, mode=0o600, owner=0):
        path = f"{self.sites}/{name}/.heberg/password"
        with open(path + ".new", "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(text)
        os.chown(path + ".new", owner, owner)
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)

    # --- what a site's owner does ---

    def _ssh_options(self, key):
        options = {
            "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "GlobalKnownHostsFile": "/dev/null", "LogLevel": "ERROR",
            "NumberOfPasswordPrompts": "1", "BatchMode": "no", "IdentitiesOnly": "yes", "ConnectTimeout": "10",
            "PreferredAuthentications": "publickey" if key else "password",
        }
        return ["-F", "none", *(["-i", key] if key else []), *(x for k, v in options.items() for x in ("-o", f"{k}={v}"))]

    def _environment(self, password):
        return {"PATH": os.environ["PATH"], "HOME": self.folder, "SSH_ASKPASS": self.ask, "SSH_ASKPASS_REQUIRE": "force",
                "e2e_password": password or ""}

    def sftp(self, name, password, commands, key=None, address=k_sftp_address, port=k_sftp_port):
        """sftp's batch mode: stops at the first command that fails (a leading "-" lets it fail)."""
        return run(["sftp", *self._ssh_options(key), "-P", str(port), "-b", "-", f"{name}@{address}"],
                   input=commands, env=self._environment(password), cwd=self.folder)

    def ssh(self, name, password, arguments, options=(), key=None, environment=None):
        return run(["ssh", *options, *self._ssh_options(key), "-p", str(k_sftp_port), f"{name}@{k_sftp_address}", *arguments],
                   env={**self._environment(password), **(environment or {})}, cwd=self.folder)

    def can_log_in(self, name, password=None, key=None, address=k_sftp_address, port=k_sftp_port):
        return self.sftp(name, password, "pwd\n", key, address, port).returncode == 0

    def put(self, name, password, text, path):
        local = f"{self.folder}/upload"
        with open(local, "w") as file:
            file.write(text)
        return self.sftp(name, password, f"put {local} {path}\n")

    def open_session(self, name, password):
        opened = session(["sftp", *self._ssh_options(None), "-P", str(k_sftp_port), "-b", "-", f"{name}@{k_sftp_address}"],
                         self._environment(password), self.folder)
        self.sessions.append(opened)
        return opened

    def forwarding_client(self, name, password, options):
        """An ssh that forwards, in the background; it listens once it is logged in."""
        return subprocess.Popen(["ssh", *self._ssh_options(None), "-N", *options, "-p", str(k_sftp_port), f"{name}@{k_sftp_address}"],
                                env=self._environment(password), cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask_forwarded(self, port, socks=False):
        """What is heard through a client's forwarded port: the client accepts at once, the server decides."""
        def connect():
            try:
                return socket.create_connection(("127.0.0.1", port), 5)
            except OSError:
                return None
        with wait_for(10, f"the client listens on {port}", connect) as heard:
            if socks:  # version 5, no authentication; then CONNECT 127.0.0.1:22 (RFC 1928)
                heard.sendall(b"\x05\x01\x00")
                heard.recv(2)
                heard.sendall(b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x16")
            try:
                answer = heard.recv(64)
            except ConnectionResetError:
                return b""
            # SOCKS says what became of it in its second byte: 0 is success.
            return b"" if socks and answer[1:2] != b"\x00" else answer

    def make_key(self, name):
        path = f"{self.folder}/key-{name}"
        if os.path.exists(path):
            os.unlink(path)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
        with open(path + ".pub") as file:
            return path, file.read()

    # --- what a visitor does ---

    def fetch(self, host, path="/", options=()):
        """(status, body) through the proxy; status 0 where nothing answers."""
        return self.fetch_at(k_http_port, host, path, options)

    def fetch_at(self, port, host, path="/", options=()):
        done = run(["curl", "-s", "-m", "5", "-w", "\n%{http_code}", "-H", f"Host: {host}", *options,
                    f"http://127.0.0.1:{port}{path}"])
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def wait_until_served(self, host, wanted, path="/", seconds=5):
        """wanted: (status, body)."""
        wait_for(seconds, f"{host}{path} is served", lambda: self.fetch(host, path) == wanted, in_a_row=k_served_in_a_row)


class session:
    """An sftp session that stays open."""

    def __init__(self, command, environment, folder):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env=environment, cwd=folder, bufsize=0)
        expect(self.works(), "an sftp session could not be opened")

    def works(self):
        """Whether it answers. A client whose server is gone notices when it next has something to say to it, and ends: "cd" asks the
        server, "pwd" alone would not."""
        try:
            self.process.stdin.write(b"cd .\npwd\n")
        except OSError:
            return False
        heard = b""
        while b"Remote working directory: " not in heard:
            ready, _, _ = select.select([self.process.stdout], [], [], 20)
            part = self.process.stdout.read(4096) if ready else b""
            if not part:
                return False
            heard += part
        return True

    def is_dead(self):
        return not self.works()

    def close(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except OSError:
                pass
