# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a list of sites means: its lines checked, and what is to be done so that a host is as they say. Pure."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re

STATES = ("present", "stopped", "locked", "archived", "absent")
KEYS = ("name", "hosts", "state", "image", "memory", "environment")
DEFAULT_IMAGE = "php:apache"
DEFAULT_MEMORY = "512m"
# Variables that `environment` may not set, and the key of a line that does. The others of docs/proxy.md are passed on.
SET_BY_KEY = {"VIRTUAL_HOST": "hosts"}
NAMES_HOSTS = "VIRTUAL_HOST_MULTIPORTS"
LOCK_REASON = "heberg_sites: its line says so"

_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\Z")
_HOST = re.compile(r"[A-Za-z0-9*~^.][^\s\x00-\x20\x7f,]{0,254}\Z")
_SIZE = re.compile(r"([0-9]{1,15})([kmg]?)\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Refused(Exception):
    """The list cannot be carried out; nothing was done."""


def _check_hosts(hosts, state):
    if hosts is None and state in ("archived", "absent"):
        return []
    if isinstance(hosts, str):
        hosts = [hosts]
    if not isinstance(hosts, list) or not hosts:
        raise ValueError("hosts: a list of host names is needed")
    for host in hosts:
        if not isinstance(host, str) or not _HOST.match(host):
            raise ValueError("hosts: %r is no host name" % (host,))
        if not host.startswith("~") and "_" in host.rstrip(".").rsplit(".", 1)[-1]:
            raise ValueError("hosts: %r has an underscore in its last label" % (host,))
    return list(hosts)


def _canonical(host):
    host = host.rstrip(".")
    return host if host.startswith("~") else host.lower()


def _check_named_hosts(text, hosts):
    """VIRTUAL_HOST_MULTIPORTS replaces VIRTUAL_HOST: its hosts must be among those that a reviewer reads in the line."""
    try:
        named = json.loads(text)
    except ValueError:
        named = None
    if not isinstance(named, dict):
        raise ValueError('environment: %s: JSON is needed here, as {"www.example.org": {"/": {"port": 8080}}}' % NAMES_HOSTS)
    listed = set(_canonical(host) for host in hosts)
    for host in named:
        if _canonical(host) not in listed:
            raise ValueError("environment: %s: the host %r is not among the line's hosts: list it there" % (NAMES_HOSTS, host))


def _check_environment(variables, hosts):
    if not isinstance(variables, dict):
        raise ValueError("environment: a mapping is needed")
    for name, value in variables.items():
        if not isinstance(name, str) or not _VARIABLE.match(name):
            raise ValueError("environment: invalid variable name %r: use letters, digits and _, starting with no digit" % (name,))
        if name in SET_BY_KEY:
            raise ValueError("environment: %s cannot be set here: use the key %s" % (name, SET_BY_KEY[name]))
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise ValueError("environment: %s: text is needed, in quotes" % name)
        if re.search(r"[\x00-\x1f\x7f]", str(value)):
            raise ValueError("environment: %s: it has a control character" % name)
        if name == NAMES_HOSTS:
            _check_named_hosts(str(value), hosts)
    return ["%s=%s" % (name, variables[name]) for name in sorted(variables)]


def check_line(line):
    """One line as a value in which equal lines are equal. ValueError says what is wrong with it."""
    if not isinstance(line, dict):
        raise ValueError("a mapping is needed, as {name: site_1, hosts: [www.example.org]}")
    unknown = sorted(str(key) for key in line if key not in KEYS)
    if unknown:
        raise ValueError("unknown key %s (there are: %s)" % (", ".join(unknown), ", ".join(KEYS)))
    name = line.get("name")
    if not isinstance(name, str) or not _NAME.match(name) or ".." in name:
        raise ValueError("name: invalid site name %r: use 1 to 32 of a-z 0-9 _ . -, starting with a letter or _" % (name,))
    state = line.get("state", "present")
    if state not in STATES:
        raise ValueError("state: %r is none of %s" % (state, ", ".join(STATES)))
    image = line.get("image", DEFAULT_IMAGE)
    if not isinstance(image, str) or not re.match(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}\Z", image):
        raise ValueError("image: %r is no image's name" % (image,))
    size = _SIZE.match(str(line.get("memory", DEFAULT_MEMORY)))
    if not size:
        raise ValueError("memory: %r is no size as 512m" % (line.get("memory"),))
    hosts = _check_hosts(line.get("hosts"), state)
    return {
        "name": name,
        "state": state,
        "specification": {
            "hosts": hosts,
            "image": image,
            "memory": int(size.group(1)) * _UNITS[size.group(2)],
            "environment": _check_environment(line.get("environment", {}), hosts),
        },
    }


def check_lines(lines, places=None):
    """All lines, or Refused with every fault: its place in the variables file where that is known, and its site."""
    if not isinstance(lines, list):
        raise Refused("heberg_sites: a list is needed")
    sites, faults, first = [], [], {}
    for number, line in enumerate(lines):
        place = (places or {}).get(number) or "entry %d of heberg_sites" % (number + 1)
        try:
            site = check_line(line)
            if site["name"] in first:
                raise ValueError("it is there already, at %s" % first[site["name"]])
            first[site["name"]] = place
            sites.append(site)
        except ValueError as fault:
            name = line.get("name") if isinstance(line, dict) else None
            faults.append("%s: %s%s" % (place, "%s: " % name if isinstance(name, str) else "", fault))
    if faults:
        raise Refused("\n".join(faults))
    return sites


def _step(verb, *arguments):
    return [verb] + list(arguments)


def create_arguments(name, specification):
    arguments = _step("create", name)
    arguments += ["--host=" + host for host in specification["hosts"]]
    arguments += ["--image=" + specification["image"], "--memory=%d" % specification["memory"]]
    return arguments + ["--env=" + variable for variable in specification["environment"]]


def _up_steps(site, container, archive):
    """What brings up a container as the line wants it."""
    if container is not None and container["specification"] == site["specification"]:
        return [] if container["running"] or site["state"] == "stopped" else [create_arguments(site["name"], site["specification"])]
    steps = [_step("restore", archive)] if container is None and archive else []
    return steps + [create_arguments(site["name"], site["specification"])]


def _steps(site, container, account, archive):
    name, state = site["name"], site["state"]
    if state in ("archived", "absent"):
        if container is None:
            return []
        return [_step("archive", name, "--remove") if state == "archived" else _step("remove", name)]
    steps = _up_steps(site, container, archive)
    if state == "stopped" and (steps or container["running"]):
        steps.append(_step("stop", name))
    locked = bool(account and account["locked"])
    if state == "locked" and not locked:
        steps.append(_step("lock", name, "--why=" + LOCK_REASON))
    # A lock that somebody put by hand is his to take off.
    if state != "locked" and locked and account["lock_reason"] == LOCK_REASON:
        steps.append(_step("unlock", name))
    return steps


def _prune_steps(gone, containers, prune):
    return {name: [_step("archive", name, "--remove") if prune == "archive" else _step("remove", name)] for name in gone}


def prune_limit(managed, wanted=None):
    """How many sites may go because their lines went: one, or up to a fifth of all, but no more than five."""
    return wanted if wanted is not None else min(5, max(1, managed // 5))


def plan(sites, seen, memory, prune="archive", limit=None):
    """{site: steps}, each step a list of arguments for hebergctl (or "stop"). seen: {"containers": {name: {"running", "specification"}},
    "accounts": {name: {"locked", "lock_reason"}}}, specification None: not heberg's. memory: {site: {"archive": path or None}}."""
    containers, accounts = seen["containers"], seen["accounts"]
    wanted = {site["name"] for site in sites}
    foreign = sorted(name for name in wanted if name in containers and containers[name]["specification"] is None)
    if foreign:
        raise Refused("%s: a container of that name was not made by hebergctl; nothing was done" % ", ".join(foreign))

    result = {}
    for site in sites:
        name = site["name"]
        steps = _steps(site, containers.get(name), accounts.get(name), memory.get(name, {}).get("archive"))
        if steps:
            result[name] = steps
    if prune == "keep":
        return result
    gone = sorted(
        name for name in memory if name not in wanted and name in containers and containers[name]["specification"] is not None
    )
    most = prune_limit(len(memory), limit)
    if len(gone) > most:
        raise Refused(
            "%d sites have no line any more, and at most %d may go at once (%s). Nothing was done. If that is meant: "
            "heberg_sites_prune_limit: %d" % (len(gone), most, ", ".join(gone[:10]) + (", …" if len(gone) > 10 else ""), len(gone))
        )
    result.update(_prune_steps(gone, containers, prune))
    return result


def read_specification(text):
    """The label heberg.specification; None: there is none, or it is not one."""
    try:
        read = json.loads(text)
        return {key: read[key] for key in ("hosts", "image", "memory", "environment")}
    except (ValueError, KeyError, TypeError):
        return None


def show(steps):
    return "".join("%s\n" % " ".join(step) for step in steps)
