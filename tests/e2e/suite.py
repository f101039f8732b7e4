# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sets up the engine, the images and heberg, runs the tests, takes everything down. Started by tests/e2e/run."""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

k_here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{k_here}/support")  # what several tests share
sys.path.insert(0, f"{k_here}/../attacks")

import attacks
import attacks_names  # noqa: F401

import engine as engines
import framework
import world as worlds

# The files in this order: those that take longest first, so that the two workers end at about the same time; quickstart last, in the others'
# place.
import test_logs  # noqa: F401
import test_hebergctl  # noqa: F401
import test_move  # noqa: F401
import test_proxy_faults  # noqa: F401
import test_ansible  # noqa: F401
import test_ansible_host  # noqa: F401
import test_host  # noqa: F401
import test_recovery  # noqa: F401
import test_import  # noqa: F401
import test_life  # noqa: F401
import test_locked_in  # noqa: F401
import test_passwords  # noqa: F401
import test_proxy_variables  # noqa: F401
import test_backup  # noqa: F401
import test_proxy_tls  # noqa: F401
import test_proxy_networks  # noqa: F401
import test_proxy_protocols  # noqa: F401
import test_proxy_reload  # noqa: F401
import test_sftp_log  # noqa: F401
import test_hostile  # noqa: F401
import test_network  # noqa: F401
import test_accounts  # noqa: F401
import test_images  # noqa: F401
import test_quickstart  # noqa: F401
import attacks_archives  # noqa: F401
import attacks_files  # noqa: F401
import attacks_network  # noqa: F401
import attacks_proxy  # noqa: F401
import attacks_logs  # noqa: F401
import attacks_sftp  # noqa: F401

import attacks_accounts  # noqa: F401
import attacks_control  # noqa: F401
import attacks_forged_lines  # noqa: F401
import attacks_hostile_answers  # noqa: F401
import attacks_kernel  # noqa: F401
import attacks_sessions  # noqa: F401
import attacks_sftp_wire  # noqa: F401
import attacks_visitors  # noqa: F401


k_slowest = 10


def read_options():
    parser = argparse.ArgumentParser(prog="tests/e2e/run", description="heberg's end-to-end tests, on an engine of their own")
    parser.add_argument("filter", nargs="*", help="only tests whose function or rule contains one of these words")
    parser.add_argument("--list", action="store_true", help="list the tests")
    parser.add_argument("--attacks", action="store_true", help="all attacks, in place of the tests and the short attacks")
    parser.add_argument("--undefended", action="store_true", help="with --attacks: each attack with its defence taken away; it must succeed")
    parser.add_argument("--soak", action="store_true", help="the tests that kill at random, with five times as many rounds as tests/run has")
    parser.add_argument("--keep", metavar="DIR", help="keep the engine's data and the images in DIR, and use them next time")
    parser.add_argument("--workers", type=int, choices=(1, 2), help="how many tests run at a time (default: 2 where there are two processors)")
    parser.add_argument("--count-file", help=argparse.SUPPRESS)  # for tests/run: "PASSED FAILED"
    parser.add_argument("--second", metavar="DIR", help=argparse.SUPPRESS)  # the second worker, and the queue that it shares with the first
    parser.add_argument("--queue", metavar="DIR", help=argparse.SUPPRESS)
    return parser.parse_args()


def choose(options):
    if options.undefended:
        those = [attacks.without_defence(a) for a in attacks.attacks if a.undefended]
    elif options.attacks:
        those = attacks.attacks
    else:
        # quickstart's tests take heberg down: after all others.
        last = [t for t in framework.tests if t.__module__ == "test_quickstart"]
        those = [t for t in framework.tests if t not in last] + [a for a in attacks.attacks if a.is_short] + last
    if options.soak:
        those = [t for t in those if "rounds" in t.__code__.co_names]
    words = options.filter
    return [t for t in those if not words or any(w in t.__name__ or w in framework.rule_of(t) or w == framework.attack_of(t) for w in words)]


def build_images():
    """With deploy's own scripts, as quickstart does; and those for tests: with test tools, and a host under systemd. Three builds at a time:
    they mostly wait for packages."""
    script = f"""
        set -eu
        heberg_source={worlds.k_source}
        . "$heberg_source/deploy/lib.sh"
        . "$heberg_source/deploy/images/build.sh"
        build_host() {{
            local folder
            folder=$(mktemp -d)
            cp "$heberg_source"/tests/e2e/host-image/* "$folder"
            cp -r "$package_dir" "$folder/packages"
            docker_build heberg-e2e-host "$folder" heberg.test=yes
            rm -r "$folder"
        }}
        build_packages
        ensure_stock_image "$k_base_image" make_debian_standin
        (set -e; ensure_stock_image php:apache make_php_standin; ensure_heberg_image heberg-syncd) & php=$!
        (set -e; ensure_heberg_image heberg-sftp; docker_build heberg-e2e-pam "$heberg_source/tests/e2e/pam-image" heberg.test=yes
            ensure_heberg_image heberg-proxy; ensure_heberg_image heberg-proxy-render) & heberg=$!
        build_host
        wait $php
        wait $heberg
    """
    engines.in_host_network(["bash", "-c", script], check=True)


