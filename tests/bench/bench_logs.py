# SPDX-License-Identifier: LGPL-2.1-or-later
"""heberg's forwarder and `docker logs -f > file` on the same container of a real engine, in turns; prints ratios and goals."""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f"{source}/tests/e2e")
import engine as engines  # noqa: E402

build = os.environ["HEBERG_BUILD"] + "/tests/bench"
k_lines = 600_000
k_turns = 3


def docker(*arguments, **options):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True, **options).stdout.strip()


def make_image(folder):
    with tarfile.open(f"{folder}/image.tar", "w") as tar:
        tar.add(f"{build}/bench_log_writer", "writer")
    docker("import", "--change", 'ENTRYPOINT ["/writer"]', f"{folder}/image.tar", "log-writer:bench")


def measure_docker(container, path):
    """(seconds, processor seconds) of the client. The container has ended: it ends, too, when all is read."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with open(path, "wb") as file:
        subprocess.run(["docker", "logs", "-f", container], stdout=file, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_heberg(host, container, folder, size):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder, 0o755)
    fields = subprocess.run([f"{build}/bench_logs", "engine", host, container, folder, str(size)], check=True, capture_output=True,
                           text=True).stdout.split()
    return float(fields[2]), float(fields[4]), float(fields[6])


def report(what, value, goal, is_met):
    print(f"  {what:66} {value:8.2f}   {goal:20} {'ok' if is_met else 'MISSED'}")
    return is_met


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the engine goes with us
    folder = tempfile.mkdtemp(prefix="heberg-bench.", dir="/var/tmp")
    os.chmod(folder, 0o755)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    engine = engines.engine(folder)
    good = True
    try:
        engine.start()
        make_image(folder)
        container = docker("run", "-d", "--network", "none", "log-writer:bench", str(k_lines))
        docker("wait", container)
        ours, theirs = [], []
        for _ in range(k_turns):
            theirs.append(measure_docker(container, f"{folder}/docker.log"))
            size = os.path.getsize(f"{folder}/docker.log")
            ours.append(measure_heberg(engine.host, container, f"{folder}/heberg", size))
        with open(f"{folder}/docker.log", "rb") as a, open(f"{folder}/heberg/sites/site/logs/access.log", "rb") as b:
            good = a.read() == b.read() or not print("  the files differ: MISSED")
        (our_time, our_cpu, our_sync), (their_time, their_cpu) = min(ours), min(theirs)
        mb = size / 1e6
        for name, seconds, cpu in (("docker logs -f > file", their_time, their_cpu), ("heberg-syncd", our_time, our_cpu)):
            print(f"  {name:24} {k_lines / seconds:10.0f} lines/s {mb / seconds:8.1f} MB/s {1000 * cpu / mb:8.2f} ms of processor a MB")
        print(f"  then brought to the disk, which docker logs > file leaves to the kernel: {1000 * our_sync:.0f} ms")
        good &= report("time, heberg to docker logs", our_time / their_time, "at most 1.0", our_time <= their_time)
        good &= report("processor, heberg to docker logs", our_cpu / their_cpu, "at most 1.0", our_cpu <= their_cpu)
    finally:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="heberg-bench.", dir="/var/tmp") as work:
        os.chmod(work, 0o755)
        line = subprocess.run([f"{build}/bench_logs", "many", work, "1000"], check=True, capture_output=True, text=True).stdout.split()
    value = {line[i]: float(line[i + 1]) for i in range(1, len(line), 2)}
    print(f"  1,000 fake containers at once: {value['lines'] / value['seconds']:.0f} lines/s, {value['mb'] / value['seconds']:.1f} MB/s, "
          f"{1000 * value['cpu'] / value['mb']:.2f} ms of processor a MB")
    good &= report("memory of a quiet container, KB", value["quiet_kb"], "at most 64", value["quiet_kb"] <= 64)
    good &= report("memory of a busy container, KB", value["busy_kb"], "at most 256", value["busy_kb"] <= 256)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
