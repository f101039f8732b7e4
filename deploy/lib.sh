# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
# What deploy/quickstart, tests/run and tests/bench/run share: messages, Debian packages, heberg's own packages, images.
# Sourced, never run. Needs: root, `set -eu`, heberg_source (the checkout's folder).

: "${heberg_source:?}"
heberg_build=${HEBERG_BUILD:-$heberg_source/build/deploy}

# The images stand on the machine's own release, as the packages in them are built on it.
heberg_release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
k_releases=(bookworm trixie)
if [[ " ${k_releases[*]} " != *" $heberg_release "* ]]; then heberg_release=bookworm; fi
k_base_image=debian:$heberg_release-slim

# What a Docker engine needs on Debian, and what builds packages there. debian/control lists the rest.
k_engine_packages=(docker.io iptables ca-certificates)
k_builder_packages=(dpkg-dev debhelper)
k_standin_packages=(mmdebstrap)

# What the tests and the benchmarks run, beside what debian/control builds them with; and what each of the two runs besides. (libwrap0: of
# an sshd that is unpacked, not installed.)
k_run_packages=(curl iproute2 libwrap0 nginx-core openssh-client openssl procps python3 util-linux)
k_test_packages=(ansible-core ansible-lint docker-compose git pamtester rsync tinycdb webhook yamllint)
k_bench_packages=(zstd)

# What the packages are made of: the source tree without tests, deploy/ and build folders.
k_package_sources=(CMakeLists.txt cmake lib libnss_heberg pam_heberg syncd proxy-render hebergctl debian docs LICENSE)

say() { printf '%s\n' "$*"; }
step() { printf '==> %s\n' "$*"; }
complain() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  complain "$@"
  exit 1
}

# run_quietly LOG COMMAND...   Its output goes to LOG, and to the reader where it fails.
run_quietly() {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    complain "failed: $* (all of its output: $log)"
    return 1
  fi
}

# wait_until SECONDS COMMAND...   Asks ten times a second until the command succeeds.
wait_until() {
  local end
  end=$(($(date +%s%N) + $1 * 1000000000))
  shift
  until "$@"; do
    if (($(date +%s%N) > end)); then return 1; fi
    sleep 0.1
  done
}

apt_quietly() {
  mkdir -p "$heberg_build"
  DEBIAN_FRONTEND=noninteractive run_quietly "$heberg_build/apt.log" apt-get -qy --no-install-recommends "$@"
}

# The package lists of a fresh machine are empty or old; once a run is enough.
apt_refresh() {
  if [ -z "${apt_is_fresh:-}" ]; then apt_quietly update || return 1; fi
  apt_is_fresh=yes
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

apt_install() {
  local missing=() package
  for package; do is_installed "$package" || missing+=("$package"); done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  step "installing ${missing[*]}"
  apt_refresh || return 1
  apt_quietly install "${missing[@]}"
}

# Build-Depends of debian/control; with "nocheck", without those that only the tests need.
apt_install_build_dependencies() {
  apt_install "${k_builder_packages[@]}" || return 1
  if (cd "$heberg_source" && DEB_BUILD_PROFILES="${1:-}" dpkg-checkbuilddeps) >/dev/null 2>&1; then return; fi
  step "installing what heberg is built with (Build-Depends of debian/control)"
  apt_refresh || return 1
  (cd "$heberg_source" && DEB_BUILD_PROFILES="${1:-}" apt_quietly build-dep ./)
}

# What needs a Docker engine and finds none installs one.
apt_install_engine() {
  if ! command -v dockerd >/dev/null; then apt_install "${k_engine_packages[@]}" || return 1; fi
  # Debian 13 has the client apart.
  if ! command -v docker >/dev/null; then apt_install docker-cli; fi
}

# unpack_package PACKAGE FOLDER   One of Debian's packages, unpacked to FOLDER, not installed: an installed server would listen on this
# machine. A folder that is there is kept.
unpack_package() {
  local work=$2.new
  if [ -d "$2" ]; then return; fi
  rm -rf "$work"
  mkdir -p "$heberg_build" "$work/files"
  # Package lists that are missing or old give no package.
  if ! (cd "$work" && apt-get -qq download "$1") >/dev/null 2>&1; then
    apt_refresh || return 1
    (cd "$work" && run_quietly "$heberg_build/download.log" apt-get -qq download "$1") || return 1
  fi
  dpkg-deb -x "$work"/*.deb "$work/files" || return 1
  mv "$work/files" "$2"
  rm -r "$work"
}

# hash_files PATH...   One hash of the names and contents of what is not ignored by git, below heberg_source.
hash_files() (
  cd "$heberg_source" || exit
  if git -c safe.directory='*' rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git -c safe.directory='*' ls-files -co --exclude-standard -- "$@"
  else
    find "$@" -type f
  fi | LC_ALL=C sort | while IFS= read -r file; do
    if [ -f "$file" ]; then sha256sum "$file"; fi
  done | sha256sum | cut -c1-16
)

# build_packages [with-tests]   Builds heberg's packages in a copy of the sources and sets package_dir to the folder that holds them; a
# folder made from the same sources is taken as it is. The copy stays, so that the next build compiles only what changed. With tests, these
# are built there, too, on the same objects: package_build is the folder for ctest. Without debug symbols, which go with noddebs anyway: a
# fifth of the time.
build_packages() {
  local hash work=$heberg_build/package tests=OFF
  hash=$(hash_files "${k_package_sources[@]}")
  package_dir="$heberg_build/packages-$hash"
  if [ "${1:-}" = with-tests ]; then
    tests=ON
  elif [ -d "$package_dir" ]; then
    say "    packages: unchanged"
    return
  fi
  apt_install rsync || return 1
  apt_install_build_dependencies "$([ $tests = ON ] || echo nocheck)" || return 1
  step "building heberg's packages$([ $tests = OFF ] || echo ' and tests') (minutes, the first time)"
  mkdir -p "$work/heberg"
  rm -rf "$heberg_build"/packages-* "$work"/*.deb
  # By content: a file that git has written anew without a change, or with an older time than its object's, is compiled if it differs.
  rsync -rlp --checksum --delete --exclude=/.git --exclude=/build '--exclude=/obj-*' "$heberg_source/" "$work/heberg/" || return 1
  (cd "$work/heberg" && run_quietly "$heberg_build/package.log" \
    env PATH="/usr/lib/ccache:$PATH" HEBERG_TESTS=$tests DEB_CFLAGS_STRIP=-g DEB_CXXFLAGS_STRIP=-g DEB_BUILD_PROFILES=nocheck \
    DEB_BUILD_OPTIONS="nocheck noddebs terse parallel=$(nproc)" dpkg-buildpackage -b -nc -us -uc) || return 1
  package_build=$(echo "$work"/heberg/obj-*)
  mkdir -p "$package_dir.new"
  mv "$work"/*.deb "$package_dir.new/"
  mv "$package_dir.new" "$package_dir"
}
