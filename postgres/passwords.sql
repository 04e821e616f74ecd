-- Gives both roles the passwords that .secrets/ holds, where these were made anew and the data was not:
-- docker compose exec -T postgres psql -U lab_owner -d lab <postgres/passwords.sql
\set ON_ERROR_STOP 1
\set owner_password `cat /run/secrets/owner_password`
\set reader_password `cat /run/secrets/reader_password`
SET log_min_error_statement = panic; -- no error message may quote them
ALTER ROLE lab_owner PASSWORD :'owner_password';
ALTER ROLE dashboard_reader PASSWORD :'reader_password';
