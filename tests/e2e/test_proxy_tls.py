# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS: which certificate, which answer, and which names get none."""
import os
import shutil
import time

from framework import expect, expect_equal, test, wait_for
from web import answers, ask, run_web
from world import run


def make_certificate(world, name, subject, days=90):
    folder = f"{world.config}/certs"
    os.makedirs(folder, exist_ok=True)
    done = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days),
                "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt", "-subj", f"/CN={subject}"])
    expect_equal(done.returncode, 0, done.stderr)


def presented(host, version="-tls1_3"):
    """The subject of the certificate that the name gets; empty where the handshake is refused."""
    done = run(["openssl", "s_client", "-connect", "127.0.0.1:443", "-servername", host, version], timeout=10)
    return next((line.split("CN =", 1)[1].strip() for line in done.stdout.splitlines() if line.strip().startswith("0 s:")), "")


def tls(host, **more):
    return ask(host, port=443, scheme="https", **more)


@test
def proxy_tls(world):
    """Certificates: exact, the parent's, a named one, the default; by method and certificate the fallback table; unknown names see no certificate."""
    try:
        for name in ("exact.tls.test", "tls.test", "forest.test", "other"):
            make_certificate(world, name, name)
        methods = ("redirect", "noredirect", "nohttp", "nohttps")
        run_web(world, "tls-exact", {"VIRTUAL_HOST": "exact.tls.test", "HSTS": "max-age=60"})
        run_web(world, "tls-child", {"VIRTUAL_HOST": "child.tls.test"})
        run_web(world, "tls-wild", {"VIRTUAL_HOST": "*.forest.test"})
        run_web(world, "tls-bare-tree", {"VIRTUAL_HOST": "tree.forest.test", "HTTPS_METHOD": "nohttps"})
        run_web(world, "tls-named", {"VIRTUAL_HOST": "named.example", "CERT_NAME": "other"})
        for method in methods:
            run_web(world, f"with-{method}", {"VIRTUAL_HOST": f"{method}.tls.test", "HTTPS_METHOD": method})
            run_web(world, f"bare-{method}", {"VIRTUAL_HOST": f"{method}.bare.example", "HTTPS_METHOD": method})
        for host, subject in (("exact.tls.test", "exact.tls.test"), ("child.tls.test", "tls.test"), ("x.forest.test", "forest.test"),
                              ("named.example", "other")):
            wait_for(8, f"{host} presents {subject}", lambda host=host, subject=subject: presented(host) == subject)
        # Method, certificate: what http and https say. 0: no handshake.
        for host, plain, over_tls in (("redirect.tls.test", 301, 200), ("noredirect.tls.test", 200, 200), ("nohttp.tls.test", 503, 200),
                                      ("nohttps.tls.test", 200, 0), ("redirect.bare.example", 200, 0), ("noredirect.bare.example", 200, 0),
                                      ("nohttp.bare.example", 200, 0), ("nohttps.bare.example", 200, 0), ("unknown.tls.test", 503, 0),
                                      ("unknown.example", 503, 0)):
            answers(host, plain)
            expect_equal(tls(host)[0], over_tls, f"https://{host}")
        answers("tree.forest.test", name="tls-bare-tree")
        expect_equal(tls("tree.forest.test")[0], 0, "https for a name without, below another's wildcard")
        expect_equal(presented("unknown.tls.test"), "", "the certificate that an unknown name sees")
        seen = tls("exact.tls.test", options=["-H", "X-Forwarded-Proto: http"])[1]
        expect_equal([seen.get(k) for k in ("x-forwarded-proto", "x-forwarded-port", "x-forwarded-ssl")], ["https", "443", "on"], "headers over https")
        heads = run(["curl", "-sIk", "--resolve", "exact.tls.test:443:127.0.0.1", "https://exact.tls.test/"]).stdout.lower()
        expect("strict-transport-security: max-age=60" in heads and heads.startswith("http/2 200"), f"the head: {heads}")

        make_certificate(world, "default", "default")
        for method in methods[:3]:  # those without one take the default's now
            wait_for(5, f"{method}.bare.example has the default", lambda method=method: presented(f"{method}.bare.example") == "default")
        expect_equal(presented("unknown.example"), "", "an unknown name, with a default certificate")
        write_challenge(world, "token", "the answer\n")
        for host in ("redirect.tls.test", "unknown.example"):
            expect_equal(ask(host, "/.well-known/acme-challenge/token"), (200, {"body": "the answer\n"}), f"a challenge for {host}")
    finally:
        shutil.rmtree(f"{world.config}/certs", ignore_errors=True)
        shutil.rmtree(f"{world.config}/acme", ignore_errors=True)
    answers("redirect.tls.test", 200)


def write_challenge(world, name, text):
    folder = f"{world.config}/acme/.well-known/acme-challenge"
    os.makedirs(folder)
    with open(f"{folder}/{name}", "w") as file:
        file.write(text)


@test
def proxy_certificate_changes(world):
    """A certificate that is renewed is presented at once; a broken one hurts its host alone; one that ends soon is named."""
    try:
        make_certificate(world, "good.example", "first")
        make_certificate(world, "ends.example", "ends", days=3)
        for name in ("good", "ends"):
            run_web(world, f"cert-{name}", {"VIRTUAL_HOST": f"{name}.example"})
        wait_for(8, "the first one", lambda: presented("good.example") == "first")
        make_certificate(world, "good.example", "second")
        start = time.monotonic()
        wait_for(5, "the second one", lambda: presented("good.example") == "second")
        print(f"        a renewed certificate after {time.monotonic() - start:.1f} s", flush=True)
        wait_for(5, "the other host", lambda: presented("ends.example") == "ends")
        with open(f"{world.config}/certs/ends.example.crt", "w") as file:
            file.write("no certificate\n")
        wait_for(5, "the broken one is not presented", lambda: presented("ends.example") == "")
        expect_equal(presented("good.example"), "second", "the other host's")
        make_certificate(world, "ends.example", "ends", days=3)
        wait_for(5, "the repaired one is presented", lambda: presented("ends.example") == "ends")
        status = world.docker("exec", "heberg-proxy-render", "heberg-proxy-render", "--status")
        expect("ends.example" in status.split('"certificates"')[1], "--status does not name the certificate that ends")
    finally:
        shutil.rmtree(f"{world.config}/certs", ignore_errors=True)
