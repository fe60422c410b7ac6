# One model, bit for bit: whatever the order of the rows, the number of workers, in
# memory or spilled, local or as SQL aggregates.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('strategies');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
max_parallel_workers_per_gather = 2
min_parallel_table_scan_size = 0
parallel_setup_cost = 0
parallel_tuple_cost = 0
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, ln(1 + g % 1009)::float8 AS a, sqrt(g % 773)::float8 + CASE WHEN g % 5 = 0 THEN 40 ELSE 0 END AS b,
       (g * 7919::bigint % 10007) / 100.0 AS c, CASE WHEN g % 11 = 0 THEN NULL ELSE g % 13 END AS d,
       (ARRAY['FR', 'DE', 'UK', 'IT'])[1 + g % 4] AS country, 1 + g % 3 AS w
FROM generate_series(1, 400000) g;
CREATE TABLE shuffled AS SELECT * FROM t ORDER BY md5(id::text);
ANALYZE t, shuffled;
SQL

# What a model is: its centres and the label of every row, exactly.
my $fingerprint = q{
SELECT md5(string_agg(segment_id || feature || value, ',' ORDER BY segment_id, feature COLLATE "C")) FROM userseg.centroids('%1$s', 'encoded')
UNION ALL SELECT md5(string_agg(userseg.predict_id('%1$s', t)::text, ',' ORDER BY id)) FROM t};

my $number = 0;

sub train
{
	my ($source, $params, $settings) = @_;
	my $model = 'm' . ++$number;
	my $details = $node->safe_psql('postgres', "SET client_min_messages = error; $settings
SELECT concat_ws('|', details ->> 'strategy', details ->> 'workers', details ->> 'spilled', details -> 'source' ->> 'spilled', converged)
FROM userseg.train('$model', 'kmeans', '$source', id => 'id', weight => 'w', params => '$params')");
	my $print = $node->safe_psql('postgres', "SET extra_float_digits = 1;" . sprintf($fingerprint, $model));
	return ($details, $print);
}

foreach my $params ('"k": 6', '"k": [2, 4]', '"k": 5, "metric": "cosine"', '"k": 40, "max_iter": 12, "init": "k-means||"')
{
	my ($details, $print) = train('t', "{$params, \"strategy\": \"local\", \"workers\": 0}", '');
	like($details, qr/^local\|0\|false\|false/, "$params: in memory, serial");

	my @variants = (
		[ 'other order', 'shuffled', '"strategy": "local", "workers": 0', '', qr/^local\|0\|false/ ],
		[ 'one worker', 't', '"strategy": "local", "workers": 1', '', qr/^local\|1\|false/ ],
		[ 'two workers', 'shuffled', '"strategy": "local", "workers": 2', '', qr/^local\|2\|false/ ],
		[ 'spilled', 't', '"strategy": "local", "workers": 0', "SET userseg.max_memory = '16MB';", qr/^local\|0\|true\|true/ ],
		[ 'spilled, two workers', 'shuffled', '"strategy": "local", "workers": 2', "SET userseg.max_memory = '16MB';", qr/^local\|2\|true\|true/ ],
		[ 'SQL aggregates', 't', '"strategy": "sql"', 'SET max_parallel_workers_per_gather = 0;', qr/^sql\|/ ],
		[ 'parallel SQL aggregates', 'shuffled', '"strategy": "sql"', '', qr/^sql\|/ ]);
	foreach my $v (@variants)
	{
		my ($name, $source, $more, $settings, $expected) = @$v;
		my ($d, $p) = train($source, "{$params, $more}", $settings);
		like($d, $expected, "$params, $name: what it says it did");
		is($p, $print, "$params, $name: the same model");
	}
}

# the aggregates of strategy sql really run in workers
my $plan = $node->safe_psql('postgres', q{EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off)
SELECT userseg.kmeans_step(userseg.kmeans_point(userseg.centroid_set('{{1,2},{3,4}}'::float8[]), ARRAY[a, b])) FROM t});
like($plan, qr/Workers Launched: 2/, 'workers take part in an SQL step');

$node->stop;
done_testing();
