# SPDX-License-Identifier: LGPL-2.1-or-later
"""One line of Ansible, one site: the role heberg_sites against the running system."""
import hmac
import json
import os
import re
import shutil
import subprocess

from framework import expect, expect_equal, test, wait_for
from world import run

k_deploy = os.path.realpath(f"{os.path.dirname(__file__)}/../../deploy")


def prepare(world, name):
    """A folder with the collection and a playbook for this host."""
    folder = f"{world.folder}/{name}"
    shutil.rmtree(folder, ignore_errors=True)  # of a run before, where it was kept
    os.makedirs(f"{folder}/collections/ansible_collections/heberg")
    os.symlink(f"{k_deploy}/ansible", f"{folder}/collections/ansible_collections/heberg/heberg")
    with open(f"{folder}/play.yml", "w") as file:
        json.dump([{"hosts": "localhost", "connection": "local", "gather_facts": False,
                    "vars": {"ansible_python_interpreter": "/usr/bin/python3", "heberg_sites_memory_file": f"{folder}/memory.json",
                             "heberg_sites_hebergctl": ["docker", "exec", "heberg-syncd", "hebergctl"]},
                    "roles": ["heberg.heberg.heberg_sites"]}], file)
    return folder


def environment_of(folder):
    return {**os.environ, "ANSIBLE_COLLECTIONS_PATH": f"{folder}/collections", "ANSIBLE_LOCAL_TEMP": f"{folder}/tmp",
            "ANSIBLE_REMOTE_TEMP": f"{folder}/tmp", "HOME": folder, "LC_ALL": "C.UTF-8",
            **{f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}}


def write_lines(path, lines):
    with open(path, "w") as file:
        file.write("heberg_sites:\n" + "".join(f"  - {line}\n" for line in lines))


def play(world, folder, lines, *options, code=0):
    """Runs the role with these lines; the play's output, and how many tasks changed something."""
    write_lines(f"{folder}/sites.yml", lines)
    done = run(["ansible-playbook", "-i", "localhost,", f"{folder}/play.yml", "-e", f"@{folder}/sites.yml", *options],
               env=environment_of(folder), cwd=folder, timeout=120)
    expect_equal(done.returncode, code, f"ansible-playbook: {done.stdout}{done.stderr}")
    changed = re.search(r"changed=(\d+)", done.stdout)
    return done.stdout, int(changed.group(1)) if changed else None


@test
def ansible_sites(world):
    """Ansible: a line makes a site that answers, again nothing changes, a changed line touches it alone, one that goes is an archive and returns as it was."""
    folder = prepare(world, "ansible")
    world.made += ["line_1", "line_2"]
    one, two = "{name: line_1, hosts: [line-1.test]}", "{name: line_2, hosts: [line-2.test]}"

    play(world, folder, [one, two])
    uid = world.wait_for_account("line_1")[2]
    password = world.password("line_1")
    world.put("line_1", password, "<?php echo posix_getuid();", "index.php")
    wait_for(10, "the site answers", lambda: world.fetch("line-1.test") == (200, uid))
    expect_equal(play(world, folder, [one, two])[1], 0, "what a second run changed")

    container = world.docker("inspect", "-f", "{{.Id}}", "line_1")
    output, _ = play(world, folder, [one, two.replace("hosts", "memory: 256m, hosts")], "--check", "--diff")
    expect("+create line_2" in output and "create line_1" not in output, f"--check --diff: {output}")
    play(world, folder, [one, two.replace("hosts", "memory: 256m, hosts")])
    expect_equal(world.docker("inspect", "-f", "{{.HostConfig.Memory}}", "line_2"), str(256 << 20), "the memory of the changed line's")
    expect_equal(world.docker("inspect", "-f", "{{.Id}}", "line_1"), container, "the container of the line that stayed")

    output, _ = play(world, folder, [one.replace("hosts", "hostz"), two], code=2)
    expect("sites.yml, line 2: line_1: unknown key hostz" in output, f"a typo: {output}")
    expect_equal(world.docker("inspect", "-f", "{{.Id}}", "line_1"), container, "the container after a typo")

    play(world, folder, [two])
    world.wait_for_no_account("line_1")
    expect(not os.path.exists(f"{world.sites}/line_1"), "the tree of the line that went is still there")
    play(world, folder, [one, two])
    expect_equal(world.wait_for_account("line_1")[2], uid, "the UID of the line that came back")
    wait_for(10, "it answers as before", lambda: world.fetch("line-1.test") == (200, uid))
    expect(world.can_log_in("line_1", password), "its password does not hold any more")

    play(world, folder, [one.replace("hosts", "state: locked, hosts"), two])
    expect(not world.can_log_in("line_1", password), "the locked line's site lets in")
    play(world, folder, [one, two])
    expect(world.can_log_in("line_1", password), "unlocked by its line, it does not let in")


