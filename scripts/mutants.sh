#!/usr/bin/env bash
# Changes the judge in thousands of small ways, and tells which of them no history notices.
# usage: scripts/mutants.sh
#    ie: scripts/mutants.sh
#
# In a copy and with an environment of its own: nothing of it is needed by any other verb.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

readonly COPY=.lab/mutants PARTS=(dashboard docs recovery_lab tests docker-compose.yml pyproject.toml target.toml)

copy() {
  rm -rf "$COPY"
  mkdir -p "$COPY"
  git ls-files -z --cached --others --exclude-standard -- "${PARTS[@]}" |
    tar --null --files-from - --create | tar --directory "$COPY" --extract
}

main() {
  local here="$PWD"
  eval "$(python3 scripts/index_settings.py --export)"
  copy
  .venv/bin/uv venv -q --python .venv/bin/python "$COPY/.venv"
  VIRTUAL_ENV="$here/$COPY/.venv" .venv/bin/uv pip sync -q --require-hashes \
    requirements/host.txt requirements/mutants.txt
  cd "$COPY"
  .venv/bin/mutmut run || die "the mutants were not all tried" "read the lines above"
  .venv/bin/mutmut export-cicd-stats >/dev/null
  .venv/bin/mutmut results | sed 's/^ *//' >survivors
  python3 "$here/scripts/mutants.py" mutants/mutmut-cicd-stats.json
  say survivors "$COPY/survivors; each as a change: (cd $COPY; .venv/bin/mutmut show NAME)"
}

main "$@"
