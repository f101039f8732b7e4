# SPDX-License-Identifier: LGPL-2.1-or-later
"""A visitor's bytes to the proxy: two readings of one request, foreign names, headers that a site believes, paths out of the site."""
import contextlib
import gzip
import os
import socket
import subprocess
import threading
import time

import parties
import web
from attacks import attack, control, held, setting
from framework import wait_for
from world import run

k_va, k_at = "vis-va.test", "vis-at.test"


@contextlib.contextmanager
def start_pair(world):
    """Two containers that answer with the request that reached them."""
    for name in ("vis-va", "vis-at"):
        web.run_web(world, name)
    world.made = [name for name in world.made if name not in ("vis-va", "vis-at")]
    try:
        for host in (k_va, k_at):
            web.answers(host, name=host.split(".", maxsplit=1)[0], seconds=20)
        yield
    finally:
        run(["docker", "rm", "-fv", "vis-va", "vis-at"])


def begin(world):
    world.share("vis", start_pair)
    control(web.ask(k_va)[1].get("name") == "vis-va", "the victim answers")


def names_in(answer):
    """The containers that an answer comes from."""
    return {line.split()[0][5:] for line in answer.decode(errors="replace").splitlines() if line.startswith("name=")}


def served_as_before(times=12):
    """The victim's next answers are to its own requests: what was left in a connection to the site would be before one of them."""
    for number in range(times):
        status, seen = web.ask(k_va, f"/own{number}")
        held(status == 200 and seen.get("name") == "vis-va" and seen.get("request") == f"GET /own{number} HTTP/1.1", f"the victim's visitor got {status} {seen.get('body', '')[:200]!r}")


def request(*lines, first="GET /x HTTP/1.1", host=k_va):
    return "\r\n".join([first, f"Host: {host}", *lines, "", ""]).encode()


k_smuggled = b"GET /smuggled HTTP/1.1\r\nHost: vis-va.test\r\nX-Own: "


@attack("V01")
def lengths_that_disagree(world):
    """A request with two readings of its length (Content-Length and Transfer-Encoding, twice, signed, in lists, obfuscated) becomes one request at most."""
    begin(world)
    control(b"/x" in parties.talk(request("Connection: close", "Content-Length: 3", first="POST /x HTTP/1.1") + b"abc"), "a sound body")
    control(len({web.ask(k_va)[1].get("link") for _ in range(8)}) < 8, "visitors share connections to the site, in which something could be left")
    chunked = b"0\r\n\r\n" + k_smuggled
    for lines in (("Content-Length: 6", "Transfer-Encoding: chunked"), ("Transfer-Encoding: chunked", "Content-Length: 6"), ("Transfer-Encoding: xchunked",), ("Transfer-Encoding : chunked",),
                  ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), ("Transfer-Encoding: identity, chunked",), ("Transfer-Encoding:\tchunked", "Content-Length: 4"),
                  ("Transfer-Encoding: \x0bchunked",), ("X: y\rTransfer-Encoding: chunked",), ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: +5",), ("Content-Length: -1",),
                  ("Content-Length: 5, 5",), ("Content-Length: 0x5",), ("Content-Length: 5 6",), ("Content-Length: 18446744073709551617",), ("Content_Length: 6", "Content-Length: 5"),
                  ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), ("Transfer-Encoding: chunked\n", "Content-Length: 3"), ("transfer-encoding: CHUNKED", "Content-Length: 1")):
        answer = parties.talk(request("Connection: keep-alive", *lines, first="POST /first HTTP/1.1") + chunked, 0.4)
        held(b"GET /smuggled" not in answer, f"{lines}: {answer[:300]!r}")
        served_as_before(3)
    served_as_before()


@attack("V02", short=True)
def chunks(world):
    """A chunked body with a size that overflows, is signed, too long or followed by rubbish does not become a second request at the site."""
    begin(world)
    good = parties.talk(request("Connection: close", "Transfer-Encoding: chunked", first="POST /x HTTP/1.1") + b"3\r\nabc\r\n0\r\n\r\n")
    control(parties.status_of(good) == 200, "a sound chunked body")
    for body in (b"FFFFFFFFFFFFFFFFF\r\nabc", b"-1\r\nabc\r\n0\r\n\r\n", b"0x3\r\nabc\r\n0\r\n\r\n", b"3;" + b"e" * 70000 + b"\r\nabc\r\n0\r\n\r\n", b"3\nabc\n0\n\n", b"\r\n3\r\nabc\r\n0\r\n\r\n",
                 b"3\r\nabcX\r\n0\r\n\r\n", b"0\r\nX-Trailer: y\r\nTransfer-Encoding: chunked\r\n\r\n", b"ffffffffffffffff\r\nabc", b"7fffffffffffffff\r\nabc"):
        parties.talk(request("Connection: keep-alive", "Transfer-Encoding: chunked", first="POST /first HTTP/1.1") + body + k_smuggled, 0.3)
    served_as_before()


