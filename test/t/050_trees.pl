# Trees, forests, boosting and isolation forests: cancelled in time in every phase, small budgets, workers really launched, spilled sources.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('trees');
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
  (ARRAY['FR', 'DE', 'UK', 'IT'])[1 + g % 4] AS country, sqrt(g % 773)::float8 AS d, 1 + g % 3 AS w,
  (g * 7919::bigint % 10007) / 100.0 + 30 * (g % 4) + (g * 104729::bigint % 997) / 30.0 > 80 AS y
FROM generate_series(1, 60000) g;
CREATE TABLE shuffled AS SELECT * FROM t ORDER BY md5(id::text);
ANALYZE t, shuffled;
SQL

my %params = (
	decision_tree => '"max_depth": 20',
	random_forest => '"n_trees": 12',
	gradient_boosting => '"n_rounds": 12, "row_share": 0.8, "early_stopping": 50',
	isolation_forest => '"n_trees": 60');

# without a target, and without workers of its own
my %alone = (decision_tree => 1, isolation_forest => 1);

sub target
{
	return $_[0] eq 'isolation_forest' ? "features => '{a,b,c,country,d}'" : "target => 'y', holdout => 0";
}

sub fingerprint
{
	my ($algorithm, $source, $extra, $settings) = @_;
	my $params = join ', ', grep { $_ ne '' } $params{$algorithm}, $extra;
	return $node->safe_psql('postgres', "SET client_min_messages = error; SET extra_float_digits = 1; $settings
SELECT 1 FROM userseg.train('m', '$algorithm', '$source', id => 'id', weight => 'w', @{[target($algorithm)]}, params => '{$params}') \\g /dev/null
SELECT coalesce(details ->> 'workers', '-') || ' ' || (details #>> '{source,spilled}') FROM userseg.model_versions WHERE model = 'm' ORDER BY version DESC LIMIT 1;
SELECT md5(string_agg(userseg.predict_value('m', t)::text, ',' ORDER BY id)) FROM t");
}

foreach my $algorithm (sort keys %params)
{
	my ($how, $bits) = split /\n/, fingerprint($algorithm, 't', $alone{$algorithm} ? '' : '"workers": 0', '');
	is($how, $alone{$algorithm} ? '- false' : '0 false', "$algorithm: alone, in memory");
	is((split /\n/, fingerprint($algorithm, 'shuffled', '', ''))[1], $bits, "$algorithm: in another order");
	my ($small, $small_bits) = split /\n/, fingerprint($algorithm, 't', '', "SET userseg.max_memory = '32MB';");
	is($small_bits, $bits, "$algorithm: in 32 MB");
	next if $alone{$algorithm};
	foreach my $workers (1, 2)
	{
		my ($told, $same) = split /\n/, fingerprint($algorithm, 'shuffled', "\"workers\": $workers", '');
		is($told, "$workers false", "$algorithm: $workers workers launched");
		is($same, $bits, "$algorithm: the same with them");
	}
}

# cancelled wherever it stands: the statement ends within 200 ms of its timeout, and nothing is left
$node->safe_psql('postgres', <<'SQL');
-- How long a training outlives its timeout, in ms; NULL when it ended before.
CREATE PROCEDURE outlives(algorithm text, target text, params jsonb, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM userseg.train('cancelled', algorithm, 'SELECT * FROM t UNION ALL SELECT * FROM shuffled', target => target, holdout => 0, params => params);
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

sub late
{
	my ($algorithm, $ms) = @_;
	my $target = $algorithm eq 'isolation_forest' ? 'NULL' : "'y'";
	return $node->safe_psql('postgres',
		"SET client_min_messages = error; SET statement_timeout = $ms; CALL outlives('$algorithm', $target, '{$params{$algorithm}}', $ms, NULL)");
}

foreach my $algorithm (sort keys %params)
{
	my ($most, $probes) = (0, 0);
	foreach my $ms (5, 20, 40, 80, 120, 180, 260, 350)
	{
		my $late = late($algorithm, $ms);
		next if $late eq '';
		# a busy machine may be late once
		$late = late($algorithm, $ms) || 0 if $late > 200;
		$probes++;
		$most = $late if $late > $most;
	}
	cmp_ok($probes, '>', 3, "$algorithm: cancelled $probes times");
	cmp_ok($most, '<', 200, sprintf("%s: at most %.0f ms late", $algorithm, $most));
}

# reasons of rows: the first one looks at the whole model, all at the nodes of all trees
$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE reasons_outlive(model text, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM (userseg.predict_detail(model, t)).reasons FROM t;
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL
foreach my $case (
	[ 'decision_tree', '"pruning": "none", "min_leaf": 1' ], [ 'random_forest', '"n_trees": 30, "min_leaf": 1' ], [ 'random_forest', '"n_trees": 10, "background": 1000' ],
	[ 'gradient_boosting', '"n_rounds": 40' ])
{
	my ($algorithm, $params) = @$case;
	my ($most, $probes) = (0, 0);
	my $reasons = sub {
		return $node->safe_psql('postgres', "SET statement_timeout = $_[0]; CALL reasons_outlive('explained', $_[0], NULL)");
	};
	$node->safe_psql('postgres', "SET client_min_messages = error; SELECT 1 FROM userseg.train('explained', '$algorithm', 't', target => 'y', id => 'id', holdout => 0, params => '{$params}')");
	foreach my $ms (30, 150, 400)
	{
		my $late = $reasons->($ms);
		next if $late eq '';
		$late = $reasons->($ms) || 0 if $late > 200;
		$probes++;
		$most = $late if $late > $most;
	}
	cmp_ok($probes, '>', 1, "$algorithm {$params}: reasons cancelled $probes times");
	cmp_ok($most, '<', 200, sprintf("%s: at most %.0f ms late", $algorithm, $most));
}
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_ls_tmpdir()"), '0', 'no temporary file is left');
$node->stop;
done_testing();
