# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names: which site a container is of, what it mounts, and the host names and ports that it asks for. Long because the attacks share their victims
and their attackers."""
import contextlib
import json
import os
import socket

from attacks import attack, control, held
from framework import wait_for
from web import ask, k_server
from world import run

k_tries = 40


def serve(world, name, site=None, host=None, environment=None, labels=None, image="php:apache", mount=None, network="heberg-sites"):
    """A container that answers with its name; site: it mounts that site's www."""
    world.made.append(name)
    variables = {"NAME": name, **({} if host == "" else {"VIRTUAL_HOST": host or f"{name}.test"}), **(environment or {})}
    source = mount or (f"{world.sites}/{site}/www" if site else None)
    world.docker("run", "-d", "--name", name, "--network", network, *(x for k, v in variables.items() for x in ("-e", f"{k}={v}")),
                 *(x for k, v in (labels or {}).items() for x in ("--label", f"{k}={v}")),
                 *(["-v", f"{source}:/var/www/html"] if source else []), image, "perl", "-e", k_server)
    return name


def victim(world, name, **options):
    serve(world, name, site=name, **options)
    host = options.get("host") or f"{name}.test"
    if "*" not in host and "~" not in host:
        control(wait(lambda: answer(host) == name), f"{host} is served by its own site")
    world.wait_for_account(name)
    return host


def answer(host, port=80):
    return ask(host, port=port)[1].get("name")


def wait(condition, seconds=8):
    """Whether it comes true."""
    try:
        return bool(wait_for(seconds, "…", condition))
    except Exception:
        return False


def settled(world, name):
    """The proxy has taken note of everything so far: a new container of its own is served."""
    serve(world, name)
    control(wait(lambda: answer(f"{name}.test") == name), "a container that is started last is served")


def answers_of(host, count=k_tries):
    return [answer(host) for _ in range(count)]


def stays_with(host, owner):
    got = answers_of(host)
    held(got.count(owner) == len(got), f"{host}: {len(got) - got.count(owner)} of {len(got)} answers are not its site's: {sorted(set(map(str, got)))}")


def render_log(world):
    return world.logs("heberg-proxy-render", world.since)


@contextlib.contextmanager
def image_with(world, tag, *changes):
    """An image of somebody else's: php:apache with Dockerfile instructions more."""
    world.docker("create", "--name", "names-image", "php:apache")
    try:
        world.docker("commit", *(x for change in changes for x in ("--change", change)), "names-image", tag)
    finally:
        run(["docker", "rm", "-f", "names-image"])
    try:
        yield tag
    finally:
        run(["docker", "rm", "-fv", *world.made])
        run(["docker", "rmi", "-f", tag])


def read_in(container, path):
    return run(["docker", "exec", container, "cat", path]).stdout


def ctl(world, *arguments):
    return run(["docker", "exec", "heberg-syncd", "hebergctl", *arguments])


def runs(world, container):
    return run(["docker", "inspect", "-f", "{{.State.Running}}", container]).stdout.strip() == "true"


# --- mounts ---


def deep_mount(world, name, target):
    """A site by hand whose mount lies below www; its owner puts a link there, and the container is started again."""
    marker = f"secret of {name}"
    os.makedirs(f"{world.folder}/{name}-etc", exist_ok=True)
    with open(f"{world.folder}/{name}-etc/secret", "w") as file:
        file.write(marker)
    www = f"{world.sites}/{name}/www"
    os.makedirs(f"{www}/public")
    serve(world, name, mount=f"{www}/public")
    os.rename(f"{www}/public", f"{www}/old")
    os.symlink(target or f"{world.folder}/{name}-etc", f"{www}/public")
    world.docker("restart", "-t", "0", name)
    return marker


