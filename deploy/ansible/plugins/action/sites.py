# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks the lines where they were written: here, before any host is asked, a fault can be named by file and line."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible.plugins.action import ActionBase
from ansible_collections.heberg.heberg.plugins.module_utils import plan as planning


def place_of(value):
    """Where the YAML reader saw it; None: it does not say, as for what a template made."""
    position = getattr(value, "ansible_pos", None)
    return "%s, line %d" % (position[0], position[1]) if position else None


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super(ActionModule, self).run(tmp, task_vars)
        arguments = dict(self._task.args)
        # Not through a template: that would lose the lines' places.
        lines = arguments.get("sites", (task_vars or {}).get("heberg_sites"))
        places = {}
        if isinstance(lines, list):
            places = {number: place_of(line) for number, line in enumerate(lines)}
        lines = self._templar.template(lines)
        try:
            planning.check_lines(lines, places)
        except planning.Refused as fault:
            result.update(failed=True, msg=str(fault))
            return result
        arguments["sites"] = lines
        result.update(self._execute_module(module_name="heberg.heberg.sites", module_args=arguments, task_vars=task_vars))
        return result
