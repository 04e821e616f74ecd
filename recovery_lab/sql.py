"""What fresh sessions are asked, whoever opens them."""

# An SQL expression: when the server started.
STARTED = """to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC',
       'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
# The rest of it is a condition, the work that a session must be able to do; TOLD are its columns.
PROBE = f"""SELECT NOT pg_is_in_recovery(), pg_backend_pid(), {STARTED},
       split_part(current_setting('server_version'), ' ', 1) WHERE """
TOLD = ("ok", "backend_pid", "server_started", "server_version")
SESSIONS = """SELECT application_name, count(*), current_setting('max_connections')::int
       FROM pg_stat_activity WHERE usename = current_user
       GROUP BY application_name ORDER BY application_name"""
