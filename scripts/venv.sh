#!/usr/bin/env bash
# Makes the host's environment, .venv/, hold exactly what requirements/ locks; recovery_lab/ and steadypool/ in place.
# usage: scripts/venv.sh
#    ie: scripts/venv.sh
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_build.sh

readonly STAMP=.venv/recovery-lab.stamp

main() {
  local wanted
  wanted="$(content pyproject.toml steadypool/pyproject.toml requirements/host.txt requirements/installer.txt) $(python3 -c 'import sys; print(sys.version)')"
  wanted="${wanted%%$'\n'*}"
  [ "$wanted" != "$(cat "$STAMP" 2>/dev/null)" ] || return 0
  eval "$(python3 scripts/index_settings.py --export)"
  # Without a stamp it is half made, of another Python, or not ours: begin anew.
  if [ ! -f "$STAMP" ] || [ "${wanted#* }" != "$(cut -d ' ' -f 2- "$STAMP")" ]; then
    python3 -m venv --clear .venv
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes \
      -r requirements/installer.txt
  fi
  VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip sync -q --require-hashes \
    requirements/installer.txt requirements/host.txt
  # Offline: uv builds them by itself. So `recovery-lab` is a command of this checkout.
  VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip install -q --offline --no-deps --editable . --editable ./steadypool
  printf '%s\n' "$wanted" >"$STAMP"
}

main "$@"
