# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plan of a list of sites, without Ansible."""
import importlib.util
import os
import re
import unittest

_source = os.path.join(os.path.dirname(__file__), "../../../deploy/ansible/plugins/module_utils/plan.py")
_spec = importlib.util.spec_from_file_location("plan", _source)
plan = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(plan)


def lines(*names, **more):
    return plan.check_lines([dict({"name": name, "hosts": [name + ".test"]}, **more) for name in names])


def seen(*sites, running=True, locked=None):
    return {
        "containers": {s["name"]: {"running": running, "specification": s["specification"]} for s in sites},
        "accounts": {s["name"]: {"locked": locked is not None, "lock_reason": locked or ""} for s in sites},
    }


NOTHING = {"containers": {}, "accounts": {}}


class Lines(unittest.TestCase):
    def refusal(self, line):
        with self.assertRaises(plan.Refused) as caught:
            plan.check_lines([line], {0: "sites.yml, line 7"})
        return str(caught.exception)

    def test_each_fault_names_place_and_site(self):
        good = {"name": "a", "hosts": ["a.test"]}
        for change, expected in [
            ({"hostz": 1}, "unknown key hostz"),
            ({"name": "root/../x"}, "invalid site name"),
            ({"name": "a..b"}, "invalid site name"),
            ({"name": "a\n"}, "invalid site name"),
            ({"name": "--json"}, "invalid site name"),
            ({"hosts": []}, "a list of host names is needed"),
            ({"hosts": ["--image=evil"]}, "is no host name"),
            ({"hosts": ["a.test,b.test"]}, "is no host name"),
            ({"hosts": ["a b"]}, "is no host name"),
            ({"hosts": [None]}, "is no host name"),
            ({"state": "gone"}, "is none of present"),
            ({"state": ["present"]}, "is none of present"),
            ({"image": "--x"}, "no image's name"),
            ({"memory": "lots"}, "no size"),
            ({"environment": ["A=1"]}, "a mapping is needed"),
            ({"environment": {"VIRTUAL_HOST": "x"}}, "use the key hosts"),
            ({"environment": {"VIRTUAL_HOST_MULTIPORTS": '{"hidden.test": null}'}}, "'hidden.test' is not among the line's hosts"),
            ({"environment": {"VIRTUAL_HOST_MULTIPORTS": "hidden.test:"}}, "JSON is needed"),
            ({"environment": {"VIRTUAL_HOST_MULTIPORTS": "[]"}}, "JSON is needed"),
            ({"hosts": ["va.test_location"]}, "underscore in its last label"),
            ({"environment": {"A-B": "x"}}, "invalid variable name 'A-B'"),
            ({"environment": {"A": "x\ny"}}, "control character"),
            ({"environment": {"A": True}}, "text is needed"),
        ]:
            with self.subTest(change=change):
                text = self.refusal(dict(good, **change))
                self.assertIn("sites.yml, line 7: ", text)
                self.assertIn(expected, text)
        self.assertIn("a mapping is needed", self.refusal("a"))

    def test_all_faults_are_told_at_once_and_twins_are_one(self):
        with self.assertRaises(plan.Refused) as caught:
            plan.check_lines([{"name": "a", "hosts": ["x"]}, {"name": "a", "hosts": ["y"]}, {"name": "B", "hosts": ["x"]}])
        self.assertEqual(2, len(str(caught.exception).splitlines()))
        self.assertIn("it is there already, at entry 1", str(caught.exception))

    def test_sizes_are_bytes(self):
        for text, size in [("512m", 512 << 20), ("1g", 1 << 30), (33554432, 33554432), ("64k", 65536)]:
            self.assertEqual(size, lines("a", memory=text)[0]["specification"]["memory"])


class Variables(unittest.TestCase):
    """Against the table of docs/proxy.md, which the unit tests of lib/site hold against the proxy's own."""

    def rows(self):
        with open(os.path.join(os.path.dirname(__file__), "../../../docs/proxy.md")) as page:
            lines = [line.split(" | ") for line in page if re.match(r"\| `[A-Z_]+` \|", line)]
        return {cells[0].strip("| `"): cells[4] for cells in lines}

    def test_the_environment_sets_every_variable_that_no_key_sets(self):
        rows = self.rows()
        self.assertGreater(len(rows), 20)
        self.assertLessEqual(set(plan.SET_BY_KEY), set(rows))
        self.assertLessEqual(set(plan.SET_BY_KEY.values()), set(plan.KEYS))
        for name, setter in rows.items():
            with self.subTest(name=name):
                self.assertIn(setter, ("any container", "container, not its image", "sysadmin"))
                if name in plan.SET_BY_KEY:
                    continue
                self.assertNotEqual("sysadmin", setter, "a list of sites must not set it: SET_BY_KEY")
                value = '{"%s": null}' % lines("a")[0]["specification"]["hosts"][0] if name == plan.NAMES_HOSTS else "x"
                (site,) = lines("a", environment={name: value})
                self.assertEqual([name + "=" + value], site["specification"]["environment"])


