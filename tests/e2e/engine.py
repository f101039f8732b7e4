# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Docker engine of the tests' own: its own PID, mount and network namespaces, sockets and data. No container, port, firewall rule or
process of the machine is touched, its own engine may run beside or not, and the end of one process ends it all."""
import os
import shutil
import signal
import subprocess
import time

k_host_network_fd = 9  # tests/e2e/run opens it


def in_host_network(command, **options):
    """The machine's network: for apt and registries. Everything else happens in the tests' own."""
    return subprocess.run(
        ["nsenter", f"--net=/proc/self/fd/{k_host_network_fd}", *command], pass_fds=[k_host_network_fd], **options)


class engine:
    def __init__(self, folder, apart=False):
        """apart: a second one, in a network of its own, without a way out; DOCKER_HOST stays the first one's."""
        self.folder = folder
        self.apart = apart
        self.socket_dir = f"{folder}/socket"
        self.host = f"unix://{self.socket_dir}/docker.sock"
        self.environment = {**os.environ, "DOCKER_HOST": self.host}
        self.log = f"{folder}/dockerd.log"
        self.daemon = None
        self.bridge = None
        os.makedirs(self.socket_dir, exist_ok=True)
        # Kept data (--keep) is kept for its images: containers of a run that was cut off would start again, in the wrong network.
        shutil.rmtree(f"{folder}/data/containers", ignore_errors=True)
        # The namespaces live as long as this process: bash, which waits for whatever loses its parent.
        with open(self.log, "w") as log:
            self.holder = subprocess.Popen(
                ["unshare", *(["--net"] if apart else []), "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
                 "bash", "-c", "echo ready; while :; do sleep 3600 & wait; done"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
        if self.holder.stdout.readline() != "ready\n":
            raise RuntimeError("no engine can run here: a PID and mount namespace cannot be made")
        with open(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children") as children:
            self.init = int(children.read().split()[0])

    def _enter(self):
        network = [f"--net=/proc/{self.init}/ns/net"] if self.apart else []
        return ["nsenter", *network, f"--mount=/proc/{self.init}/ns/mnt", f"--pid=/proc/{self.init}/ns/pid"]

    def _start(self, prefix, options, **popen):
        if not self.apart:
            os.environ["DOCKER_HOST"] = self.host
        with open(self.log, "a") as log:
            self.daemon = subprocess.Popen(
                [*self._enter(), *prefix, "dockerd", f"--host={self.host}", f"--data-root={self.folder}/data",
                 f"--exec-root={self.folder}/exec", f"--pidfile={self.folder}/dockerd.pid",
                 "--exec-opt=native.cgroupdriver=cgroupfs", *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **popen)
        end = time.monotonic() + 60
        while not self._answers():
            if self.daemon.poll() is not None or time.monotonic() > end:
                with open(self.log) as log:
                    raise RuntimeError("no engine can run here: dockerd says:\n" + "".join(log.readlines()[-15:]))
            time.sleep(0.1)

    def _answers(self):
        try:
            return subprocess.run(["docker", "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=2, env=self.environment).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def start_for_builds(self):
        """In the machine's network, which builds use themselves, for apt. dockerd without a bridge would remove the machine's own
        docker0, so it gets one of its own that nothing joins; no firewall rule, no address translation, no forwarding."""
        self.bridge = f"hb-e2e-{os.getpid()}"
        in_host_network(["ip", "link", "add", self.bridge, "type", "bridge"], check=True)
        self._start([f"--net=/proc/self/fd/{k_host_network_fd}"],
                    [f"--bridge={self.bridge}", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"],
                    pass_fds=[k_host_network_fd])

    def stop_for_builds(self):
        self.stop()
        self._remove_bridge()

    def _remove_bridge(self):
        if self.bridge:
            in_host_network(["ip", "link", "delete", self.bridge], check=True)
            self.bridge = None

    def start(self):
        """In the tests' own network. Containers outlive the daemon (live-restore), so that its restart can be tested alone."""
        self._start([], ["--live-restore"])

    def stop(self, how=signal.SIGTERM):
        pid = self._daemon_pid()
        if pid:
            subprocess.run([*self._enter(), "kill", f"-{int(how)}", str(pid)], check=True)
            self.daemon.wait(60)
            if os.path.exists(f"{self.folder}/dockerd.pid"):
                os.unlink(f"{self.folder}/dockerd.pid")

    def _daemon_pid(self):
        try:
            with open(f"{self.folder}/dockerd.pid") as file:
                return int(file.read())
        except FileNotFoundError:
            return None

    def run(self, command, **options):
        """A command in the engine's own network."""
        return subprocess.run([*self._enter(), *command], capture_output=True, text=True, **options)

    def kill(self, pid, how=signal.SIGKILL):
        """A process as the engine numbers it (docker inspect's State.Pid)."""
        return subprocess.run([*self._enter(), "kill", f"-{int(how)}", str(pid)], stderr=subprocess.DEVNULL).returncode == 0

    def close(self):
        try:
            ids = subprocess.run(["docker", "ps", "-aq"], capture_output=True, text=True, timeout=30, env=self.environment).stdout.split()
            if ids:
                subprocess.run(["docker", "rm", "-f", *ids], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, env=self.environment)
            self.stop()
            self._remove_bridge()
        except (subprocess.SubprocessError, OSError) as error:
            print(f"stopping the tests' engine: {error}")
        os.kill(self.init, signal.SIGKILL)  # the first process of its PID namespace: all others end with it
        self.holder.wait(30)
