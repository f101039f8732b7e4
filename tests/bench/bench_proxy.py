# SPDX-License-Identifier: LGPL-2.1-or-later
"""heberg-proxy-render with a fake engine and a private nginx, in a network of its own; prints ratios and goals."""
import ctypes
import glob
import os
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

build = os.environ["HEBERG_BUILD"]
peers = os.environ["HEBERG_PEERS"]
k_port = 8080
k_site = "172.17.0.2"  # where the fake engine says that every site is
k_events = 15
k_wrk_seconds = 4
k_wrk_turns = 3
k_hand_headers = """
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Connection "";
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
"""


class folder_events:
    """Blocks until a file is renamed to that name."""

    def __init__(self, folder):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_CLOEXEC)
        if libc.inotify_add_watch(self.fd, folder.encode(), 0x80) < 0:  # IN_MOVED_TO
            raise OSError(ctypes.get_errno(), "inotify")

    def drain(self):
        os.set_blocking(self.fd, False)
        try:
            while os.read(self.fd, 65536):
                pass
        except BlockingIOError:
            os.set_blocking(self.fd, True)

    def wait_for(self, name):
        while True:
            data = os.read(self.fd, 65536)
            now, at = time.monotonic(), 0
            while at < len(data):
                length = struct.unpack_from("iIII", data, at)[3]
                if data[at + 16:at + 16 + length].rstrip(b"\0") == name.encode():
                    return now
                at += 16 + length


def status_of(host):
    """0 where nothing listens yet."""
    try:
        with socket.create_connection(("127.0.0.1", k_port), 5) as connection:
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return int(connection.recv(64).split()[1])
    except (ConnectionError, IndexError):
        return 0


