#!/bin/bash
# A small Debian in a folder: a root tree with nodejs and npm and what these need, and nothing else. Needs root and
# debootstrap; mirror and registry are those of this machine.
#
#   small-machine.sh make RELEASE TREE            makes the tree
#   small-machine.sh run TREE DOWNLOADS COMMAND   runs a line of shell in it, in /root; DOWNLOADS is the same folder there
set -euo pipefail

# The package sources of this machine, with another release: lines of `URI SUITE`.
sources() {
  local own
  own=$(. /etc/os-release && echo "$VERSION_CODENAME")
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | sort -u | sed -n "s/ $own/ $1/p"
}

make() { # RELEASE TREE
  local mirror part=$2.part
  mirror=$(sources "$1" | sed -n "s/ $1\$//p" | head -n 1)
  [ -n "$mirror" ] || { echo "this machine has no Debian mirror" >&2; exit 1; }
  rm -rf "$part"
  debootstrap --variant=minbase "$1" "$part" "$mirror"
  sources "$1" | sed 's/^/deb /; s/$/ main/' >"$part/etc/apt/sources.list"
  enter "$part" "$part/tmp" 'apt-get update && apt-get install --yes --no-install-recommends nodejs npm && apt-get clean'
  mv -T "$part" "$2"
}

# By pivot_root: in a chroot the kernel refuses new user namespaces. All that was mounted or started ends with it.
enter() { # TREE DOWNLOADS COMMAND
  local registry
  registry=$(npm config get registry)
  mkdir -p "$1/downloads" "$1/machine" "$1/etc/ssl"
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  cp -aT /etc/ssl/certs "$1/etc/ssl/certs" # mirror and registry may have certificates that only this machine knows
  tree=$1 downloads=$2 unshare --mount --propagation private --pid --fork --kill-child -- bash -euc '
    mount --bind "$tree" "$tree"
    mount --bind "$downloads" "$tree/downloads"
    mount --rbind /dev "$tree/dev"
    mount --rbind /sys "$tree/sys"
    mount -t proc proc "$tree/proc"
    cd "$tree"
    pivot_root . machine
    umount -l /machine
    cd /root
    exec env -i "$@"' bash \
    HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive DSMB_DOWNLOADS=/downloads npm_config_registry="$registry" \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt ${http_proxy:+http_proxy="$http_proxy"} \
    ${https_proxy:+https_proxy="$https_proxy"} sh -euc "$3"
}

case ${1-} in
  make) make "$2" "$3" ;;
  run) enter "$2" "$3" "$4" ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
