# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
# Starts heberg's four containers, each with what it needs and nothing else. The one place that says how: compose.yaml says the same
# for those who have compose, and the tests hold the two together. Sourced; the caller sets:
#   sites_dir    the sites' trees, on the engine's host
#   state_dir    ledger and directory, on the engine's host
#   config_dir   heberg.toml, certs/ …: read-only to the containers
#   engine_dir   the folder that holds the engine's socket, docker.sock
#   sftp_port    where the sites' owners reach sshd, on the engine's host

k_containers=(heberg-syncd heberg-sftp heberg-proxy heberg-proxy-render)
k_volumes=(heberg-sftp-keys heberg-proxy-conf)

# All of them: nothing writable but what is mounted, no capability but those named, no way to gain any.
k_locked_down=(--read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /run --tmpfs /tmp
  --restart unless-stopped --log-opt max-size=10m --log-opt max-file=5)

# The folder, not the socket: an engine that is started again makes a new socket, and a mount of the old one would lead nowhere. Without
# what is mounted below it (containers' own network namespaces); read-only, which a socket does not mind.
k_engine_host=unix:///run/engine/docker.sock
mount_engine() { printf 'type=bind,source=%s,target=/run/engine,readonly,bind-nonrecursive=true' "$engine_dir"; }

# What is root's alone, such as the backup's password: nginx and the renderer mount the rest of config_dir, and an empty folder over this
# one. It must exist: config_dir is read-only to them.
make_private_dir() { install -d -m 0700 "$config_dir/private"; }
k_no_secrets=(--tmpfs /etc/heberg/private:ro,size=4k)

has_container() { docker container inspect "$1" >/dev/null 2>&1; }
is_running() { [ "$(docker container inspect -f '{{.State.Running}}' "$1" 2>/dev/null)" = true ]; }
has_network() { docker network inspect "$1" >/dev/null 2>&1; }

# The network of the sites and of sshd: the proxy, on the host's network, reaches every container on it, and none of them
# another (enable_icc).
make_network() {
  if has_network heberg-sites; then return; fi
  docker network create --opt com.docker.network.bridge.enable_icc=false heberg-sites >/dev/null
}

# The host's PID namespace, to find and cut the sessions of a site that went. The host's network with NET_ADMIN, to keep the sites apart
# there: nft's rules for their ports on the engine's bridges. Not a process of its own: what holds the engine's socket can do all that
# and more. Its other capabilities: the sites' folders are others' (CHOWN, DAC_OVERRIDE, FOWNER, FSETID), and so are their sessions
# (KILL); it compares what the sites' containers have mounted with the trees (SYS_PTRACE, for /proc/PID/root). sshd's host keys:
# hebergctl status shows their fingerprints. The journal's sockets, by their folder: for logs.also = ["journald"].
# CPU shares, of all four: what each gets where the processors are busy; a container has 1024. The proxy is what every visitor waits
# for; sshd's guessed passwords and nginx -t wait for the sites.
run_syncd() {
  docker run --detach --name heberg-syncd "${k_locked_down[@]}" --network host --pid host \
    --cap-add NET_ADMIN --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --cap-add FSETID --cap-add KILL --cap-add SYS_PTRACE \
    --memory 1g --pids-limit 64 --cpu-shares 1024 \
    --mount "$(mount_engine)" --env "DOCKER_HOST=$k_engine_host" --volume "$config_dir:/etc/heberg:ro" \
    --volume "$state_dir:/var/lib/heberg" --volume "$sites_dir:/sites" --volume heberg-sftp-keys:/etc/ssh/host_keys:ro \
    --volume /run/systemd/journal:/run/systemd/journal:ro "$@" heberg-syncd >/dev/null
}

# No engine socket, no way to write account data. Its capabilities: a session becomes the site's user in the site's tree
# (SETUID, SETGID, SYS_CHROOT), sshd ends its own unprivileged child (KILL) and reports logins to the kernel (AUDIT_WRITE).
run_sftp() {
  docker run --detach --name heberg-sftp "${k_locked_down[@]}" --network heberg-sites --publish "$sftp_port:22" \
    --cap-add SETUID --cap-add SETGID --cap-add SYS_CHROOT --cap-add AUDIT_WRITE --cap-add KILL \
    --memory 2g --pids-limit 4096 --cpu-shares 256 \
    --volume heberg-sftp-keys:/etc/ssh/host_keys --volume "$state_dir/directory:/var/lib/heberg/directory:ro" \
    --volume "$sites_dir:/sites" "$@" heberg-sftp >/dev/null
}

# nginx, which clients reach: no engine socket, and its configuration is read-only. The host's network. Its capabilities: port 80
# (NET_BIND_SERVICE), workers that are not root (SETUID, SETGID), their temporary folders (CHOWN), their end (KILL). Restarted always:
# to the engine a container that got a signal through it, HUP too, is one that was stopped (moby's daemon/kill.go, 20.10). Its temporary
# files (a FastCGI request's body that is too long for memory) are bounded in all; other bodies and answers are passed on as they come.
run_proxy() {
  make_private_dir
  docker run --detach --name heberg-proxy "${k_locked_down[@]}" "${k_no_secrets[@]}" --restart always --network host \
    --cap-add NET_BIND_SERVICE --cap-add SETUID --cap-add SETGID --cap-add CHOWN --cap-add KILL \
    --memory 1g --pids-limit 256 --cpu-shares 4096 --tmpfs /var/lib/nginx:size=256m \
    --volume "$config_dir:/etc/heberg:ro" --volume heberg-proxy-conf:/etc/nginx/conf.d:ro "$@" heberg-proxy >/dev/null
}

# The renderer writes that configuration, and signals nginx through the engine. The host's network: it asks nginx on the loopback what it serves. gifts
# has hebergctl's key, by which it knows the host names that the sysadmin gave to a site. Its capabilities are what nginx -t does: port 80 (NET_BIND_SERVICE), temporary folders (CHOWN).
run_proxy_render() {
  make_private_dir
  docker run --detach --name heberg-proxy-render "${k_locked_down[@]}" "${k_no_secrets[@]}" --network host --tmpfs /var/lib/nginx \
    --cap-add NET_BIND_SERVICE --cap-add CHOWN --memory 1g --pids-limit 64 --cpu-shares 512 \
    --mount "$(mount_engine)" --env "DOCKER_HOST=$k_engine_host" --volume "$config_dir:/etc/heberg:ro" \
    --volume heberg-proxy-conf:/etc/nginx/conf.d --volume "$state_dir/gifts:/var/lib/heberg/gifts:ro" "$@" heberg-proxy-render >/dev/null
}

# remove_network_rules   nft's tables that syncd has left, which hold as long as the host runs.
remove_network_rules() {
  docker run --rm --network host --cap-drop ALL --cap-add NET_ADMIN --entrypoint sh heberg-syncd -c \
    'for family in bridge inet; do nft delete table "$family" heberg 2>/dev/null; done; true'
}

# The UID of a site's account, as sshd sees it; fails where there is none.
find_uid() { docker exec heberg-sftp getent passwd "$1" 2>/dev/null | cut -d: -f3 | grep .; }

# run_site NAME HOST   A site that runs as itself.
run_site() { docker exec heberg-syncd hebergctl create "$1" --host "$2" >/dev/null; }
