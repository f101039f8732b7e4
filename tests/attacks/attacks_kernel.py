# SPDX-License-Identifier: LGPL-2.1-or-later
"""root in a container of the README's own docker run, and a site of hebergctl create, against the kernel that all share."""
import contextlib
import os
import socket
import threading
import time

import parties
from attacks import attack, control, held
from parties import execute, perl, shell
from world import run

k_prefix = "ker"
k_script = {"options": []}  # of the containers that ask for a system call


@contextlib.contextmanager
def without_seccomp(world):
    """Containers that the engine's filter of system calls does not hold."""
    k_script["options"] = ["--security-opt", "seccomp=unconfined"]
    try:
        yield
    finally:
        k_script["options"] = []


def in_new_container(world, name, *command, seconds=30):
    """A command as root in a container with the engine's default capabilities; (code, output)."""
    world.made.append(name)
    done = run(["docker", "run", "--name", name, "--network", "none", "--memory", "128m", "--pids-limit", "100", *k_script["options"], "php:apache", *command], timeout=seconds)
    run(["docker", "rm", "-fv", name])
    return done.returncode, done.stdout + done.stderr


@attack("K01")
def kernel_settings(world):
    """No container writes a setting of the kernel: core_pattern, modprobe, sysrq, panic, printk, file limits, those of the host's network."""
    sites = parties.share(world, k_prefix)
    paths = ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/panic", "/proc/sys/kernel/printk", "/proc/sys/fs/file-max",
             "/proc/sys/fs/protected_hardlinks", "/proc/sys/fs/inotify/max_user_instances", "/proc/sys/vm/overcommit_memory", "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity",
             "/proc/acpi/alarm", "/proc/sys/user/max_user_namespaces")
    for site in (sites.root, sites.made):
        control(shell(site, "echo x >/tmp/x && cat /tmp/x").stdout == "x\n", f"{site.name} writes to its own /tmp")
        for path in paths:
            # Opened alone: what it would write is not said.
            done = shell(site, f"[ ! -e {path} ] || ( : >>{path} ) 2>/dev/null && [ -e {path} ] && echo open")
            held("open" not in done.stdout, f"{site.name} opens {path} for writing")


@attack("K02", short=True)
def cgroup_files(world):
    """No container writes a file of its cgroup or of another's: limits, release_agent and frozen state are the engine's."""
    sites = parties.share(world, k_prefix)
    for site in (sites.root, sites.made):
        control(shell(site, "cat /proc/self/cgroup").stdout != "", f"{site.name} has a cgroup")
        done = shell(site, "find /sys/fs/cgroup -maxdepth 3 -type f 2>/dev/null | while read f; do ( : >>$f ) 2>/dev/null && echo $f; done; "
                     "for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do case $(stat -f -c %T $d) in cgroup*) mkdir $d/x 2>/dev/null && echo $d/x;; esac; done")
        held(done.stdout == "", lambda done=done, site=site: f"{site.name} opens for writing: {done.stdout.split()[:5]} ({shell(site, 'grep cgroup /proc/self/mounts').stdout})")


@attack("K03", short=True)
def kernel_memory_and_disks(world):
    """root in a container reads no memory of the kernel and no disk of the host: not by /proc, /dev, or a device node of its own making."""
    sites = parties.share(world, k_prefix)
    control(shell(sites.root, "head -c 4 /dev/zero | wc -c").stdout.strip() == "4", "a device that it may read")
    script = """for f in /proc/kcore /proc/kmsg /dev/mem /dev/kmem /dev/port /dev/kmsg; do head -c 16 $f 2>/dev/null | grep -q . && echo $f; done
    for d in "b 8 0" "b 259 0" "b 254 0" "b 7 0" "b 252 0" "c 1 1" "c 1 2" "c 10 229" "c 10 200" "c 10 234" "c 10 237" "b 11 0" "b 253 0"; do
        rm -f /tmp/n; mknod /tmp/n $d 2>/dev/null && head -c 512 /tmp/n 2>/dev/null | grep -qa . && echo "node $d"; done"""
    done = execute(sites.root, "timeout", "10", "sh", "-c", script)
    held(done.stdout == "", f"it reads {done.stdout.splitlines()}")


