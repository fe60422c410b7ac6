# Mini-batch k-means and partial_train: one model, bit for bit, whatever the order of the rows, the number of
# workers, in memory or spilled; 64 MB are enough for a million rows; a cancel ends them within 200 ms.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('minibatch');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
max_parallel_workers_per_gather = 0
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, ln(1 + g % 1009)::float8 AS a, sqrt(g % 773)::float8 + CASE WHEN g % 5 = 0 THEN 40 ELSE 0 END AS b,
       (g * 7919::bigint % 10007) / 100.0::float8 AS c, CASE WHEN g % 11 = 0 THEN NULL ELSE g % 13 END AS d,
       (ARRAY['FR', 'DE', 'UK', 'IT'])[1 + g % 4] AS country, 1 + g % 3 AS w
FROM generate_series(1, 300000) g;
CREATE TABLE shuffled AS SELECT * FROM t ORDER BY md5(id::text);
CREATE TABLE later AS SELECT id + 1000000 AS id, a + 0.3 AS a, b, c * 0.9 AS c, d, country, w FROM t WHERE id <= 150000;
CREATE TABLE later_shuffled AS SELECT * FROM later ORDER BY md5(id::text);
CREATE FUNCTION print(model text) RETURNS text LANGUAGE sql AS $$
  SELECT md5(string_agg(segment_id || feature || value, ',' ORDER BY segment_id, feature COLLATE "C")) FROM userseg.centroids(model, 'encoded')
$$;
ANALYZE;
SQL

my $number = 0;