@attack("V03", short=True)
def folded_and_broken_headers(world):
    """Folded lines, bare CR and LF, NUL, blanks before a colon and lines without a colon give a site no header that the visitor may not set."""
    begin(world)
    control(web.ask(k_va, options=["-H", "X-Own: yes"])[1].get("x-own") == "yes", "a sound header")
    for line in (b"X-A: b\r\n X-Real-IP: 6.6.6.6", b"X-A: b\r\n\tForwarded: for=6.6.6.6", b"X-A: b\rX-Real-IP: 6.6.6.6", b"X-A: b\nX-Real-IP: 6.6.6.6", b"X-Real-IP : 6.6.6.6", b"X-Real-IP\0: 6.6.6.6",
                 b" X-Real-IP: 6.6.6.6", b"X-Real-IP\t: 6.6.6.6", b": 6.6.6.6", b"X-Real-IP", b"X-Real-IP:: 6.6.6.6", b"\xff\xfeX-Real-IP: 6.6.6.6", b"x-real-ip: 6.6.6.6"):
        answer = parties.talk(b"GET /x HTTP/1.1\r\nHost: vis-va.test\r\n" + line + b"\r\nConnection: close\r\n\r\n", 1)
        lines = [seen.strip().lower() for seen in answer.decode(errors="replace").splitlines()]
        held(not any(seen.startswith(("x-real-ip", "forwarded")) and "6.6.6.6" in seen for seen in lines), f"{line!r}: {answer[:400]!r}")


