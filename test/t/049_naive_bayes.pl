# Naive Bayes: one model, bit for bit, for any order of the rows, workers really launched, spilled sources, SQL aggregates; cancel.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('naive_bayes');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
max_parallel_workers_per_gather = 2
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, ln(1 + g % 1009)::float8 AS a, (g * 7919::bigint % 10007) / 100.0 AS b, CASE WHEN g % 11 = 0 THEN NULL ELSE g % 13 END AS c,
  (ARRAY['FR', 'DE', 'UK', 'IT', NULL])[1 + g % 5] AS country, sqrt(g % 773)::float8 AS d, g % 7 = 0 AS flag, 1 + g % 3 AS w,
  (g * 7919::bigint % 10007) / 100.0 + 30 * (g % 4) + (g * 104729::bigint % 997) / 30.0 > 80 AS y, (ARRAY['low', 'middle', 'high'])[1 + g % 1009 / 400] AS kind
FROM generate_series(1, 100000) g;
CREATE TABLE shuffled AS SELECT * FROM t ORDER BY md5(id::text);
ANALYZE t, shuffled;
SQL

my $number = 0;

sub fingerprint
{
	my ($source, $target, $params, $settings) = @_;
	my $model = 'm' . ++$number;
	return split /\n/, $node->safe_psql('postgres', "SET client_min_messages = error; SET extra_float_digits = 1; $settings
SELECT 1 FROM userseg.train('$model', 'naive_bayes', '$source', target => '$target', id => 'id', weight => 'w', features => '{a,b,c,country,d,flag}', holdout => 0, params => '$params') \\g /dev/null
SELECT coalesce(details ->> 'workers', '-') || ' ' || (details #>> '{source,spilled}') FROM userseg.model_versions WHERE model = '$model';
SELECT md5(string_agg(userseg.predict_detail('$model', t)::text, ',' ORDER BY id)) FROM t WHERE id < 20000");
}

foreach my $target ('y', 'kind')
{
	my ($how, $bits) = fingerprint('t', $target, '{"workers": 0}', '');
	is($how, '0 false', "$target: alone, in memory");
	is((fingerprint('shuffled', $target, '{}', ''))[1], $bits, "$target: in another order");
	foreach my $workers (1, 2)
	{
		my ($told, $same) = fingerprint('shuffled', $target, "{\"workers\": $workers}", '');
		is($told, "$workers false", "$target: $workers workers launched");
		is($same, $bits, "$target: the same with them");
	}
	my ($small, $small_bits) = fingerprint('t', $target, '{"workers": 0}', "SET userseg.max_memory = '4MB';");
	is($small, '0 true', "$target: spilled");
	is($small_bits, $bits, "$target: the same in 4 MB");
	is((fingerprint('shuffled', $target, '{"strategy": "sql"}', 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;'))[1], $bits, "$target: the same as an SQL aggregate");
}
like($node->safe_psql('postgres', q{SET client_min_messages = error; SET userseg.max_memory = '64MB';
SELECT concat_ws('|', n_rows, (details -> 'memory' ->> 'peak_mb')::float8 <= 64)
FROM userseg.train('many', 'naive_bayes', 'SELECT t.* FROM t, generate_series(1, 10)', target => 'y', features => '{a,b,c,d,country}', holdout => 0)}), qr/^1000000\|t$/, 'a million rows in 64 MB');

# an aggregate by several processes gives the state of one
is($node->safe_psql('postgres', q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT md5(userseg.naive_bayes_agg(ARRAY[a, b, c, d], 1 + y::int, w)::text) FROM t}),
	$node->safe_psql('postgres', q{SET max_parallel_workers_per_gather = 0; SELECT md5(userseg.naive_bayes_agg(ARRAY[a, b, c, d], 1 + y::int, w)::text) FROM shuffled}),
	'aggregate: parallel is serial');

$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE outlives(params jsonb, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  PERFORM userseg.train('stopped', 'naive_bayes', 'SELECT * FROM t UNION ALL SELECT * FROM shuffled', target => 'kind', features => '{a,b,c,country,d,flag}', holdout => 0, params => params);
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

my $finished = 0;

sub late
{
	my ($params, $ms) = @_;
	my $late = $node->safe_psql('postgres', "SET statement_timeout = $ms; CALL outlives('$params', $ms, NULL)");
	$finished++ if $late eq '';
	return $late;
}

foreach my $params ('{"workers": 0}', '{"strategy": "sql"}')
{
	my ($worst, $stopped) = (0, 0);
	foreach my $ms (10, 40, 80, 120, 160, 200)
	{
		my $late = late($params, $ms);
		next if $late eq '';
		# a busy machine may be late once
		$late = late($params, $ms) || 0 if $late > 200;
		$stopped++;
		$worst = $late if $late > $worst;
	}
	cmp_ok($stopped, '>=', 2, "$params: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$params: at most 200 ms late");
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM userseg.model_versions WHERE model = 'stopped'}), $finished, 'only trainings that ended left a version');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_ls_tmpdir()"), '0', 'no temporary file is left');
$node->stop;
done_testing();
