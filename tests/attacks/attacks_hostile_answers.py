# SPDX-License-Identifier: LGPL-2.1-or-later
"""A site's answers against the proxy and its other sites' visitors: headers that govern nginx, split, endless and broken answers."""
import contextlib
import gzip
import os
import threading
import time

import parties
from attacks import attack, control, held
from framework import wait_for
from world import run

k_prefix = "ans"
k_ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def begin(world):
    site = parties.share_bare_server(world, k_prefix)
    site.answer("ok", k_ok)
    control(site.get("ok").endswith(b"ok"), "the site's own answer")
    return site, parties.share(world, k_prefix).victim


def victim_stays_well(world, victim, what, times=4):
    for _ in range(times):
        held(parties.victim_is_well(world, victim, 1), f"the victim is not served within a second beside {what}")
        time.sleep(0.1)


@contextlib.contextmanager
def believes_redirects(world):
    """The sysadmin's file for all locations obeys a site's answer, as nginx does by itself."""
    path = f"{world.config}/vhost.d/default_location"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("proxy_ignore_headers X-Accel-Expires;\n")
    try:
        yield
    finally:
        os.unlink(path)


@attack("H01", undefended=believes_redirects)
def accel_redirect(world):
    """A site's X-Accel-Redirect leads nowhere: not to a location that is internal, in a file of the sysadmin's for all hosts, nor to nginx's own pages."""
    site, _ = begin(world)
    folder = f"{world.config}/vhost.d"
    os.makedirs(folder, exist_ok=True)
    with open(f"{world.config}/h01-private", "w") as file:
        file.write("private-to-the-sysadmin")
    with open(f"{folder}/default", "w") as file:
        file.write("location /h01-open/ { alias /etc/heberg/; }\nlocation /h01-internal/ { internal; alias /etc/heberg/; }\n")
    try:
        def opened():
            return b"private-to" in site.get("h01-open/h01-private")
        wait_for(20, "the sysadmin's file is in force", opened)
        control(b"private-to" not in site.get("h01-internal/h01-private"), "a visitor does not reach the internal location")
        for number, target in enumerate(("/h01-internal/h01-private", "/h01-internal/heberg.toml", "/heberg-50x.html", "@x", "/../etc/passwd", "//h01-internal/h01-private", "h01-internal/h01-private?x#y")):
            site.answer(f"h01-{number}", b"HTTP/1.1 200 OK\r\nX-Accel-Redirect: " + target.encode() + b"\r\nContent-Length: 3\r\n\r\nown")
            answer = site.get(f"h01-{number}")
            held(b"private-to" not in answer and b"[sites]" not in answer and answer.endswith(b"own"), f"{target}: {answer[-200:]!r}")
    finally:
        os.unlink(f"{folder}/default")
        os.unlink(f"{world.config}/h01-private")


