# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units that a host can have beside the daemons: the nightly backup, and the webhook. Run in a machine of test_host's."""
import json
import os

from framework import expect, expect_equal, wait_for
from world import k_source, run

k_share = "/usr/local/share/heberg"


def show(host, unit):
    return host.explain(unit) + host.try_run("systemctl", "--no-pager", "status", unit).stdout


def back_up_by_timer(host, site):
    """heberg-backup.service saves the sites; without a password it does not start."""
    unit = "heberg-backup.service"
    host.run("systemctl", "start", unit)
    expect_equal(host.run("systemctl", "show", "-P", "ConditionResult", unit), "no", "the condition, without a password")
    before = host.run("cat", "/etc/heberg/heberg.toml")
    host.write("/etc/heberg/heberg.toml", before + '\n[backup]\nrepository = "/var/lib/heberg/repository"\n')
    host.write("/etc/heberg/backup.password", os.urandom(16).hex() + "\n")
    host.run("hebergctl", "backup", "--init")
    done = host.try_run("systemctl", "start", unit)
    expect_equal(done.returncode, 0, f"{unit}: {show(host, unit)}")
    expect_equal([x["site"] for x in json.loads(host.run("hebergctl", "backup", "--list", "--json"))], [site], "what was saved")
    host.run("hebergctl", "backup", "--verify")
    host.run("systemctl", "enable", "--now", "heberg-backup.timer")
    expect(host.run("systemctl", "show", "-P", "NextElapseUSecRealtime", "heberg-backup.timer") != "", "the timer has no next time")
    host.run("systemctl", "disable", "--now", "heberg-backup.timer")
    host.write("/etc/heberg/heberg.toml", before)


def deploy_by_webhook(host):
    """heberg-webhook.service, as docs/ansible.md sets it up: a request with the token runs the playbook with the merged sites. ansible-playbook is a stand-in."""
    unit = "heberg-webhook.service"
    host.run("mkdir", "-p", k_share)
    run(["docker", "cp", f"{k_source}/deploy", f"{host.name}:{k_share}/deploy"])
    host.write("/usr/local/bin/ansible-playbook", '#!/bin/sh\necho "$*" >/root/ran\nfor word; do case $word in @*) cat "${word#@}" >/root/ran-sites ;; esac; done\n')
    host.run("chmod", "755", "/usr/local/bin/ansible-playbook")
    host.write("/etc/heberg/site.yml", "[]\n")
    host.write("/root/clone/sites.yml", "heberg_sites:\n  - {name: merged, hosts: [merged.test]}\n")
    host.run("sh", "-ec", "cd /root/clone && git init -q -b main && git add . && git -c user.name=a -c user.email=a@a.test commit -qm sites")
    host.run("git", "clone", "-q", "--mirror", "/root/clone", "/srv/sites.git")
    host.run("git", "-C", "/srv/sites.git", "config", "heberg.playbook", "/etc/heberg/site.yml")
    secret = os.urandom(24).hex()
    host.write("/etc/heberg/webhook.environment", "HEBERG_REPOSITORY=/srv/sites.git\nHEBERG_WEBHOOK_SECRET=\n")
    host.run("systemctl", "link", f"{k_share}/deploy/hooks/{unit}")
    expect(host.try_run("systemctl", "start", unit).returncode != 0, "without a secret it starts")
    host.write("/etc/heberg/webhook.environment", f"HEBERG_REPOSITORY=/srv/sites.git\nHEBERG_WEBHOOK_SECRET={secret}\n")
    host.run("systemctl", "reset-failed", unit)
    host.run("systemctl", "enable", "--now", unit)

    def post(*headers):
        return host.try_run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *headers, "--data", "{}", "http://127.0.0.1:9010/hooks/heberg").stdout

    wait_for(10, f"{unit} answers", lambda: post() == "403")
    expect_equal(host.try_run("test", "-e", "/root/ran").returncode, 1, "whether it ran without a token")
    expect_equal(post("-H", f"X-Gitlab-Token: {secret}"), "200", "the token")
    wait_for(15, "the playbook ran", lambda: "/etc/heberg/site.yml" in host.try_run("cat", "/root/ran").stdout)
    expect("merged.test" in host.run("cat", "/root/ran-sites"), "the sites that it was given")
    wait_for(10, "what is deployed is noted", lambda: host.try_run("test", "-s", "/srv/sites.git/heberg-deployed").returncode == 0)
    host.run("systemctl", "disable", "--now", unit)