@attack("F04")
def mount_swapped_for_a_link(world):
    """A mount below www is no site's, is not served, and its container is stopped when a link has led it out of the tree."""
    marker = deep_mount(world, "f04", None)
    read = read_in("f04", "/var/www/html/secret")
    held(wait(lambda: not runs(world, "f04"), 15), f"the container reads {read!r} of the host, and goes on")
    held(world.find_account("f04") is None, "it has an account")
    held(ask("f04.test")[0] == 503, f"it is served: {ask('f04.test')}")
    held("f04" in world.syncd_log() and "link" in world.syncd_log(), "the log does not say why")
    checked = ctl(world, "check").stdout
    held("f04" in checked and "mount" in checked, f"hebergctl check does not name it: {checked}")
    control(marker, "the marker")


@attack("F04b")
def mount_swapped_for_another_site(world):
    """The same with a link to another site's www."""
    victim(world, "f04b-va")
    with open(f"{world.sites}/f04b-va/www/secret", "w") as file:
        file.write("of va")
    deep_mount(world, "f04b", f"{world.sites}/f04b-va/www")
    held(wait(lambda: not runs(world, "f04b"), 15), lambda: f"the container reads {read_in('f04b', '/var/www/html/secret')!r} of another site")
    stays_with("f04b-va.test", "f04b-va")


@attack("F04c")
def whole_tree_and_a_link(world):
    """A container with the whole tree puts a link in the place of www: the site's other container is stopped, not let out of the tree."""
    os.makedirs(f"{world.folder}/f04c-etc", exist_ok=True)
    victim(world, "f04c")
    serve(world, "f04c-top", mount=f"{world.sites}/f04c", host="f04c-top.test")
    done = run(["docker", "exec", "f04c-top", "sh", "-c", f"mv /var/www/html/www /var/www/html/away && ln -s {world.folder}/f04c-etc /var/www/html/www"])
    control(done.returncode == 0, f"root in a container with the whole tree can replace www: {done.stderr}")
    world.docker("restart", "-t", "0", "f04c")
    held(wait(lambda: not runs(world, "f04c"), 15), "it goes on with a folder of the host")


@attack("F04d")
def a_sites_own_work_is_left_alone(world):
    """A www that the sysadmin exchanged below a running container stops nothing; nor does a restart of syncd or of the container."""
    victim(world, "f04d")
    os.rename(f"{world.sites}/f04d/www", f"{world.sites}/f04d/old")
    os.mkdir(f"{world.sites}/f04d/www")
    os.chown(f"{world.sites}/f04d/www", os.stat(f"{world.sites}/f04d/old").st_uid, os.stat(f"{world.sites}/f04d/old").st_gid)
    world.docker("restart", "heberg-syncd")
    settled(world, "f04d-last")
    held(runs(world, "f04d"), "the site's container was stopped")
    world.docker("restart", "-t", "0", "f04d")
    held(wait(lambda: answer("f04d.test") == "f04d"), "the site is not served after a restart")


@attack("N01")
def hostile_mounts_make_no_account(world):
    """Mounts of everything, of the sites root, of names that no site can have and of two sites: no account, each named in the log; and no service (N01b)."""
    victim(world, "n01-va")
    mounts = {"n01-root": world.sites, "n01-all": "/", "n01-system": f"{world.sites}/root/www", "n01-upper": f"{world.sites}/UPPER/www",
              "n01-dash": f"{world.sites}/-x/www", "n01-daemon": f"{world.sites}/daemon/www", "n01-ssh": f"{world.sites}/n01-va/.ssh",
              "n01-secrets": f"{world.sites}/n01-va/.heberg", "n01-logs": f"{world.sites}/n01-va/logs"}
    for name, source in mounts.items():
        serve(world, name, mount=source)
    settled(world, "n01-last")
    for name in mounts:
        held(wait(lambda: name in world.syncd_log()), f"syncd's log does not name {name}")
        held(ask(f"{name}.test")[0] == 503, f"N01b: {name} is served: {ask(f'{name}.test')}")
        held(name in render_log(world), f"N01b: the renderer's log does not name {name}")
    accounts = world.getent("-s", "heberg", "passwd")[1]
    for name in ("root:", "UPPER:", "-x:", "daemon:"):
        held(f"\n{name}" not in f"\n{accounts}", f"there is an account {name}")
    stays_with("n01-va.test", "n01-va")


# --- labels ---