@attack("K04", short=True, undefended=without_seccomp)
def keyrings(world):
    """The kernel's keyrings, which know no container, are closed to containers: no key is added, searched or linked."""
    code = 'my @n = (248, 249, 250); my $t = "user"; my $d = "heberg-k04"; my $p = "x"; my $r = syscall(248, $t, $d, $p, 1, -3); print $r < 0 ? "no $!" : "added $r";'
    status, said = in_new_container(world, "ker-k04", "perl", "-e", code)
    control(status == 0 and said[:2] in ("no", "ad"), f"the call is made: {said}")
    held(said.startswith("no"), f"add_key(2): {said}")


@attack("K05", short=True, undefended=without_seccomp)
def namespaces(world):
    """No process of a container makes a user namespace, in which it would be root over a part of the kernel that was not made for strangers."""
    status, said = in_new_container(world, "ker-k05", "sh", "-c", "id -u; setpriv --reuid 65534 --clear-groups unshare --user --map-root-user sh -c 'echo made' 2>&1")
    control(said.startswith("0"), f"the container runs: {said}")
    held("made" not in said, "a user namespace was made")


# (name, its number on x86-64, arguments): each must be refused before it does anything; the arguments do nothing where it is not.
k_calls = (("mount", 165, '"none", "/tmp", "tmpfs", 0, 0'), ("umount2", 166, '"/etc/hosts", 0'), ("pivot_root", 155, '"/", "/"'), ("swapon", 167, '"/nothing", 0'), ("reboot", 169, "0, 0, 0, 0"),
           ("sethostname", 170, '"x", 1'), ("init_module", 175, '"", 0, ""'), ("delete_module", 176, '"nothing", 0'), ("finit_module", 313, '-1, "", 0'),
           ("kexec_load", 246, "0, 0, 0, 0"), ("bpf", 321, "0, 0, 0"), ("perf_event_open", 298, "0, 0, -1, -1, 0"), ("settimeofday", 164, "0, 0"), ("iopl", 172, "3"),
           ("setns", 308, "-1, 0"), ("open_by_handle_at", 304, "-1, 0, 0"), ("acct", 163, "0"), ("quotactl", 179, "0, 0, 0, 0"), ("userfaultfd", 323, "0"), ("add_key", 248, "0, 0, 0, 0, 0"),
           ("fsopen", 430, '"tmpfs", 0'), ("move_mount", 429, '-1, "", -1, "", 0'))
k_eperm = 1


@attack("K06", short=True, undefended=without_seccomp)
def calls_for_the_host(world):
    """The system calls that govern a host are refused to root in a container, with EPERM, before they look at what they were given."""
    code = "; ".join(f'$! = 0; my @a{number} = ({arguments}); $r = syscall({number}, @a{number}); print "{name} ", ($r < 0 ? $! + 0 : "done"), "\\n"'
                     for name, number, arguments in k_calls) + '; $! = 0; print "getpid ", syscall(39) > 0 ? "done" : "no", "\\n"'
    status, said = in_new_container(world, "ker-k06", "perl", "-e", code)
    answers = dict(line.split() for line in said.splitlines() if len(line.split()) == 2)
    control(status == 0 and answers.get("getpid") == "done", f"system calls are made: {said}")
    wrong = {name: answers.get(name) for name, _, _ in k_calls if answers.get(name) not in (str(k_eperm), "38")}  # 38: ENOSYS
    held(not wrong, f"not refused at once: {wrong}")


@attack("K07", short=True)
def abstract_sockets(world):
    """A container sees no socket of the host's without a file: its network namespace is its own."""
    sites = parties.share(world, k_prefix)
    name = f"heberg-k07-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen()
        with open("/proc/net/unix") as file:
            control(name in file.read(), "the host's own list has it")
        for site in (sites.root, sites.made):
            held(name not in shell(site, "cat /proc/net/unix").stdout, f"{site.name} lists it")
            done = perl(site, f'use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); print connect($s, pack("S a*", AF_UNIX, "\\0{name}")) ? "reached" : "no";')
            held(done.stdout == "no", f"{site.name}: {done.stdout}{done.stderr}")


