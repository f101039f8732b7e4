# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who attacks whom, and with what: three sites, code in their containers, bytes to the proxy, bytes over SFTP."""
import contextlib
import functools
import os
import select
import socket
import struct
import subprocess
import time
import types

from framework import expect, wait_for
from world import k_http_port, k_served_in_a_row, k_sftp_address, k_sftp_port, run

# Where sshd answers; without_locks() points it to a laxer one.
door = types.SimpleNamespace(address=k_sftp_address, port=k_sftp_port, config="/etc/ssh/sshd_config")

k_lax_config = "/run/lax.conf"
k_secret = "secret-of-the-victim"


def hebergctl(world, *arguments, **options):
    return run(["docker", "exec", *(["-i"] if "input" in options else []), "heberg-syncd", "hebergctl", *arguments], **options)


def address_of(world, container):
    return world.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)


# --- the sites ---

class three_sites:
    """Three sites, each made when it is first asked for: victim (hebergctl create), whose www holds config.php and index.php; made (hebergctl
    create) and root (the README's docker run: root, default capabilities), who attack. Each: name, container, host, uid, password, www."""

    def __init__(self, world, prefix):
        self.world = world
        self.prefix = prefix
        self.containers = []

    @functools.cached_property
    def victim(self):
        site = self.start("victim")
        write(site, "config.php", f"<?php $p = '{k_secret}';", 0o640)
        write(site, "index.php", "<?php echo 'the victim';")
        self.world.wait_until_served(site.host, (200, "the victim"), seconds=20)
        return site

    @functools.cached_property
    def made(self):
        return self.start("made")

    @functools.cached_property
    def root(self):
        return self.start("root")

    def start(self, role):
        name = f"{self.prefix}-{role}"
        self.containers.append(name)
        site = types.SimpleNamespace(name=name, container=name, host=f"{name}.test", www=f"{self.world.sites}/{name}/www")
        if role == "root":
            self.world.run_site(name)
            self.world.made.remove(name)  # it stays for the file's other attacks
        else:
            done = hebergctl(self.world, "create", name, "--host", site.host)
            expect(done.returncode == 0, f"hebergctl create {name}: {done.stdout}{done.stderr}")
        site.uid = int(self.world.wait_for_account(name, 20)[2])
        site.password = self.world.wait_for_password(name, 20)
        return site


@contextlib.contextmanager
def start(world, prefix):
    """The three sites, until the file's last attack has ended."""
    sites = three_sites(world, prefix)
    try:
        yield sites
    finally:
        run(["docker", "rm", "-fv", *sites.containers])


def share(world, prefix):
    return world.share(prefix, functools.partial(start, prefix=prefix))


