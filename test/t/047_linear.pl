# Linear, logistic and generalised linear models on many rows: the same model for any order of the rows, any number of
# workers, little memory and by SQL aggregates; a timeout ends them within 200 ms.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('linear');
$node->init;
$node->append_conf('postgresql.conf', "max_worker_processes = 16\nmax_parallel_workers = 8\nmax_parallel_workers_per_gather = 2\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT i AS id, (hashint8extended(i, 1) & 65535) / 65536.0::float8 AS a, ((hashint8extended(i, 2) & 65535) / 65536.0::float8) ^ 3 * 40 AS b,
       (ARRAY['FR', 'DE', 'UK', 'IT'])[1 + (hashint8extended(i, 3) & 3)] AS c, 1 + i % 3 AS w,
       ARRAY(SELECT (hashint8extended(i, 100 + j) & 65535) / 65536.0::float8 FROM generate_series(1, 20) j) AS v,
       (hashint8extended(i, 4) & 65535) / 65536.0::float8 AS u
FROM generate_series(1, 200000) i;
ALTER TABLE t ADD y float8, ADD k text, ADD n int;
UPDATE t SET y = 2 * a - 0.1 * b + (c = 'FR')::int + v[1] + 2 * u,
  k = (ARRAY['no', 'yes'])[1 + (a - 0.05 * b + (c = 'UK')::int + v[2] - 1 > ln(u + 1e-9) - ln(1 - u + 1e-9))::int], n = floor(exp(a - 0.02 * b) * 2 * u);
VACUUM ANALYZE t;
CREATE FUNCTION same(x text, y text) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT array_agg(c ORDER BY class, term) FROM userseg.coefficients(x) c) IS NOT DISTINCT FROM (SELECT array_agg(c ORDER BY class, term) FROM userseg.coefficients(y) c)
$$;
-- How long a training outlives its timeout, in ms; NULL when it ended before.
CREATE PROCEDURE outlives(algorithm text, target text, params jsonb, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  PERFORM userseg.train('stopped', algorithm, 't', target => target, id => 'id', features => '{a,b,v}', params => params, holdout => 0);
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

# the value of a query on one training
sub train
{
	my ($model, $algorithm, $target, $source, $params, $settings) = @_;
	return $node->safe_psql('postgres', "SET client_min_messages = error; $settings;
SELECT converged, details ->> 'workers', (details #>> '{memory,peak_mb}')::float8 < 64
FROM userseg.train('$model', '$algorithm', '$source', target => '$target', id => 'id', weight => 'w', features => '{a,b,c,v}', params => '$params', holdout => 0)");
}

foreach my $case (
	[ 'linear', 'y', '{"robust": "HC1"' ],
	[ 'linear', 'y', '{"penalty": "lasso"' ],
	[ 'logistic', 'k', '{"penalty": "none"' ],
	[ 'logistic', 'k', '{"penalty": "elastic_net", "lambda": 0.01' ],
	[ 'glm', 'n', '{"family": "poisson"' ])
{
	my ($algorithm, $target, $params) = @$case;
	my $what = "$algorithm $params}";
	like(train('m', $algorithm, $target, 't', "$params, \"workers\": 0}", ''), qr/^t\|0\|/, "$what: alone");
	is(train('w', $algorithm, $target, 't', "$params, \"workers\": 2}", ''), 't|2|t', "$what: two workers joined");
	like(train('s', $algorithm, $target, 'SELECT * FROM t ORDER BY u', "$params, \"workers\": 0}", ''), qr/^t\|0/, "$what: another order");
	is(train('l', $algorithm, $target, 't', "$params, \"workers\": 1}", "SET userseg.max_memory = '64MB'"), 't|1|t', "$what: within 64 MB");
	is($node->safe_psql('postgres', "SELECT same('m', 'w'), same('m', 's'), same('m', 'l')"), 't|t|t', "$what: bit for bit the same");
}
is(train('q', 'linear', 'y', 't', '{"strategy": "sql"}', ''), 't||t', 'linear by SQL aggregates');
train('m', 'linear', 'y', 't', '{}', '');
is($node->safe_psql('postgres', "SELECT same('m', 'q')"), 't', 'the same');
is(train('q', 'logistic', 'k', 't', '{"strategy": "sql"}', ''), 't||t', 'logistic by SQL aggregates');
train('m', 'logistic', 'k', 't', '{}', '');
is($node->safe_psql('postgres', "SELECT same('m', 'q')"), 't', 'the same');

# aggregates in parallel plans: the same state as without
foreach my $query ('gram_agg(v || a, y, w)', 'gram_step(userseg.gram_row(v || a, y))', 'logistic_agg(array_fill(0.1::float8, \'{22}\'), v || a, n % 2)')
{
	my $sql = "SELECT md5(userseg.$query\::text) FROM t";
	my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
	my $alone = $node->safe_psql('postgres', "SET max_parallel_workers_per_gather = 0; $sql");
	like($node->safe_psql('postgres', "$parallel EXPLAIN (ANALYZE, COSTS off, TIMING off) $sql"), qr/Partial Aggregate/, "$query: partial aggregates");
	is($node->safe_psql('postgres', "$parallel $sql"), $alone, "$query: the same state");
}

# cancel
foreach my $case (
	[ 'linear', 'y', '{"robust": "HC3", "refine": "always"}' ],
	[ 'linear', 'y', '{"penalty": "lasso"}' ],
	[ 'logistic', 'k', '{"penalty": "lasso", "n_lambda": 5, "workers": 2}' ],
	[ 'logistic', 'c', '{}' ],
	[ 'glm', 'n', '{"penalty": "ridge", "lambda": 0.1}' ],
	[ 'logistic', 'k', '{"strategy": "sql"}' ])
{
	my ($algorithm, $target, $params) = @$case;
	my ($stopped, $worst) = (0, 0);
	for (my $timeout = 20; $timeout < 2000; $timeout = int($timeout * 2.5) + 5)
	{
		my $call = "SET statement_timeout = $timeout; CALL outlives('$algorithm', '$target', '$params', $timeout, NULL)";
		my $late = $node->safe_psql('postgres', $call);
		last if $late eq '';
		# a busy machine may be late once
		$late = $node->safe_psql('postgres', $call) || 0 if $late > 200;
		$stopped++;
		$worst = $late if $late > $worst;
	}
	cmp_ok($stopped, '>=', 2, "$algorithm $params: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$algorithm $params: at most 200 ms late");
}
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'"), '0', 'no worker is left');
$node->stop;
done_testing();
