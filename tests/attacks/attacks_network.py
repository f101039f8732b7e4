# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attacks on the network: what root in a site's container, started as the README says, can do to its neighbours and to the host. Frames are
sent by perl, which every php:apache has, over a raw socket (NET_RAW is one of Docker's default capabilities)."""
import contextlib
import ipaddress
import json
import socket
import struct
import threading
import time

from attacks import attack, control, held, setting
from framework import wait_for
from world import k_http_port, k_sftp_address, k_sftp_port, run

k_marker = b"heberg-attack-marker"
k_broadcast = b"\xff" * 6
k_listener_port = 18977
k_link_local = "169.254.77.77"  # not 169.254.169.254: a cloud's machine asks it for more than the test wants


def has_rules(world):
    return "bridge heberg" in run(["docker", "exec", "heberg-syncd", "nft", "list", "tables"]).stdout


@contextlib.contextmanager
def unguarded(world):
    with setting(world, "[network]\nguard = false\n"):
        wait_for(15, "the rules are gone", lambda: not has_rules(world))
        yield
    wait_for(15, "the rules are back", lambda: has_rules(world))


# perl FRAMES-IN-HEX...: each frame 200 times, in turn, within two seconds
k_sender = r"""
open my $f, "<", "/sys/class/net/$ENV{device}/ifindex" or die; my $index = <$f>;
socket my $s, 17, 3, 0 or die "socket: $!";
my @frames = map { pack "H*", $_ } @ARGV;
for (1 .. $ENV{rounds}) {
  for my $frame (@frames) { send $s, $frame, 0, pack("SniSCCa8", 17, 0, $index, 0, 0, 6, substr($frame, 0, 6)) or die "send: $!" }
  select undef, undef, undef, 0.01;
}
"""


class place:
    """A container on one of its networks."""

    def __init__(self, world, container, network="heberg-sites"):
        self.container = container
        found = json.loads(world.docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", container))[network]
        self.address, self.gateway = found["IPAddress"], found["Gateway"]
        self.ip = socket.inet_aton(self.address)
        self.mac = bytes.fromhex(found["MacAddress"].replace(":", ""))

    def port(self):
        """The bridge's port that leads to the container."""
        index = int(run(["docker", "exec", self.container, "cat", "/sys/class/net/eth0/iflink"]).stdout)
        return next(link["ifname"] for link in links() if link["ifindex"] == index)

    def send(self, frames, rounds=200):
        return run(["docker", "exec", "-e", "device=eth0", "-e", f"rounds={rounds}", self.container, "perl", "-e", k_sender,
                    *(frame.hex() for frame in frames)])

    def connects(self, host, port):
        code = f'exit(@fsockopen("{host}", {port}, $e, $s, 2) ? 0 : 1);'
        return run(["docker", "exec", self.container, "php", "-r", code]).returncode == 0

    def fetch(self, host, at):
        code = (f'echo file_get_contents("http://{at}:{k_http_port}/i.html", false, '
                f'stream_context_create(["http" => ["header" => "Host: {host}", "timeout" => 5]]));')
        return run(["docker", "exec", self.container, "php", "-r", code]).stdout


class tap:
    """The frames that pass an interface of the host, in both directions."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((interface, 0))
        self.socket.settimeout(0.2)
        self.frames = []
        self.ended = False
        self.thread = threading.Thread(target=self._read)

    def _read(self):
        while not self.ended:
            with contextlib.suppress(socket.timeout):
                self.frames.append(self.socket.recv(2048))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        time.sleep(0.3)
        self.ended = True
        self.thread.join()
        self.socket.close()

    def marked(self):
        return [frame for frame in self.frames if k_marker in frame]


def arp(sender_mac, sender_ip, target_mac, target_ip, ether_source=None, operation=2):
    return (target_mac + (ether_source or sender_mac) + b"\x08\x06" +
            struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + sender_mac + sender_ip + target_mac + target_ip)


def udp(source_mac, source_ip, target_mac, target_ip):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(k_marker), 7, 0, 64, 17, 0, source_ip, target_ip)
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xffff) + (total >> 16)
    header = header[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xffff) + header[12:]
    return target_mac + source_mac + b"\x08\x00" + header + struct.pack("!HHHH", 9, 9, 8 + len(k_marker), 0) + k_marker


def links():
    """The interfaces of the tests' network; /sys here shows another one's."""
    return json.loads(run(["ip", "-j", "address"]).stdout)


def mac_of(interface):
    return next(bytes.fromhex(link["address"].replace(":", "")) for link in links() if link["ifname"] == interface)


def bridge_of(gateway):
    return next(link["ifname"] for link in links() if any(one.get("local") == gateway for one in link["addr_info"]))


@contextlib.contextmanager
def two_sites(world):
    """A victim and an attacker, both started as the README says."""
    names = ("net-victim", "net-attacker")
    try:
        for name in names:
            world.docker("run", "-d", "--name", name, "--network", "heberg-sites", "-e", f"VIRTUAL_HOST={name}.test",
                         "-v", f"{world.sites}/{name}/www:/var/www/html", "php:apache")
        for name in names:
            world.wait_for_account(name)
            with open(f"{world.sites}/{name}/www/i.html", "w") as file:
                file.write(name)
            world.wait_until_served(f"{name}.test", (200, name), "/i.html", seconds=15)
        yield place(world, names[0]), place(world, names[1])
    finally:
        run(["docker", "rm", "-f", *names])


def sites_of(world):
    return world.share("two sites", two_sites)


def served(world):
    return world.fetch("net-victim.test", "/i.html") == (200, "net-victim")


@contextlib.contextmanager
def listening(address, port):
    with socket.create_server((address, port)) as server:
        yield server


@attack("W02", undefended=unguarded)
def neighbour_poisoned(world):
    """ARP replies that claim a neighbour's address do not reach the host: the proxy's requests go on to the neighbour."""
    victim, attacker = sites_of(world)
    bridge = bridge_of(victim.gateway)
    control(served(world), "the victim is served")
    frames = [arp(attacker.mac, victim.ip, k_broadcast, socket.inet_aton(victim.gateway), ether_source=source)
              for source in (attacker.mac, victim.mac)]
    done = attacker.send(frames)
    control(done.returncode == 0, f"frames are sent: {done.stderr}")
    neighbours = run(["ip", "neigh", "show", victim.address, "dev", bridge]).stdout
    try:
        held(attacker.mac.hex(":") not in neighbours, f"the host takes the attacker for the victim: {neighbours}")
        held(served(world), "the victim is not served any more")
    finally:
        run(["ip", "neigh", "flush", "to", victim.address])


@attack("W02b", undefended=unguarded)
def place_stolen(world):
    """Frames from a neighbour's MAC do not teach the bridge that the neighbour is behind the attacker's port."""
    victim, attacker = sites_of(world)
    control(served(world), "the victim is served")
    port, seen = attacker.port(), []
    # Group addresses that the bridge keeps to itself pass fewer hooks (802.1X) or none (LLDP), and are learned from all the same.
    frames = [udp(victim.mac, attacker.ip, k_broadcast, attacker.ip)]
    frames += [bytes.fromhex("0180c20000" + last) + victim.mac + b"\x88\x8e" + k_marker for last in ("00", "02", "03", "0e")]
    sender = threading.Thread(target=lambda: seen.append(attacker.send(frames)))
    with tap(port) as at_attacker:
        sender.start()
        answers = []
        while sender.is_alive():
            answers.append(served(world))
        sender.join()
    control(seen[0].returncode == 0, f"frames are sent: {seen[0].stderr}")
    stolen = [frame for frame in at_attacker.frames if frame[:6] == victim.mac and frame[6:12] != victim.mac]
    held(not stolen, f"{len(stolen)} frames to the victim went to the attacker")
    held(all(answers), f"the victim was served {answers.count(True)} of {len(answers)} times")


@attack("W02c", undefended=unguarded)
def address_spoofed(world):
    """The host takes no packet from a site's port with another source than the site's own MAC and address."""
    victim, attacker = sites_of(world)
    bridge = bridge_of(victim.gateway)
    to = (mac_of(bridge), socket.inet_aton(victim.gateway))
    with tap(bridge) as at_bridge:
        attacker.send([udp(attacker.mac, attacker.ip, *to)], rounds=5)
    control(at_bridge.marked(), "the host gets a packet from the attacker's own address")
    others = {"the victim's address": udp(attacker.mac, victim.ip, *to), "the victim's MAC": udp(victim.mac, attacker.ip, *to),
              "both": udp(victim.mac, victim.ip, *to), "an address of the host": udp(attacker.mac, socket.inet_aton("127.0.0.1"), *to)}
    for what, frame in others.items():
        with tap(bridge) as at_bridge:
            attacker.send([frame], rounds=5)
        held(not at_bridge.marked(), f"a packet with {what} as its source was taken")


@attack("W02d", short=True, undefended=unguarded)
def neighbour_reached(world):
    """No frame of any kind goes from one site's port to another's: not by its address, not by broadcast, not as another protocol."""
    victim, attacker = sites_of(world)
    own = attacker.mac
    tagged = victim.mac + own + b"\x81\x00\x00\x01" + udp(own, attacker.ip, victim.mac, victim.ip)[12:]
    ipv6 = (b"\x60\0\0\0" + struct.pack("!HBB", len(k_marker), 59, 64) + ipaddress.ip_address("fe80::1").packed +
            ipaddress.ip_address("ff02::1").packed + k_marker)
    frames = [udp(own, attacker.ip, victim.mac, victim.ip), udp(own, attacker.ip, k_broadcast, b"\xff" * 4),
              udp(own, attacker.ip, mac_of(bridge_of(victim.gateway)), victim.ip),  # the host would route it
              udp(own, attacker.ip, bytes.fromhex("01005e0000fb"), socket.inet_aton("224.0.0.251")), tagged,
              bytes.fromhex("333300000001") + own + b"\x86\xdd" + ipv6, victim.mac + own + b"\x88\xb5" + k_marker,
              k_broadcast + own + b"\x88\xb5" + k_marker, arp(own, attacker.ip, k_broadcast, victim.ip, operation=1) + k_marker]
    with tap(victim.port()) as at_victim:
        control(served(world), "the victim is served")
        done = attacker.send(frames, rounds=20)
    control(done.returncode == 0, f"frames are sent: {done.stderr}")
    control(at_victim.frames, "the tap at the victim's port sees the proxy's request")
    held(not at_victim.marked(), lambda: f"{len(at_victim.marked())} frames reached the victim, such as {at_victim.marked()[0].hex()}")


@attack("W02e", undefended=unguarded)
def first_frames(world):
    """A container that sends from its first moment on, before anyone has looked at it, reaches no neighbour either."""
    victim, _ = sites_of(world)
    frames = [k_broadcast + b"\x02\x42\x00\x00\x00\x07" + b"\x88\xb5" + k_marker, k_broadcast + victim.mac + b"\x88\xb5" + k_marker]
    with tap(victim.port()) as at_victim:
        world.made.append("net-early")
        world.docker("run", "-d", "--name", "net-early", "--network", "heberg-sites", "-e", "device=eth0", "-e", "rounds=200",
                     "-e", "VIRTUAL_HOST=net-early.test", "php:apache", "perl", "-e", k_sender, *(frame.hex() for frame in frames))
        time.sleep(2)
        control(served(world), "the victim is served")
    held(not at_victim.marked(), lambda: f"{len(at_victim.marked())} frames reached the victim")


@attack("W03")
def internal_from_a_site(world):
    """A request from a site's container never counts as internal, whatever network the container is on."""
    _, attacker = sites_of(world)
    name, host = "net-internal", "net-internal.test"
    world.run_site(name, options=["-e", "NETWORK_ACCESS=internal"])
    world.wait_for_account(name)
    with open(f"{world.sites}/{name}/www/i.html", "w") as file:
        file.write("INTERNAL")
    world.wait_until_served(host, (200, "INTERNAL"), "/i.html", seconds=15)
    world.docker("network", "create", "net-w03")
    try:
        for network in ("bridge", "net-w03"):
            container = f"net-w03-{network}"
            world.made.append(container)
            world.docker("run", "-d", "--name", container, "--network", network, "-e", f"VIRTUAL_HOST={container}.test",
                         "-v", f"{world.sites}/{container}/www:/var/www/html", "php:apache")
            world.wait_for_account(container)
            wait_for(15, "the proxy knows it", lambda: world.fetch(f"{container}.test")[0] not in (0, 503))
        for at in (attacker, place(world, "net-w03-bridge", "bridge"), place(world, "net-w03-net-w03", "net-w03")):
            wait_for(10, "the proxy answers the attacker", lambda: at.fetch("net-victim.test", at.gateway) == "net-victim")
            control(at.fetch("net-victim.test", at.gateway) == "net-victim", "the proxy answers the attacker")
            for address in (at.gateway, k_sftp_address):
                got = at.fetch(host, address)
                held("INTERNAL" not in got, f"{at.container} reads the internal host by {address}: {got}")
    finally:
        run(["docker", "rm", "-f", "net-w03-bridge", "net-w03-net-w03"])
        run(["docker", "network", "rm", "net-w03"])


@attack("W04b", short=True, undefended=unguarded)
def service_of_the_host(world):
    """A site reaches no service of the host but the proxy, by any address of the host."""
    _, attacker = sites_of(world)
    control(attacker.connects(attacker.gateway, k_http_port), "the proxy is reached")
    with listening("0.0.0.0", k_listener_port):
        control(run(["curl", "-s", "-m", "1", f"telnet://{attacker.gateway}:{k_listener_port}"], timeout=5).returncode == 28,
                "the host reaches its own service")
        for address in (attacker.gateway, k_sftp_address):
            held(not attacker.connects(address, k_listener_port), f"{address}:{k_listener_port} is reached")


@attack("W05", undefended=unguarded)
def link_local_address(world):
    """A site reaches no link-local address, where clouds keep their machines' credentials, not even by the proxy's port."""
    _, attacker = sites_of(world)
    run(["ip", "address", "add", f"{k_link_local}/32", "dev", "lo"])
    try:
        control(attacker.connects(k_sftp_address, k_http_port), "another address of the host is reached by the proxy's port")
        held(not attacker.connects(k_link_local, k_http_port), f"{k_link_local}:{k_http_port} is reached")
    finally:
        run(["ip", "address", "delete", f"{k_link_local}/32", "dev", "lo"])


@attack("A01b", undefended=unguarded)
def unbannable_source(world):
    """A site's container does not reach sshd by its published port, where it would have an address that no ban can name."""
    _, attacker = sites_of(world)
    control(run(["ssh-keyscan", "-T", "5", "-p", str(k_sftp_port), k_sftp_address]).stdout, "sshd answers at its published port")
    for address in (attacker.gateway, k_sftp_address, place(world, "heberg-sftp").address):
        for port in (k_sftp_port, 22):
            held(not attacker.connects(address, port), f"{address}:{port} is reached")


@contextlib.contextmanager
def on_one_network(world, network):
    """Two sites and a container of the sysadmin's on a network where all reach one another."""
    names = [f"net-w08-{which}-{network}" for which in ("a", "b", "db")]
    is_made = network != "bridge" and run(["docker", "network", "create", network]).returncode == 0
    try:
        for name in names[:2]:
            world.docker("run", "-d", "--name", name, "--network", network, "-e", f"VIRTUAL_HOST={name}.test",
                         "-v", f"{world.sites}/{name}/www:/var/www/html", "php:apache")
        world.docker("run", "-d", "--name", names[2], "--network", network, "php:apache")
        for name in names[:2]:
            world.wait_for_account(name)
        yield [place(world, name, network) for name in names]
    finally:
        run(["docker", "rm", "-f", *names])
        if is_made:
            run(["docker", "network", "rm", network])


def reached_there(world, network):
    with on_one_network(world, network) as (one, other, database):
        wait_for(10, "the sysadmin's container is reached", lambda: one.connects(database.address, 80))
        control(one.connects(database.address, 80), "a container that is no site's is reached")
        control(database.connects(one.address, 80), "and reaches the site")
        held(not one.connects(other.address, 80), "a site reaches another one")
        routed = udp(one.mac, one.ip, mac_of(bridge_of(one.gateway)), other.ip)
        claims = [arp(one.mac, other.ip, k_broadcast, database.ip), arp(one.mac, other.ip, k_broadcast, socket.inet_aton(one.gateway))]
        with tap(other.port()) as at_other:
            one.send([routed, udp(one.mac, one.ip, k_broadcast, b"\xff" * 4)], rounds=5)
        held(not at_other.marked(), "a frame of one site reached the other, by the host or by broadcast")
        with tap(database.port()) as at_database:
            one.send(claims, rounds=5)
        claimed = [frame for frame in at_database.frames if frame[12:14] == b"\x08\x06" and frame[22:32] == one.mac + other.ip]
        held(not claimed, "a site claims another's address there")
        with listening("0.0.0.0", k_listener_port):
            held(not one.connects(one.gateway, k_listener_port), "a service of the host is reached from there")


@attack("W08", undefended=unguarded)
def users_network(world):
    """Sites on a network of the sysadmin's own reach its other containers, but not one another, nor the host's services."""
    reached_there(world, "net-w08")


@attack("W08b", undefended=unguarded)
def default_network(world):
    """Sites on Docker's default network reach its other containers, but not one another, nor the host's services."""
    reached_there(world, "bridge")


@attack("W09")
def rules_flushed(world):
    """Rules that another program takes away, as a firewall's reload does, are put back; those that syncd left hold without it."""
    _, attacker = sites_of(world)
    with listening("0.0.0.0", k_listener_port):
        def reached():
            return attacker.connects(attacker.gateway, k_listener_port)
        control(not reached(), "the host's service is not reached")
        for family in ("bridge", "inet"):
            world.docker("exec", "heberg-syncd", "nft", "delete", "table", family, "heberg")
        time.sleep(3)
        held(not reached(), "the host's service is reached three seconds later")
        tables = world.docker("exec", "heberg-syncd", "nft", "list", "tables")
        held("bridge heberg" in tables and "inet heberg" in tables, f"the tables are missing: {tables}")
        world.docker("stop", "heberg-syncd")
        try:
            held(not reached(), "the host's service is reached while syncd is stopped")
        finally:
            world.docker("start", "heberg-syncd")


@attack("W10")
def named_where_not_isolated(world):
    """A site's container that no rule can hold is named by check and status, with the remedy."""
    world.made.append("net-host")
    world.docker("run", "-d", "--name", "net-host", "--network", "host", "-e", "VIRTUAL_HOST=net-host.test",
                 "-v", f"{world.sites}/net-host/www:/var/www/html", "php:apache", "sleep", "60")
    control(world.wait_for_account("net-host"), "the container is a site's")
    end = time.monotonic() + 10  # a state that lasts for a second is named, not one that passes
    while "its network is not isolated" not in world.syncd_log() and time.monotonic() < end:
        time.sleep(0.2)
    for verb in ("check", "status"):
        text = run(["docker", "exec", "heberg-syncd", "hebergctl", verb]).stdout
        held("container net-host is not isolated" in text and "--network heberg-sites" in text, f"{verb} says: {text}")
    held("container net-host: its network is not isolated" in world.syncd_log(), "syncd's log does not name it")