class worker:
    """An engine and heberg in a network namespace, and the tests that it takes from the queue, a file at a time."""

    def __init__(self, folder, queue):
        self.folder = folder
        self.queue = queue
        self.results = []
        self.world = None
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "address", "add", f"{worlds.k_sftp_address}/32", "dev", "lo"], check=True)
        self.engine = engines.engine(folder)

    def start(self):
        self.engine.start()
        self.world = worlds.world(self.engine, self.folder)
        self.world.start_heberg()

    def take(self, name):
        """Whether the file is this worker's: the first who asks has it."""
        try:
            os.close(os.open(f"{self.queue}/{name}", os.O_CREAT | os.O_EXCL))
            return True
        except FileExistsError:
            return False

    def run(self, chosen):
        for name in dict.fromkeys(function.__module__ for function in chosen):
            if self.take(name):
                self.results += framework.run_tests([function for function in chosen if function.__module__ == name], self.world)

    def close(self):
        self.engine.close()
        if self.world:
            self.world.unmount_sites()


def run_second(options):
    """The second worker's process: its results go to a file."""
    second = worker(options.second, options.queue)
    try:
        second.start()
        second.run([function for function in choose(options) if not framework.is_timed(function)])
    finally:
        second.close()
    with open(f"{options.queue}/results", "w") as file:
        json.dump(second.results, file)
    return 0


class second_process:
    """The second worker: a process in a network namespace of its own, with a copy of the images."""

    def __init__(self, folder, queue, options):
        self.folder = f"{folder}/second"
        self.queue = queue
        shutil.rmtree(self.folder, ignore_errors=True)
        os.mkdir(self.folder, 0o755)
        subprocess.run(["cp", "-a", f"{folder}/data", f"{self.folder}/data"], check=True)
        self.process = subprocess.Popen(["unshare", "--net", sys.executable, os.path.abspath(__file__), "--second", self.folder, "--queue", queue,
                                         *(["--attacks"] if options.attacks else []), *(["--undefended"] if options.undefended else []), *(["--soak"] if options.soak else []),
                                         *options.filter], stdin=subprocess.DEVNULL, pass_fds=[engines.k_host_network_fd])

    def join(self):
        """Its results, when it has ended."""
        status = self.process.wait()
        if status != 0:
            raise RuntimeError(f"the second worker ended with status {status}")
        with open(f"{self.queue}/results") as file:
            return json.load(file)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def count_workers(options, chosen):
    """Two where there are tests of two files to share and two processors."""
    if options.workers:
        return options.workers
    files = {function.__module__ for function in chosen if not framework.is_timed(function)}
    return 2 if len(files) > 1 and os.cpu_count() > 1 else 1


def run_all(options, chosen, folder):
    """Builds the images, and runs the tests; returns the results of those that ran."""
    queue = tempfile.mkdtemp(prefix="heberg-e2e-queue.")
    first, second = worker(folder, queue), None
    try:
        print("==> an engine of the tests' own", flush=True)
        first.engine.start_for_builds()
        build_images()
        first.engine.stop_for_builds()
        if count_workers(options, chosen) > 1:
            second = second_process(folder, queue, options)
        print(f"==> heberg in it{' and in a second one' if second else ''}", flush=True)
        first.start()
        start = time.monotonic()
        first.run([function for function in chosen if not framework.is_timed(function)])
        if second:
            first.results += second.join()
        alone = [function for function in chosen if framework.is_timed(function)]
        if second and alone:
            print("==> tests of how fast something is: one at a time", flush=True)
        shutil.rmtree(queue)
        os.mkdir(queue)
        first.run(alone)
        print(f"end-to-end: {time.monotonic() - start:.0f} s", flush=True)
    except (RuntimeError, subprocess.CalledProcessError, framework.failed) as error:
        print(f"end-to-end tests: {error}", file=sys.stderr)
        if first.world:
            print(first.world.describe_trouble(), file=sys.stderr)
    finally:
        if second:
            second.close()
        first.close()
        shutil.rmtree(queue, ignore_errors=True)
    return first.results


def main():
    options = read_options()
    if options.soak:
        os.environ["HEBERG_E2E_ROUNDS"] = "5"
    if options.second:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return run_second(options)
    chosen = choose(options)
    if options.list:
        for function in chosen:
            print(f"{framework.attack_of(function)} {function.__module__}.{function.__name__}: {framework.rule_of(function)}")
        return 0
    if not chosen:
        print("no test of that name")
        return 1

    folder = options.keep or tempfile.mkdtemp(prefix="heberg-e2e.", dir="/var/tmp")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o755)  # what other users of the host reach in it is up to heberg
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        results = run_all(options, chosen, folder)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    passed = sum(is_good for _, _, is_good in results)
    lost = len(chosen) - passed  # a test that did not run has not passed
    if len(results) > k_slowest:
        print(f"the slowest {k_slowest}:")
        for rule, seconds, _ in sorted(results, key=lambda one: -one[1])[:k_slowest]:
            print(f"       {seconds:6.1f} s  {rule[:100]}")
    print(f"end-to-end: {passed} passed, {lost} failed", flush=True)
    if options.count_file:
        with open(options.count_file, "w") as file:
            print(passed, lost, file=file)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