@attack("N02")
def label_writes_into_another_log(world):
    """A label that names a site, on a container without its mount, writes nothing into the site's logs, and is no container of the site (N02b)."""
    victim(world, "n02-va")
    log = f"{world.sites}/n02-va/logs/access.log"
    world.made.append("n02-at")
    world.docker("run", "-d", "--name", "n02-at", "--network", "heberg-sites", "--label", "heberg.site=n02-va", "-e", "VIRTUAL_HOST=n02-at.test",
                 "php:apache", "perl", "-e", '$| = 1; for (1 .. 600) { print "FORGED-LINE\n"; sleep 1 }')
    world.docker("exec", "n02-va", "sh", "-c", "echo own-line > /proc/1/fd/1")
    control(wait(lambda: os.path.exists(log) and "own-line" in open(log).read()), "the site's own line is in its log")
    held(not wait(lambda: "FORGED-LINE" in open(log).read(), 4), "FORGED-LINE is in the site's access.log")
    held(wait(lambda: '"n02-at": not accepted' in world.syncd_log()), "syncd's log does not say why n02-at is refused")


@attack("N02b")
def label_makes_a_reserved_site_live(world):
    """A label alone gives a reserved site no account, and blocks no purge."""
    control(ctl(world, "reserve", "n02b").returncode == 0, "hebergctl reserve works")
    serve(world, "n02b-at", labels={"heberg.site": "n02b"})
    settled(world, "n02b-last")
    held(world.find_account("n02b") is None, "the reserved site has an account")
    done = ctl(world, "purge", "n02b", "--confirm", "n02b")
    held("has a container" not in done.stderr + done.stdout, f"purge: {done.stderr}")


@contextlib.contextmanager
def heberg_toml(world, change):
    """heberg.toml as change(text) makes it, read anew by both daemons; as it was afterwards."""
    path = f"{world.config}/heberg.toml"
    with open(path) as file:
        before = file.read()
    try:
        with open(path, "w") as file:
            file.write(change(before))
        world.docker("restart", "heberg-syncd", "heberg-proxy-render")
        yield
    finally:
        with open(path, "w") as file:
            file.write(before)
        world.docker("restart", "heberg-syncd", "heberg-proxy-render")


def named_by_label(world):
    return heberg_toml(world, lambda text: text.replace("[sites]\n", '[sites]\nnamed_by_label = ["n03-va"]\n', 1))


def proxy_setting(line):
    """A setting of [proxy] in the place of the tests' own."""
    key = line.split(" = ")[0]
    def undefended(world):
        return heberg_toml(world, lambda text: "".join(f"{line}\n" if old.startswith(f"{key} = ") else old for old in text.splitlines(keepends=True)))
    return undefended


@attack("N03", undefended=named_by_label)
def label_takes_half_of_the_requests(world):
    """A label that names a site makes no backend of it: all requests are the site's own."""
    victim(world, "n03-va")
    serve(world, "n03-at", host="n03-va.test", labels={"heberg.site": "n03-va"})
    settled(world, "n03-last")
    stays_with("n03-va.test", "n03-va")
    held("n03-at" in render_log(world), "the renderer's log does not name n03-at")


@attack("N03b")
def images_compose_project_shares_a_name(world):
    """An image's label com.docker.compose.project makes its container no replica of another project's."""
    with image_with(world, "n03b:latest", "LABEL com.docker.compose.project=shop"):
        serve(world, "n03b-va", labels={"com.docker.compose.project": "shop"})
        control(wait(lambda: answer("n03b-va.test") == "n03b-va"), "the project's own container is served")
        serve(world, "n03b-at", host="n03b-va.test", image="n03b:latest")
        settled(world, "n03b-last")
        stays_with("n03b-va.test", "n03b-va")


@attack("N03c", undefended=proxy_setting('shared_hosts = ["n03c-va.test"]'))
def newcomer_shares_a_name(world):
    """Of two containers of no site that ask for one name, the older one alone serves it."""
    serve(world, "n03c-va")
    control(wait(lambda: answer("n03c-va.test") == "n03c-va"), "a container of no site is served")
    serve(world, "n03c-at", host="n03c-va.test")
    settled(world, "n03c-last")
    stays_with("n03c-va.test", "n03c-va")


