# SPDX-License-Identifier: LGPL-2.1-or-later
"""What governs: the control socket, the engine's socket, the webhook and the git hook."""
import contextlib
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import parties
from attacks import attack, control, held
from framework import wait_for
from parties import execute, hebergctl, logs_in, shell
from world import k_source, run

k_prefix = "con"
k_socket = "/run/heberg/control.sock"

# A peer of the control socket in syncd's container, as that container's user: what standard input holds is sent, the answer printed. With two
# arguments: so many peers, which begin and say no more for so many seconds.
k_peer = r"""
use IO::Socket::UNIX; $SIG{ALRM} = sub { print "[silent]"; exit }; alarm 20; binmode STDIN; $SIG{PIPE} = "IGNORE";
sub peer { IO::Socket::UNIX->new(Peer => "/run/heberg/control.sock") }
if (@ARGV) { my @peers = map { my $p = peer() or last; syswrite $p, "{\"verb\""; $p } 1 .. $ARGV[0]; sleep $ARGV[1]; exit }
my $peer = peer() or do { print "[$!]"; exit };
local $/; my $data = <STDIN>; my $at = 0;
while ($at < length $data) { my $n = syswrite $peer, $data, 60000, $at; last unless $n; $at += $n }
sysread $peer, my $answer, 70000; print $answer;
"""


def ask_control(data, uid=0):
    """What syncd answers to these bytes from that user; the reason in brackets where it does not take them."""
    return subprocess.run(["docker", "exec", "-i", "--user", str(uid), "heberg-syncd", "perl", "-e", k_peer], input=data, capture_output=True, timeout=60).stdout


def be_silent(world, uid):
    """Forty peers of that user, which begin a request and say no more for twelve seconds."""
    world.docker("exec", "-d", "--user", str(uid), "heberg-syncd", "perl", "-e", k_peer, "40", "12")
    time.sleep(1)


@attack("C01")
def control_socket(world):
    """The control socket takes root alone, and silent peers, long lines and deep documents keep nobody else from it."""
    site = parties.share(world, k_prefix).made
    said = ask_control(b'{"verb":"status"}\n')
    control(said.startswith(b"{"), f"root is answered {said[:80]!r}")
    for uid in (site.uid, 33, 65534, 1000):
        said = ask_control(b'{"verb":"status"}\n', uid)
        held(said.startswith(b"["), f"UID {uid} is answered {said[:80]!r}")
    # Where the file's mode would let others in, the kernel's word for who they are does not, and they take no room.
    world.docker("exec", "heberg-syncd", "sh", "-c", f"chmod 755 $(dirname {k_socket}) && chmod 666 {k_socket}")
    try:
        said = ask_control(b'{"verb":"lock","site":"' + site.name.encode() + b'"}\n', 65534)
        held(b"locked" not in said and logs_in(world, site.name, site.password), f"UID 65534 locks a site: {said[:80]!r}")
        be_silent(world, 65534)
        done = hebergctl(world, "lock", site.name, timeout=30)
        held(done.returncode == 0, f"lock beside 40 silent peers of another UID: {done.stderr}")
    finally:
        world.docker("exec", "heberg-syncd", "chmod", "600", k_socket)
    # root's own are forgotten after five seconds.
    be_silent(world, 0)
    end = time.monotonic() + 8
    while hebergctl(world, "unlock", site.name, timeout=30).returncode != 0:
        held(time.monotonic() < end, "unlock fails for 8 s beside 40 silent peers of root's")
        time.sleep(0.3)
    for data in (b"A" * 1_000_000, b"[" * 60_000 + b"\n", b'{"verb":"' + b"x" * 60_000 + b'"}\n', b'{"verb":"lock","site":"../../etc"}\n', b"\xff\0\n", b"{}\n", b"null\n",
                 b'{"verb":"lock","site":"\\u0000"}\n', b'{"verb":1e999}\n'):
        said = ask_control(data)
        held(b'"error":"none"' not in said.replace(b" ", b"") and b'"ok":true' not in said.replace(b" ", b""), f"{data[:40]!r}: {said[:80]!r}")
    held(hebergctl(world, "status").returncode == 0, "hebergctl status afterwards")


k_hooks = {"file": f"{k_source}/deploy/hooks/webhook.json"}


