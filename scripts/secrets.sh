#!/usr/bin/env bash
# Makes the two passwords, once. Compose hands them over as files.
# usage: scripts/secrets.sh
#    ie: scripts/secrets.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The folder keeps others out; a file of mode 0600 would keep out the containers' users, too.
make_password() {
  local file=".secrets/$1_password"
  [ ! -s "$file" ] || return 0
  python3 -c 'import secrets; print(secrets.token_urlsafe(24))' >"$file.new"
  chmod 0644 "$file.new"
  mv "$file.new" "$file"
}

main() {
  mkdir -p .secrets
  chmod 0700 .secrets
  make_password owner
  make_password reader
}

main "$@"
