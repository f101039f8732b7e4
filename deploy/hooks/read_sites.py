#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""read_sites.py NAME <FILE: the variable heberg_sites of a file that somebody proposed, as JSON that Ansible takes as it is. Whatever else
is in the file is left out; a template is refused, as it would run here; faults name NAME and their line."""
import importlib.util
import json
import os
import sys

import yaml

K_SIZE_MAX = 4 << 20  # 10,000 sites are about 1 MB
K_MARKS = ("{{", "{%", "{#")


def load_plan():
    path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../ansible/plugins/module_utils/plan.py")
    spec = importlib.util.spec_from_file_location("plan", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def refuse_what_runs(node):
    """No template, no alias (a few of them can be made to mean gigabytes), no tag of anybody's own."""
    seen = set()

    def visit(node):
        line = node.start_mark.line + 1
        if id(node) in seen:
            raise ValueError("line %d: an alias (*) is not taken" % line)
        seen.add(id(node))
        if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
            raise ValueError("line %d: the tag %s is not taken" % (line, node.tag))
        if isinstance(node, yaml.ScalarNode):
            if any(mark in node.value for mark in K_MARKS):
                raise ValueError("line %d: a template is not taken" % line)
            return
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                visit(part)

    visit(node)


def read(text, name):
    plan = load_plan()
    document = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(document, yaml.MappingNode):
        raise ValueError("a mapping with heberg_sites is needed")
    found = [value for key, value in document.value if key.value == "heberg_sites"]
    if len(found) != 1:
        raise ValueError("heberg_sites is needed, once")
    refuse_what_runs(found[0])
    lines = yaml.SafeLoader("").construct_document(found[0])
    places = {}
    if isinstance(found[0], yaml.SequenceNode):
        places = {n: "%s, line %d" % (name, item.start_mark.line + 1) for n, item in enumerate(found[0].value)}
    plan.check_lines(lines, places)
    return lines


def main():
    name = sys.argv[1]
    text = sys.stdin.buffer.read(K_SIZE_MAX + 1)
    try:
        if len(text) > K_SIZE_MAX:
            raise ValueError("it is larger than 4 MB")
        lines = read(text.decode(), name)
    except (ValueError, RecursionError, yaml.YAMLError) as fault:
        sys.exit("%s: %s" % (name, " ".join(str(fault).split())))
    except Exception as fault:  # the plan's own, which names file and line itself
        sys.exit(str(fault))
    json.dump({"heberg_sites": lines}, sys.stdout)


if __name__ == "__main__":
    main()