@attack("V04")
def upgrades(world):
    """No upgrade but WebSocket passes to a site: through h2c, TLS or two of them a visitor would speak past the proxy."""
    begin(world)
    answer = parties.talk(request("Connection: Upgrade", "Upgrade: websocket") + b"hello\n", 2, until=b"hello")
    control(parties.status_of(answer) == 101, "a WebSocket")
    for lines in (("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), ("Connection: Upgrade", "Upgrade: TLS/1.0"), ("Connection: Upgrade", "Upgrade: websocket, h2c"),
                  ("Connection: Upgrade", "Upgrade: h2c, websocket"), ("Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"), ("Connection: Upgrade", "Upgrade: websocketx")):
        answer = parties.talk(request(*lines), 1)
        told = [line for line in answer.decode(errors="replace").lower().splitlines() if line.startswith(("upgrade:", "connection:"))]
        held(not any(word in line for line in told for word in ("h2c", "tls", "settings", "websocketx")), f"{lines}: {answer[:400]!r}")
    answer = parties.talk(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 1)
    held(not names_in(answer), "HTTP/2's preface reached a site")


@attack("V05", short=True)
def two_names(world):
    """The site is chosen by one name, and is told that one: of a whole URI and a Host header, two Host headers, or a name with port, user, dot or blank."""
    begin(world)
    answer = parties.talk(b"GET http://vis-at.test/x HTTP/1.1\r\nHost: vis-va.test\r\nConnection: close\r\n\r\n", 1)
    control(parties.status_of(answer) in (200, 400), f"a whole URI: {answer[:80]!r}")
    told = [line for line in answer.decode().splitlines() if line.lower().startswith("host: ")]
    held(names_in(answer) != {"vis-va"} or told == ["Host: vis-va.test"], f"a whole URI: {names_in(answer)} is told {told}")
    held(names_in(answer) != {"vis-at"} or told == ["Host: vis-at.test"], f"a whole URI: {names_in(answer)} is told {told}")
    both = parties.talk(b"GET / HTTP/1.1\r\nHost: vis-at.test\r\nHost: vis-va.test\r\nConnection: close\r\n\r\n", 1)
    held(parties.status_of(both) == 400, f"two Host headers: {both[:100]!r}")
    for host in ("vis-at.test:80@vis-va.test", "vis-va.test@vis-at.test", "vis-at.test vis-va.test", "vis-at.test,vis-va.test", "vis-at.test/vis-va.test", "vis-at.test#vis-va.test", "vis-at.test\tvis-va.test",
                 "vis-at.test?vis-va.test", "vis-at.test\\vis-va.test", "vis-at.test:vis-va.test", "vis-at.test:80:80", "vis-at.test..", ".vis-at.test", "[vis-at.test]", "vis-at.test%00vis-va.test", "vis-at.test\x00.vis-va.test",
                 "vis-at.test;vis-va.test", "vis-at.test:99999999", "vis-at.test:-1", "[::1]:vis-at.test"):
        answer = parties.talk(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(), 1)
        held("vis-va" not in names_in(answer), f"Host: {host!r} reaches the victim")
        told = [line for line in answer.decode(errors="replace").splitlines() if line.lower().startswith("host: ")]
        held("vis-at" not in names_in(answer) or "vis-va" not in "".join(told), f"Host: {host!r}: the attacker's site is told {told}")


@attack("V06", short=True)
def spellings_of_a_host(world):
    """A host name in upper case, with a final dot or with its port is that site; one that only looks like it is nobody's, and is answered 503 or 400."""
    begin(world)
    for host in ("VIS-VA.TEST", "vis-va.test.", "vis-va.test:80"):
        answer = parties.talk(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(), 1)
        control(names_in(answer) == {"vis-va"}, f"{host} is the victim")
    for host in ("vis-va.test.evil", "evil.vis-va.test", "xvis-va.test", "vis-va", "vis_va.test", "vis-va.test..", "vis-va..test", "", "*", "localhost", "127.0.0.1", "[::1]", "0", "vіs-va.test", "~^.*$", "_", "heberg-defaults.invalid"):
        answer = parties.talk(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(), 1)
        held(not names_in(answer) and parties.status_of(answer) in (503, 400, 0), f"{host!r}: {answer[:200]!r}")
    answer = parties.talk(b"GET / HTTP/1.0\r\n\r\n", 1)
    held(not names_in(answer), "without a name a site answers")


k_told = ("x-real-ip", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-ssl", "x-original-uri", "forwarded", "proxy")


@contextlib.contextmanager
def trusting(world):
    """The visitors' addresses are among those whose headers are believed."""
    with setting(world, '[proxy]\ntrust = ["127.0.0.0/8", "192.0.2.0/24"]\n'):
        time.sleep(6)
        yield


@attack("V07", short=True, undefended=trusting)
def forged_headers(world):
    """What a site is told of a visitor is the proxy's: not the visitor's own value, by another case, underscores, doubled, or named in Connection to be dropped."""
    begin(world)
    true = web.ask(k_va)[1]
    control(true.get("x-real-ip") == "127.0.0.1", "the site is told the true address")
    forged = [x for name in k_told for x in ("-H", f"{name}: 6.6.6.6")]
    variants = (forged, [x.replace("-", "_") if x != "-H" else x for x in forged], [x.upper() if x != "-H" else x for x in forged], forged + forged,
                ["-H", "Connection: close, " + ", ".join(k_told)], ["-H", "Connection: X-Real-IP"], ["-H", "TE: trailers", "-H", "Connection: TE, X-Forwarded-For"],
                ["-H", "X_Real-IP: 6.6.6.6", "-H", "X-Real_IP: 6.6.6.6", "-H", "X.Real.IP: 6.6.6.6"])
    for options in variants:
        status, seen = web.ask(k_va, options=options)
        told = {name: seen.get(name) for name in k_told}
        held({name: value for name, value in told.items() if name != "x-forwarded-for"} == {name: true.get(name) for name in k_told if name != "x-forwarded-for"}, f"{options[:4]}: told {told}")
        held(told["x-forwarded-for"] == "127.0.0.1", f"{options[:4]}: X-Forwarded-For: {told['x-forwarded-for']}")
        held(not any("_" in name and "6.6.6.6" in str(value) for name, value in seen.items() if name != "body"), f"a header with an underscore passed: {seen.get('body')}")


@attack("V08", short=True)
def paths_out_of_the_site(world):
    """No spelling of a path makes nginx answer from its own files: dots, encodings, backslashes, NUL, doubled slashes."""
    begin(world)
    control(web.ask(k_va, "/plain")[0] == 200, "a plain path")
    for path in ("/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/.//..//../etc/passwd", "/..\\..\\etc\\passwd", "/%5c..%5cetc", "/a/../../etc/passwd", "/%00/etc/passwd",
                 "/etc/passwd%00", "/%c0%ae%c0%ae/etc/passwd", "/.%2e/.%2e/etc/nginx/nginx.conf", "/etc/nginx/conf.d/heberg.conf", "/..;/etc/passwd", "/%252e%252e/etc/passwd", "/\xff/../../etc/passwd", "*", "etc/passwd", "/#/../..",
                 "/heberg-50x.html", "/50x.html", "/nginx_status", "/status", "/stub_status", "/basic_status", "/server-status", "/.well-known/", "/@fallback", "/index.nginx-debian.html"):
        answer = parties.talk(b"GET " + path.encode("latin-1") + b" HTTP/1.1\r\nHost: vis-va.test\r\nConnection: close\r\n\r\n", 1)
        from_nginx = answer and not names_in(answer)
        held(b"root:x:0" not in answer and b"worker_" not in answer and b"proxy_pass" not in answer and b"Active connections" not in answer, f"{path}: {answer[:300]!r}")
        held(not from_nginx or parties.status_of(answer) in (400, 403, 404, 0), f"nginx itself answers {path}: {answer[:200]!r}")


@attack("V09", short=True)
def challenge_folder(world):
    """The folder of certificate challenges gives its own files alone: no path, link or listing leads out of it."""
    begin(world)
    folder = f"{world.config}/acme/.well-known/acme-challenge"
    made = not os.path.exists(f"{world.config}/acme")
    os.makedirs(folder, exist_ok=True)
    try:
        with open(f"{folder}/token", "w") as file:
            file.write("token-content")
        prefix = "/.well-known/acme-challenge"
        control(world.fetch(k_va, f"{prefix}/token") == (200, "token-content"), "a challenge")
        for path in ("/../../../heberg.toml", "/..%2f..%2f..%2fheberg.toml", "/%2e%2e/%2e%2e/%2e%2e/heberg.toml", "/../../../../passwd", "/..\\..\\heberg.toml", "//../../heberg.toml", "", "/", "/.", "/token/", "/token/..%2f..%2f..%2fheberg.toml",
                     "../../../heberg.toml", "..%2f..%2fheberg.toml"):
            answer = parties.talk(f"GET {prefix}{path} HTTP/1.1\r\nHost: {k_va}\r\nConnection: close\r\n\r\n".encode(), 1)
            held(b"[sites]" not in answer and b"root:x" not in answer and b"<a href" not in answer, f"{path}: {answer[:300]!r}")
        for method in ("PUT", "DELETE", "MOVE", "MKCOL", "POST"):
            parties.talk(f"{method} {prefix}/token2 HTTP/1.1\r\nHost: {k_va}\r\nDestination: /x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx".encode(), 0.5)
        held(sorted(os.listdir(folder)) == ["token"], f"the folder holds {os.listdir(folder)}")
    finally:
        os.unlink(f"{folder}/token")
        if made:
            run(["rm", "-r", f"{world.config}/acme"])


@attack("V10", short=True)
def methods(world):
    """CONNECT opens no tunnel, TRACE shows no header, and no made-up method is nginx's to carry out."""
    begin(world)
    control(web.ask(k_va, options=["-X", "OPTIONS"])[0] == 200, "OPTIONS reaches the site")
    for first in ("CONNECT vis-va.test:22 HTTP/1.1", "CONNECT 127.0.0.1:2375 HTTP/1.1", "CONNECT / HTTP/1.1"):
        answer = parties.talk(request(first=first) + b"SSH-2.0-x\r\n", 1)
        held(parties.status_of(answer) not in (200, 101) and b"SSH-" not in answer, f"{first}: {answer[:100]!r}")
    answer = parties.talk(request("Cookie: secret", "Connection: close", first="TRACE / HTTP/1.1"), 1)
    held(parties.status_of(answer) in (405, 400) and b"secret" not in answer, f"TRACE: {answer[:200]!r}")
    for method in ("PURGE", "PROPFIND", "SOURCE", "DEBUG", "X" * 5000, "get", "G\tET", ""):
        answer = parties.talk(request("Connection: close", first=f"{method} /etc/passwd HTTP/1.1"), 1)
        held(names_in(answer) <= {"vis-va"} and b"root:x" not in answer, f"{method[:20]!r}: {answer[:200]!r}")
    served_as_before()


@attack("V11", short=True)
def no_http(world):
    """What is no HTTP (TLS on the plain port, the PROXY protocol, SSH, a request of 200 KB, ten thousand headers, HTTP/0.9, zeros) reaches no site and harms none."""
    begin(world)
    many = b"".join(b"X-%d: y\r\n" % number for number in range(10_000))
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, b"PROXY TCP4 6.6.6.6 127.0.0.1 1 80\r\n" + request("Connection: close"), b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x06\x06\x06\x06\x7f\0\0\1\0\1\0\x50" + request(),
                 b"SSH-2.0-x\r\n", b"\0" * 5000, b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: vis-va.test\r\n\r\n", b"GET / HTTP/1.1\r\nHost: vis-va.test\r\n" + many + b"\r\n",
                 b"GET / HTTP/1.1\r\nHost: vis-va.test\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", b"GET /\r\n", b"GET / HTTP/9.9\r\nHost: vis-va.test\r\n\r\n", b"GET / HTTP/1.1x\r\nHost: vis-va.test\r\n\r\n", b"\r\n" * 5000):
        answer = parties.talk(data, 0.5)
        held(not names_in(answer), f"{data[:40]!r} reaches a site: {answer[:200]!r}")
    served_as_before()


@attack("V12", short=True)
def floods_in_one_request(world):
    """A thousand ranges, an Expect that never sends, and a hundred pipelined requests cost the victim's other visitors less than a second."""
    begin(world)
    ranges = "Range: bytes=" + ",".join(f"{n}-{n + 1}" for n in range(0, 3000, 3))
    waiting = []
    try:
        for number in range(40):
            flood = request(ranges, "If-Range: x") if number % 2 else request("Expect: 100-continue", "Content-Length: 60000000", first="POST /x HTTP/1.1")
            connection = socket.create_connection(("127.0.0.1", 80), 3)
            connection.sendall(flood + (request() * 100 if number == 1 else b""))
            waiting.append(connection)
        control(len(waiting) == 40, "the requests are sent")
        for _ in range(5):
            start = time.monotonic()
            status, _ = web.ask(k_va)
            held(status == 200 and time.monotonic() - start < 1, f"the victim's visitor: {status} after {time.monotonic() - start:.1f} s")
    finally:
        for connection in waiting:
            connection.close()


@attack("V13", short=True)
def generation_page(world):
    """The page by which the renderer asks nginx what it serves is for the host itself: from a container, by any name or header, it is not told."""
    begin(world)
    hosts = [line.split()[1].rstrip(";") for line in world.docker("exec", "heberg-proxy", "cat", "/etc/nginx/conf.d/heberg.conf").splitlines()
             if line.strip().startswith("server_name") and "generation" in line]
    control(any("generation" in world.fetch(host.strip('"'))[1] for host in hosts), f"the host itself is answered: {hosts}")
    gateway = world.docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "heberg-sites")
    for host in hosts:
        for headers in ("", "X-Forwarded-For: 127.0.0.1\\r\\nX-Real-IP: 127.0.0.1\\r\\n", "Forwarded: for=127.0.0.1\\r\\n"):
            code = f'use IO::Socket::INET; my $s = IO::Socket::INET->new("{gateway}:80") or die; my $h = q({host.strip(chr(34))}); print $s "GET / HTTP/1.1\\r\\nHost: $h\\r\\n{headers}Connection: close\\r\\n\\r\\n"; print <$s>;'
            told = run(["docker", "exec", "vis-at", "perl", "-e", code]).stdout
            control(told.startswith("HTTP/1.1"), "nginx answers a container")
            held("generation " not in told, f"{host} with {headers!r}: {told[-100:]}")


