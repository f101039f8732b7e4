# shellcheck shell=bash disable=SC2154,SC2016
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the images: heberg's own from deploy/images/*/Dockerfile and its packages, and the stock ones they and the sites stand on:
# pulled where a registry answers, else stand-ins made from Debian's packages. Sourced after lib.sh; docker(1) on the path is used
# with whatever DOCKER_HOST says.

# In this order: the last one stands on the one before.
k_heberg_images=(heberg-syncd heberg-sftp heberg-proxy heberg-proxy-render)

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# The machine's own sources of Debian's main archive, a line each: a mirror or snapshot that works here works in the stand-in.
list_debian_sources() {
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' 'Component: main' | grep -E " $heberg_release(-updates|-security)? " | sort -u
}

# The machine's settings that apt needs to reach those sources.
list_apt_options() { apt-config dump Acquire | grep -E '^Acquire::(Check-|https?::[^ ]*Proxy )' || true; }

# k_base_image from the machine's own package sources.
make_debian_standin() {
  local tar sources=() options=() line
  apt_install "${k_standin_packages[@]}" || return 1
  apt_refresh || return 1
  mapfile -t sources < <(list_debian_sources)
  if [ ${#sources[@]} -eq 0 ]; then die "apt has no source of Debian's $heberg_release main: cannot make $k_base_image"; fi
  while IFS= read -r line; do options+=("--aptopt=$line"); done < <(list_apt_options)
  tar=$(mktemp -d)/base.tar
  run_quietly "$heberg_build/mmdebstrap.log" mmdebstrap --variant=minbase --mode=root "${options[@]}" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$heberg_release" "$tar" "${sources[@]}" || return 1
  docker import --change 'CMD ["bash"]' --change 'LABEL heberg.stand-in=yes' "$tar" "$k_base_image" >/dev/null
  rm -r "${tar%/*}"
}

# docker_build NAME CONTEXT LABEL   The classic builder: Debian's docker.io brings no other. The host's network, for apt.
docker_build() {
  local release=()
  if grep -q '^ARG RELEASE' "$2/Dockerfile"; then release=(--build-arg "RELEASE=$heberg_release"); fi
  DOCKER_BUILDKIT=0 run_quietly "$heberg_build/image-${1%%:*}.log" docker build --network host --force-rm "${release[@]}" --label "$3" --tag "$1" "$2"
}

make_php_standin() { docker_build php:apache "$heberg_source/deploy/images/php-apache" heberg.stand-in=yes; }

# ensure_stock_image NAME MAKER
ensure_stock_image() {
  if has_image "$1"; then
    say "    $1: here already"
    return
  fi
  step "pulling $1"
  if timeout 600 docker pull --quiet "$1" >/dev/null 2>"$heberg_build/pull.log"; then return; fi
  say "    no registry gives it ($(tail -n 1 "$heberg_build/pull.log" | cut -c1-100))"
  step "making a stand-in for $1 from Debian's packages"
  "$2"
}

ensure_stock_images() {
  mkdir -p "$heberg_build"
  ensure_stock_image "$k_base_image" make_debian_standin || return 1
  ensure_stock_image php:apache make_php_standin
}

# What an image is made from: the image below it, its own files, and the packages where it has any.
print_sources() {
  local dockerfile=$heberg_source/deploy/images/$1/Dockerfile
  docker image inspect -f '{{.Id}}' "$(sed -n "s/^FROM //p" "$dockerfile" | sed "s/\${RELEASE}/$heberg_release/")"
  hash_files "deploy/images/$1"
  if grep -q '^COPY packages/' "$dockerfile"; then echo "${package_dir##*-}"; fi
}

# ensure_heberg_image NAME   Built from package_dir and deploy/images/<part>; an image of the same sources is kept.
ensure_heberg_image() {
  local name=$1 part=${1#heberg-} hash context status=0
  hash=$(print_sources "$part" | sha256sum | cut -c1-16)
  if [ "$(docker image inspect -f '{{index .Config.Labels "heberg.source"}}' "$name" 2>/dev/null)" = "$hash" ]; then
    say "    image $name: unchanged"
    return
  fi
  step "building image $name"
  context=$(mktemp -d)
  cp -a "$heberg_source/deploy/images/$part/." "$context/"
  mkdir "$context/packages"
  cp "$package_dir"/*.deb "$context/packages/"
  docker_build "$name" "$context" "heberg.source=$hash" || status=$?
  rm -r "$context"
  return "$status"
}

ensure_heberg_images() {
  local name
  for name in "${k_heberg_images[@]}"; do ensure_heberg_image "$name" || return 1; done
}

# What a newer build left without a name.
remove_old_images() { docker image prune --force --filter label=heberg.source >/dev/null; }
