-- 200,000 orders of 90 days in six regions. No random(): the same rows every time.
-- All in one transaction after all else: where there is a row, nothing else is missing, so that a
-- first start that was broken off can be begun anew without losing any.
BEGIN;

-- A number in [0, 1) that depends on nothing but its arguments.
CREATE FUNCTION pg_temp.noise(n bigint, salt bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(n, salt) & 1048575)::double precision / 1048576;

INSERT INTO orders (id, placed_at, region, amount)
WITH day AS ( -- trade grows by a third over the quarter, and weekends are quiet
  SELECT
    n,
    timestamptz '2026-01-01 00:00:00+00' + n * interval '1 day' AS midnight,
    sum(weight) OVER (ORDER BY n) / sum(weight) OVER () AS share_until
  FROM (
    SELECT
      n,
      (1 + n / 270.0)
      * CASE WHEN extract(isodow FROM date '2026-01-01' + n) >= 6 THEN 0.6 ELSE 1 END
      * (0.9 + 0.2 * pg_temp.noise(n, 1)) AS weight
    FROM generate_series(0, 89) AS n
  ) AS weighted
),
placed AS ( -- each day gets its part of the 200,000; the afternoon (UTC) is busiest
  SELECT
    day.midnight + interval '1 day'
    * ((pg_temp.noise(k, 2) + pg_temp.noise(k, 3)) / 2.4 + 0.1) AS at,
    pg_temp.noise(k, 4) AS where_,
    pg_temp.noise(k, 5) AS size
  FROM day, LATERAL generate_series(
    coalesce((SELECT floor(200000 * d.share_until) FROM day AS d WHERE d.n = day.n - 1), 0)::bigint + 1,
    CASE WHEN day.n = 89 THEN 200000 ELSE floor(200000 * day.share_until) END::bigint
  ) AS k
)
SELECT
  row_number() OVER (ORDER BY at, where_, size), -- two may share an instant
  date_trunc('milliseconds', at),
  CASE
    WHEN where_ < 0.30 THEN 'online'
    WHEN where_ < 0.52 THEN 'north'
    WHEN where_ < 0.69 THEN 'east'
    WHEN where_ < 0.82 THEN 'south'
    WHEN where_ < 0.93 THEN 'west'
    ELSE 'central'
  END,
  round((8 + 40 * size + 400 * size ^ 8)::numeric, 2) -- most are small, a few are large
FROM placed;

SELECT setval(pg_get_serial_sequence('orders', 'id'), max(id)) FROM orders;

-- The pages choose by time, and by region and time.
CREATE INDEX orders_placed_at ON orders (placed_at);
CREATE INDEX orders_region_placed_at ON orders (region, placed_at);

COMMIT;

-- Settled before the first reader comes: no plan changes while the lab measures.
VACUUM (ANALYZE) orders;
VACUUM (ANALYZE) orders_daily;