@attack("V14", short=True)
def bombs_in_bodies(world):
    """A body that is a gzip bomb, or says that it is, is passed on as it came, and is never larger than what the visitor sent."""
    begin(world)
    bomb = gzip.compress(b"\0" * 20_000_000)
    data = request(f"Content-Length: {len(bomb)}", "Content-Encoding: gzip", "Connection: close", first="POST /x HTTP/1.1") + bomb
    answer = parties.talk(data, 3)
    control(parties.status_of(answer) == 200, f"it is taken: {answer[:80]!r}")
    held(f"content-length: {len(bomb)}" in answer.decode(errors="replace").lower(), f"the site is told another length: {answer[:400]!r}")
    held(parties.status_of(parties.talk(request("Content-Length: 99999999999", "Connection: close", first="POST /x HTTP/1.1"), 2)) == 413, "a body of 100 GB is begun")


@attack("V15")
def cache_and_pool(world):
    """An answer to one site's visitor is never given to another's: not by the pool of connections to the sites, which keep their own, nor by any cache."""
    begin(world)
    seen = set()

    def ask_many(host, name):
        for number in range(60):
            status, got = web.ask(host, f"/{name}{number}")
            seen.add((name, got.get("name"), got.get("request") == f"GET /{name}{number} HTTP/1.1", status))

    threads = [threading.Thread(target=ask_many, args=pair) for pair in ((k_va, "vis-va"), (k_at, "vis-at"), (k_va, "vis-va"), (k_at, "vis-at"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    control({name for name, _, _, _ in seen} == {"vis-va", "vis-at"}, "both are asked")
    held(seen == {("vis-va", "vis-va", True, 200), ("vis-at", "vis-at", True, 200)}, f"answers: {seen}")


@attack("V16", undefended=trusting)
def internal_host_by_headers(world):
    """A host with NETWORK_ACCESS=internal is closed to a public address, whatever the visitor says of where it comes from."""
    name = "vis-internal"
    web.run_web(world, name, {"NETWORK_ACCESS": "internal"})
    web.answers(f"{name}.test", name=name, seconds=20)
    public = parties.k_sftp_address

    def ask(*headers):
        return web.ask(f"{name}.test", options=["--interface", public, *(x for header in headers for x in ("-H", header))])

    control(ask()[0] == 403 and web.ask(f"{name}.test")[0] == 200, "a public address is refused, the host itself is not")
    for headers in (("X-Forwarded-For: 127.0.0.1",), ("X-Real-IP: 127.0.0.1",), ("Forwarded: for=127.0.0.1",), ("X-Forwarded-For: 10.0.0.1, 127.0.0.1",), ("True-Client-IP: 127.0.0.1",), ("CF-Connecting-IP: 127.0.0.1",),
                    ("X-Client-IP: 127.0.0.1",), ("Host: vis-internal.test", "X-Forwarded-Host: localhost"), ("X-Original-URL: /",), ("X-Rewrite-URL: /",)):
        held(ask(*headers)[0] == 403, f"{headers}: {ask(*headers)[0]}")


@attack("V17")
def names_over_tls(world):
    """Over TLS a name sees its own certificate alone, and a Host that differs from the name of the handshake gets its own site or none."""
    begin(world)
    control(run(["mkdir", "-p", f"{world.config}/certs"]).returncode == 0, "the folder of certificates")
    files = [f"{world.config}/certs/vis-va.test.{end}" for end in ("key", "crt")]
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9", "-keyout", files[0], "-out", files[1], "-subj", f"/CN={k_va}"])

    def shake(name, text=b""):
        names = ["-servername", name] if name else ["-noservername"]
        return subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:443", "-quiet", "-ign_eof", *names], input=text, capture_output=True, timeout=10)

    def says_whose(name):
        return f"CN = {k_va}".encode() in shake(name, b"GET / HTTP/1.0\r\n\r\n").stderr

    try:
        wait_for(15, "the victim's certificate is served", lambda: says_whose(k_va))
        for name in (k_at, "nobody.test", "vis-va.test.evil", "x.vis-va.test", "localhost", ""):
            held(not says_whose(name), f"{name!r} sees the victim's certificate")
        for host in (k_at, "nobody.test", "vis-at.test:443", "VIS-AT.TEST"):
            answer = shake(k_va, f"GET /x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()).stdout
            held("vis-va" not in names_in(answer), f"Host: {host} behind the victim's handshake reaches the victim: {answer[:200]!r}")
        answer = shake(k_va, b"GET /x HTTP/1.1\r\nHost: vis-va.test\r\nConnection: close\r\n\r\n").stdout
        control(names_in(answer) == {"vis-va"}, f"the victim over TLS: {answer[:200]!r}")
    finally:
        for path in files:
            os.unlink(path)
        wait_for(15, "the victim over HTTP", lambda: web.ask(k_va)[0] == 200)