def write(site, path, content, mode=0o644):
    """A file of the owner's in www."""
    with open(f"{site.www}/{path}", "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(f"{site.www}/{path}", mode)
    os.chown(f"{site.www}/{path}", site.uid, site.uid)


def execute(site, *command, user=None, **options):
    """A command in the site's container: as the container's own user, root in one of docker run's."""
    return run(["docker", "exec", *(["--user", user] if user else []), *(["-i"] if "input" in options else []), site.container, *command], **options)


def shell(site, script, **options):
    return execute(site, "sh", "-c", script, **options)


def php(site, code, **options):
    return execute(site, "php", "-r", code, **options)


def perl(site, code, **options):
    return execute(site, "perl", "-e", code, **options)


def victim_is_well(world, victim, seconds=2):
    """The victim's page comes within that time."""
    start_at = time.monotonic()
    return world.fetch(victim.host) == (200, "the victim") and time.monotonic() - start_at < seconds


@contextlib.contextmanager
def without_locks(world, *changes):
    """An sshd beside heberg-sftp's own, with heberg's settings but those; attacks knock there. changes: "Keyword value"; "Keyword" alone leaves it out."""
    keywords = [change.split()[0] for change in changes]
    lines = [change for change in changes if " " in change]
    script = (f"grep -vE '^({'|'.join(keywords)}) ' /etc/ssh/sshd_config.d/heberg.conf >/run/lax.conf; cat >>/run/lax.conf; "
              "/usr/sbin/sshd -f /run/lax.conf -p 2299 -o PidFile=/run/lax.pid -E /run/lax.log")
    done = run(["docker", "exec", "-i", "heberg-sftp", "sh", "-c", script], input="\n".join([*lines, "Subsystem sftp internal-sftp", ""]))
    expect(done.returncode == 0, f"an sshd without {keywords}: {done.stderr}")
    before = dict(vars(door))
    door.address, door.port, door.config = address_of(world, "heberg-sftp"), 2299, k_lax_config
    try:
        yield
    finally:
        vars(door).update(before)
        run(["docker", "exec", "heberg-sftp", "sh", "-c", "kill $(cat /run/lax.pid); rm -f /run/lax.*"])


# --- ssh and sftp ---

def ssh(world, name, password, arguments=(), options=(), key=None, environment=None):
    return run(["ssh", *options, *world._ssh_options(key), "-p", str(door.port), "-l", name, door.address, *arguments],
               env={**world._environment(password), **(environment or {})}, cwd=world.folder)


def logs_in(world, name, password=None, key=None, options=()):
    """Whether SFTP opens. By the protocol's own first packet, as any client would."""
    with contextlib.suppress(EOFError, OSError):
        with sftp_wire(world, name, password, key, options):
            return True
    return False


class sftp_wire:
    """SFTP (version 3) packet by packet, over an ssh client that asks for the subsystem."""

    init, version, open_, close_, read, write_, lstat, fstat, setstat, fsetstat, opendir, readdir, remove, mkdir, rmdir, realpath, stat, rename, \
        readlink, symlink = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
    status, handle, data, name, attrs, extended, extended_reply = 101, 102, 103, 104, 105, 200, 201

    def __init__(self, world, name, password, key=None, options=()):
        self.process = subprocess.Popen(["ssh", *options, *world._ssh_options(key), "-p", str(door.port), "-l", name, "-s", door.address, "sftp"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env=world._environment(password), cwd=world.folder, bufsize=0)
        self.number = 0
        try:
            self.send(struct.pack(">BI", self.init, 3))
            kind, body = self.receive(20)
            expect(kind == self.version, f"the first packet is {kind}")
        except BaseException:
            self.end()
            raise
        self.extensions = dict(zip(*[iter(self.strings(body[4:]))] * 2))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def send(self, packet):
        self.send_raw(struct.pack(">I", len(packet)) + packet)

    def send_raw(self, data):
        self.process.stdin.write(data)

    def receive_bytes(self, count, seconds):
        heard = b""
        while len(heard) < count:
            ready, _, _ = select.select([self.process.stdout], [], [], seconds)
            part = self.process.stdout.read(count - len(heard)) if ready else b""
            if not part:
                raise EOFError("the session ended, or is silent")
            heard += part
        return heard

    def receive(self, seconds=10):
        (length,) = struct.unpack(">I", self.receive_bytes(4, seconds))
        body = self.receive_bytes(length, seconds)
        return body[0], body[1:]

    @staticmethod
    def strings(data):
        found = []
        while len(data) >= 4:
            (length,) = struct.unpack(">I", data[:4])
            found.append(data[4:4 + length])
            data = data[4 + length:]
        return found

    @staticmethod
    def pack(fields):
        """int: 32 bits; ("Q", n): 64 bits; str, bytes: a string."""
        packed = b""
        for field in fields:
            if isinstance(field, int):
                packed += struct.pack(">I", field)
            elif isinstance(field, tuple):
                packed += struct.pack(">" + field[0], field[1])
            else:
                data = field.encode() if isinstance(field, str) else field
                packed += struct.pack(">I", len(data)) + data
        return packed

    def ask(self, kind, *fields):
        """(type, body without the number) of the answer."""
        self.number += 1
        self.send(struct.pack(">BI", kind, self.number) + self.pack(fields))
        answer, body = self.receive()
        return answer, body[4:]

    def code(self, kind, *fields):
        """The status code; None where the answer is no status. 0 is success."""
        answer, body = self.ask(kind, *fields)
        return struct.unpack(">I", body[:4])[0] if answer == self.status else None

    def content(self, path):
        """The first bytes of a file, or None where it does not open."""
        answer, body = self.ask(self.open_, path, 1, 0)
        if answer != self.handle:
            return None
        handle = self.strings(body)[0]
        answer, body = self.ask(self.read, handle, ("Q", 0), 4096)
        self.ask(self.close_, handle)
        return self.strings(body)[0] if answer == self.data else b""

    def names(self, path):
        """What a folder holds, or None where it does not open."""
        answer, body = self.ask(self.opendir, path)
        if answer != self.handle:
            return None
        handle, found = self.strings(body)[0], []
        while True:
            answer, body = self.ask(self.readdir, handle)
            if answer != self.name:
                return found
            (count,), body = struct.unpack(">I", body[:4]), body[4:]
            for _ in range(count):
                name, long_name = self.strings(body)[:2]
                found.append(name)
                body = body[8 + len(name) + len(long_name):]
                (flags,), body = struct.unpack(">I", body[:4]), body[4:]
                body = body[(8 if flags & 1 else 0) + (8 if flags & 2 else 0) + (4 if flags & 4 else 0) + (8 if flags & 8 else 0):]


# --- a visitor's bytes ---

def talk(data, seconds=3, port=k_http_port, address="127.0.0.1", until=None):
    """What the proxy answers to these bytes, until it closes, `until` is heard, or the time is over; b"" where it does not let itself be spoken to."""
    heard = b""
    end = time.monotonic() + seconds
    with contextlib.suppress(OSError):
        with socket.create_connection((address, port), seconds) as connection:
            connection.settimeout(seconds)
            connection.sendall(data)
            while time.monotonic() < end and not (until and until in heard):
                connection.settimeout(max(0.01, end - time.monotonic()))
                part = connection.recv(65536)
                if not part:
                    break
                heard += part
    return heard


def status_of(answer):
    """The status of the first answer; 0 where there is none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if answer.startswith(b"HTTP/1.") and len(words) > 1 and words[1][:3].isdigit() else 0


# A site that answers with the bytes of the file in /answers that has the path's name. It reads one request's head a connection, then says all
# of it; where the name begins with "endless", what is after a line "----" again and again; with "tunnel", what it is told then, too.
k_bare_server = r"""
use IO::Socket::INET;
my $listener = IO::Socket::INET->new(LocalPort => 80, Listen => 128, ReuseAddr => 1) or die $!;
$SIG{CHLD} = "IGNORE"; $SIG{PIPE} = "DEFAULT";
while (my $client = $listener->accept) {
  next if fork;
  alarm 40;
  $client->autoflush(1);
  my $first = <$client>;
  exit unless defined $first;
  while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
  my ($name) = $first =~ m{^\S+ /([a-z0-9-]*)};
  open my $file, "<:raw", "/var/www/html/answers/" . ($name || "plain") or do { print $client "HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n"; exit };
  local $/; my $answer = <$file>;
  if ($name =~ /^endless-(.*)/) {
    my ($head, $again) = split /\n----\n/, $answer, 2;
    print $client $head;
    while (1) { print $client $again or exit; select undef, undef, undef, 0.001 }
  }
  print $client $answer;
  if ($name =~ /^tunnel/) { local $/ = "\n"; print $client "TUNNEL:$_" while defined($_ = <$client>) }
  exit;
}
"""


@contextlib.contextmanager
def bare_server(world, prefix):
    """A site NAME whose answers are bytes: answer(name, bytes) sets what it says at /NAME. .name, .host, .www"""
    name = f"{prefix}-bare"
    made_by_test = list(world.made)
    world.made.append(name)
    site = types.SimpleNamespace(name=name, container=name, host=f"{name}.test", www=f"{world.sites}/{name}/www")
    world.docker("run", "-d", "--name", name, "--network", "heberg-sites", "--memory", "256m", "--cpus", "1", "--pids-limit", "200", "-v", f"{site.www}:/var/www/html",
                 "-e", f"VIRTUAL_HOST={site.host}", "php:apache", "perl", "-e", k_bare_server)
    site.uid = int(world.wait_for_account(name, 20)[2])
    world.made = made_by_test
    os.makedirs(f"{site.www}/answers", exist_ok=True)

    def answer(path, data):
        write(site, f"answers/{path}", data)

    def get(path, extra=b"", **options):
        return talk(b"GET /" + path.encode() + b" HTTP/1.1\r\nHost: " + site.host.encode() + b"\r\n" + extra + b"Connection: close\r\n\r\n", **options)

    site.answer, site.get = answer, get
    answer("plain", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain")
    try:
        wait_for(20, f"{site.host} is served", lambda: get("plain").endswith(b"plain"), in_a_row=k_served_in_a_row)
        yield site
    finally:
        run(["docker", "rm", "-fv", name])


def share_bare_server(world, prefix):
    return world.share(prefix + "-bare", functools.partial(bare_server, prefix=prefix))
