#!/usr/bin/env bash
# Healthy is what a client calls healthy: a fresh session over TCP, a password, a row.
# usage: healthcheck.sh
#    ie: docker compose exec postgres healthcheck.sh
set -Eeuo pipefail

# pg_isready says yes with a wrong password, a full disk, or no free slot. One process, so that a
# check that is cut off leaves none behind; without a row the division fails.
PGPASSWORD="$(cat /run/secrets/reader_password)" PGCONNECT_TIMEOUT=2 PGAPPNAME=healthcheck \
  exec psql --no-psqlrc --no-align --tuples-only --quiet --set ON_ERROR_STOP=1 \
  --host 127.0.0.1 --username dashboard_reader --dbname lab \
  --command 'SELECT 1 / count(*) FROM (SELECT id FROM orders LIMIT 1) AS one' >/dev/null
