#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""fake_host.py FOLDER docker|hebergctl ARGUMENTS...: the two commands that the Ansible module runs, over FOLDER/state.json; what changes
something is noted in FOLDER/calls. A site named bad_luck cannot be made."""
import json
import os
import sys

folder, program, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
path = os.path.join(folder, "state.json")
state = json.load(open(path)) if os.path.exists(path) else {"containers": {}, "accounts": {}}
with open(os.path.join(folder, "runs"), "a") as file:
    file.write(program + "\n")


def save(*noted):
    json.dump(state, open(path, "w"))
    with open(os.path.join(folder, "calls"), "a") as file:
        file.write(" ".join(noted) + "\n")


if program == "docker" and arguments[0] == "ps":
    for name, c in state["containers"].items():
        text = json.dumps(c["specification"]) if c["specification"] else ""
        print("\t".join([name, c["state"], name if text else "", text]))
elif program == "docker":
    state["containers"][arguments[1]]["state"] = "exited"
    save("docker", *arguments)
elif arguments[0] == "list":
    print(json.dumps([dict(a, name=name) for name, a in state["accounts"].items()]))
else:
    verb, site, options = arguments[0], arguments[1], arguments[2:]
    assert options.pop() == "--json"
    if site == "bad_luck":
        print("hebergctl: bad_luck: no such image", file=sys.stderr)
        sys.exit(1)
    if verb == "create":
        specification = {"hosts": [], "environment": []}
        for option in options:
            key, value = option[2:].split("=", 1)
            if key in ("host", "env"):
                specification["hosts" if key == "host" else "environment"].append(value)
            else:
                specification[key] = int(value) if key == "memory" else value
        state["containers"][site] = {"state": "running", "specification": specification}
        state["accounts"].setdefault(site, {"locked_at": None, "lock_reason": ""})
    elif verb in ("lock", "unlock"):
        reason = options[0][len("--why="):] if verb == "lock" else ""
        state["accounts"][site] = {"locked_at": "2026-01-01T00:00:00Z" if verb == "lock" else None, "lock_reason": reason}
    elif verb in ("remove", "archive"):
        del state["containers"][site]
    save(*arguments[:-1])
    print(json.dumps({"file": "/archives/%s.tar.zst" % site}))