class Plans(unittest.TestCase):
    def test_what_is_as_it_should_be_needs_nothing(self):
        sites = lines("a", "b", environment={"X": 1, "A": "y"})
        self.assertEqual({}, plan.plan(sites, seen(*sites), {}))

    def test_a_new_line_makes_one_site(self):
        a, b = lines("a", "b")
        create = [["create", "b", "--host=b.test", "--image=php:apache", "--memory=536870912"]]
        self.assertEqual({"b": create}, plan.plan([a, b], seen(a), {}))

    def test_a_changed_or_stopped_one_is_made_again(self):
        a, b = lines("a", "b")
        there = seen(a, b, running=False)
        self.assertEqual(["a", "b"], sorted(plan.plan([a, b], there, {})))
        there = seen(a, b)
        there["containers"]["b"]["specification"] = dict(b["specification"], hosts=["old.test"])
        self.assertEqual(["b"], list(plan.plan([a, b], there, {})))

    def test_stopped(self):
        (a,) = lines("a", state="stopped")
        self.assertEqual({"a": [["stop", "a"]]}, plan.plan([a], seen(a), {}))
        self.assertEqual({}, plan.plan([a], seen(a, running=False), {}))
        self.assertEqual(["create", "stop"], [step[0] for step in plan.plan([a], NOTHING, {})["a"]])

    def test_locked_and_back(self):
        (a,) = lines("a", state="locked")
        self.assertEqual([["lock", "a", "--why=" + plan.LOCK_REASON]], plan.plan([a], seen(a), {})["a"])
        self.assertEqual({}, plan.plan([a], seen(a, locked=plan.LOCK_REASON), {}))
        (a,) = lines("a")
        self.assertEqual({"a": [["unlock", "a"]]}, plan.plan([a], seen(a, locked=plan.LOCK_REASON), {}))
        self.assertEqual({}, plan.plan([a], seen(a, locked="was broken into"), {}))

    def test_archived_and_back(self):
        (a,) = lines("a", state="archived")
        self.assertEqual({"a": [["archive", "a", "--remove"]]}, plan.plan([a], seen(a), {}))
        self.assertEqual({}, plan.plan([a], NOTHING, {"a": {"archive": "/x"}}))
        (a,) = lines("a")
        steps = plan.plan([a], NOTHING, {"a": {"archive": "/x"}})["a"]
        self.assertEqual(["restore", "/x"], steps[0])
        self.assertEqual("create", steps[1][0])

    def test_absent(self):
        (a,) = lines("a", state="absent")
        self.assertEqual({"a": [["remove", "a"]]}, plan.plan([a], seen(a), {}))
        self.assertEqual({}, plan.plan([a], NOTHING, {}))

    def test_a_line_that_went_away(self):
        sites = lines("a", "b", "c")
        memory = {site["name"]: {"archive": None} for site in sites}
        self.assertEqual({"c": [["archive", "c", "--remove"]]}, plan.plan(sites[:2], seen(*sites), memory))
        self.assertEqual({"c": [["remove", "c"]]}, plan.plan(sites[:2], seen(*sites), memory, "remove"))
        self.assertEqual({}, plan.plan(sites[:2], seen(*sites), memory, "keep"))
        # Never one that the list has not named.
        self.assertEqual({}, plan.plan(sites[:2], seen(*sites), {"a": {}, "b": {}}))

    def test_many_lines_do_not_go_at_once(self):
        for managed, most in [(3, 1), (9, 1), (10, 2), (25, 5), (200, 5)]:
            sites = lines(*["s%d" % i for i in range(managed)])
            memory = {site["name"]: {"archive": None} for site in sites}
            self.assertEqual(most, len(plan.plan(sites[most:], seen(*sites), memory)))
            with self.assertRaises(plan.Refused) as caught:
                plan.plan(sites[most + 1:], seen(*sites), memory)
            self.assertIn("heberg_sites_prune_limit: %d" % (most + 1), str(caught.exception))
            self.assertEqual(most + 1, len(plan.plan(sites[most + 1:], seen(*sites), memory, limit=most + 1)))

    def test_a_foreign_container_stops_all(self):
        a, b = lines("a", "b")
        there = seen(a)
        there["containers"]["b"] = {"running": True, "specification": None}
        with self.assertRaises(plan.Refused) as caught:
            plan.plan([a, b], there, {})
        self.assertIn("b: a container of that name was not made by hebergctl", str(caught.exception))

    def test_a_label_that_is_no_specification(self):
        for text in ["", "{", "[]", "3", '{"hosts": []}', "null"]:
            self.assertIsNone(plan.read_specification(text))


if __name__ == "__main__":
    unittest.main()
