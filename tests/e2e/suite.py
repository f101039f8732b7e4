# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sets up the engine, the images and heberg, runs the tests, takes everything down. Started by tests/e2e/run."""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import engine as engines
import framework
import world as worlds

# In this order: recovery late, it restarts what the others use; quickstart last, in the others' place.
import test_images  # noqa: F401
import test_life  # noqa: F401
import test_accounts  # noqa: F401
import test_passwords  # noqa: F401
import test_hebergctl  # noqa: F401
import test_import  # noqa: F401
import test_backup  # noqa: F401
import test_locked_in  # noqa: F401
import test_network  # noqa: F401
import test_proxy_words  # noqa: F401
import test_proxy_tls  # noqa: F401
import test_proxy_networks  # noqa: F401
import test_proxy_protocols  # noqa: F401
import test_proxy_reload  # noqa: F401
import test_sftp_log  # noqa: F401
import test_hostile  # noqa: F401
import test_host  # noqa: F401
import test_move  # noqa: F401
import test_logs  # noqa: F401
import test_ansible  # noqa: F401
import test_ansible_host  # noqa: F401
import test_recovery  # noqa: F401
import test_proxy_faults  # noqa: F401
import test_quickstart  # noqa: F401


def read_options():
    parser = argparse.ArgumentParser(prog="tests/e2e/run", description="heberg's end-to-end tests, on an engine of their own")
    parser.add_argument("filter", nargs="*", help="only tests whose function or rule contains one of these words")
    parser.add_argument("--list", action="store_true", help="list the tests")
    parser.add_argument("--keep", metavar="DIR", help="keep the engine's data and the images in DIR, and use them next time")
    parser.add_argument("--count-file", help=argparse.SUPPRESS)  # for tests/run: "PASSED FAILED"
    return parser.parse_args()


def choose(words):
    if not words:
        return framework.tests
    return [t for t in framework.tests if any(w in t.__name__ or w in framework.rule_of(t) for w in words)]


def build_images():
    """With deploy's own scripts, as quickstart does; and those for tests: with test tools, and a host under systemd."""
    script = f"""
        set -eu
        heberg_source={worlds.k_source}
        . "$heberg_source/deploy/lib.sh"
        . "$heberg_source/deploy/images/build.sh"
        build_packages
        ensure_stock_images
        ensure_heberg_images
        docker_build heberg-e2e-pam "$heberg_source/tests/e2e/pam-image" heberg.test=yes
        host=$(mktemp -d)
        cp "$heberg_source"/tests/e2e/host-image/* "$host"
        cp -r "$package_dir" "$host/packages"
        docker_build heberg-e2e-host "$host" heberg.test=yes
        rm -r "$host"
    """
    engines.in_host_network(["bash", "-c", script], check=True)


def main():
    options = read_options()
    chosen = choose(options.filter)
    if options.list:
        for function in chosen:
            print(f"{function.__module__}.{function.__name__}: {framework.rule_of(function)}")
        return 0
    if not chosen:
        print("no test of that name")
        return 1

    folder = options.keep or tempfile.mkdtemp(prefix="heberg-e2e.", dir="/var/tmp")
    os.makedirs(folder, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{worlds.k_sftp_address}/32", "dev", "lo"], check=True)
    engine = world = None
    passed = lost = 0
    try:
        print("==> an engine of the tests' own", flush=True)
        engine = engines.engine(folder)
        engine.start_for_builds()
        build_images()
        engine.stop_for_builds()
        engine.start()
        print("==> heberg in it", flush=True)
        world = worlds.world(engine, folder)
        world.start_heberg()
        start = time.monotonic()
        passed, lost = framework.run_tests(chosen, world)
        print(f"end-to-end: {passed} passed, {lost} failed, in {time.monotonic() - start:.0f} s")
    except (RuntimeError, subprocess.CalledProcessError, framework.failed) as error:
        print(f"end-to-end tests: {error}", file=sys.stderr)
        if world:
            print(world.describe_trouble(), file=sys.stderr)
        lost = len(chosen) - passed
    finally:
        if engine:
            engine.close()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if options.count_file:
        with open(options.count_file, "w") as file:
            print(passed, lost, file=file)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