@attack("N03d")
def no_variable_changes_another_site(world):
    """No variable of a container that claims a site's name and host closes that host, or changes its answer."""
    victim(world, "n03d-va")
    words = {"NETWORK_ACCESS": "internal", "MAINTENANCE": "true", "MAX_BODY": "1", "HTTPS_METHOD": "nohttp", "VIRTUAL_PATH": "/", "REDIRECT_WWW": "true",
             "EXTERNAL_HTTP_PORT": "8099", "VIRTUAL_PROTO": "fastcgi", "CERT_NAME": "n03d-va.test"}
    for number, (word, value) in enumerate(words.items()):
        serve(world, f"n03d-{number}", host="n03d-va.test", environment={word: value},
              labels={"heberg.site": "n03d-va", f"heberg.proxy.{word.lower()}": value})
    serve(world, "n03d-twin", host="www.n03d-va.test", environment={"REDIRECT_WWW": "true"}, labels={"heberg.site": "n03d-va"})
    settled(world, "n03d-last")
    stays_with("n03d-va.test", "n03d-va")


@attack("N04")
def control_bytes_in_settings(world):
    """A newline, a brace, ESC or CSI in a container's words becomes neither configuration, nor a port, nor a control byte in a log."""
    victim(world, "n04-va")
    for number, text in enumerate(("a.test;\n}\nserver { listen 18099; }\n#", "a.test\x1b[2J", "a.test\u009b31m", "a{b}.test", "$host.test")):
        serve(world, f"n04-{number}", host=text, labels={"heberg.site": text, "heberg.proxy.max_body": text})
    settled(world, "n04-last")
    for name in ("heberg-syncd", "heberg-proxy-render"):
        log = world.logs(name, world.since)
        held(not any(c in log for c in "\x1b\x9b\x07"), f"a control byte is in the log of {name}")
    held(run(["docker", "exec", "heberg-proxy", "nginx", "-t"]).returncode == 0, "nginx -t fails")
    with socket.socket() as one:
        one.settimeout(2)
        held(one.connect_ex(("127.0.0.1", 18099)) != 0, "port 18099 is open")
    stays_with("n04-va.test", "n04-va")


@attack("N06")
def image_labels_name_hosts(world):
    """An image's labels and environment give its container no host name, port or access; what the sysadmin said counts."""
    changes = ("LABEL heberg.proxy.virtual_host=n06-stolen.test", "LABEL heberg.proxy.network_access=external",
               "LABEL heberg.proxy.external_http_port=8099", "LABEL heberg.site=n06-va", """ENV VIRTUAL_HOST_MULTIPORTS='{"n06-stolen.test":null}'""",
               "ENV EXTERNAL_HTTP_PORT=8099")
    with image_with(world, "php:n06-apache", *changes):
        victim(world, "n06-va")
        serve(world, "n06-il", site="n06-il", image="php:n06-apache", environment={"MAINTENANCE": "false"})
        held(wait(lambda: answer("n06-il.test") == "n06-il"), "what the sysadmin said is not served")
        made = ctl(world, "create", "n06-made", "--host", "n06-made.test", "--image", "php:n06-apache", "--env", "NETWORK_ACCESS=internal")
        world.made.append("n06-made")
        control(made.returncode == 0, f"hebergctl create: {made.stderr}")
        settled(world, "n06-last")
        held(ask("n06-stolen.test")[0] == 503, f"the image's host is served: {ask('n06-stolen.test')}")
        held(answer("n06-il.test", port=8099) is None, "the image's port is served")
        labels = json.loads(world.docker("inspect", "-f", "{{json .Config.Labels}}", "n06-made"))
        held(labels.get("heberg.proxy.virtual_host") == "n06-made.test" and labels.get("heberg.proxy.network_access") == "internal",
             f"what create says is not what counts: {labels}")
        stays_with("n06-va.test", "n06-va")


# --- host names ---


