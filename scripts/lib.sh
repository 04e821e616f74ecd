# shellcheck shell=bash
# What the scripts share: messages, the .env file, content stamps, jobs side by side.
# It is sourced from the repository's root and runs on bash 3.2 with BSD tools.

STAND_IN_BASE=recovery-lab/base:trixie
STAND_IN_POSTGRES=recovery-lab/postgres:17-standin
STAND_IN_PYTHON=recovery-lab/python:3.13-standin
OFFICIAL_POSTGRES=postgres:17-trixie
OFFICIAL_PYTHON=python:3.13-slim-trixie
DASHBOARD_IMAGE=recovery-lab/dashboard:local
BUILD_DIR=.lab/build
SETTINGS="DB_POOL_POLICY HEALTH_INTERVAL_S DB_READ_DEADLINE_S DASHBOARD_PORT POSTGRES_IMAGE PYTHON_IMAGE LAB_LIMIT_S"
# shellcheck disable=SC2034 # the constants are for the scripts that source this file
readonly STAND_IN_BASE STAND_IN_POSTGRES STAND_IN_PYTHON OFFICIAL_POSTGRES OFFICIAL_PYTHON \
  DASHBOARD_IMAGE BUILD_DIR SETTINGS

say() { printf '%-9s %s\n' "$1" "$2"; }

# die WHAT REMEDY...: the message, then one line for each remedy; nothing else follows.
die() {
  printf 'error     %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  remedy  %s\n' "$@" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# setting NAME DEFAULT: the exported value, else the last one in .env, as Compose reads it.
setting() {
  local value="${!1-}"
  if [ -z "$value" ] && [ -f .env ]; then
    value="$(sed -n "s/^[[:space:]]*\(export \)\{0,1\}$1=//p" .env | tail -n 1 |
      sed -e 's/[[:space:]]#.*$//' -e 's/[[:space:]]*$//' -e "s/^\([\"']\)\(.*\)\1\$/\2/")"
  fi
  printf '%s\n' "${value:-${2-}}"
}

# keep NAME VALUE: puts NAME's own line into .env; every other line stays, and a reader
# sees the old file or the new one, never half of one.
keep() {
  local fresh
  [ -e .env ] || (umask 077 && : >.env)
  [ "$(sed -n "s/^$1=//p" .env)" != "$2" ] || return 0
  fresh="$(mktemp .env.XXXXXX)"
  cp -p .env "$fresh" # keeps the file's mode
  awk -v name="$1" -v value="$2" '
    index($0, name "=") == 1 { if (!done) print name "=" value; done = 1; next }
    { print }
    END { if (!done) print name "=" value }' .env >"$fresh"
  mv -f "$fresh" .env
}

# content PATH...: one digest over the files' names and bytes.
content() {
  find "$@" -type f ! -name '*.pyc' -print | LC_ALL=C sort | while IFS= read -r file; do
    printf '%s ' "$file" && cksum <"$file"
  done | sha256
}

sha256() {
  if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -c 1-16
}

# image_content IMAGE: the digest it was built from; empty where there is no such image.
image_content() {
  docker image inspect --format '{{ index .Config.Labels "recovery-lab.content" }}' "$1" \
    2>/dev/null || true
}

# in_background NAME COMMAND...: starts a job with a log of its own; together waits for all.
JOB_NAMES=()
JOB_PIDS=()
in_background() {
  local name="$1"
  shift
  mkdir -p "$BUILD_DIR"
  "$@" >"$BUILD_DIR/$name.log" 2>&1 &
  JOB_NAMES+=("$name")
  JOB_PIDS+=($!)
}

together() {
  local i failed=""
  for i in ${JOB_PIDS[@]+"${!JOB_PIDS[@]}"}; do
    wait "${JOB_PIDS[$i]}" && continue
    failed="$failed ${JOB_NAMES[$i]}"
    printf -- '--- the last lines of %s\n' "$BUILD_DIR/${JOB_NAMES[$i]}.log" >&2
    tail -n 20 "$BUILD_DIR/${JOB_NAMES[$i]}.log" >&2
  done
  JOB_NAMES=() JOB_PIDS=()
  [ -z "$failed" ] || die "these did not build:$failed" "mend what the log names and run it again"
}

# debian_mirror: the archive that this host's apt uses; empty where the host is no Debian.
debian_mirror() {
  have apt-get || return 0
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n '/\/debian\/\{0,1\}$/p' | head -n 1
}