@attack("K08", short=True)
def what_proc_tells(world):
    """/proc and /sys of a container tell no other site's name, mount, process or address."""
    sites = parties.share(world, k_prefix)
    for site in (sites.root, sites.made):
        script = "cat /proc/self/mountinfo /proc/mounts /proc/net/tcp /proc/net/unix /proc/net/arp /proc/*/cmdline /proc/*/environ /proc/keys /proc/locks /etc/hosts /etc/resolv.conf 2>/dev/null"
        told = shell(site, script).stdout
        control(f"{site.name}/www" in told, f"{site.name} sees its own mount")
        for other in (sites.victim, *((sites.root,) if site is sites.made else (sites.made,))):
            held(other.name not in told, f"{site.name} is told of {other.name}")
        held(not execute(site, "dmesg").stdout, "the kernel's log is open")


@attack("K09")
def made_site_is_locked_down(world):
    """No process of a site of hebergctl create is root, has a capability, gains one by a set-id program, or writes outside www and its temporary folders."""
    site = parties.share(world, k_prefix).made
    done = shell(site, "cat /proc/1/status; for p in /proc/[0-9]*; do stat -c %u $p; done | sort -u")
    control("CapEff" in done.stdout, "its processes")
    for line in ("CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        held(line in done.stdout, f"no {line!r}")
    held("0" not in done.stdout.split("\n")[-3:], f"a process of root: {done.stdout[-40:]}")
    wrote = shell(site, "for d in / /etc /usr /var /var/www /root /bin /var/log /dev /opt /srv; do ( : >$d/k09 ) 2>/dev/null && echo $d; done")
    held(wrote.stdout == "", f"it writes to {wrote.stdout.split()}")
    done = shell(site, "find / -xdev -perm /6000 -type f 2>/dev/null | head -5 | while read f; do $f --help >/dev/null 2>&1; done; su -c id root </dev/null 2>&1; id -u")
    held("uid=0" not in done.stdout, f"su: {done.stdout}")


@attack("K10")
def files_of_the_machine(world):
    """A site's processes cannot use up the open files, pipes and sockets of the machine: the victim is served while one takes all it can."""
    sites = parties.share(world, k_prefix)
    control(parties.victim_is_well(world, sites.victim), "the victim is served")
    code = "my @f; for (1 .. 120) { next if fork; my @h; for (1 .. 60000) { pipe(my $r, my $w) or last; push @h, $r, $w } sleep 6; exit } sleep 7;"
    taker = threading.Thread(target=lambda: execute(sites.made, "timeout", "8", "perl", "-e", code, timeout=60))
    taker.start()
    try:
        time.sleep(2)
        for _ in range(5):
            held(parties.victim_is_well(world, sites.victim), "the victim is not served")
            held(world.docker("exec", "heberg-syncd", "true") == "", "no process starts beside it")
    finally:
        taker.join()


@attack("R08")
def fork_bomb_and_memory(world):
    """A fork bomb, a loop on every CPU and a process that takes all memory in a site of hebergctl create leave the victim served within a second."""
    sites = parties.share(world, k_prefix)
    control(parties.victim_is_well(world, sites.victim, 1), "the victim is served")
    # Bounded in number and time, so that the machine comes to no harm where no limit holds them: 600 processes, 700 MB, 8 s.
    codes = ('for (1 .. 600) { my $p = fork; if (defined $p && !$p) { alarm 8; 1 while 1 } } sleep 8', 'alarm 8; my @m; for (1 .. 700) { push @m, "x" x 1_000_000 } sleep 8')
    for code in codes:
        bomb = threading.Thread(target=lambda code=code: execute(sites.made, "timeout", "-s", "KILL", "9", "perl", "-e", code, timeout=60))
        bomb.start()
        try:
            time.sleep(1.5)
            for _ in range(6):
                held(parties.victim_is_well(world, sites.victim, 1), f"the victim is not served within a second beside: {code[:30]}")
                time.sleep(0.3)
            count = run(["docker", "exec", sites.victim.container, "true"])
            held(count.returncode == 0, f"no process starts in the victim's container: {count.stderr}")
        finally:
            bomb.join()
            run(["docker", "restart", "-t", "1", sites.made.container])


@attack("R20", short=True)
def limits_are_set(world):
    """A site of hebergctl create has limits of memory, swap, processes and CPU, and its container's own output is bounded by the engine."""
    site = parties.share(world, k_prefix).made
    text = world.docker("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}} {{.HostConfig.LogConfig.Config}}", site.container)
    control(text != "", "inspect")
    memory, swap, pids, cpus, log = text.split(" ", 4)
    held(0 < int(memory) == int(swap) and 0 < int(pids) <= 1000 and int(cpus) > 0 and "max-size" in log, f"its limits: {text}")
