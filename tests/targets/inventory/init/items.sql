-- What is in store.
CREATE TABLE items (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    shelf integer NOT NULL
);
INSERT INTO items (name, shelf)
SELECT 'item ' || n, n % 12 FROM generate_series(1, 1000) AS n;
