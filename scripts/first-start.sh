#!/usr/bin/env bash
# Looks whether the database's first start was finished, and begins it anew where no row is lost by it.
# usage: scripts/first-start.sh PROJECT
#    ie: scripts/first-start.sh lab
#
# Init is not atomic: broken off, the data folder stands, and PostgreSQL's image never runs it again.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

readonly LIMIT_S=90

image_major() {
  docker image inspect --format '{{ range .Config.Env }}{{ println . }}{{ end }}' "$1" 2>/dev/null |
    sed -n 's/^PG_MAJOR=//p'
}

# look VOLUME MAJOR: postgres/look.sh's answer, from the running server's container or from one
# of its own; two servers on one folder would ruin it.
look() {
  local ours users script
  script="$(cat postgres/look_inside.sh postgres/look.sh)"
  ours="$(docker compose ps --all --quiet postgres)"
  users="$(docker ps --no-trunc --format '{{ .ID }} {{ .Names }}' --filter "volume=$1")"
  case "$users" in
  '') docker compose --progress quiet run --rm --no-deps -T --entrypoint bash postgres -c "$script" look "$2" ;;
  *"${ours:-none} "*)
    docker compose exec -T postgres bash -c "$script" look "$2" ||
      { [ -z "$(docker ps --quiet --filter "id=$ours")" ] && printf 'starting it has just ended\n'; }
    ;;
  *) printf 'starting the volume is used by the container %s\n' "${users#* }" ;;
  esac </dev/null
}

begin_anew() {
  say anew "the database's first start was broken off; $1 holds no row and is made again"
  docker compose --progress quiet rm --stop --force postgres >/dev/null 2>&1
  docker volume rm "$1" >/dev/null
}

main() {
  local volume major image answer until=$((SECONDS + LIMIT_S))
  volume="$1_data"
  docker volume inspect "$volume" >/dev/null 2>&1 || return 0
  image="$(setting POSTGRES_IMAGE "$OFFICIAL_POSTGRES")"
  major="$(image_major "$image")"
  while :; do
    answer="$(look "$volume" "$major")" || die "the database's volume $volume cannot be looked at" "see above"
    [ "${answer%% *}" = starting ] || break
    [ "$SECONDS" -lt "$until" ] ||
      die "the database's first start has not ended after $LIMIT_S s: ${answer#starting }" "make logs"
    sleep 0.2
  done
  answer="${answer//$'\n'/, }"
  case "$answer" in
  empty | complete) ;;
  vacant) begin_anew "$volume" ;;
  major*) die "the volume $volume holds PostgreSQL ${answer#* }, and POSTGRES_IMAGE=$image is PostgreSQL $major" \
    "go on with the data as it is: POSTGRES_IMAGE=postgres:${answer#* }-trixie make up" \
    "or start the other version in another clone: its data will be its own" ;;
  held*) die "the first start of the database in $volume was not finished, and there are rows in it: ${answer#held }" \
    "to keep them: docker compose up --detach postgres, then docker compose exec postgres pg_dumpall -U lab_owner" \
    "to give up just these rows: docker compose rm --stop --force postgres; docker volume rm $volume; make up" ;;
  *) die "it cannot be told what the volume $volume holds, so it is left as it is: ${answer#unknown }" \
    "mend what the server says" ;;
  esac
}

main "$@"