# strategy of the training, then the print of the model and of its continuation
sub run
{
	my ($algorithm, $params, $order, $settings) = @_;
	my $model = 'm' . ++$number;
	my $workers = $params =~ /("workers": \d)/ ? "{$1}" : '{}';
	my ($t, $later) = $order ? ('shuffled', 'later_shuffled') : ('t', 'later');
	return split /\n/, $node->safe_psql('postgres', "SET client_min_messages = error; SET extra_float_digits = 1; $settings
SELECT concat_ws('|', details ->> 'workers', details ->> 'spilled', converged) FROM userseg.train('$model', '$algorithm', '$t', id => 'id', weight => 'w', params => '{$params}');
SELECT print('$model');
SELECT concat_ws('|', details ->> 'workers', details #>> '{source,spilled}') FROM userseg.partial_train('$model', '$later', half_life => 200000, params => '$workers');
SELECT print('$model')");
}

foreach my $case ([ 'minibatch_kmeans', '"k": 6' ], [ 'minibatch_kmeans', '"k": 20, "metric": "cosine", "batch_size": 300' ], [ 'kmeans', '"k": 6, "n_init": 1, "search": "starts"' ],
	[ 'gmm', '"k": 3, "n_init": 1, "search": "starts", "max_iter": 8, "sample_rows": 2000, "reg_covar": 0.01' ])
{
	my ($algorithm, $params) = @$case;
	my ($how, $print, $later_how, $later) = run($algorithm, "$params, \"workers\": 0", 0, '');
	like($how, qr/^0\|false\|t/, "$algorithm $params: in memory, serial");
	isnt($print, $later, 'the continuation is another model');
	foreach my $variant (
		[ 'other order', '"workers": 0', 1, '', qr/^0\|false/, qr/^0\|false/ ],
		[ 'two workers', '"workers": 2', 0, '', qr/^2\|false/, qr/^2\|false/ ],
		[ 'spilled', '"workers": 0', 1, "SET userseg.max_memory = '12MB';", qr/^0\|true/, qr/^0\|true/ ],
		[ 'spilled, two workers', '"workers": 2', 0, "SET userseg.max_memory = '12MB';", qr/^2\|true/, qr/^2\|true/ ])
	{
		my ($name, $workers, $order, $settings, $like, $later_like) = @$variant;
		my @got = run($algorithm, "$params, $workers", $order, $settings);
		like($got[0], $like, "$name: as meant");
		is($got[1], $print, "$name: the same model");
		like($got[2], $later_like, "$name: the continuation too");
		is($got[3], $later, "$name: and the same");
	}
}

# a million rows in 64 MB
my $out = $node->safe_psql('postgres', q{SET client_min_messages = error; SET userseg.max_memory = '64MB';
CREATE TABLE big AS SELECT g AS id, (hashint8(g) & 65535) / 65536.0::float8 + g % 3 AS a, (hashint8(g + 5000000) & 65535) / 65536.0::float8 AS b,
  (g % 2)::float8 AS c, sqrt(g % 977)::float8 AS d, ln(1 + g % 31)::float8 AS e, (g % 5)::float8 AS f, (g % 17)::float8 AS h, (g % 11)::float8 AS i
FROM generate_series(1, 1000000) g;
SELECT n_rows, (details #>> '{memory,peak_mb}')::float8 <= 64, details #>> '{source,spilled}' FROM userseg.train('big', 'minibatch_kmeans', 'big', id => 'id', params => '{"k": 8}');
SELECT n_rows, (details #>> '{memory,peak_mb}')::float8 <= 64, details #>> '{source,spilled}' FROM userseg.partial_train('big', 'big');
-- without an id, where almost all rows are equal
SELECT n_rows, (details #>> '{memory,peak_mb}')::float8 <= 64, details -> 'sizes' FROM userseg.train('equal', 'minibatch_kmeans', 'SELECT c, f / f AS g FROM big WHERE f > 0', params => '{"k": 2}');
SELECT count(*) FROM pg_ls_tmpdir()});
is($out, "1000000|t|true\n1000000|t|true\n800000|t|[400000, 400000]\n0", 'a million rows in 64 MB, nothing left behind');

# cancel
$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE outlives(call text, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  EXECUTE call;
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL
sub late
{
	my ($call, $timeout, $settings) = @_;
	my $out = $node->safe_psql('postgres', "$settings; SET statement_timeout = $timeout; CALL outlives('$call', $timeout, NULL)");
	return $out eq '' ? undef : $out;
}
my $versions = $node->safe_psql('postgres', 'SELECT count(*) FROM userseg.model_versions');
foreach my $case (
	[ 'mini-batches', q{SELECT userseg.train(''stopped'', ''minibatch_kmeans'', ''big'', id => ''id'', params => ''{"k": 50, "max_iter": 50, "max_no_improvement": 0}'')}, '' ],
	[ 'mini-batches, spilled', q{SELECT userseg.train(''stopped'', ''minibatch_kmeans'', ''big'', id => ''id'', params => ''{"k": 50, "max_iter": 50, "max_no_improvement": 0}'')}, "SET userseg.max_memory = '64MB'" ],
	[ 'continuation', q{SELECT userseg.partial_train(''big'', ''big'')}, '' ],
	[ 'continuation of a mixture', q{SELECT userseg.partial_train(''m16@1'', ''big_as_t'', params => ''{"max_iter": 100, "tolerance": 0}'')}, '' ],
	[ 'continuation of k-means, spilled', q{SELECT userseg.partial_train(''m11@1'', ''big_as_t'')}, "SET userseg.max_memory = '24MB'" ])
{
	my ($name, $call, $settings) = @$case;
	my ($stopped, $worst) = (0, 0);
	$node->safe_psql('postgres', q{CREATE TABLE IF NOT EXISTS big_as_t AS SELECT id, a, b, d AS c, e AS d, 'FR'::text AS country, 1 AS w FROM big});
	for (my $timeout = 20; $timeout < 1500; $timeout = int($timeout * 1.9) + 5)
	{
		my $late = late($call, $timeout, $settings);
		last if !defined $late;
		# a busy machine may be late once
		$late = late($call, $timeout, $settings) // 0 if $late > 200;
		$stopped++;
		$worst = $late if $late > $worst;
	}
	cmp_ok($stopped, '>=', 3, "$name: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$name: at most 200 ms late");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM userseg.model_versions'), '<=', $versions + 5, 'only trainings that ended made versions');
$node->stop;
done_testing();