def wait_until_served(host, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if status_of(host) == 200:
            return time.monotonic()
        time.sleep(0.001)
    raise RuntimeError(f"{host} is not served")


class nginx:
    def __init__(self, folder, name, http, workers=1):
        self.config, self.pid_file = f"{folder}/{name}.conf", f"{folder}/{name}.pid"
        with open(self.config, "w") as file:
            file.write(f"worker_processes {workers};\npid {self.pid_file};\nerror_log {folder}/{name}.log;\n"
                       f"events {{ worker_connections 4096; }}\nhttp {{\nmap_hash_max_size 65536;\naccess_log off;\nkeepalive_requests 1000000;\n"
                       f"{http}\n}}\n")
        subprocess.run(["nginx", "-c", self.config], check=True)

    def pid(self):
        with open(self.pid_file) as file:
            return int(file.read())

    def memory(self):
        """MB of master and workers, what they share counted once."""
        pids = [self.pid(), *map(int, subprocess.run(["pgrep", "-P", str(self.pid())], capture_output=True, text=True).stdout.split())]
        total = 0
        for pid in pids:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += int(re.search(r"Pss: +(\d+)", file.read()).group(1))
        return total / 1024

    def stop(self):
        pid = self.pid()
        os.kill(pid, signal.SIGTERM)
        while os.path.exists(f"/proc/{pid}"):
            time.sleep(0.01)


class fake_engine:
    def __init__(self, folder, count):
        self.process = subprocess.Popen([f"{build}/tests/support/fake_engine", f"{folder}/engine.sock", str(count)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.process.stdout.readline()

    def send(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()

    def calls(self):
        self.send("count")
        counts = dict(word.split("=") for word in self.process.stdout.readline().split())
        return int(counts["lists"]) + int(counts["inspects"])

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class renderer:
    def __init__(self, folder):
        self.published = 0
        self.answered = None
        self.process = subprocess.Popen([f"{build}/proxy-render/heberg-proxy-render", "--config", f"{folder}/heberg.toml"],
                                        stderr=subprocess.PIPE, text=True, env={k: v for k, v in os.environ.items() if k != "DOCKER_HOST"})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            if "the engine answers" in line and self.answered is None:
                self.answered = time.monotonic()
            self.published += "info: published" in line
            if "error" in line:
                print("  " + line, end="")

    def cpu(self):
        """Milliseconds of the processor."""
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path) as file:
                total += int(file.read().split()[0])
        return total / 1e6

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def read(path):
    with open(path) as file:
        return file.read()


def put_in_place(path, text):
    with open(path, "w") as file:
        file.write(text)


def put(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


class bench:
    def __init__(self, folder):
        self.folder = folder
        self.live = f"{folder}/conf.d/heberg.conf"
        self.good = True

    def configure(self, many_hosts):
        """None: as many as by default."""
        setting = "" if many_hosts is None else f"map_from_hosts = {many_hosts}\n"
        put(f"{self.folder}/heberg.toml", f"""[docker]
host = "unix://{self.folder}/engine.sock"
[proxy]
output = "{self.live}"
nginx = "nginx -c {self.folder}/proxy.conf"
reload = "pid:{self.folder}/proxy.pid"
http_port = {k_port}
{setting}ipv6 = false
access_log = "/dev/null"
certs = "{self.folder}/none"
vhost_d = "{self.folder}/none"
htpasswd = "{self.folder}/none"
conf_d = "{self.folder}/none"
errors = "{self.folder}/none"
""")

    def report(self, what, value, goal, most=None, least=None):
        met = (most is None or value <= most) and (least is None or value >= least)
        self.good = self.good and met
        print(f"  {what:72} {value:9.2f}   {goal:34} {'ok' if met else 'MISSED'}", flush=True)

    def measure_nginx_alone(self, proxy, before, after, host):
        """Seconds of nginx -t and HUP until the host is served, where nothing else runs."""
        took = []
        for _ in range(5):
            put(self.live, before)
            os.kill(proxy.pid(), signal.SIGHUP)
            while status_of(host) == 200:
                time.sleep(0.005)
            time.sleep(0.3)
            put(self.live, after)
            start = time.monotonic()
            subprocess.run(["nginx", "-t", "-q", "-c", proxy.config], check=True)
            os.kill(proxy.pid(), signal.SIGHUP)
            took.append(wait_until_served(host) - start)
            time.sleep(0.3)
        return statistics.median(took)

    def measure_events(self, count, many_hosts=None):
        self.configure(many_hosts)
        if os.path.exists(self.live):
            os.unlink(self.live)
        for path in glob.glob(f"{self.folder}/conf.d/.*"):
            os.unlink(path)
        engine, events = fake_engine(self.folder, count), folder_events(f"{self.folder}/conf.d")
        proxy = nginx(self.folder, "proxy", f"include {self.folder}/conf.d/*.conf;")
        render = renderer(self.folder)
        first = events.wait_for("heberg.conf")
        start_up = first - (render.answered or first)
        wait_until_served(f"site-{count}.test")
        time.sleep(2)
        to_file, to_served = [], []
        cpu, calls = render.cpu(), engine.calls()
        for i in range(k_events):
            before = read(self.live)
            events.drain()
            start = time.monotonic()
            engine.send(f"add more_{i}")
            to_file.append(events.wait_for("heberg.conf") - start)
            to_served.append(wait_until_served(f"more-{i}.test") - start)
            time.sleep(1.5)  # each a first change
        cpu, calls = (render.cpu() - cpu) / k_events, (engine.calls() - calls) / k_events
        found = {"file": statistics.median(to_file) * 1000, "served": statistics.median(to_served) * 1000, "cpu": cpu, "calls": calls,
                 "render_mb": render.memory(), "nginx_mb": proxy.memory(), "start_up": start_up}
        has_storm = count == 1000 and many_hosts is None
        if has_storm:
            self.storm(engine, render)
        if count == 10000:
            self.cut(engine)
        render.stop()
        if not has_storm:  # which has changed the text since
            found["alone"] = self.measure_nginx_alone(proxy, before, read(self.live), f"more-{k_events - 1}.test") * 1000
        else:
            after = read(self.live)
            engine.send("remove more_0")
            found["alone"] = self.measure_nginx_alone(proxy, after.replace("more-0.test", "gone.test"), after, "more-0.test") * 1000
        proxy.stop()
        engine.stop()
        return found

    def storm(self, engine, render):
        calls, published = engine.calls(), render.published
        for i in range(100):
            engine.send(f"add storm_{i}")
            time.sleep(0.1)
        wait_until_served("storm-99.test")
        self.report("storm of 100 starts in 10 s at 1,000 sites: engine calls", engine.calls() - calls, "at most 100", most=100)
        self.report("storm of 100 starts in 10 s at 1,000 sites: reloads", render.published - published, "at most 20", most=20)

    def cut(self, engine):
        start = time.monotonic()
        engine.send("cut")
        engine.send("add after_cut")
        wait_until_served("after-cut.test")
        self.report("a cut event stream: a container that came meanwhile is served, s", time.monotonic() - start, "below 1", most=1)

    def measure_all_events(self):
        found = {count: self.report_events(f"{count} sites", self.measure_events(count)) for count in (10, 100, 1000, 10000)}
        self.report_events("1000 sites, map_from_hosts = 2000", self.measure_events(1000, 2000))
        self.report("event to file at 10,000, of that at 10", found[10000]["file"] / found[10]["file"], "at most 2", most=2)
        self.report("start-up of 10,000: from the engine's last answer to the file, s", found[10000]["start_up"], "at most 2", most=2)

    def report_events(self, what, f):
        print(f"  {what}: to file {f['file']:.1f} ms, served {f['served']:.1f} ms (nginx alone {f['alone']:.1f}), {f['cpu']:.1f} ms of ours, "
              f"{f['calls']:.2f} calls, memory {f['render_mb']:.0f} MB (nginx {f['nginx_mb']:.0f})", flush=True)
        self.report(f"{what}: event to served, ms", f["served"], f"1.3 of nginx alone + 20: {1.3 * f['alone'] + 20:.0f}", most=1.3 * f["alone"] + 20)
        self.report(f"{what}: our processor per event, ms", f["cpu"], "at most 20", most=20)
        self.report(f"{what}: engine calls per event", f["calls"], "exactly 1", most=1, least=1)
        return f

    def requests_per_second(self, count):
        script = f"{self.folder}/wrk.lua"
        with open(script, "w") as file:
            file.write(f'request = function() wrk.headers["Host"] = "site-" .. math.random({count}) .. ".test"; return wrk.format() end\n')
        library = glob.glob(f"{peers}/libluajit-5.1-2/usr/lib/*/")[0]
        done = subprocess.run([f"{peers}/wrk/usr/bin/wrk", "-t1", "-c16", f"-d{k_wrk_seconds}s", "-s", script, f"http://127.0.0.1:{k_port}/"],
                              env={**os.environ, "LD_LIBRARY_PATH": library}, capture_output=True, text=True, check=True)
        if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
            return 0.0  # it does not stand this
        return float(re.search(r"Requests/sec: +([\d.]+)", done.stdout).group(1))

    def hand_written(self, count):
        """{how: text}: what a sysadmin may think of."""
        names = [f"site-{i}.test" for i in range(1, count + 1)]
        head = f"server_names_hash_max_size 65536; server_names_hash_bucket_size 128; log_format hand '$host $remote_addr \"$request\" $status';\n"
        log = "access_log /dev/null hand;"
        upstreams = "".join(f"upstream u{i} {{ server {k_site}:80; keepalive 2; }}\nserver {{ listen {k_port}; server_name {name}; {log} location / {{ "
                            f"proxy_pass http://u{i};{k_hand_headers} }} }}\n" for i, name in enumerate(names))
        lines = "".join(f"{name} {k_site}:80;\n" for name in names)
        mapped = (f"map $host $to {{ hostnames; default \"\";\n{lines}}}\nserver {{ listen {k_port}; {log} location / {{ proxy_pass http://$to;"
                  f"{k_hand_headers} }} }}\n")
        return {"an upstream and a server each": head + upstreams, "a map to addresses": head + mapped}

    def measure_requests(self, count, many_hosts=None):
        self.configure(many_hosts)
        for path in glob.glob(f"{self.folder}/conf.d/.*") + glob.glob(self.live):
            os.unlink(path)
        engine = fake_engine(self.folder, count)
        proxy = nginx(self.folder, "proxy", f"include {self.folder}/conf.d/*.conf;")
        render = renderer(self.folder)
        wait_until_served(f"site-{count}.test")
        render.stop()
        engine.stop()
        texts = {"heberg": read(self.live), **self.hand_written(count)}
        speed = {how: [] for how in texts}
        for _ in range(k_wrk_turns):
            for how, text in texts.items():
                proxy.stop()
                put(self.live, text)
                proxy = nginx(self.folder, "proxy", f"include {self.folder}/conf.d/*.conf;")
                speed[how].append(self.requests_per_second(count))
        proxy.stop()
        middle = {how: statistics.median(turns) for how, turns in speed.items()}
        what = f"{count} sites" + (f", map_from_hosts = {many_hosts}" if many_hosts is not None else "")
        print(f"  {what}, requests a second: " + ", ".join(f"{how} {value:.0f}" for how, value in middle.items()), flush=True)
        best = max(value for how, value in middle.items() if how != "heberg")
        if 0.0 in speed["heberg"]:
            raise RuntimeError("requests failed through heberg's text")
        self.report(f"{what}: requests a second, of the best by hand", middle["heberg"] / best, "at least 0.97", least=0.97)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="heberg-bench.", dir="/var/tmp")
    os.chmod(folder, 0o755)
    os.mkdir(f"{folder}/conf.d")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{k_site}/32", "dev", "lo"], check=True)
    # A connection for each request uses all ports of one address up in seconds.
    for name, value in (("tcp_tw_reuse", "1"), ("ip_local_port_range", "1024 65535")):
        put_in_place(f"/proc/sys/net/ipv4/{name}", value)
    sites = nginx(folder, "sites", f'server {{ listen {k_site}:80 backlog=4096; location / {{ return 200 "ok\\n"; }} }}')
    try:
        b = bench(folder)
        b.measure_all_events()
        for count in (1, 1000, 10000):
            b.measure_requests(count)
        b.measure_requests(1000, 2000)
        return 0 if b.good else 1
    finally:
        sites.stop()
        if os.path.exists(f"{folder}/proxy.pid"):  # it was left by an error
            os.kill(int(read(f"{folder}/proxy.pid")), signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
