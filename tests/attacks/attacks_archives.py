# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attacks by archives and by an old host's files: whoever wrote them is a stranger."""
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile

from attacks import attack, control, held
from test_hebergctl import ctl
from world import run

k_page = b"<?php echo 'page';\n"


def describe(site, uid=47900, specification=None):
    return json.dumps({"format": 1, "heberg": "0.1.0", "site": site, "uid": uid, "locked": False, "lock_reason": "",
                       "specification": json.dumps(specification) if specification else "", "certificates": []}).encode() + b"\n"


def entry(name, kind=tarfile.REGTYPE, content=b"", mode=0o644, target=""):
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.linkname, made.uid, made.gid = kind, mode, target, 47900, 47900
    made.size = len(content)
    return made, content


def ordinary():
    """The tree of an ordinary archive: entries and their lines in the manifest."""
    return ([entry("tree", tarfile.DIRTYPE, mode=0o750), entry("tree/www", tarfile.DIRTYPE, mode=0o2755), entry("tree/www/index.php", content=k_page)],
            [("d 0 - .", ""), ("d 0 - www", "www"), (f"f {len(k_page)} {hashlib.sha256(k_page).hexdigest()} www/index.php", "www/index.php")])


def write_archive(world, name, site, more=(), lines=(), uid=47900, specification=None):
    """An archive as a stranger writes it, where syncd's container reads it."""
    entries, known = ordinary()
    manifest = "".join(line + "\n" for line, _ in sorted([*known, *lines], key=lambda one: one[1])).encode()
    path = f"{world.state}/{name}"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for made, content in [entry("heberg/site.json", content=describe(site, uid, specification), mode=0o600), *entries, *more,
                              entry("heberg/manifest", content=manifest, mode=0o600)]:
            archive.addfile(made, io.BytesIO(content))
    return f"/var/lib/heberg/{name}"


def restore(*arguments):
    return run(["docker", "exec", "heberg-syncd", "hebergctl", "restore", *arguments])


def is_there(world, site):
    return os.path.lexists(f"{world.sites}/{site}") or f'"{site}"' in ctl(world, "list", "--json")


def forget(world, *sites):
    for site in sites:
        run(["docker", "rm", "-fv", site])
        if os.path.lexists(f"{world.sites}/{site}"):
            world.wait_for_no_account(site)
            ctl(world, "purge", site, "--confirm", site, "--tree")


