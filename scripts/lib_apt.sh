# shellcheck shell=bash
# What the scripts that install something on a Debian-like host share.

export DEBIAN_FRONTEND=noninteractive

# debian_mirror: the archive this host's apt uses; empty where the host is no Debian.
debian_mirror() {
  have apt-get || return 0
  # shellcheck disable=SC2016 # apt-get fills it in
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n '/\/debian\/\{0,1\}$/p' | head -n 1
}

# allowed TO DO WHAT: whether the lab may do it; on a terminal a person is asked.
allowed() {
  local answer
  [ "${LAB_AUTO_INSTALL:-1}" != 0 ] || return 1
  [ -t 0 ] && [ -t 2 ] || return 0
  printf '%s? [y/N] ' "$1" >&2
  read -r answer
  case "$answer" in y | Y | yes) ;; *) return 1 ;; esac
}

# may_use_apt PACKAGE...: the same for packages, which need root as well.
may_use_apt() {
  have apt-get && [ "$(id -u)" -eq 0 ] && allowed "install Debian's packages $*"
}

apt_install() {
  local log
  log="$(mktemp)"
  say installs "Debian's packages $* (apt-get install)"
  if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    die "apt-get could not install $*" "read its words above"
  fi
  rm -f "$log"
}
