# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers that are no sites, and answer with the request that reached them."""
from framework import wait_for
from world import k_served_in_a_row, run

# Every Debian image has perl. It answers with its name, the number of its connection and the request as it came; it takes bodies, and
# echoes what comes after an upgrade, line by line.
k_server = r"""
use IO::Socket::INET;
my @ports = split /,/, $ENV{PORTS} || "80";
for my $port (@ports[1 .. $#ports]) { unless (fork) { @ports = ($port); last } }
my $listener = IO::Socket::INET->new(LocalPort => $ports[0], Listen => 128, ReuseAddr => 1) or die $!;
$SIG{CHLD} = "IGNORE";
while (my $client = $listener->accept) {
  next if fork;
  $client->autoflush(1);
  while (defined(my $first = <$client>)) {
    my ($head, $length, $upgrade) = ($first, 0, 0);
    while (defined(my $line = <$client>)) {
      last if $line =~ /^\r?$/;
      $head .= $line;
      $length = $1 if $line =~ /^content-length: *(\d+)/i;
      $upgrade = 1 if $line =~ /^upgrade: websocket/i;
    }
    if ($upgrade) {
      print $client "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
      print $client $_ while defined($_ = <$client>);
      exit;
    }
    read $client, my $body, $length if $length;
    my $text = "name=$ENV{NAME} port=$ports[0] link=$$\n$head";
    print $client "HTTP/1.1 200 OK\r\nContent-Length: " . length($text) . "\r\n\r\n$text";
  }
  exit;
}
"""


def run_web(world, name, environment=None, networks=("heberg-sites",), options=()):
    """A container of that name; environment: VIRTUAL_HOST is NAME.test where it sets no other."""
    world.made.append(name)
    variables = {"VIRTUAL_HOST": f"{name}.test", "NAME": name, **(environment or {})}
    world.docker("run", "-d", "--name", name, "--network", networks[0], *(x for k, v in variables.items() for x in ("-e", f"{k}={v}")), *options,
                 "php:apache", "perl", "-e", k_server)
    for network in networks[1:]:
        world.docker("network", "connect", network, name)


def ask(host, path="/", options=(), port=80, scheme="http", address="127.0.0.1"):
    """(status, {"name": …, "port": …, "link": its number of the connection, "request": …, header in lower case: …}) as the container saw the request; status 0 where nothing answers."""
    done = run(["curl", "-s", "-k", "-m", "3", "-w", "\n%{http_code}", "--resolve", f"{host}:{port}:{address}", *options,
                f"{scheme}://{host}:{port}{path}"])
    body, _, status = done.stdout.rpartition("\n")
    seen = {"body": body}
    lines = body.splitlines()
    if lines and lines[0].startswith("name="):
        seen.update(word.split("=", 1) for word in lines[0].split())
        seen["request"] = lines[1] if len(lines) > 1 else ""
        seen.update((k.lower(), v) for k, v in (line.split(": ", 1) for line in lines[2:] if ": " in line))
    return int(status or 0), seen


def answers(host, status=200, name=None, seconds=5, **where):
    """Waits until that status, of that container, is the answer; returns what it saw."""
    last = []

    def ask_once():
        last[:] = ask(host, **where)
        return last[0] == status and (name is None or last[1].get("name") == name)
    wait_for(seconds, f"{where.get('scheme', 'http')}://{host}{where.get('path', '/')}: {status} {name or ''}", ask_once, in_a_row=k_served_in_a_row)
    return last[1]
