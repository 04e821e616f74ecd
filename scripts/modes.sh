#!/usr/bin/env bash
# Lets the containers' users read what they mount or what an image copies, and scripts be run.
# usage: scripts/modes.sh
#    ie: bash scripts/modes.sh
#
# A checkout under umask 077 keeps them out, and a zip file may lose the x bits. Git sees no
# change: it keeps the owner's x bit alone, and sets that one itself.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

readonly SHOWN=(dashboard steadypool/src recovery_lab requirements postgres prometheus scripts tests/browser tests/targets tests/versions)

open_up() {
  local file shown=()
  for file in "${SHOWN[@]}"; do [ ! -d "$file" ] || shown+=("$file"); done
  find "${shown[@]}" -name '*.sh' ! -perm -100 -exec grep -l '^#!/' {} + |
    while IFS= read -r file; do chmod u+x "$file" || return 1; done
  find "${shown[@]}" -type d ! -perm -055 -exec chmod go+rx {} + &&
    find "${shown[@]}" -type f ! -perm -044 -exec chmod go+r {} + &&
    find "${shown[@]}" -type f -perm -100 ! -perm -011 -exec chmod go+x {} +
}

main() {
  case "$PWD" in
  *:* | *$'\n'*) die "the lab's path holds a character that Docker parts a mount's names by: $PWD" \
    "move the folder to a path without ':'" ;;
  esac
  open_up || die "some files here can't be made readable for the containers' users" \
    "let their owner type: bash scripts/modes.sh"
}

main "$@"
