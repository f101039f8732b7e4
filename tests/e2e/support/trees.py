# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sites' trees, filled and compared."""
import hashlib
import os
import stat


def contents(tree):
    """{path: all that must be the same}; without the logs, which grow, and the mark of the move."""
    found = {}
    for folder, names, files in os.walk(tree):
        for name in names + files:
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, tree)
            if inside.startswith(("logs/", "dev")) or inside == ".heberg/moved":
                continue
            about = os.lstat(path)
            content = ""
            if stat.S_ISLNK(about.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(about.st_mode):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest() + repr({x: os.getxattr(path, x) for x in os.listxattr(path)})
            times = about.st_mtime_ns if stat.S_ISREG(about.st_mode) else 0
            found[inside] = (oct(about.st_mode), about.st_uid, about.st_gid, times, content, about.st_nlink if stat.S_ISREG(about.st_mode) else 0)
    return found


def fill(tree, uid, count):
    """So many files, and what is easily lost on the way; uid: their owner."""
    www = f"{tree}/www"
    os.makedirs(f"{www}/deep/er")
    for i in range(count):
        with open(f"{www}/deep/{i}", "wb") as file:
            file.write(os.urandom(2000))
    os.link(f"{www}/deep/1", f"{www}/hard")
    os.symlink("deep/2", f"{www}/soft")
    os.symlink("/etc", f"{www}/out")
    with open(f"{www}/sparse", "wb") as file:
        file.truncate(20_000_000)
    with open(os.fsencode(www) + b"/odd \xff\n name", "wb") as file:
        file.write(b"x")
    os.setxattr(f"{www}/deep/3", "user.colour", b"blue")
    os.chmod(f"{www}/deep/4", 0o600)
    for folder, names, files in os.walk(os.fsencode(www)):
        for name in [*names, *files, b"."]:
            os.lchown(os.path.join(folder, name), uid, uid)
