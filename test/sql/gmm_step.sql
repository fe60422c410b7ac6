-- Mixtures by value and gmm_step: against plain SQL, states, types, errors.
SET client_min_messages = warning;
SET extra_float_digits = 0;
SET search_path = pg_temp, public, userseg;

CREATE TEMP TABLE t AS
SELECT g AS id, ARRAY[(g * 7919 % 401) / 40.0 + CASE WHEN g % 3 = 0 THEN 20 ELSE 0 END, (g * 3571 % 97) / 20.0]::float8[] AS x, 1 + g % 4 AS w
FROM generate_series(1::bigint, 300) g;

-- made from arrays, read back
SELECT covariance_type(m), mixture_weights(m), mixture_means(m), mixture_covariances(m)
FROM (VALUES (mixture('{1,3}', '{{0,0},{20,2}}', '{{{9,1},{1,4}},{{16,0},{0,2}}}')),
             (mixture(NULL, '{{0,0},{20,2}}', '{{9,1},{1,4}}', 'tied')),
             (mixture('{0.5,0.5}', '{{0,0},{20,2}}', '{{9,4},{16,2}}', 'diag')),
             (mixture(covariance => 'spherical', weights => '{2,0}', means => '{{0,0},{20,2}}', covariances => '{9,4}'))) v(m);

-- density of a normal distribution, and of a mixture, by hand
SELECT abs(log_density(mixture(NULL, '{{1,2}}', '{{{4,1},{1,2}}}'), '{2,4}')
           - (-0.5 * (2 * ln(2 * pi()) + ln(7) + (2 * 1 * 1 - 2 * 1 * 1 * 2 + 4 * 2 * 2) / 7.0))) < 1e-12 AS one,
       abs(log_density(mixture('{1,3}', '{{0},{5}}', '{1,4}', 'spherical'), '{1}')
           - ln(0.25 * exp(-0.5) / sqrt(2 * pi()) + 0.75 * exp(-2) / sqrt(2 * pi() * 4))) < 1e-12 AS two,
       responsibilities(mixture('{1,3}', '{{0},{5}}', '{1,4}', 'spherical'), '{1}')::numeric(10,6)[] AS memberships;
-- far away: still finite, and memberships add up
SELECT log_density(m, '{1e300}') < -1e9 AS density, responsibilities(m, '{1e300}') AS memberships FROM mixture('{1,3}', '{{0},{5}}', '{1,1}', 'spherical') m;

-- one iteration against plain SQL
CREATE TEMP TABLE m AS SELECT mixture('{1,1}', '{{0,0},{20,2}}', '{{9,4},{16,2}}', 'diag') AS m;
CREATE TEMP TABLE r AS
SELECT id, x, w, p / sum(p) OVER (PARTITION BY id) AS r, i, ln(sum(p) OVER (PARTITION BY id)) AS density
FROM t, LATERAL (VALUES (1, 0.5 / (2 * pi() * 6) * exp(-0.5 * (x[1] ^ 2 / 9 + x[2] ^ 2 / 4))),
                        (2, 0.5 / (2 * pi() * sqrt(32)) * exp(-0.5 * ((x[1] - 20) ^ 2 / 16 + (x[2] - 2) ^ 2 / 2)))) v(i, p);
SELECT row_count(s), abs(log_likelihood(s) - (SELECT sum(density) / 2 FROM r)) < 1e-9 AS log_likelihood,
       abs((component_weights(s))[1] - (SELECT sum(r) FROM r WHERE i = 1)) < 1e-9 AS weights,
       abs((mixture_means(n))[2][1] - (SELECT sum(r * x[1]) / sum(r) FROM r WHERE i = 2)) < 1e-9 AS means,
       abs((mixture_covariances(n))[2][1] - (SELECT sum(r * x[1] ^ 2) / sum(r) - (sum(r * x[1]) / sum(r)) ^ 2 + 0.5 FROM r WHERE i = 2)) < 1e-8 AS variances,
       (mixture_weights(n))[1] + (mixture_weights(n))[2] AS total
FROM m, LATERAL (SELECT gmm_step(gmm_point(m, x)) AS s FROM t) a, LATERAL next_mixture(s, m, 0.5) n;

-- weights count as rows; order and grouping do not count
SELECT row_count(a) AS rows, round((component_weights(a))[1]::numeric + (component_weights(a))[2]::numeric, 9) AS weight,
       abs(log_likelihood(a) / log_likelihood(b) - 1) < 1e-12 AS as_rows
