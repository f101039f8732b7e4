# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client of part_login: whole SFTP logins in turns against two sshds, and wrong passwords for names that exist or do not.

sshd stretches each failed attempt to a multiple of a delay that it derives from the name (auth2.c, user_specific_delay). So the very same
names are tried while they exist and while they do not: the directory is published anew in between, as syncd does."""
import argparse
import os
import shutil
import socket
import statistics
import sys
import time
import warnings

warnings.filterwarnings("ignore")  # paramiko's, about ciphers that it still knows
import paramiko  # noqa: E402

k_files, k_heberg = 22001, 22002


def connect(port):
    end = time.monotonic() + 10
    while True:
        try:
            stream = socket.create_connection(("127.0.0.1", port), 10)
            break
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(stream)
    transport.start_client(timeout=10)
    return transport


def time_login(port, password):
    """Connection, keys, password, chroot, first answer of the SFTP server."""
    start = time.perf_counter()
    transport = connect(port)
    transport.auth_password("site_1", password)
    client = paramiko.SFTPClient.from_transport(transport)
    if client.listdir("/") != ["www"]:
        raise OSError(f"port {port} does not show the site's tree")
    took = time.perf_counter() - start
    transport.close()
    return took


def time_refusal(name):
    """From the wrong password to the refusal."""
    transport = connect(k_heberg)
    start = time.perf_counter()
    try:
        transport.auth_password(name, "wrong")
        raise OSError(f"{name} got in with a wrong password")
    except paramiko.AuthenticationException:
        took = time.perf_counter() - start
    transport.close()
    return took


def publish(folder, count):
    live = "/var/lib/heberg/directory"
    for file in ("shadow.cdb", "accounts.cdb"):
        shutil.copy2(f"{folder}/accounts-{count}/directory/{file}", f"{live}/.new")
        os.chown(f"{live}/.new", 0, os.stat(f"{folder}/accounts-{count}/directory/{file}").st_gid)
        os.rename(f"{live}/.new", f"{live}/{file}")


def print_ratio(what, value, goal):
    good = value <= goal
    print(f"  {what:<66} {value:8.3f}   at most {goal:.2f}   {'ok' if good else 'MISSED'}")
    return good


def main():
    parser = argparse.ArgumentParser()
    for name, kind in (("--folder", str), ("--password", str), ("--names", int), ("--logins", int), ("--rounds", int)):
        parser.add_argument(name, type=kind, required=True)
    given = parser.parse_args()

    publish(given.folder, 1)
    logins = {k_files: [], k_heberg: []}
    for turn in range(given.logins + 3):  # the first three warm the caches
        for port in (k_files, k_heberg) if turn % 2 else (k_heberg, k_files):
            took = time_login(port, given.password)
            if turn >= 3:
                logins[port].append(took)

    known, unknown = {}, {}
    names = [f"site_{i + 1}" for i in range(given.names)]
    for turn in range(given.rounds):
        for count in (given.names, 0) if turn % 2 else (0, given.names):
            publish(given.folder, count)
            for name in names:
                (known if count else unknown).setdefault(name, []).append(time_refusal(name))

    # The middle of each name's times, then the mean over the names: known and unknown differ in nothing else.
    mean = {what: statistics.mean(statistics.median(times) for times in of.values())
            for what, of in (("known", known), ("unknown", unknown))}
    files, heberg = (statistics.median(logins[port]) for port in (k_files, k_heberg))
    print("Logins through sshd: milliseconds")
    print(f"  {'whole SFTP login':<24} files + pam_unix {files * 1e3:8.2f}   heberg {heberg * 1e3:8.2f}")
    print(f"  {'wrong password, heberg':<24} known name {mean['known'] * 1e3:8.2f}   unknown name {mean['unknown'] * 1e3:8.2f}")
    print("Logins through sshd: ratios")
    good = [print_ratio("a whole SFTP login: heberg / pam_unix + files, one account", heberg / files, 1.0),
            print_ratio("wrong password, known and unknown name, the longer / the shorter",
                        max(mean.values()) / min(mean.values()), 1.02)]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    try:
        main()
    except (paramiko.SSHException, OSError) as error:
        print(f"bench_login: {error}", file=sys.stderr)
        sys.exit(2)  # 1 says that a goal was missed
