# Many rows scored by a team: workers really start where that pays and nothing forbids it, answers equal those of one process and of the
# scalar functions bit for bit, small budgets, cancels.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('team');
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
  (ARRAY['FR', 'DE', 'UK', 'IT'])[1 + g % 4] AS country, sqrt(g % 773)::float8 AS d,
  (g * 7919::bigint % 10007) / 100.0 + 30 * (g % 4) + (g * 104729::bigint % 997) / 30.0 > 80 AS y,
  (ARRAY['low', 'mid', 'top'])[1 + ((g * 7919::bigint % 10007) / 5000 + g % 4 / 3)::int] AS z
FROM generate_series(1, 4000) g;
CREATE VIEW many AS SELECT t.*, n * 10000 + id AS nid FROM t, generate_series(1, 25) n;
CREATE TABLE stored AS SELECT * FROM many;
-- PARALLEL UNSAFE, as functions are unless they say something else
CREATE FUNCTION same(x int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN x; END';
ANALYZE t, stored;
SQL

# the answers of assign, and how many workers gave them
sub assigned
{
	my ($source, $settings) = @_;
	my @lines = split /\n/, $node->safe_psql('postgres', "SET client_min_messages = error; $settings
DROP TABLE IF EXISTS answers;
SELECT 1 FROM userseg.assign('m', '$source', 'nid', 'answers', history => false) \\g /dev/null
SELECT details ->> 'workers' FROM userseg.runs WHERE kind = 'assign' ORDER BY run DESC LIMIT 1;
SELECT md5(string_agg(float8send(value)::text || float8send(probability)::text || segment_id, '' ORDER BY nid)) FROM answers");
	return @lines;
}

sub train
{
	my ($algorithm, $rest, $features) = @_;
	$features ||= 'a,b,c,country,d';
	$node->safe_psql('postgres', "SET client_min_messages = error; SET userseg.max_parallel_workers = 0;
SELECT 1 FROM userseg.train('m', '$algorithm', 't', id => 'id', features => '{$features}', $rest)");
}

foreach my $case (
	[ 'random_forest', "target => 'y', params => '{\"n_trees\": 200, \"min_leaf\": 1}'" ],
	[ 'random_forest', "target => 'z', params => '{\"n_trees\": 100, \"positive\": \"mid\"}'" ],
	[ 'gradient_boosting', "target => 'b', params => '{\"n_rounds\": 300}'", 'a,c,country,d' ],
	[ 'isolation_forest', "params => '{\"n_trees\": 200}'" ],
	[ 'svm', "target => 'y', params => '{\"kernel\": \"rbf\"}'" ],
	[ 'mlp', "target => 'z', params => '{\"hidden\": [256, 256], \"max_epochs\": 2}'" ])
{
	my ($algorithm, $rest, $features) = @$case;
	train($algorithm, $rest, $features);
	my ($none, $bits) = assigned('many', 'SET userseg.max_parallel_workers = 0;');
	is($none, '0', "$algorithm: one process");
	my ($workers, $team_bits) = assigned('many', '');
	cmp_ok($workers, '>', 0, "$algorithm: $workers workers");
	is($team_bits, $bits, "$algorithm: they answer the same");
	is($node->safe_psql('postgres', "SELECT count(*) FROM answers r JOIN t ON r.nid = 10000 + t.id, userseg.predict_detail('m', t) p
WHERE (r.segment_id, r.value, r.probability) IS DISTINCT FROM (nullif(p.label_id, 0), p.value, p.probability)"), '0', "$algorithm: as the scalar function");
}

# what the source calls, and how it runs
train('random_forest', "target => 'y', params => '{\"n_trees\": 200, \"min_leaf\": 1}'");
my ($none, $bits) = assigned('stored', 'SET userseg.max_parallel_workers = 0;');
my ($workers, $team_bits) = assigned('SELECT s.*, same(1) AS one FROM stored s', '');
is($workers, '0', 'a function that is PARALLEL UNSAFE: no workers');
is($team_bits, $bits, 'the same answers');
($workers, $team_bits) = assigned('stored', 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;');
cmp_ok($workers, '>', 0, "inside of a parallel plan: $workers workers");
is($team_bits, $bits, 'the same answers');
($workers, $team_bits) = assigned('stored', "SET userseg.max_memory = '8MB';");
is($workers, '0', '8 MB have no room for the models of workers');
is($team_bits, $bits, 'the same answers');

# a transaction that ran a team goes on, its model may be of the same transaction, and an error ends the team
is($node->safe_psql('postgres', "SET client_min_messages = error; BEGIN;
SELECT 1 FROM userseg.train('m', 'random_forest', 't', id => 'id', target => 'y', features => '{a,b,c,country,d}', params => '{\"n_trees\": 200, \"min_leaf\": 1}') \\g /dev/null
DROP TABLE answers;
DO \$\$ BEGIN PERFORM userseg.assign('m', 'SELECT s.*, 1 / (s.nid - 254000) AS x FROM stored s', 'nid', 'answers'); EXCEPTION WHEN division_by_zero THEN END \$\$;
SELECT 1 FROM userseg.assign('m', 'stored', 'nid', 'answers') \\g /dev/null
SELECT n_changed FROM userseg.assign('m', 'stored', 'nid', 'answers');
COMMIT;
SELECT details ->> 'workers' > '0' FROM userseg.runs WHERE kind = 'assign' ORDER BY run DESC LIMIT 1;
SELECT count(*) FROM answers"), "0\nt\n100000", 'an error, and a second run, in a transaction');

# measured by a team as by one process, hold-out and stored model alike
foreach my $workers (0, 2)
{
	$node->safe_psql('postgres', "SET client_min_messages = error; SET userseg.max_parallel_workers = $workers;
SELECT 1 FROM userseg.train('measured_$workers', 'random_forest', 'SELECT nid, a, b, c, country, d, z FROM stored', id => 'nid', target => 'z', holdout => 0.9, params => '{\"n_trees\": 60, \"min_leaf\": 1, \"refit\": false, \"workers\": 0}')");
}
my $stored = "SELECT md5(string_agg(metric || float8send(value)::text, '' ORDER BY metric)) FROM userseg.evaluate";
my $first = $node->safe_psql('postgres', "$stored('measured_0')");
is($node->safe_psql('postgres', "$stored('measured_2')"), $first, 'a hold-out measured by a team');
is($node->safe_psql('postgres', "SET userseg.max_parallel_workers = 2; $stored('measured_0', 'SELECT nid, a, b, c, country, d, z FROM stored')"), $first, 'and again by evaluate');

# cancelled while the team scores
$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE outlive(timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM userseg.assign('m', 'SELECT s.*, n * 1000000 + nid AS more FROM stored s, generate_series(1, 20) n', 'more', 'never');
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL
my $most = 0;
foreach my $ms (60, 350, 800)
{
	my $late = $node->safe_psql('postgres', "SET statement_timeout = $ms; CALL outlive($ms, NULL)");
	$late = $node->safe_psql('postgres', "SET statement_timeout = $ms; CALL outlive($ms, NULL)") if $late ne '' && $late > 200;
	isnt($late, '', "cancelled after $ms ms");
	$most = $late if $late ne '' && $late > $most;
}
cmp_ok($most, '<', 200, sprintf('at most %.0f ms late', $most));
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'"), '0', 'no worker is left');
$node->stop;
done_testing();