FROM m, LATERAL (SELECT gmm_step(gmm_point(m, x, w)) AS a FROM t) a, LATERAL (SELECT gmm_step(gmm_point(m, x)) AS b FROM t, generate_series(1, w)) b;
SELECT count(DISTINCT s::text) AS states
FROM m, LATERAL (SELECT gmm_step(gmm_point(m, x, w) ORDER BY id) AS s FROM t
                 UNION ALL SELECT gmm_step(gmm_point(m, x, w) ORDER BY -id) FROM t
                 UNION ALL SELECT rollup(s) FROM (SELECT gmm_step(gmm_point(m, x, w)) AS s FROM t GROUP BY id % 7) g
                 UNION ALL SELECT merge(merge(NULL, a), b) FROM (SELECT gmm_step(gmm_point(m, x, w)) FILTER (WHERE id < 100) AS a, gmm_step(gmm_point(m, x, w)) FILTER (WHERE id >= 100) AS b FROM t) h) u;

-- states of an aggregate that still runs: the same to every reader, stored or not
CREATE TEMP TABLE running AS
SELECT s, userseg._gmm_combine(NULL, s) AS copy FROM (SELECT userseg._gmm_step(userseg._gmm_step(userseg._gmm_step(NULL, a), b), c) AS s
FROM (SELECT gmm_point(m, '{1,2}') AS a, gmm_point(m, '{20,3}', 2) AS b, gmm_point(m, '{400,3}', 1e6) AS c FROM m) p) q;
SELECT s::text = t::text AS text, encode(userseg._gmm_state_send(s), 'hex') = t::text AS sent, copy::text = t::text AS combined, (SELECT rollup(s)::text FROM running) = t::text AS rolled_up,
       merge(s, NULL)::text = t::text AS merged, row_count(s) AS rows, log_likelihood(s) = log_likelihood(t) AS log_likelihood, component_weights(s) = component_weights(t) AS weights,
       next_mixture(s, m, 1)::text = next_mixture(t, m, 1)::text AS next, merge(s, s)::text = merge(t, t)::text AS twice
FROM running, m, LATERAL (SELECT gmm_step(p) AS t FROM (VALUES (gmm_point(m, '{20,3}', 2)), (gmm_point(m, '{400,3}', 1e6)), (gmm_point(m, '{1,2}'))) v(p)) f;
-- many rows a group, many groups, parts of both
SELECT count(DISTINCT s::text) AS states, max(row_count(s)) AS rows
FROM m, LATERAL (SELECT rollup(s) AS s FROM (SELECT gmm_step(gmm_point(m, x, w)) AS s FROM t, generate_series(1, 40) i GROUP BY id % 7, i / 13) g
                 UNION ALL SELECT rollup(s) FROM (SELECT gmm_step(gmm_point(m, x, w)) AS s FROM t, generate_series(1, 40) i GROUP BY id, i) g
                 UNION ALL SELECT gmm_step(gmm_point(m, x, w)) FROM t, generate_series(1, 40)) u;

-- EM by hand raises the log-likelihood until it stands
CREATE FUNCTION pg_temp.em(cov text, start mixture, iterations int, OUT m mixture, OUT gains int, OUT last float8) LANGUAGE plpgsql AS $$
DECLARE s gmm_state; before float8 := '-infinity';
BEGIN
  m := start; gains := 0;
  FOR i IN 1 .. iterations LOOP
    s := (SELECT gmm_step(gmm_point(m, x)) FROM t);
    last := log_likelihood(s);
    gains := gains + (last >= before - 1e-9)::int;
    before := last;
    m := next_mixture(s, m, 0);
  END LOOP;
END $$;
SELECT cov, gains, round(last::numeric, 4) AS log_likelihood, mixture_weights(e.m)::numeric(8,4)[] AS weights
FROM (VALUES ('full', '{{{9,1},{1,4}},{{16,0},{0,2}}}'), ('tied', '{{9,0},{0,4}}'), ('diag', '{{9,4},{16,2}}'), ('spherical', '{9,9}')) v(cov, c),
     LATERAL pg_temp.em(cov, mixture(NULL, '{{0,0},{20,2}}', c::float8[], cov), 40) e;
-- stepwise: a step of one half lies between
SELECT abs((mixture_weights(h))[1] - ((mixture_weights(m))[1] + (mixture_weights(n))[1]) / 2) < 1e-12 AS half
FROM m, LATERAL (SELECT gmm_step(gmm_point(m, x)) AS s FROM t) a, LATERAL next_mixture(s, m, 0) n, LATERAL next_mixture(s, m, 0, 0.5) h;