@attack("B01")
def hostile_archives(world):
    """An archive writes nothing outside the new tree, no device, no set-user-ID file, and one with anything hostile in it writes nothing."""
    victim = f"{world.state}/b01-victim"
    with open(victim, "w") as file:
        file.write("victim")
    sound = restore(write_archive(world, "b01.tar", "b01-sound"))
    control(sound.returncode == 0 and os.path.exists(f"{world.sites}/b01-sound/www/index.php"), f"a sound archive: {sound.stderr}")
    forget(world, "b01-sound")
    digest = hashlib.sha256(b"x").hexdigest()
    line = (f"f 1 {digest} www/x", "www/x")
    kinds = {
        "dots": ([entry("tree/../../b01-victim", content=b"x")], [(f"f 1 {digest} ../../b01-victim", "../../b01-victim")]),
        "absolute": ([entry("/var/lib/heberg/b01-victim", content=b"x")], []),
        "outside": ([entry("b01-victim", content=b"x")], []),
        "unlisted": ([entry("tree/www/x", content=b"x")], []),
        "missing": ([], [line]),
        "other-content": ([entry("tree/www/x", content=b"y")], [line]),
        "device": ([entry("tree/www/x", tarfile.BLKTYPE)], [("f 0 - www/x", "www/x")]),
        "fifo": ([entry("tree/www/x", tarfile.FIFOTYPE)], [("f 0 - www/x", "www/x")]),
        "link-out": ([entry("tree/www/x", tarfile.SYMTYPE, target="../../../etc/shadow")],
                     [(f"l 0 {hashlib.sha256(b'../../../etc/shadow').hexdigest()} www/x", "www/x")]),
        "link-absolute": ([entry("tree/www/x", tarfile.SYMTYPE, target="/etc/shadow")],
                          [(f"l 0 {hashlib.sha256(b'/etc/shadow').hexdigest()} www/x", "www/x")]),
        "hard-link-out": ([entry("tree/www/x", tarfile.LNKTYPE, target="/var/lib/heberg/ledger.db")],
                          [(f"h 0 {hashlib.sha256(b'/var/lib/heberg/ledger.db').hexdigest()} www/x", "www/x")]),
        "through-a-link": ([entry("tree/www/l", tarfile.SYMTYPE, target="."), entry("tree/www/l/x", content=b"x")],
                           [(f"l 0 {hashlib.sha256(b'.').hexdigest()} www/l", "www/l"), (f"f 1 {digest} www/l/x", "www/l/x")]),
        "twice": ([entry("tree/www/x", content=b"x"), entry("tree/www/x", content=b"x")], [line]),
    }
    for kind, (more, lines) in kinds.items():
        done = restore(write_archive(world, "b01.tar", "b01-hostile", more, lines))
        held(done.returncode != 0 and not is_there(world, "b01-hostile"), f"{kind}: accepted: {done.stdout}")
        held(open(victim).read() == "victim", f"{kind}: it wrote outside the tree")
        held(not [name for name in os.listdir(world.sites) if "b01-hostile" in name], f"{kind}: something is left")
    # What must be root's is root's, whatever owners and modes the archive gives it; and a tree whose folders are links is none.
    folders = [entry(f"tree/{name}", tarfile.DIRTYPE, mode=0o7777) for name in (".heberg", "logs", "dev")]
    lines = [(f"d 0 - {name}", name) for name in (".heberg", "logs", "dev")]
    done = restore(write_archive(world, "b01.tar", "b01-owned", folders, lines))
    if done.returncode == 0:
        for name, mode in (("", 0o750), (".heberg", 0o750), ("logs", 0o750), ("dev", 0o755)):
            seen = os.stat(f"{world.sites}/b01-owned/{name}")
            held((seen.st_uid, seen.st_mode & 0o7777) == (0, mode), f"{name or 'the top'} is UID {seen.st_uid}'s, {oct(seen.st_mode)}")
        forget(world, "b01-owned")
    done = restore(write_archive(world, "b01.tar", "b01-linked", [entry("tree/logs", tarfile.SYMTYPE, target="www")],
                                 [(f"l 0 {hashlib.sha256(b'www').hexdigest()} logs", "logs")]))
    held(done.returncode != 0 and not is_there(world, "b01-linked"), f"logs as a link is accepted: {done.stdout}")
    for site in ("../b01", "root", "UPPER", "b01/x", ".b01", "b01-hostile\n"):
        held(restore(write_archive(world, "b01.tar", site)).returncode != 0, f"the site {site!r} is accepted")
    done = restore(write_archive(world, "b01.tar", "b01-setuid", [entry("tree/www/x", content=b"x", mode=0o6755)], [line]))
    if done.returncode == 0:
        held(os.stat(f"{world.sites}/b01-setuid/www/x").st_mode & 0o6000 == 0, "a set-user-ID file came back")
        forget(world, "b01-setuid")


