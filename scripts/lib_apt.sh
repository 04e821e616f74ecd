# shellcheck shell=bash
# What the scripts that install something on a Debian-like host share.

# debian_mirror: the archive this host's apt uses; empty where the host is no Debian.
debian_mirror() {
  have apt-get || return 0
  # shellcheck disable=SC2016 # apt-get fills it in
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n '/\/debian\/\{0,1\}$/p' | head -n 1
}

# may_install WHAT: whether the lab may bring it; on a terminal a person is asked.
may_install() {
  local answer
  [ "${LAB_AUTO_INSTALL:-1}" != 0 ] || return 1
  [ -t 0 ] && [ -t 2 ] || return 0
  printf 'install %s? [y/N] ' "$1" >&2
  read -r answer
  case "$answer" in y | Y | yes) ;; *) return 1 ;; esac
}

# may_use_apt PACKAGE...: the same for packages, which need root as well.
may_use_apt() {
  have apt-get && [ "$(id -u)" -eq 0 ] && may_install "Debian's packages $*"
}

apt_install() {
  say installs "Debian's packages $* (apt-get install)"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}