@test
def ansible_push(world):
    """A push to a bare repository: on another branch it is shown, on the one that is deployed the new site answers over HTTP and SFTP."""
    folder = prepare(world, "push")
    world.made.append("pushed")
    bare, clone = f"{folder}/sites.git", f"{folder}/clone"

    def git(*arguments):
        done = run(["git", *arguments], env=environment_of(folder), timeout=120)
        expect_equal(done.returncode, 0, f"git {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    git("init", "-q", "--bare", "-b", "main", bare)
    os.symlink(f"{k_deploy}/hooks/post-receive", f"{bare}/hooks/post-receive")
    git("-C", bare, "config", "heberg.playbook", f"{folder}/play.yml")
    git("-C", bare, "config", "heberg.logs", f"{folder}/logs")
    git("clone", "-q", bare, clone)
    write_lines(f"{clone}/sites.yml", ["{name: pushed, hosts: [pushed.test]}"])
    git("-C", clone, "add", "sites.yml")
    git("-C", clone, "commit", "-q", "-m", "one more site")
    said = git("-C", clone, "push", "origin", "HEAD:proposal")
    expect("+create pushed" in said, f"the proposal: {said}")
    expect_equal(world.fetch("pushed.test")[0], 503, "the status of what was only proposed")
    said = git("-C", clone, "push", "origin", "HEAD:main")
    expect("exit code 0" in said, f"the push: {said}")
    world.put("pushed", world.wait_for_password("pushed"), "<?php echo 'by push';", "index.php")
    wait_for(10, "the pushed site answers", lambda: world.fetch("pushed.test") == (200, "by push"))


@test
def ansible_webhook(world):
    """What is merged elsewhere is deployed by a request to the webhook with an HMAC or with GitLab's token; without them, or with wrong ones, nothing happens."""
    folder = prepare(world, "webhook")
    world.made += ["hooked", "hooked-2"]
    upstream, mirror, clone = f"{folder}/upstream.git", f"{folder}/mirror.git", f"{folder}/clone"
    environment = environment_of(folder)

    def git(*arguments):
        done = run(["git", *arguments], env=environment, timeout=120)
        expect_equal(done.returncode, 0, f"git {' '.join(arguments)}: {done.stdout}{done.stderr}")

    def merge(*lines):
        write_lines(f"{clone}/sites.yml", lines)
        git("-C", clone, "add", "sites.yml")
        git("-C", clone, "commit", "-q", "-m", "sites")
        git("-C", clone, "push", "-q", "origin", "HEAD:main")

    def post(*headers):
        body = '{"ref": "refs/heads/main"}'
        return run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Content-Type: application/json",
                    *(x for header in headers for x in ("-H", header)), "--data", body, "http://127.0.0.1:9010/hooks/heberg"]).stdout, body

    git("init", "-q", "--bare", "-b", "main", upstream)
    git("clone", "-q", upstream, clone)
    merge("{name: hooked, hosts: [hooked.test]}")
    git("clone", "-q", "--mirror", upstream, mirror)
    git("-C", mirror, "config", "heberg.playbook", f"{folder}/play.yml")
    git("-C", mirror, "config", "heberg.logs", f"{folder}/logs")
    secret = os.urandom(16).hex()
    with open(f"{folder}/webhook.log", "w") as log:
        hook = subprocess.Popen(["webhook", "-ip", "127.0.0.1", "-port", "9010", "-template", "-verbose", "-hooks", f"{k_deploy}/hooks/webhook.json"],
                                env={**environment, "HEBERG_HOOKS": f"{k_deploy}/hooks", "HEBERG_REPOSITORY": mirror, "HEBERG_WEBHOOK_SECRET": secret},
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for(10, "the webhook answers", lambda: post()[0] == "403")
        expect(post("X-Gitlab-Token: ", "X-Hub-Signature-256: sha256=" + "0" * 64)[0] in ("403", "500"), "a wrong signature")
        expect_equal(post(f"X-Gitlab-Token: {secret}0")[0], "403", "a wrong token")
        expect(not os.path.exists(f"{folder}/logs"), "something was deployed")
        signature = hmac.new(secret.encode(), post()[1].encode(), "sha256").hexdigest()
        expect_equal(post(f"X-Hub-Signature-256: sha256={signature}")[0], "200", "the right signature")
        wait_for(60, "what was merged is there", lambda: world.find_account("hooked"))
        merge("{name: hooked, hosts: [hooked.test]}", "{name: hooked-2, hosts: [hooked-2.test]}")
        expect_equal(post(f"X-Gitlab-Token: {secret}")[0], "200", "the right token")
        wait_for(60, "what was merged later is there", lambda: world.find_account("hooked-2"))
        tip = run(["git", "-C", mirror, "rev-parse", "main"], env=environment).stdout
        wait_for(60, "the run's end", lambda: os.path.exists(f"{mirror}/heberg-deployed") and open(f"{mirror}/heberg-deployed").read() == tip)
    finally:
        hook.terminate()
        hook.wait()