@attack("H02", short=True)
def files_by_name(world):
    """X-Sendfile, X-LIGHTTPD-send-file, and server-side includes in an answer are text to nginx: it opens no file for them."""
    site, _ = begin(world)
    for number, (header, body) in enumerate(((b"X-Sendfile: /etc/passwd", b"own"), (b"X-LIGHTTPD-send-file: /etc/passwd", b"own"), (b"X-Accel-Mapping: /=/etc", b"own"),
                                             (b"Content-Type: text/html", b'<!--# include file="/etc/passwd" -->own'), (b"Content-Type: text/html", b'<!--#include virtual="/config.php" -->own'), (b"Surrogate-Control: content=\"ESI/1.0\"", b"<esi:include src='http://127.0.0.1/'/>own"))):
        site.answer(f"h02-{number}", b"HTTP/1.1 200 OK\r\n" + header + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
        answer = site.get(f"h02-{number}")
        held(answer.endswith(body), f"{header}: {answer[-200:]!r}")


@attack("H03")
def accel_words(world):
    """A site's X-Accel-Limit-Rate, -Buffering, -Expires and -Charset govern its own answer at most, and no visitor sees them."""
    site, victim = begin(world)
    words = b"X-Accel-Limit-Rate: 1\r\nX-Accel-Buffering: no\r\nX-Accel-Expires: 99999\r\nX-Accel-Charset: utf-7\r\n"
    site.answer("h03", b"HTTP/1.1 200 OK\r\n" + words + b"Content-Length: 2\r\n\r\nok")
    held(b"x-accel" not in site.get("h03", seconds=2).lower(), "a visitor is shown X-Accel headers")
    for _ in range(10):
        threading.Thread(target=site.get, args=("h03",), kwargs={"seconds": 2}, daemon=True).start()
    victim_stays_well(world, victim, "answers that ask to be slow")
    time.sleep(2)
    site.answer("h03", k_ok)
    held(site.get("h03").endswith(b"ok") and b"x-accel" not in site.get("h03").lower(), "an old answer was kept")


@attack("H04", short=True)
def split_answers(world):
    """Broken heads (no colon, NUL, two lengths, no status, bare CR, 100 KB) end their own request: no visitor of another site sees a byte of them."""
    site, victim = begin(world)
    second = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    broken = (b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\nok" + second, b"HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 2\r\n\r\nok", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 50\r\n\r\nok" + second,
              b"HTTP/1.1 999999 OK\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\r\n\r\n" + second, b"SSH-2.0-OpenSSH\r\n", b"\x16\x03\x01\0\0", b"HTTP/1.1 200 OK\r\nA: b\rX: forged\r\n\r\nok", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\nok",
              b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\nok", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nok" + second,
              b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n" + second, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nok", b"HTTP/1.1 204 No\r\nContent-Length: 6\r\n\r\nforged", b"HTTP/1.1 304 No\r\n\r\nforged" + second,
              b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort", k_ok + second, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + second, b"HTTP/0.9 forged", b"HTTP/1.1 200\r\n folded\r\n\r\nok")
    for number, answer in enumerate(broken):
        site.answer(f"h04-{number}", answer)
        site.get(f"h04-{number}", seconds=0.4)
        held(world.fetch(victim.host) == (200, "the victim"), f"after {answer[:60]!r} the victim's visitor gets {world.fetch(victim.host)}")
    for _ in range(8):
        held(world.fetch(victim.host) == (200, "the victim"), f"the victim's visitor gets {world.fetch(victim.host)}")


@attack("H05", short=True)
def answer_to_the_next(world):
    """What a site says beyond one answer is given to nobody: the next visitor of any site gets the answer to the own request."""
    site, victim = begin(world)
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    site.answer("h05", b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok" + forged * 10)
    for _ in range(10):
        held(b"forged" not in site.get("h05", seconds=1), "a visitor gets a second answer")
        held(b"forged" not in site.get("ok", seconds=1), "the site's next visitor gets it")
        held(world.fetch(victim.host) == (200, "the victim"), "the victim's visitor does not get the own answer")


@attack("H06", short=True)
def endless_answers(world):
    """Answers without end (1xx, header lines, chunks, a byte at a time) leave the victim served within a second, and nginx within its memory."""
    site, victim = begin(world)
    endless = {"endless-1xx": b"\n----\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", "endless-100": b"\n----\nHTTP/1.1 100 Continue\r\n\r\n", "endless-head": b"HTTP/1.1 200 OK\r\n\n----\nX-Y: zzzzzzzzzzzzzzzzzzzzzzzzzzz\r\n",
               "endless-chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\n----\n1\r\nx\r\n", "endless-body": b"HTTP/1.1 200 OK\r\n\r\n\n----\n" + b"x" * 1000, "endless-line": b"HTTP/1.1 200 OK\r\nX: \n----\nyyyyyyyyyyyyyyyyyy"}
    threads = []
    for name, text in endless.items():
        site.answer(name, text)
        threads += [threading.Thread(target=site.get, args=(name,), kwargs={"seconds": 2}) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        victim_stays_well(world, victim, "answers without end", 8)
    finally:
        for thread in threads:
            thread.join()
    used = world.docker("exec", "heberg-proxy", "sh", "-c", "cat /sys/fs/cgroup/memory.current 2>/dev/null || cat /sys/fs/cgroup/memory/memory.usage_in_bytes")
    held(int(used) < 700_000_000, f"heberg-proxy's memory is {used}")


@attack("H07", short=True)
def bombs_in_answers(world):
    """A compressed bomb is passed on as it came: nginx unpacks nothing of a site's answer."""
    site, victim = begin(world)
    bomb = gzip.compress(b"\0" * 50_000_000)
    site.answer("h07", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + str(len(bomb)).encode() + b"\r\n\r\n" + bomb)
    for extra in (b"", b"Accept-Encoding: identity\r\n", b"Accept-Encoding: gzip\r\n", b"TE: deflate\r\n"):
        answer = site.get("h07", extra, seconds=3)
        held(len(answer) < 2 * len(bomb) + 2000, f"{len(answer)} bytes for {len(bomb)}")
    victim_stays_well(world, victim, "bombs")


@attack("H08", short=True)
def headers_for_the_server(world):
    """A site's Status, Server, Date, Location, Connection, Alt-Svc and Trailer are text for its own visitor: nginx follows none and names no address of the inside."""
    site, victim = begin(world)
    inside = parties.address_of(world, site.container)
    site.answer("h08", b"HTTP/1.1 302 Found\r\nStatus: 200\r\nLocation: http://" + victim.host.encode() + b"/\r\nConnection: X-Real-IP, close\r\nAlt-Svc: h3=\":9\"\r\nRefresh: 0\r\nTrailer: Location\r\nContent-Length: 3\r\n\r\nown")
    answer = site.get("h08")
    held(parties.status_of(answer) == 302 and b"the victim" not in answer, f"nginx followed: {answer[:200]!r}")
    for location in (b"/x", b"//evil.test/", b"http://" + site.host.encode() + b"/x", b"x"):
        site.answer("h08-2", b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n")
        held(inside.encode() not in site.get("h08-2"), f"an inner address is told for {location!r}")
    site.answer("h08-3", b"broken")
    held(inside.encode() not in site.get("h08-3", seconds=1), "nginx's error page names an inner address")


@attack("H09", short=True)
def switching_without_being_asked(world):
    """A 101 that nobody asked for makes no tunnel: what the visitor sends next does not go to the site past the proxy."""
    site, victim = begin(world)
    site.answer("tunnel", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")

    def speak(lines):
        data = b"GET /tunnel HTTP/1.1\r\nHost: " + site.host.encode() + b"\r\n" + lines + b"\r\nGET /past HTTP/1.1\r\nX-Real-IP: 6.6.6.6\r\n\r\n"
        return parties.talk(data, 1, until=b"TUNNEL:GET /past")

    control(b"TUNNEL:GET /past" in speak(b"Connection: Upgrade\r\nUpgrade: websocket\r\n"), "a WebSocket that was asked for")
    for lines in (b"", b"Connection: keep-alive\r\n", b"Connection: Upgrade\r\n"):
        held(b"TUNNEL:" not in speak(lines), f"with {lines} there is a tunnel")
    held(world.fetch(victim.host) == (200, "the victim"), "the victim is not served")


@attack("H10")
def slow_site(world):
    """A site that takes connections and says nothing holds up its own visitors alone, also a hundred of them."""
    site, victim = begin(world)
    site.answer("endless-nothing", b"\n----\n")
    threads = [threading.Thread(target=site.get, args=("endless-nothing",), kwargs={"seconds": 3}) for _ in range(100)]
    for thread in threads:
        thread.start()
    try:
        victim_stays_well(world, victim, "a hundred waiting visitors", 8)
    finally:
        for thread in threads:
            thread.join()


@attack("H11", short=True)
def cookies_of_a_site(world):
    """nginx neither changes nor adds a site's cookies, and keeps them to the answer they came with; other sites' answers carry none."""
    site, victim = begin(world)
    site.answer("h11", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Domain=" + victim.host.encode() + b"\r\nSet-Cookie: __Host-x=1\r\nContent-Length: 2\r\n\r\nok")
    control(site.get("h11").count(b"Set-Cookie") == 2, "its own visitor gets them")
    status, head = world.fetch(victim.host, options=["-D", "-"])
    held(status == 200 and "Set-Cookie" not in head, f"the victim's answer carries {head!r}")


@attack("H12", short=True)
def error_pages(world):
    """A failing site shows its own visitors nginx's plain page: no version, path, address, or name of another site."""
    site, victim = begin(world)
    for name, text in (("h12-reset", b""), ("h12-broken", b"garbage\r\n\r\n"), ("h12-huge", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000)):
        site.answer(name, text)
        answer = site.get(name, seconds=2)
        held(b"nginx/" not in answer and b"/etc/" not in answer and victim.name.encode() not in answer and b"upstream" not in answer.lower(), f"{name}: {answer[:400]!r}")
    run(["docker", "pause", site.container])
    try:
        victim_stays_well(world, victim, "a paused site")
    finally:
        run(["docker", "unpause", site.container])