-- nothing, NULL, weight 0
SELECT gmm_step(p) IS NULL AS empty FROM (SELECT NULL::gmm_point AS p WHERE false) e;
SELECT gmm_step(gmm_point(m, NULL)) IS NULL AS nulls, gmm_step(gmm_point(m, '{1,2}', 0)) IS NULL AS no_weight, merge(NULL::gmm_state, NULL) IS NULL AS merged
FROM (SELECT mixture(NULL, '{{0,0}}', '{1}', 'spherical') AS m) q;
SELECT row_count(gmm_step(gmm_point(m, x))) AS one FROM m, (VALUES ('{1,2}'::float8[]), (NULL)) v(x);
SELECT row_count(gmm_step(p)) AS moving FROM (SELECT id, gmm_point(m, x) AS p FROM t, m WHERE id <= 2) q;
SELECT id, row_count(gmm_step(p) OVER (ORDER BY id ROWS 1 PRECEDING)) AS rows FROM (SELECT id, gmm_point(m, x) AS p FROM t, m WHERE id <= 3) q;

-- text and binary forms come back
SELECT m::text::mixture::text = m::text AS mixture, s::text::gmm_state::text = s::text AS state, p::text::gmm_point::text = p::text AS point,
       next_mixture(s::text::gmm_state, m::text::mixture)::text = next_mixture(s, m)::text AS same
FROM m, LATERAL (SELECT gmm_step(gmm_point(m, x)) AS s FROM t) a, gmm_point(m, '{1,2}', 0.5) p;
CREATE TEMP TABLE stored AS SELECT id % 3 AS part, gmm_step(gmm_point(m, x)) AS s FROM t, m GROUP BY 1;
SELECT row_count(rollup(s)) AS rows FROM stored;

-- errors
SELECT mixture(NULL, '{1,2}', '{1}', 'diag');
SELECT mixture(NULL, '{{1,2}}', '{{1}}', 'diag');
SELECT mixture('{1,2}', '{{1,2}}', '{{1,2}}', 'diag');
SELECT mixture('{-1}', '{{1,2}}', '{{1,2}}', 'diag');
SELECT mixture('{0}', '{{1,2}}', '{{1,2}}', 'diag');
SELECT mixture(NULL, '{{1,2}}', '{{1,0}}', 'diag');
SELECT mixture(NULL, '{{1,2}}', '{{{1,2},{2,1}}}');
SELECT mixture(NULL, '{{1,2}}', '{{{1,2},{0,9}}}');
SELECT mixture(NULL, '{{1,NaN}}', '{{1,1}}', 'diag');
SELECT mixture(NULL, '{{1,NULL}}', '{{1,1}}', 'diag');
SELECT mixture(NULL, '{{1,2}}', '{{1,1}}', 'round');
SELECT mixture(NULL, NULL, '{{1,1}}', 'diag');
SELECT gmm_point(m, '{1}') FROM m;
SELECT gmm_point(m, '{1,NaN}') FROM m;
SELECT gmm_point(m, '{1,2}', -1) FROM m;
SELECT gmm_point(m, '{1,1e200}') FROM m;
SELECT log_density(m, '{1,infinity}') FROM m;
SELECT gmm_step(p) FROM m, LATERAL (VALUES (gmm_point(m, '{1,2}')), (gmm_point(mixture(NULL, '{{0,0}}', '{1}', 'spherical'), '{1,2}'))) v(p);
SELECT merge(gmm_step(gmm_point(m, '{1,2}')), gmm_step(gmm_point(mixture(NULL, '{{0,0}}', '{1}', 'spherical'), '{1,2}'))) FROM m;
SELECT next_mixture(gmm_step(gmm_point(m, '{1,2}')), mixture(NULL, '{{0,0}}', '{1}', 'spherical')) FROM m;
SELECT next_mixture(s, m, -1) FROM m, LATERAL (SELECT gmm_step(gmm_point(m, x)) AS s FROM t) a;
SELECT next_mixture(s, m, 0, 1.5) FROM m, LATERAL (SELECT gmm_step(gmm_point(m, x)) AS s FROM t) a;
SELECT next_mixture(s, m, 0) FROM m, LATERAL (SELECT gmm_step(gmm_point(m, x)) AS s FROM t WHERE id = 1) a;
SELECT '00'::mixture;
SELECT '02'::gmm_state;
SELECT 'xyz'::gmm_point;
