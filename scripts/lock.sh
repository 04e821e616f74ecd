#!/usr/bin/env bash
# Locks pyproject.toml's dependencies and groups into requirements/*.txt, with hashes, for every platform.
# usage: scripts/lock.sh [uv pip compile options]
#    ie: scripts/lock.sh --upgrade
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

# lock NAME OPTION...: what is locked already stays as it is unless --upgrade is given.
lock() {
  local name="$1"
  shift
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --custom-compile-command 'make lock' \
    --output-file "requirements/$name.txt" "$@"
}

main() {
  [ -x .venv/bin/uv ] || die "no .venv/bin/uv" "run: make up"
  lock installer --group installer "$@"
  lock browser --group browser "$@"
  lock second-target --group second-target "$@"
  lock versions --group versions "$@"
  lock peers --group peers "$@"
  lock strangers-django --group strangers-django "$@"
  lock strangers-pools --group strangers-pools "$@"
  lock strangers-older-pools --group strangers-older-pools "$@"
  lock dashboard --group dashboard "$@"
  # One version of a library in both: a driver must not tell contenders apart.
  lock instrument --group instrument --constraints requirements/dashboard.txt "$@"
  # The host's file holds the images' versions, so that all test the same libraries.
  lock host pyproject.toml --group dashboard --group instrument --group steadypool --group test --group lint \
    --constraints requirements/dashboard.txt --constraints requirements/instrument.txt "$@"
  # Beside the host's, in one environment.
  lock mutants --group mutants --constraints requirements/host.txt "$@"
}

main "$@"
