# select_k: the same rows for any order of the source, number of workers and memory; ends within
# 200 ms of a statement_timeout and leaves nothing; keeps to 64 MB.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('select_k');
$node->init;
$node->append_conf('postgresql.conf', "max_worker_processes = 8\nmax_parallel_workers = 8\nlog_temp_files = 0\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, ln(1 + g % 1009)::float8 AS a, sqrt(g % 773)::float8 + CASE WHEN g % 5 = 0 THEN 40 ELSE 0 END AS b,
       (g * 7919::bigint % 10007) / 100.0 AS c, CASE WHEN g % 11 = 0 THEN NULL ELSE g % 13 END AS d,
       (ARRAY['FR', 'DE', 'UK', 'IT'])[1 + g % 4] AS country, 1 + g % 3 AS w
FROM generate_series(1, 60000) g;
CREATE TABLE shuffled AS SELECT * FROM t ORDER BY md5(id::text);
-- wide: 200 columns
CREATE TABLE wide AS
SELECT g AS id, ARRAY(SELECT ((hashint8extended(g, j) & 1048575) / 1048576.0)::float8 + (g % 3) * (j % 2) FROM generate_series(1, 200) j) AS v
FROM generate_series(1, 3000) g;
ANALYZE;
-- How long a call outlives its timeout, in ms; NULL when it ended before.
CREATE PROCEDURE outlives(what text, params jsonb, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  IF what = 'select_k' THEN
    PERFORM userseg.select_k('kmeans', 't', id => 'id', params => params);
  ELSIF what = 'gmm' THEN
    PERFORM userseg.select_k('gmm', CASE WHEN params ? 'covariance' THEN 'wide' ELSE 't' END, id => 'id', params => params, k_max => 30);
  ELSE
    PERFORM userseg.silhouette('SELECT id, a, b, c, country FROM t', 'country', id => 'id', sample_rows => 60000, each_row => true, workers => params::int);
  END IF;
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

# ---- the same result ----

# everything but the number of workers, exactly
sub rows_of
{
	my ($source, $args, $params, $settings, $algorithm) = @_;
	$algorithm //= 'kmeans';
	my $out = $node->safe_psql('postgres', "SET client_min_messages = error; SET extra_float_digits = 1; $settings
SELECT details ->> 'workers', md5(string_agg(to_jsonb(s)::text, ',') OVER ()) FROM (SELECT r.*, r.details - 'workers' AS rest FROM userseg.select_k('$algorithm', '$source', 2, 5, id => 'id',
  reference_sets => 4, bootstraps => 4, $args params => '{$params}') r) x, LATERAL (SELECT x.k, x.n_rows, x.inertia, x.silhouette, x.calinski_harabasz, x.davies_bouldin,
  x.gap, x.gap_se, x.bic, x.aic, x.stability, x.jaccard, x.recommended, x.reason, x.rest) s LIMIT 1");
	return split /\|/, $out;
}

foreach my $case ([ 'ids', '' ], [ 'weights', "weight => 'w', " ], [ 'cosine', '', '"metric": "cosine", ' ])
{
	my ($name, $args, $more) = @$case;
	$more //= '';
	my ($none, $result) = rows_of('t', $args, "$more\"workers\": 0", '');
	is($none, '0', "$name: without workers");
	foreach my $v ([ 'other order', 'shuffled', 0, '' ], [ 'one worker', 't', 1, '' ], [ 'two workers', 'shuffled', 2, '' ],
		[ 'spilled source', 't', 0, "SET userseg.max_memory = '32MB';" ])
	{
		my ($what, $source, $workers, $settings) = @$v;
		my ($joined, $got) = rows_of($source, $args, "$more\"workers\": $workers", $settings);
		is($joined, $workers, "$name, $what: workers that took part");
		is($got, $result, "$name, $what: the same rows");
	}
}

foreach my $algorithm ('hierarchical', 'minibatch_kmeans', 'gmm')
{
	my (undef, $result) = rows_of('t', '', '"workers": 0', '', $algorithm);
	foreach my $v ([ 'other order', 'shuffled', 0, '' ], [ 'two workers', 'shuffled', 2, '' ], [ 'spilled source', 't', 0, "SET userseg.max_memory = '64MB';" ])
	{
		my ($what, $source, $workers, $settings) = @$v;
		my ($joined, $got) = rows_of($source, '', "\"workers\": $workers", $settings, $algorithm);
		is($joined, $workers, "$algorithm, $what: workers that took part");
		is($got, $result, "$algorithm, $what: the same rows");
	}
}

# silhouettes, row by row
{
	my @got;
	foreach my $v ([ 't', 0, '' ], [ 't', 1, '' ], [ 'shuffled', 2, '' ], [ 'shuffled', 0, "SET userseg.max_memory = '16MB';" ])
	{
		my ($source, $workers, $settings) = @$v;
		my $out = $node->safe_psql('postgres', "SET client_min_messages = error; SET extra_float_digits = 1; $settings
SELECT details ->> 'workers', silhouette, details - 'workers' FROM userseg.silhouette('$source', 'country', '{a,b,c,d}', id => 'id', weight => 'w', workers => $workers, sample_rows => 5000);
SELECT count(*), md5(string_agg(to_jsonb(s)::text, ',' ORDER BY id)) FROM userseg.silhouette('$source', 'country', '{a,b,c,d}', id => 'id', weight => 'w', workers => $workers, sample_rows => 5000, each_row => true) s");
		like($out, qr/^$workers\|/, "silhouettes: $workers workers took part");
		push @got, $out =~ s/^\d+//r;
	}
	is($got[$_], $got[0], "silhouettes: the same in variant $_") foreach 1 .. 3;
}

# ---- memory ----

foreach my $case ([ 'wide', 2000, '64MB' ], [ 't', 200, '64MB' ])
{
	my ($source, $mb, $allowed) = @$case;
	my $out = $node->safe_psql('postgres', "SET client_min_messages = error; SET userseg.max_memory = '$allowed';
SELECT count(*) FROM userseg.select_k('kmeans', '$source', 1, 4, id => 'id', reference_sets => 3, bootstraps => 3)");
	is($out, '4', "$source: $allowed are enough");
}
is($node->safe_psql('postgres', "SET client_min_messages = error; SET userseg.max_memory = '64MB';
SELECT count(*) FROM userseg.select_k('gmm', 'wide', 1, 4, id => 'id', reference_sets => 3, bootstraps => 3, params => '{\"covariance\": \"diag\"}')"),
	'4', 'mixtures of 200 columns: 64MB are enough');
# the peak of the process above what it is before
my $peak = $node->safe_psql('postgres', <<'SQL');
SET client_min_messages = error;
SET userseg.max_memory = '64MB';
SET userseg.max_parallel_workers = 0;
CREATE FUNCTION pg_temp.memory(name text) RETURNS int LANGUAGE sql AS $$
  SELECT (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), name || ':\s*(\d+) kB'))[1]::int / 1024 $$;
SELECT pg_temp.memory('RssAnon') AS before \gset
SELECT count(*) FROM userseg.select_k('kmeans', 'wide', 1, 6, id => 'id', reference_sets => 3, bootstraps => 3) \g /dev/null
SELECT pg_temp.memory('VmHWM') - pg_temp.memory('RssFile') - pg_temp.memory('RssShmem') - :before;
SQL
cmp_ok($peak, '<', 96, "peak of $peak MB under 64 MB, with what the executor and the allocator take");
is($node->safe_psql('postgres', "SET client_min_messages = error; SET userseg.max_memory = '64MB';
SELECT n_rows FROM userseg.silhouette('SELECT id, v, id % 3 AS l FROM wide', 'l', id => 'id')"), '3000', 'silhouettes: 64MB are enough');
my ($ret, $stdout, $stderr) = $node->psql('postgres', "SET userseg.max_memory = '24MB';
SELECT userseg.select_k('kmeans', 'wide', 2, 1000, id => 'id')");
like($stderr, qr/partitions .* MB .*userseg\.max_memory/s, 'too little memory is told');
isnt($ret, 0, 'and raised');

# ---- cancel ----

foreach my $case ([ 'select_k', 'serial', '{"workers": 0}' ], [ 'select_k', 'workers', '{"workers": 2}' ], [ 'silhouette', 'silhouette', '0' ],
	[ 'silhouette', 'silhouette, workers', '2' ], [ 'gmm', 'gmm', '{"workers": 0}' ], [ 'gmm', 'gmm, many components', '{"workers": 0, "covariance": "diag"}' ])
{
	my ($what, $name, $params) = @$case;
	my ($stopped, $worst) = (0, 0);
	for (my $timeout = 20; $timeout < 6000; $timeout = int($timeout * 1.7) + 5)
	{
		my $call = "SET statement_timeout = $timeout; CALL outlives('$what', '$params', $timeout, NULL)";
		my $late = $node->safe_psql('postgres', $call);
		last if $late eq '';
		# a busy machine may be late once
		$late = $node->safe_psql('postgres', $call) || 0 if $late > 200;
		$stopped++;
		$worst = $late if $late > $worst;
	}
	cmp_ok($stopped, '>=', 3, "$name: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$name: at most 200 ms late");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'"),
	'0', 'no worker is left');
$node->stop;
done_testing();
