#!/usr/bin/env bash
# Looks whether the database's first start was finished, and begins it anew where no row is lost by it.
# usage: scripts/first-start.sh PROJECT
#    ie: scripts/first-start.sh lab
#
# Init is not atomic: broken off, the data folder stands, and PostgreSQL's image never runs it again.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh
. scripts/lib_postgres.sh

readonly LIMIT_S=90

# look VOLUME MAJOR: postgres/look.sh's answer, from the running server's container or from one
# of its own; two servers on one folder would ruin it.
look() {
  local ours users names script
  script="$(cat postgres/look_inside.sh postgres/look.sh)"
  ours="$(docker compose ps --all --quiet postgres)"
  users="$(docker ps --no-trunc --format '{{ .ID }} {{ .Names }}' --filter "volume=$1")"
  case "$users" in
  '') docker compose --progress quiet run --rm --no-deps -T --entrypoint bash postgres -c "$script" look "$2" alone ;;
  *"${ours:-none} "*)
    docker compose exec -T postgres bash -c "$script" look "$2" ||
      { [ -z "$(docker ps --quiet --filter "id=$ours")" ] && printf 'starting it has just ended\n'; }
    ;;
  *)
    names="$(cut -d ' ' -f 2 <<<"$users")"
    printf 'used %s\n' "${names//$'\n'/ }"
    ;;
  esac </dev/null
}

give_up() {
  case "$2" in used\ *) die "the database's volume $1 is used by another container: ${2#used }" \
    "end it: docker stop ${2#used }; then make up" ;; esac
  die "the database's first start has not ended after $LIMIT_S s: ${2#starting }" "make logs"
}

# answer_of VOLUME MAJOR: the same, once no start is under way and no other container uses it.
answer_of() {
  local answer until=$((SECONDS + LIMIT_S))
  while :; do
    answer="$(look "$1" "$2")" || die "the database's volume $1 cannot be looked at" "see above"
    case "${answer%% *}" in starting | used) ;; *) break ;; esac
    # Half shut it would never let a look in; stopped, it is looked at from beside.
    case "$answer" in *"is shutting down"*) docker compose --progress quiet stop postgres ;; esac
    [ "$SECONDS" -lt "$until" ] || give_up "$1" "$answer"
    sleep 0.2
  done
  printf '%s\n' "${answer//$'\n'/, }"
}

remove() {
  local answer
  if ! answer="$(docker compose --progress quiet rm --stop --force postgres 2>&1 && docker volume rm "$1" 2>&1)"; then
    die "the volume $1, which holds no row, could not be removed: $answer" "mend what Docker says, then make up"
  fi
}

main() {
  local volume="$1_data" major image answer=empty
  image="$(setting POSTGRES_IMAGE "$OFFICIAL_POSTGRES")"
  major="$(image_major "$image")"
  ! docker volume inspect "$volume" >/dev/null 2>&1 || answer="$(answer_of "$volume" "$major")"
  case "$answer" in
  complete) ;;
  empty) give_to_server "$major" ;;
  vacant)
    say anew "the database's first start was broken off; $volume holds no row and is made again"
    remove "$volume"
    give_to_server "$major"
    ;;
  major*) die "the volume $volume holds PostgreSQL ${answer#* }, and POSTGRES_IMAGE=$image is PostgreSQL $major" \
    "go on with the data as it is: POSTGRES_IMAGE=postgres:${answer#* }-trixie make up" \
    "or start the other version in another clone: its data will be its own" ;;
  held*) die "the first start of the database in $volume was not finished, and there are rows in it: ${answer#held }" \
    "to keep them: docker compose up --detach postgres, then docker compose exec postgres pg_dumpall -U lab_owner" \
    "to give up all of $(python3 scripts/folder.py data "$1"), this folder's own: docker compose rm --stop --force postgres; docker volume rm $volume; make up" ;;
  *) die "it cannot be told what the volume $volume holds, so it is left as it is: ${answer#unknown }" \
    "mend what the server says" ;;
  esac
}

main "$@"