@attack("X01")
def the_same_name_in_other_spellings(world):
    """A name that is a site's stays its own, however another one spells it, also over restarts of the site and the renderer (X01d)."""
    victim(world, "x01-va")
    spellings = ("x01-va.test", "X01-VA.TEST", "x01-va.test.", "x01-own.test,x01-va.test", "x01\uff0dva.test", " x01-va.test ,")
    for number, spelling in enumerate(spellings):
        serve(world, f"x01-{number}", site=f"x01-{number}", host=spelling)
    settled(world, "x01-last")
    stays_with("x01-va.test", "x01-va")
    world.docker("restart", "-t", "0", "x01-va")
    world.docker("restart", "heberg-proxy-render")
    control(wait(lambda: answer("x01-va.test") == "x01-va"), "the site is served again")
    stays_with("x01-va.test", "x01-va")


@attack("X02", undefended=proxy_setting('host_owners = ["www.x02-va.test x02-at"]'))
def a_name_in_another_wildcard(world):
    """A name, wildcard or expression within an older site's wildcard stays with that site, and no expression takes the names of everybody (X02d)."""
    victim(world, "x02-va", host="*.x02-va.test")
    control(wait(lambda: answer("www.x02-va.test") == "x02-va"), "the wildcard is served")
    serve(world, "x02-at", site="x02-at", host="www.x02-va.test,x02-at.test")
    serve(world, "x02-deep", site="x02-deep", host="*.www.x02-va.test,x02-deep.test")
    serve(world, "x02-regex", site="x02-regex", host=r"~^www\.x02-va\.test$")
    for number, everything in enumerate(("~^", "~^.*$", "~^[^.]+", r"~^\w", "*.test", "www.*", "~^(?!zzz)")):
        serve(world, f"x02-all-{number}", site=f"x02-all-{number}", host=everything)
    settled(world, "x02-last")
    control(answer("x02-at.test") == "x02-at", "the other name of a container that is refused one is served")
    stays_with("www.x02-va.test", "x02-va")
    stays_with("a.www.x02-va.test", "x02-va")
    for host in ("nobody-has-this.test", "www.nobody-has-this.org", "198.51.100.7"):
        held(ask(host)[0] == 503, f"{host}: {ask(host)}")
    held("proxy.host_owners" in render_log(world), "the log does not say what the sysadmin can do")


@attack("X02e")
def a_wildcard_over_another_name(world):
    """A wildcard or an expression over an older site's stopped name does not get it."""
    victim(world, "x02e-va", host="www.x02e.test")
    serve(world, "x02e-wild", site="x02e-wild", host="*.x02e.test")
    serve(world, "x02e-regex", site="x02e-regex", host=r"~^www\.x02e\.test$")
    world.docker("stop", "-t", "0", "x02e-va")
    settled(world, "x02e-last")
    for host in ("www.x02e.test", "a.x02e.test"):
        held(ask(host)[0] == 503, f"{host}: {ask(host)}")


@attack("X03", undefended=proxy_setting('external_ports = ["1-65535"]'))
def any_port_of_the_host(world):
    """A container opens no port of the host that proxy.external_ports does not list, and delays no other site."""
    victim(world, "x03-va")
    for port in ("2375", "12222", "9010"):
        serve(world, f"x03-{port}", site=f"x03-{port}", environment={"EXTERNAL_HTTP_PORT": port})
    serve(world, "x03-multi", host="", environment={"VIRTUAL_HOST_MULTIPORTS": '{"x03-multi.test": {"external_https_port": 9011}}'})
    settled(world, "x03-last")
    for port in (2375, 12222, 9010, 9011):
        with socket.socket() as one:
            one.settimeout(2)
            held(one.connect_ex(("127.0.0.1", port)) != 0, f"port {port} is open")
    held("proxy.external_ports" in render_log(world), "the log does not name the setting")
    held(ask("x03-2375.test")[0] == 503, "the host is served on the usual port")