@attack("B01b")
def archive_into_a_folder_of_others(world):
    """An archive is written where no other user can read or replace it, or not at all."""
    world.new_site("b01b")
    for name, owner, mode in (("own", 65534, 0o755), ("group", 0, 0o775), ("open", 0, 0o777)):
        folder = f"{world.state}/b01b-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        os.chown(folder, owner, 65534)
        os.chmod(folder, mode)
        planted = f"{folder}/x.tar.zst.part"
        with open(planted, "w") as file:
            file.write("")
        os.chown(planted, 65534, 65534)
        with open(planted) as reader:
            done = run(["docker", "exec", "heberg-syncd", "hebergctl", "archive", "b01b", "--output", f"/var/lib/heberg/b01b-{name}/x.tar.zst"])
            read = reader.read(4)
        held(not read, f"{name}: the archive was written into another user's file")
        held(done.returncode != 0 and not os.path.exists(f"{folder}/x.tar.zst"), f"{name}: the archive is in another user's folder: {done.stdout}")
        held("/var/lib/heberg/b01b-" in done.stderr and "use a folder" in done.stderr, f"{name}: the error does not say what to do: {done.stderr}")
        shutil.rmtree(folder)
    os.mkdir(f"{world.state}/b01b", 0o700)
    control(json.loads(ctl(world, "archive", "b01b", "--output", "/var/lib/heberg/b01b/x.tar.zst", "--json"))["files"] > 0, "into a folder of root's")
    held(os.stat(f"{world.state}/b01b/x.tar.zst").st_mode & 0o777 == 0o600, "others can read it")
    shutil.rmtree(f"{world.state}/b01b")


@attack("B02")
def archive_bombs(world):
    """An archive that says it is small, or holds more than the limits, is refused at once, and leaves nothing."""
    sound = restore(write_archive(world, "b02.tar", "b02-sound"))
    control(sound.returncode == 0, f"a sound archive: {sound.stderr}")
    forget(world, "b02-sound")
    path = write_archive(world, "b02.tar", "b02")
    local = f"{world.state}/b02.tar"
    with open(local, "rb") as file:
        whole = file.read()
    header = bytearray(whole[whole.index(b"tree/www/index.php"):][:512])
    header[124:136] = b"\x80\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00"  # its size, in base 256: 1 TiB
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with open(local, "wb") as file:
        file.write(whole[:whole.index(b"tree/www/index.php")] + bytes(header))
        file.truncate(1 << 30)  # zeros to come
    done = run(["docker", "exec", "heberg-syncd", "timeout", "60", "hebergctl", "restore", path])
    held(done.returncode not in (0, 124) and not is_there(world, "b02"), f"1 TiB that is none: {done.returncode} {done.stdout}")
    os.unlink(local)


@attack("B03")
def container_of_a_strangers_archive(world):
    """An archive that this host did not make starts no container: its image, host names and variables are a stranger's."""
    world.made += ["b03", "b03-own"]
    wanted = {"hosts": ["b03.test"], "image": "php:apache", "memory": 536870912, "environment": ["EXTERNAL_HTTP_PORT=18099"]}
    path = write_archive(world, "b03.tar", "b03", specification=wanted)
    done = restore(path)
    control(done.returncode == 0 and os.path.exists(f"{world.sites}/b03/www/index.php"), f"its files are restored: {done.stderr}")
    held(run(["docker", "inspect", "b03"]).returncode != 0, "its container runs")
    held(world.fetch("b03.test")[0] == 503, "its host name is served")
    held("did not make" in done.stdout and "b03.test" in done.stdout, f"it is not said why it has no container: {done.stdout}")
    forget(world, "b03")
    # Hostile words are not started where that was asked for either; and what this host has made is started as ever.
    for hosts in (["~^.*$"], ["b03.test;evil"], ["b03 test"]):
        refused = restore(write_archive(world, "b03.tar", "b03", specification={**wanted, "hosts": hosts}), "--start")
        if hosts[0].startswith("~"):
            run(["docker", "rm", "-fv", "b03"])
        else:
            held(run(["docker", "inspect", "b03"]).returncode != 0, f"{hosts}: its container runs: {refused.stdout}")
        forget(world, "b03")
    ctl(world, "create", "b03-own", "--host", "b03-own.test")
    file = json.loads(ctl(world, "archive", "b03-own", "--remove", "--json"))["file"]
    world.wait_for_no_account("b03-own")
    ctl(world, "restore", file)
    control(run(["docker", "inspect", "b03-own"]).returncode == 0, "an archive of this host's own gets its container")
    os.unlink(f"{world.state}/b03.tar")


