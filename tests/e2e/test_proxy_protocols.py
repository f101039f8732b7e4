# SPDX-License-Identifier: LGPL-2.1-or-later
"""Protocols other than http between the proxy and containers, and load balancers in front of the proxy."""
import os
import shutil
import socket

from framework import expect, expect_equal, test, wait_for
from test_proxy_networks import render_arguments
from test_proxy_tls import make_certificate
from web import answers, ask, run_web
from world import run

k_perl_head = r"""
use IO::Socket::INET;
sub take { my ($from, $size) = @_; my $bytes = ""; while (length $bytes < $size) { read($from, $bytes, $size - length $bytes, length $bytes) or exit } $bytes }
$SIG{CHLD} = "IGNORE";
my $listener = IO::Socket::INET->new(LocalPort => 9000, Listen => 128, ReuseAddr => 1) or die $!;
"""

# Responders that answer with their parameters (FastCGI specification 1.0; the uwsgi protocol's text).
k_fastcgi = k_perl_head + r"""
sub record { my ($type, $id, $data) = @_; pack("CCnnCC", 1, $type, $id, length $data, 0, 0) . $data }
sub size { my $rest = shift; my $size = unpack "C", $$rest; if ($size < 128) { $$rest = substr $$rest, 1; return $size }
           $size = unpack("N", $$rest) & 0x7fffffff; $$rest = substr $$rest, 4; $size }
while (my $client = $listener->accept) {
  next if fork;
  $client->autoflush(1);
  my ($params, $body) = ("", 0);
  while (1) {
    my ($version, $type, $id, $size, $padding) = unpack "CCnnC", take($client, 8);
    my $data = take($client, $size);
    take($client, $padding);
    if ($type == 1) { ($params, $body) = ("", 0) }
    if ($type == 4) { $params .= $data }
    if ($type == 5 and $size) { $body += $size }
    if ($type == 5 and not $size) {
      my $text = "name=$ENV{NAME} port=9000 got=$body\nFastCGI\n";
      while (length $params) {
        my $name = size(\$params);
        my $value = size(\$params);
        $text .= substr($params, 0, $name) . ": " . substr($params, $name, $value) . "\n";
        $params = substr $params, $name + $value;
      }
      print $client record(6, $id, "Content-Type: text/plain\r\n\r\n$text"), record(6, $id, ""), record(3, $id, pack "NN", 0, 0);
    }
  }
}
"""
k_uwsgi = k_perl_head + r"""
while (my $client = $listener->accept) {
  next if fork;
  my ($kind, $size) = unpack "Cv", take($client, 4);
  my $rest = take($client, $size);
  my $text = "name=$ENV{NAME} port=9000\nuwsgi\n";
  while (length $rest) { my ($name, $value) = unpack "v/a v/a", $rest; $rest = substr $rest, 4 + length($name) + length $value; $text .= "$name: $value\n" }
  print $client "HTTP/1.0 200 OK\r\nContent-Length: " . length($text) . "\r\n\r\n$text";
  exit;
}
"""
# nginx as a container's server: TLS that answers with the SNI name, and gRPC's HTTP/2.
k_nginx = """
events {{}}
http {{
  server {{
    listen 443 ssl;
    ssl_certificate /certs/backend.crt;
    ssl_certificate_key /certs/backend.key;
    return 200 "name={name} port=443\\nTLS\\nsni: $ssl_server_name\\nx-forwarded-proto: $http_x_forwarded_proto\\n";
  }}
  server {{
    listen 50051 http2;
    return 200 "name={name} port=50051\\nh2\\nprotocol: $server_protocol\\nhost: $http_host\\nx-real-ip: $http_x_real_ip\\n";
  }}
}}
"""


def run_perl(world, name, program, environment):
    world.made.append(name)
    variables = {"VIRTUAL_HOST": f"{name}.test", "NAME": name, "VIRTUAL_PORT": "9000", **environment}
    world.docker("run", "-d", "--name", name, "--network", "heberg-sites", *(x for k, v in variables.items() for x in ("-e", f"{k}={v}")),
                 "php:apache", "perl", "-e", program)


