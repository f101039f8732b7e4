#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sites
short_description: Makes the sites of a heberg host what a list says
description:
  - Reads what the host has in two calls, whatever the number of sites, and has C(hebergctl) do what differs.
  - All lines are checked before anything is done. A site that fails does not hold up the others; the task fails at its end.
options:
  sites:
    description: One mapping a site, see docs/ansible.md. Without it, the variable C(heberg_sites).
    type: list
    elements: raw
  prune:
    description: What becomes of a site whose line went away.
    choices: [archive, remove, keep]
    default: archive
    type: str
  prune_limit:
    description: So many sites may go at once. Without it a fifth of those managed, but at least one and at most five.
    type: int
  hebergctl:
    description: The command, as a list of arguments. Without it C(hebergctl), or the one in the container C(heberg-syncd).
    type: list
    elements: str
  docker:
    description: The engine's command, as a list of arguments.
    type: list
    elements: str
    default: [docker]
  memory_file:
    description: Which sites the list has named, and where their archives are.
    type: path
    default: /var/lib/heberg/ansible.json
author: [the heberg developers]
"""
EXAMPLES = r"""
- heberg.heberg.sites:
    sites:
      - {name: site_1, hosts: [www.example.org]}
"""
RETURN = r"""
steps:
  description: By site, what was done (in check mode, what would be).
  type: dict
  returned: always
failures:
  description: By site, why it could not be done.
  type: dict
  returned: always
"""

import json
import os
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.heberg.heberg.plugins.module_utils import plan as planning

PS_FORMAT = '{{.Names}}\t{{.State}}\t{{.Label "heberg.site"}}\t{{.Label "heberg.specification"}}'


class Host:
    """What runs here, asked and changed by commands."""

    def __init__(self, module):
        self.module = module
        self.docker = module.params["docker"]
        self.hebergctl = module.params["hebergctl"] or self.find_hebergctl()

    def find_hebergctl(self):
        if shutil.which("hebergctl"):
            return ["hebergctl"]
        return self.docker + ["exec", "-i", "heberg-syncd", "hebergctl"]

    def run(self, command):
        """Its output; OSError-like text as a RuntimeError."""
        code, out, err = self.module.run_command(command)
        if code != 0:
            text = err.strip() or out.strip() or "it failed"
            raise RuntimeError("%s: %s (exit code %d)" % (command[0], text.splitlines()[-1], code))
        return out

    def see(self):
        containers = {}
        for line in self.run(self.docker + ["ps", "--all", "--no-trunc", "--format", PS_FORMAT]).splitlines():
            name, state, site, text = (line.split("\t", 3) + [""] * 4)[:4]
            ours = planning.read_specification(text) if site == name else None
            containers[name] = {"running": state in ("running", "restarting", "paused"), "specification": ours}
        accounts = {
            row["name"]: {"locked": row["locked_at"] is not None, "lock_reason": row["lock_reason"]}
            for row in json.loads(self.run(self.hebergctl + ["list", "--json"]))
        }
        return {"containers": containers, "accounts": accounts}

    def do(self, step):
        """Carries out a step; the archive's path where it made one."""
        if step[0] == "stop":
            self.run(self.docker + ["stop", step[1]])
            return None
        out = self.run(self.hebergctl + step + ["--json"])
        return json.loads(out)["file"] if step[0] == "archive" else None


class Memory:
    """Which sites the list has named so far: only those are pruned."""

    def __init__(self, path):
        self.path = path
        self.sites = {}
        if os.path.exists(path):
            with open(path) as file:
                self.sites = json.load(file)["sites"]
        self.saved = json.dumps(self.sites, sort_keys=True)

    def save(self):
        text = json.dumps(self.sites, sort_keys=True)
        if text == self.saved:
            return
        os.makedirs(os.path.dirname(self.path), mode=0o755, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(self.path), delete=False) as file:
            json.dump({"sites": self.sites}, file, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.rename(file.name, self.path)
        self.saved = text


def carry_out(host, steps, memory, wanted):
    """What failed, by site."""
    failures = {}
    for name in sorted(steps):
        try:
            for step in steps[name]:
                archive = host.do(step)
                entry = memory.sites.setdefault(name, {"archive": None})
                if step[0] == "archive":
                    entry["archive"] = archive
                elif step[0] in ("restore", "create"):
                    entry["archive"] = None
                memory.save()
        except (RuntimeError, ValueError, KeyError, TypeError) as fault:
            failures[name] = str(fault)
    for name in wanted:
        if name not in failures:
            memory.sites.setdefault(name, {"archive": None})
    memory.save()
    return failures


def main():
    module = AnsibleModule(
        argument_spec={
            "sites": {"type": "list", "elements": "raw", "required": True},
            "prune": {"type": "str", "choices": ["archive", "remove", "keep"], "default": "archive"},
            "prune_limit": {"type": "int"},
            "hebergctl": {"type": "list", "elements": "str"},
            "docker": {"type": "list", "elements": "str", "default": ["docker"]},
            "memory_file": {"type": "path", "default": "/var/lib/heberg/ansible.json"},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        sites = planning.check_lines(given["sites"])
        host = Host(module)
        memory = Memory(given["memory_file"])
        steps = planning.plan(sites, host.see(), memory.sites, given["prune"], given["prune_limit"])
    except (planning.Refused, RuntimeError) as fault:
        module.fail_json(msg=str(fault), steps={}, failures={})
    except (OSError, ValueError, KeyError) as fault:
        module.fail_json(msg="%s: %s" % (given["memory_file"], fault), steps={}, failures={})

    result = {"changed": bool(steps), "steps": steps, "failures": {}}
    if module._diff:
        result["diff"] = [{"before": "", "after": planning.show(steps[name]), "after_header": name} for name in sorted(steps)]
    if module.check_mode:
        module.exit_json(**result)
    result["failures"] = carry_out(host, steps, memory, [site["name"] for site in sites])
    if result["failures"]:
        failures = result["failures"]
        module.fail_json(msg="; ".join("%s: %s" % (name, failures[name]) for name in sorted(failures)), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
