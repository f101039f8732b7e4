# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who reaches whom, and what the proxy passes on."""
from framework import expect, expect_equal, test, wait_for
from world import k_served_in_a_row, run


def address(world, container):
    return world.docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)


def connects(container, host, port):
    code = f'exit(@fsockopen("{host}", {port}, $e, $s, 2) ? 0 : 1);'
    return run(["docker", "exec", container, "php", "-r", code]).returncode == 0


@test
def sites_do_not_reach_each_other(world):
    """A site's container reaches no other site's; the proxy reaches both."""
    for name in ("left", "right"):
        _, password = world.new_site(name)
        world.put(name, password, f"<?php echo '{name}';", "index.php")
    for name in ("left", "right"):
        wait_for(5, f"the proxy serves {name}", lambda: world.fetch(f"{name}.test") == (200, name))
    expect(connects("left", address(world, "left"), 80), "the probe itself does not work")
    expect(not connects("left", address(world, "right"), 80), "left reaches right")
    expect(not connects("right", address(world, "left"), 80), "right reaches left")
    expect(not connects("left", address(world, "heberg-sftp"), 22), "left reaches sshd's container")


@test
def unknown_name(world):
    """An unknown host name gets 503, whatever else is served."""
    world.new_site("known")
    wait_for(5, "the proxy serves known.test", lambda: world.fetch("known.test")[0] not in (0, 503))
    for host in ("unknown.test", "test", "xknown.test", "known.test.evil", "127.0.0.1"):
        expect_equal(world.fetch(host)[0], 503, host)


@test
def several_names(world):
    """Several host names, a wildcard and a regular expression lead to the site."""
    _, password = world.new_site("many", host=r"many.test,www.many.test,*.wild.test,~^r[0-9]+\.many\.test$")
    world.put("many", password, "<?php echo $_SERVER['HTTP_HOST'];", "index.php")
    for host in ("many.test", "www.many.test", "a.wild.test", "b.c.wild.test", "r42.many.test"):
        wait_for(5, f"{host} is served", lambda: world.fetch(host) == (200, host))
    for host in ("wild.test.evil", "rx.many.test", "r42.many.test.evil"):
        expect_equal(world.fetch(host)[0], 503, host)


@test
def forwarded_headers(world):
    """The site receives the client's address, host name and protocol; headers that a client sets itself are not passed on."""
    _, password = world.new_site("headers")
    world.put("headers", password, "<?php foreach (getallheaders() as $k => $v) echo strtolower($k), '=', $v, \"\\n\";", "index.php")
    wait_for(5, "it is served", lambda: world.fetch("headers.test")[0] == 200, in_a_row=k_served_in_a_row)
    status, body = world.fetch("headers.test", options=[
        "-H", "X-Forwarded-For: 6.6.6.6", "-H", "X-Forwarded-Proto: https", "-H", "X-Forwarded-Host: evil.test", "-H", "X-Real-IP: 6.6.6.6",
        "-H", "Proxy: http://evil.test"])
    expect_equal(status, 200, "status")
    headers = dict(line.split("=", 1) for line in body.splitlines() if "=" in line)
    expect_equal({k: headers.get(k) for k in ("x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "host")},
                 {"x-real-ip": "127.0.0.1", "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http",
                  "x-forwarded-host": "headers.test", "host": "headers.test"}, "headers")
    expect("evil" not in body and "6.6.6.6" not in body, f"a client's own header was passed on: {body}")


@test
def balanced(world):
    """Requests are shared among a site's containers."""
    _, password = world.new_site("share")
    world.run_site("share", container="share-2")
    world.put("share", password, "<?php echo gethostname();", "index.php")
    wait_for(10, "both answer", lambda: len({world.fetch("share.test")[1] for _ in range(8)}) == 2)


@test
def large_upload(world):
    """A body of 60 MB passes the proxy; one of 70 MB is refused with 413."""
    _, password = world.new_site("large")
    world.put("large", password, "<?php echo strlen(file_get_contents('php://input'));", "index.php")
    world.put("large", password, "php_value memory_limit 256M\nphp_value post_max_size 100M\n", ".htaccess")
    world.wait_until_served("large.test", (200, "0"))
    for megabytes, status in ((60, 200), (70, 413)):
        path = f"{world.folder}/body"
        with open(path, "wb") as file:
            file.truncate(megabytes * 1000 * 1000)
        seen = world.fetch("large.test", options=["-H", "Expect:", "-H", "Content-Type: application/octet-stream", "--data-binary",
                                                  f"@{path}"])
        expect_equal(seen[0], status, f"{megabytes} MB")