@test
def proxy_protocols(world):
    """VIRTUAL_PROTO: fastcgi with its document root, uwsgi, https by the name asked for, gRPC; a request's body and address reach each."""
    run_perl(world, "fast", k_fastcgi, {"VIRTUAL_PROTO": "fastcgi", "VIRTUAL_ROOT": "/srv/app"})
    run_perl(world, "slow", k_uwsgi, {"VIRTUAL_PROTO": "uwsgi"})
    make_certificate(world, "backend", "backend")
    path = f"{world.folder}/backend.conf"
    try:
        with open(path, "w") as file:
            file.write(k_nginx.format(name="backend"))
        for name, variables in (("secure", ["VIRTUAL_PROTO=https", "VIRTUAL_PORT=443"]), ("grpc", ["VIRTUAL_PROTO=grpc", "VIRTUAL_PORT=50051"])):
            world.made.append(name)
            world.docker("run", "-d", "--name", name, "--network", "heberg-sites", "-e", f"VIRTUAL_HOST={name}.test",
                         *(x for variable in variables for x in ("-e", variable)), "-v", f"{path}:/etc/nginx/nginx.conf:ro",
                         "-v", f"{world.config}/certs:/certs:ro", "heberg-proxy")
        seen = answers("fast.test", name="fast", path="/a.php/b?c=d")
        wanted = {"script_filename": "/srv/app/a.php", "path_info": "/b", "query_string": "c=d", "remote_addr": "127.0.0.1",
                  "request_scheme": "http", "server_port": "80", "http_host": "fast.test", "server_name": "fast.test"}
        expect_equal({k: seen.get(k) for k in wanted}, wanted, "FastCGI's parameters")
        seen = ask("fast.test", "/a.php", options=["-H", "Proxy: evil", "-H", "X-Forwarded-For: 6.6.6.6", "--data-binary", "x" * 70_000])[1]
        expect_equal((seen["got"], seen.get("http_proxy", ""), seen["http_x_forwarded_for"]), ("70000", "", "127.0.0.1"), "a body, and a client's claims")
        expect_equal(answers("slow.test", name="slow", path="/a/b?c=d")["path_info"], "/a/b", "uwsgi's path")
        seen = answers("secure.test", name="backend")
        expect_equal((seen["sni"], seen["x-forwarded-proto"]), ("secure.test", "http"), "what a TLS container receives")
        seen = answers("grpc.test", name="backend")
        expect_equal((seen["protocol"], seen["host"], seen["x-real-ip"]), ("HTTP/2.0", "grpc.test", "127.0.0.1"), "what a gRPC container receives")
    finally:
        run(["docker", "rm", "-fv", *world.made])
        shutil.rmtree(f"{world.config}/certs", ignore_errors=True)
        os.unlink(path)


def ask_after(address, line, host):
    """The answer to a request that comes after such a line."""
    with socket.create_connection((address, 80), 3) as connection:
        connection.settimeout(3)
        connection.sendall(f"{line}GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while block := connection.recv(65536):
            answer += block
    return answer.decode()


@test
def proxy_downstream(world):
    """Behind a trusted load balancer, its headers or its PROXY protocol set client, scheme and port; those of other clients do not. A default host answers to unknown names, where one is set."""
    config = f"{world.folder}/downstream"
    world.docker("network", "create", "--subnet", "172.31.240.0/24", "net-front")
    try:
        for name, more in (("headers", 'default_host = "behind.test"\n'), ("protocol", "proxy_protocol = true\n")):
            os.makedirs(f"{config}/{name}")
            with open(f"{world.config}/heberg.toml") as file:
                text = file.read()
            with open(f"{config}/{name}/heberg.toml", "w") as file:
                file.write(text.replace("[proxy]\n", '[proxy]\ntrust = ["172.31.240.1"]\n' + more))
            world.made += [f"front-{name}", f"front-{name}-render"]
            world.docker("run", "-d", "--name", f"front-{name}", "--network", "net-front", "-v", f"front-{name}:/etc/nginx/conf.d", "heberg-proxy")
            world.docker("run", "-d", "--name", f"front-{name}-render", "--network", f"container:front-{name}", "-v",
                         f"front-{name}:/etc/nginx/conf.d", "-v", f"{config}/{name}:/etc/heberg:ro", *render_arguments(world), "heberg-proxy-render", "--reload", f"container:front-{name}")
        address = {name: world.docker("inspect", "-f", '{{index .NetworkSettings.Networks "net-front" "IPAddress"}}', f"front-{name}")
                   for name in ("headers", "protocol")}
        run_web(world, "behind", networks=["net-front"])
        claims = ["-H", "X-Forwarded-For: 6.6.6.6, 203.0.113.7", "-H", "X-Forwarded-Proto: https"]
        answers("behind.test", name="behind", address=address["headers"], seconds=10)
        seen = ask("behind.test", options=claims, address=address["headers"])[1]
        expect_equal([seen.get(k) for k in ("x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port")],
                     ["203.0.113.7", "203.0.113.7, 172.31.240.1", "https", "443"], "the headers about a client behind the load balancer")
        expect_equal(ask("nobody.test", address=address["headers"])[1].get("name"), "behind", "the container that answers to an unknown name")
        # A client with another address: a container, which is no trusted load balancer.
        other = world.docker("exec", "behind", "perl", "-MIO::Socket::INET", "-e", r"""
            my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 80) or die $!;
            print $s "GET / HTTP/1.1\r\nHost: behind.test\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n";
            print while <$s>;""", address["headers"])
        expect("203.0.113.7" not in other and "X-Forwarded-Proto: http\r" in other.replace("\n", "\r"), f"an untrusted client's headers are used: {other}")
        proxy_line = "PROXY TCP4 203.0.113.9 192.0.2.1 4711 80\r\n"

        # An old nginx worker may take one more connection after a new one has taken the first.
        def names_client():
            try:
                answer = ask_after(address["protocol"], proxy_line, "behind.test")
                return "X-Real-IP: 203.0.113.9" in answer and "X-Forwarded-For: 203.0.113.9" in answer
            except OSError:  # nginx is not there yet
                return False

        wait_for(10, "the container receives the PROXY protocol's client", names_client)
        expect("name=behind" not in ask_after(address["protocol"], "", "behind.test"), "a client without the PROXY protocol is served")
        expect(" 503 " in ask_after(address["protocol"], proxy_line, "nobody.test"), "an unknown name is served, without a default host")
        log = world.logs("front-protocol-render")
        expect("nothing answers" not in log, f"the renderer does not see what is served: {log}")
    finally:
        run(["docker", "rm", "-fv", *world.made])
        run(["docker", "network", "rm", "net-front"])
        run(["docker", "volume", "rm", "front-headers", "front-protocol"])
        shutil.rmtree(config, ignore_errors=True)