@attack("X05")
def a_host_named_like_a_file(world):
    """A host that is named as a file of another host's in vhost.d reads nothing of it."""
    victim(world, "x05-va")
    path = f"{world.config}/vhost.d/x05-va.test_location"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        with open(path, "w") as file:
            file.write('proxy_set_header X-Admin-Token s3cr3t-of-va;\n')
        control(wait(lambda: ask("x05-va.test")[1].get("x-admin-token") == "s3cr3t-of-va"), "the host's own file is read")
        for number, host in enumerate(("x05-va.test_location", "X05-VA.test_Location.", "*.x05-va.test_location")):
            serve(world, f"x05-{number}", site=f"x05-{number}", host=host)
        settled(world, "x05-last")
        for host in ("x05-va.test_location", "a.x05-va.test_location"):
            held("s3cr3t" not in ask(host)[1]["body"], f"{host} tells the token")
        held("underscore" in render_log(world), "the log does not say why")
    finally:
        os.unlink(path)


@attack("X06")
def hostile_values_in_each_variable(world):
    """Hostile values in every variable leave nginx's configuration valid and another site served."""
    victim(world, "x06-va")
    words = ("VIRTUAL_PATH", "VIRTUAL_DEST", "VIRTUAL_PROTO", "VIRTUAL_ROOT", "MAX_BODY", "READ_TIMEOUT", "LOADBALANCE", "HSTS", "CERT_NAME", "SSL_POLICY",
             "VIRTUAL_HOST_MULTIPORTS", "VIRTUAL_PORT", "EXTERNAL_HTTP_PORT")
    for number, value in enumerate(("; return 204", "}\nserver { listen 18098; }", "\"'`$request_uri", "a" * 20000)):
        for word in words:
            serve(world, f"x06-{number}-{word.lower()}", environment={word: value})
        held(answer("x06-va.test") == "x06-va", f"{value[:40]!r}: the site is not served")
        run(["docker", "rm", "-fv", *[name for name in world.made if name.startswith("x06-") and name != "x06-va"]])
    held(run(["docker", "exec", "heberg-proxy", "nginx", "-t"]).returncode == 0, "nginx -t fails")


@attack("X07")
def hidden_hosts_in_the_environment(world):
    """hebergctl create takes no host names by --env that are not among --host."""
    for hidden in ('VIRTUAL_HOST_MULTIPORTS={"x07-hidden.test": null}', "VIRTUAL_HOST_MULTIPORTS=x07-hidden.test:", "VIRTUAL_HOST=x07-hidden.test"):
        done = ctl(world, "create", "x07", "--host", "x07.test", "--env", hidden)
        world.made.append("x07")
        held(done.returncode != 0, f"{hidden} was taken")
        held("host" in done.stderr, f"the error does not say what to do: {done.stderr}")
    done = ctl(world, "create", "x07", "--host", "x07.test", "--env", 'VIRTUAL_HOST_MULTIPORTS={"x07.test": {"/": {"port": 80}}}')
    control(done.returncode == 0, f"a host that is listed is taken: {done.stderr}")


@attack("X08")
def a_forged_gift(world):
    """hebergctl create gets a name within another site's wildcard; a docker run with a copy of its label does not, for another site or another name."""
    victim(world, "x08-va", host="*.x08.test")
    control(wait(lambda: answer("a.x08.test") == "x08-va"), "the wildcard is served")
    made = ctl(world, "create", "x08-given", "--host", "given.x08.test")
    world.made.append("x08-given")
    control(made.returncode == 0, f"hebergctl create: {made.stderr}")
    labels = json.loads(world.docker("inspect", "-f", "{{json .Config.Labels}}", "x08-given"))
    gift = labels.get("heberg.gift", "")
    control(len(gift) == 64, f"create signs its host names: {labels}")
    control(wait(lambda: "given.x08.test" not in render_log(world) and answer("given.x08.test") != "x08-va"), "the name is the created site's")
    world.docker("rm", "-f", "x08-given")
    serve(world, "x08-at", site="x08-at", host="given.x08.test", labels={"heberg.gift": gift})
    serve(world, "x08-other", site="x08-given", host="other.x08.test", labels={"heberg.gift": gift})
    settled(world, "x08-last")
    for host in ("given.x08.test", "other.x08.test"):
        held(answer(host) not in ("x08-at", "x08-other"), f"{host} is served by {answer(host)}")