@contextlib.contextmanager
def webhook(world, hooks_file):
    """The webhook on port 9010 with a stand-in for what it runs; yields (secret, file that says that it ran)."""
    folder = tempfile.mkdtemp(dir=world.folder)
    mark, secret = f"{folder}/ran", os.urandom(16).hex()
    with open(f"{folder}/pull", "w") as file:
        file.write(f'#!/bin/sh\nenv >>{mark}\necho "$*" >>{mark}\n')
    os.chmod(f"{folder}/pull", 0o755)
    with open(f"{folder}/log", "w") as log:
        hook = subprocess.Popen(["webhook", "-ip", "127.0.0.1", "-port", "9010", "-template", "-hooks", hooks_file], stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, env={"PATH": os.environ["PATH"], "HEBERG_HOOKS": folder, "HEBERG_REPOSITORY": folder, "HEBERG_WEBHOOK_SECRET": secret})
    try:
        wait_for(10, "the webhook listens", lambda: parties.talk(b"GET / HTTP/1.0\r\n\r\n", port=9010))
        yield secret, mark
    finally:
        hook.terminate()
        hook.wait()
        shutil.rmtree(folder)


@contextlib.contextmanager
def webhook_without_rule(world):
    with open(k_hooks["file"]) as file:
        hooks = json.loads(re.sub(r'\{\{ getenv "(\w+)" \| js \}\}', r"@\1@", file.read()))  # its templates are no JSON
    for hook in hooks:
        del hook["trigger-rule"]
    path = f"{world.folder}/lax-webhook.json"
    with open(path, "w") as file:
        file.write(re.sub(r"@(\w+)@", r'{{ getenv "\1" | js }}', json.dumps(hooks)))
    before, k_hooks["file"] = k_hooks["file"], path
    try:
        yield
    finally:
        k_hooks["file"] = before


@attack("C02", short=True, undefended=webhook_without_rule)
def webhook_requests(world):
    """The webhook runs nothing without the secret or an HMAC by it: not for empty, wrong, doubled, short or other-case ones, nor other methods."""
    with webhook(world, k_hooks["file"]) as (secret, mark):
        def post(*headers, body=b"{}", method="POST", path="/hooks/heberg"):
            lines = "".join(f"{header}\r\n" for header in headers)
            return parties.status_of(parties.talk(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{lines}\r\n".encode() + body,
                                                  port=9010))

        def signature(text, by=None):
            return hmac.new((by if by is not None else secret).encode(), text, hashlib.sha256).hexdigest()

        good = signature(b"{}")
        for headers in ((), ("X-Gitlab-Token:",), ("X-Gitlab-Token: x",), (f"X-Gitlab-Token: {secret}x",), (f"X-Gitlab-Token: {secret[:-1]}",),
                        (f"X-Gitlab-Token: {secret.upper()}",), ("X-Gitlab-Token: *",), ("X-Gitlab-Token: {{ getenv \"HEBERG_WEBHOOK_SECRET\" }}",),
                        ("X-Hub-Signature-256:",), ("X-Hub-Signature-256: sha256=",), ("X-Hub-Signature-256: sha256=" + "0" * 64,),
                        (f"X-Hub-Signature-256: sha256={signature(b'{}', '')}",), (f"X-Hub-Signature-256: sha256={good[:-2]}",), (f"X-Hub-Signature: sha1={good[:40]}",),
                        (f"X-Hub-Signature-256: sha256={signature(b'other')}",), (f"X-Hub-Signature-256: md5={good}",)):
            status = post(*headers)
            held(status not in (0, 200), f"{headers}: {status}")
        post(f"X-Gitlab-Token: {secret}", method="GET")
        post(f"X-Gitlab-Token: {secret}", method="PUT")
        post(body=b'{"secret": "' + secret.encode() + b'"}')
        post(path=f"/hooks/heberg?X-Gitlab-Token={secret}")
        post(body=b"x" * 2_000_000)
        post("X-Gitlab-Token: x", path="/hooks/../hooks/heberg")
        time.sleep(0.3)
        held(not os.path.exists(mark), "it ran")
        control(post(f"X-Hub-Signature-256: sha256={good}") == 200, "the right signature is taken")
        wait_for(5, "it runs", lambda: os.path.exists(mark))


k_hostile_files = {
    "a template": 'heberg_sites: [{name: c3, hosts: ["{{ lookup(\'pipe\', \'touch MARK\') }}"]}]\n',
    "a statement": 'heberg_sites: [{name: c3, hosts: ["{% set x = 1 %}a.test"]}]\n',
    "a comment's mark": 'heberg_sites: [{name: c3, hosts: ["{# x #}a.test"]}]\n',
    "python": 'heberg_sites: [!!python/object/apply:os.system ["touch MARK"]]\n',
    "unsafe": 'heberg_sites: [{name: c3, hosts: [!unsafe "{{ 1 }}"]}]\n',
    "a vault": "heberg_sites: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n",
    "aliases": "a: &a [x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a]\nheberg_sites: [*b, *b, *b, *b]\n",
    "twice": "heberg_sites: []\nheberg_sites: [{name: c3, hosts: [a.test]}]\n",
    "a list": "- heberg_sites: []\n",
    "another key": "heberg_sites: [{name: c3, hosts: [a.test], become: true}]\n",
    "a path": "heberg_sites: [{name: ../../etc, hosts: [a.test]}]\n",
    "an option": "heberg_sites: [{name: --force, hosts: [a.test]}]\n",
    "a newline": 'heberg_sites: [{name: "c3\\nx", hosts: [a.test]}]\n',
    "bytes": "heberg_sites: [{name: !!binary e3tg, hosts: [a.test]}]\n",
    "deep": "heberg_sites: " + "[" * 5000 + "]" * 5000 + "\n",
    "large": "heberg_sites: [{name: c3, hosts: [a.test]}]\n# " + "x" * 5_000_000,
    "no text": b"\xff\xfe\0\0",
}


