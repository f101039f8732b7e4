# shellcheck shell=bash disable=SC2154,SC2016
# SPDX-License-Identifier: LGPL-2.1-or-later
# tests/run --release NAME: the same command in a folder with another release of Debian, made from the machine's own package sources. The
# checkout is mounted there at its own path, with a build folder of its own. Sourced by tests/run; does not return.
root=$heberg_build/release-$release
if [ ! -d "$root" ]; then
  step "making Debian's $release in $root"
  apt_install "${k_standin_packages[@]}" || die "mmdebstrap cannot be installed"
  apt_refresh || die "the package lists cannot be fetched"
  mapfile -t sources < <(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' |
    grep " $heberg_release" | sed "s/ $heberg_release/ $release/" | sort -u)
  if [ ${#sources[@]} -eq 0 ]; then die "apt has no source of Debian's $heberg_release main, from which that of $release could be told"; fi
  mkdir -p "$heberg_build"
  rm -rf "$root.new"
  run_quietly "$heberg_build/mmdebstrap.log" mmdebstrap --variant=minbase --mode=root --include=ca-certificates "$release" "$root.new" "${sources[@]}" ||
    die "Debian's $release cannot be made"
  mv "$root.new" "$root"
fi
export root heberg_source release
# The machine's /proc, /sys (with its control groups) and /dev: the engine of the tests needs them.
exec unshare --mount --propagation private bash -c '
  set -eu
  for folder in /proc /sys /dev; do mount --rbind "$folder" "$root$folder"; done
  mkdir -p "$root$heberg_source"
  mount --bind "$heberg_source" "$root$heberg_source"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  exec env HEBERG_BUILD="$heberg_source/build/deploy-$release" chroot "$root" "$heberg_source/tests/run" "$@"' _ "${others[@]}"
