-- The dashboard's role: it reads, and that is all. Its password is a secret file, read here by
-- psql; no error message may quote it.
\set reader_password `cat /run/secrets/reader_password`
SET log_min_error_statement = panic;
CREATE ROLE dashboard_reader LOGIN PASSWORD :'reader_password';
RESET log_min_error_statement;

REVOKE ALL ON DATABASE lab FROM PUBLIC; -- nor may it make temporary tables
GRANT CONNECT ON DATABASE lab TO dashboard_reader;
REVOKE CREATE ON SCHEMA public FROM PUBLIC; -- PostgreSQL 14 grants it
GRANT USAGE ON SCHEMA public TO dashboard_reader;
GRANT SELECT ON orders, orders_daily TO dashboard_reader;