@attack("C03", short=True)
def pushed_files(world):
    """What is pushed is data: no template, tag, bomb of aliases, unknown key or name that is none in the sites' file is run or taken."""
    folder = tempfile.mkdtemp(dir=world.folder)
    mark = f"{folder}/ran"
    reader = f"{k_source}/deploy/hooks/read_sites.py"

    def read(text):
        return subprocess.run(["/usr/bin/python3", "-B", reader, "sites.yml"], input=text if isinstance(text, bytes) else text.replace("MARK", mark).encode(),
                              capture_output=True, timeout=30, cwd=folder)

    good = read("heberg_sites: [{name: c3, hosts: [a.test]}]\n")
    control(good.returncode == 0 and json.loads(good.stdout), f"a sound file: {good.stderr}")
    for what, text in k_hostile_files.items():
        done = read(text)
        held(done.returncode != 0 and not done.stdout, f"{what}: {done.stdout[:100]!r}")
        held(b"Traceback" not in done.stderr, f"{what}: {done.stderr[-200:]!r}")
    held(not os.path.exists(mark), "a file ran something")
    shutil.rmtree(folder)


@attack("C04", short=True)
def pushed_branches(world):
    """A push runs no file of the repository and no shell by a branch's name: ansible.cfg, roles, plug-ins, hooks and attributes in it have no effect."""
    folder = tempfile.mkdtemp(dir=world.folder)
    mark = f"{folder}/ran"
    bin_folder, bare, clone = f"{folder}/bin", f"{folder}/sites.git", f"{folder}/clone"
    os.mkdir(bin_folder)
    with open(f"{bin_folder}/ansible-playbook", "w") as file:
        file.write(f'#!/bin/sh\npwd >>{folder}/played\nls -A >>{folder}/played\nprintf "%s\\n" "$@" >>{folder}/played\n')
    os.chmod(f"{bin_folder}/ansible-playbook", 0o755)
    environment = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@a.test",
                   "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@a.test"}

    def git(*arguments):
        return run(["git", *arguments], env=environment, timeout=60)

    git("init", "-q", "--bare", "-b", "main", bare)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{bare}/hooks/post-receive")
    os.makedirs(f"{bare}/hooks", exist_ok=True)
    os.symlink(f"{k_source}/deploy/hooks/post-receive", f"{bare}/hooks/post-receive")
    for key, value in (("playbook", f"{folder}/play.yml"), ("logs", f"{folder}/logs")):
        git("-C", bare, "config", f"heberg.{key}", value)
    git("clone", "-q", bare, clone)
    hostile = f"#!/bin/sh\ntouch {mark}\n"
    for path, text in (("sites.yml", "heberg_sites: [{name: c4, hosts: [c4.test]}]\n"), ("ansible.cfg", "[defaults]\ncallback_plugins=.\nroles_path=.\n"),
                       ("evil.py", f"open({mark!r}, 'w')\n"), ("play.yml", "- hosts: all\n"), ("ansible-playbook", hostile), ("post-receive", hostile),
                       (".gitattributes", "* filter=evil diff=evil\n"), ("heberg-deployed", "x\n"), ("hooks/update", hostile)):
        os.makedirs(os.path.dirname(f"{clone}/{path}"), exist_ok=True)
        with open(f"{clone}/{path}", "w") as file:
            file.write(text)
        os.chmod(f"{clone}/{path}", 0o755)
    git("-C", clone, "add", ".")
    git("-C", clone, "commit", "-q", "-m", "hostile $(touch x) `touch x`")
    for branch in (f"a;touch${{IFS}}{mark.replace('/', '%')}", "$(id)", "`id`", "-x", "--exec=id", "main;id", "a|b", "a&b", "a'b", 'a"b'):
        git("-C", clone, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
    done = git("-C", clone, "push", "origin", "HEAD:main")
    control("exit code 0" in done.stderr + done.stdout and os.path.exists(f"{folder}/played"), f"the sound push ran the playbook: {done.stderr}")
    with open(f"{folder}/played") as file:
        played = file.read()
    held(not os.path.exists(mark), "a pushed file or name ran")
    held("uid=" not in played and clone not in played and bare not in played, f"the playbook ran in the repository: {played[:300]}")
    held(not any(name in played.split() for name in ("ansible.cfg", "evil.py", "play.yml", "--exec=id", "-x")), f"beside the playbook: {played[:300]}")
    shutil.rmtree(folder)


@attack("C05")
def sockets_in_containers(world):
    """No container that clients reach, and no site's, holds the engine's or syncd's socket or a way to run as root on the host."""
    sites = parties.share(world, k_prefix)
    control("control.sock" in world.docker("exec", "heberg-syncd", "ls", "/run/heberg"), "syncd's own socket")
    for container in ("heberg-sftp", "heberg-proxy", sites.made.container, sites.root.container):
        done = run(["docker", "exec", "--user", "0", container, "sh", "-c", "find / -xdev -type s 2>/dev/null; cat /proc/self/mountinfo"])
        held("docker.sock" not in done.stdout and "control.sock" not in done.stdout and "/run/engine" not in done.stdout, f"{container}: {done.stdout[:300]}")
    for container in ("heberg-sftp", "heberg-proxy"):
        done = run(["docker", "exec", "--user", "0", container, "sh", "-c", "touch /etc/x /usr/x /etc/heberg/x /var/lib/heberg/directory/x /etc/nginx/conf.d/x 2>/dev/null; ls /etc/x /usr/x /etc/heberg/x"
                    " /var/lib/heberg/directory/x /etc/nginx/conf.d/x 2>/dev/null"])
        held(done.stdout == "", f"root in {container} wrote {done.stdout.split()}")


@attack("C06")
def engine_over_the_network(world):
    """No port of the engine's, of syncd's or of the renderer's is open to a site's container, on the gateway or on heberg-sftp."""
    sites = parties.share(world, k_prefix)
    gateway = shell(sites.root, "perl -ne 'print join \".\", reverse map hex, $1 =~ /../g if /^\\S+\\t0{8}\\t(\\S+)/' /proc/net/route").stdout.strip()
    probe = 'foreach (explode(",", "PORTS") as $p) if (@fsockopen("HOST", (int)$p, $e, $s, 0.3)) echo "$p ";'
    control(gateway != "" and "80" in parties.php(sites.root, probe.replace("PORTS", "80").replace("HOST", gateway)).stdout, f"the proxy on the gateway {gateway}")
    for host in (gateway, parties.address_of(world, "heberg-sftp"), "127.0.0.1"):
        ports = "2375,2376,4243,9010,9323,5000,5001,22,2299" if host != "127.0.0.1" else "2375,2376,9010"
        seen = parties.php(sites.root, probe.replace("PORTS", ports).replace("HOST", host)).stdout.split()
        held(not seen, f"{host} answers on {seen}")


@attack("C07", short=True)
def secrets_in_inspect(world):
    """No password and no hash of a site is in what inspect shows of any container, or readable in heberg's own containers by those who are not root."""
    sites = parties.share(world, k_prefix)
    control(sites.victim.password not in ("", None), "the victim's password")
    for container in ("heberg-syncd", "heberg-sftp", "heberg-proxy", "heberg-proxy-render", sites.victim.container, sites.made.container):
        text = world.docker("inspect", container)
        held(sites.victim.password not in text and "$y$" not in text, f"{container}'s inspect shows it")
    for container, user in (("heberg-sftp", str(sites.made.uid)), ("heberg-proxy", "www-data")):
        done = run(["docker", "exec", "--user", user, container, "sh", "-c", "grep -raslF -- \"$0\" /etc/heberg /var/lib/heberg /sites /run /tmp 2>/dev/null", sites.victim.password])
        held(done.stdout == "", f"{user} in {container} reads it in {done.stdout}")


@attack("C08", short=True)
def environment_of_hebergctl(world):
    """hebergctl takes no variable that holds another image's root, path or name for a site: create --env refuses what is no NAME=VALUE, and host names in it."""
    sites = parties.share(world, k_prefix)
    world.made.append("con-env")
    control(hebergctl(world, "create", "con-env", "--host", "con-env.test", "--env", "GOOD=1").returncode == 0, "a sound variable")
    for number, word in enumerate((f"VIRTUAL_HOST={sites.victim.host}", "=x", "x", "A=\nVIRTUAL_HOST=x.test", "A=\x1b[2J")):
        name = f"con-env{number}"
        world.made.append(name)
        done = hebergctl(world, "create", name, "--host", f"{name}.test", "--env", word)
        held(done.returncode != 0, f"--env {word!r} is taken")
        held("\x1b" not in done.stdout + done.stderr, "a control byte is printed")
    held(execute(sites.victim, "true").returncode == 0 and parties.victim_is_well(world, sites.victim), "the victim is not as before")
