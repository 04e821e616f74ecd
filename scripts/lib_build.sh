# shellcheck shell=bash
# What the scripts that build share: content stamps, and jobs side by side.

# content PATH...: one digest over the names and bytes of the files there.
content() {
  find "$@" -type f ! -name '*.pyc' -print | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cksum |
    if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -c 1-16
}

# image_content IMAGE: the digest it was built from; empty where there is no such image.
image_content() {
  docker image inspect --format '{{ index .Config.Labels "recovery-lab.content" }}' "$1" \
    2>/dev/null || true
}

# build_with CONTENT IMAGE COMMAND...: builds unless IMAGE has just this content.
build_with() {
  local content="$1" image="$2"
  shift 2
  [ "$(image_content "$image")" != "$content" ] || return 0
  LAB_CONTENT="$content" "$@"
}

base_id() { docker image inspect --format '{{ .Id }}' "$STAND_IN_BASE" | cut -c 8-19; }

have_image() { docker image inspect "$1" >/dev/null 2>&1; }

# in_background NAME COMMAND...: starts a job with a log of its own; `together` waits for all.
JOB_NAMES=()
JOB_PIDS=()
in_background() {
  local name="$1"
  shift
  mkdir -p "$BUILD_DIR"
  set -m # a process group of its own, so that Ctrl-C can end all of the job
  ("$@") >"$BUILD_DIR/$name.log" 2>&1 </dev/null &
  set +m
  JOB_NAMES+=("$name")
  JOB_PIDS+=("$!")
  trap stop_jobs EXIT
}

stop_jobs() {
  local pid
  for pid in ${JOB_PIDS[@]+"${JOB_PIDS[@]}"}; do
    kill -- "-$pid" 2>/dev/null || true
  done
}

together() {
  local i failed=""
  for ((i = 0; i < ${#JOB_PIDS[@]}; i++)); do
    wait "${JOB_PIDS[$i]}" && continue
    failed="$failed ${JOB_NAMES[$i]}"
    printf -- '--- the last lines of %s\n' "$BUILD_DIR/${JOB_NAMES[$i]}.log" >&2
    tail -n 20 "$BUILD_DIR/${JOB_NAMES[$i]}.log" >&2
  done
  JOB_NAMES=()
  JOB_PIDS=()
  [ -z "$failed" ] || die "failed:$failed (what was built before stays as it was)" \
    "mend what the log names, then run the same command again"
}