def import_one(world, home, uid="47955", name="b04"):
    return run(["docker", "exec", "-i", "heberg-syncd", "hebergctl", "import", "passwd", "-", "--copy", "--apply"],
               input=f"{name}:*:{uid}:{uid}::{home}:/bin/false\n")


@attack("B04")
def hostile_accounts(world):
    """An account of an old host takes no system UID or name and nobody's UID, and a hostile SQLite file has no effect and an end."""
    sound = run(["docker", "exec", "-i", "heberg-syncd", "hebergctl", "import", "passwd", "-", "--apply"], input="b04-sound:*:47950:47950::/:/bin/false\n")
    control(sound.returncode == 0 and is_there(world, "b04-sound"), f"a sound account: {sound.stderr}")
    forget(world, "b04-sound")
    taken, _ = world.new_site("b04-taken")
    for line in ("b04:*:0:0::/:/x", "b04:*:500:500::/:/x", "root:*:47951:47951::/:/x", "b04/x:*:47951:47951::/:/x", f"b04:*:{taken}:{taken}::/:/x",
                 "b04:*:47951:47951::/:/x\nb04:*:47952:47952::/:/x", "b04:*:47951:47951::/:/x\nb04-b:*:47951:47951::/:/x"):
        run(["docker", "exec", "-i", "heberg-syncd", "hebergctl", "import", "passwd", "-", "--apply"], input=line + "\n")
        held(not is_there(world, "b04"), f"{line!r} was imported")
    path = f"{world.state}/b04.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE VIEW accounts AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'b04' AS name, max(i) AS uid FROM n")
    db.close()
    done = run(["docker", "exec", "heberg-syncd", "timeout", "60", "hebergctl", "import", "sqlite", "/var/lib/heberg/b04.db", "--query",
                "SELECT * FROM accounts", "--apply"], timeout=90)
    held(done.returncode not in (0, 124), f"an endless view: {done.returncode}")
    held(not is_there(world, "b04"), "the view's account was imported")
    os.unlink(path)


@attack("B04b")
def homes_of_others(world):
    """import --copy copies no folder that is not the account's home, and in a home nothing that the account cannot read."""
    def make(name, owner, mode):
        path = f"{world.state}/b04b/{name}"
        os.makedirs(path)
        for file, file_owner, file_mode in (("secret", 0, 0o600), ("key", 65534, 0o640), ("text", owner, 0o600)):
            with open(f"{path}/{file}", "w") as handle:
                handle.write(f"TEXT OF {file}")
            os.chown(f"{path}/{file}", file_owner, file_owner)
            os.chmod(f"{path}/{file}", file_mode)
        os.chown(path, owner, owner)
        os.chmod(path, mode)
        return f"/var/lib/heberg/b04b/{name}"

    shutil.rmtree(f"{world.state}/b04b", ignore_errors=True)
    own = make("own", 47955, 0o700)
    done = import_one(world, own)
    control(done.returncode == 0 and os.path.exists(f"{world.sites}/b04/www/text"), f"its own home: {done.stderr}")
    held(sorted(os.listdir(f"{world.sites}/b04/www")) == ["text"], f"copied: {os.listdir(f'{world.sites}/b04/www')}")
    held("cannot read" in done.stderr, f"it is not said what was left out: {done.stderr}")
    forget(world, "b04")
    for home in ("/", "/etc", "/root", "/proc/1/root", "/proc/self/cwd", "/etc/heberg", "/var/lib/heberg", make("roots", 0, 0o700), make("roots-open", 0, 0o755),
                 make("other", 47956, 0o755)):
        done = import_one(world, home)
        held(done.returncode != 0 and not is_there(world, "b04"), f"{home} was copied: {done.stdout}")
        held(home in done.stderr, f"{home} is not named: {done.stderr}")
    shutil.rmtree(f"{world.state}/b04b")
