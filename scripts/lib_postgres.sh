# shellcheck shell=bash
# What is known of PostgreSQL's image. Sourced after lib.sh.

# image_major IMAGE: PostgreSQL's major version in it; empty where it does not say.
image_major() {
  docker image inspect --format '{{ range .Config.Env }}{{ println . }}{{ end }}' "$1" 2>/dev/null |
    sed -n 's/^PG_MAJOR=//p'
}

# roots_volume MAJOR: tells whether a new volume belongs to root: the official images of 18 and later
# have nothing at the data's place.
roots_volume() { [ "${1:-0}" -ge 18 ]; }

# give_to_server MAJOR: of the stack that is about to start, its new volume.
give_to_server() {
  ! roots_volume "$1" ||
    docker compose --progress quiet run --rm --no-deps -T --user 0:0 --cap-add CHOWN \
      --entrypoint chown postgres 999:999 /var/lib/postgresql/data </dev/null
}
