# shellcheck shell=bash
# What look.sh asks a server that runs; put before it, for a container has neither file.

ask() { psql -XAtq -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$@" 2>>"$LOG"; }

# Init goes from file to file and the rows come last, so most of this is doubt, not need.
is_complete() {
  [ "$(ask "$POSTGRES_DB" -c "
    SELECT EXISTS (SELECT FROM orders) AND EXISTS (SELECT FROM orders_daily)
      AND to_regclass('orders_placed_at') IS NOT NULL AND to_regclass('orders_region_placed_at') IS NOT NULL
      AND (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgname ~ '^orders_daily_') = 4
      AND has_database_privilege('dashboard_reader', current_database(), 'CONNECT')
      AND has_table_privilege('dashboard_reader', 'orders', 'SELECT')
      AND has_table_privilege('dashboard_reader', 'orders_daily', 'SELECT')")" = t ]
}

# Every table with a row, in every database: whoever made it, it is not ours to throw away.
rows() {
  local database databases
  databases="$(ask template1 -c "SELECT datname FROM pg_database WHERE datname <> 'template0'")" || return 1
  while IFS= read -r database; do
    ask "$database" <<'SQL' || return 1
SELECT format('SELECT %L || count(*) FROM %I.%I HAVING count(*) > 0',
  format('%s.%s.%s: ', current_database(), nspname, relname), nspname, relname)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'm') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
ORDER BY 1 \gexec
SQL
  done <<<"$databases"
}

last_words() {
  { grep -E 'FATAL|PANIC|ERROR|error' "$LOG" || cat "$LOG"; } | tail -n 3 | sed 's/^.*\(FATAL\|PANIC\|ERROR\)/\1/' | tr '\n' ' '
}
