# A training ends within 200 ms of a statement_timeout, in every phase, and leaves
# nothing: no version, no temporary file, no shared memory.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('cancel');
$node->init;
$node->append_conf('postgresql.conf', "max_parallel_workers_per_gather = 2\nlog_temp_files = 0\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, random() + g % 3 AS a, random() * 5 + g % 4 AS b, -ln(random()) AS c, random() AS d,
       (ARRAY['FR', 'DE', 'UK', 'IT'])[1 + g % 4] AS country, ARRAY[random(), random(), random()] AS v
FROM generate_series(1, 300000) g;
ANALYZE t;
-- How long a training outlives its timeout, in ms; NULL when it ended before.
CREATE PROCEDURE outlives(params jsonb, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  PERFORM userseg.train('stopped', 'kmeans', 't', id => 'id', params => params);
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

# statement_timeout starts with the statement: a procedure catches the error and tells the time
sub late
{
	my ($params, $timeout, $settings) = @_;
	my $out = $node->safe_psql('postgres',
		"SET jit = on; $settings; SET statement_timeout = $timeout; CALL outlives('$params', $timeout, NULL)");
	return $out eq '' ? undef : $out;
}

foreach my $case (
	[ 'k given', '{"k": 8}', '' ],
	[ 'range of k', '{"k": [2, 12]}', '' ],
	[ 'many starts', '{"k": 20, "n_init": 200}', '' ],
	[ 'workers', '{"k": 100, "workers": 2}', '' ],
	[ 'spilled', '{"k": 8}', "SET userseg.max_memory = '12MB'" ],
	[ 'SQL aggregates', '{"k": 8, "strategy": "sql"}', '' ])
{
	my ($name, $params, $settings) = @$case;
	my ($stopped, $worst) = (0, 0);
	for (my $timeout = 10; $timeout < 2500; $timeout = int($timeout * 1.7) + 5)
	{
		my $late = late($params, $timeout, $settings);
		last if !defined $late;
		# a busy machine may be late once
		$late = late($params, $timeout, $settings) // 0 if $late > 200;
		$stopped++;
		$worst = $late if $late > $worst;
	}
	cmp_ok($stopped, '>=', 3, "$name: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$name: at most 200 ms late");
}
is($node->safe_psql('postgres', "SELECT count(*) FROM userseg.model_versions WHERE model = 'stopped' AND version > 6"),
	'0', 'only trainings that ended made versions');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'"),
	'0', 'no worker is left');

# A crash in the middle of a training: the registry is as before, the next training the same.
my $before = $node->safe_psql('postgres', "SET client_min_messages = error;
SELECT version FROM userseg.train('kept', 'kmeans', 't', id => 'id', params => '{\"k\": 7}')");
my $print = "SELECT md5(string_agg(segment_id || feature || value, ',' ORDER BY segment_id, feature COLLATE \"C\")) FROM userseg.centroids('kept', 'encoded')";
my $model = $node->safe_psql('postgres', $print);
foreach my $settings ('', "SET userseg.max_memory = '12MB';")
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_until(qr/start/, "\\echo start\n$settings
SELECT userseg.train('kept', 'kmeans', 't', id => 'id', params => '{\"k\": [2, 30], \"n_init\": 50, \"workers\": 2}');\n");
	my $busy = $node->poll_query_until('postgres',
		"SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%userseg.train%' AND state = 'active' AND clock_timestamp() - query_start > '300 ms' AND pid <> pg_backend_pid()");
	ok($busy, 'a training is under way');
	$node->stop('immediate');
	eval { $session->quit; };
	$node->start;
	is($node->safe_psql('postgres', "SELECT max(version) FROM userseg.model_versions WHERE model = 'kept'"), $before, 'no version more');
	is($node->safe_psql('postgres', $print), $model, 'the model is as before');
	is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');
}
is($node->safe_psql('postgres', "SET client_min_messages = error;
SELECT version FROM userseg.train('kept', 'kmeans', 't', id => 'id', params => '{\"k\": 7}')"), $before + 1, 'the next training takes the next number');
is($node->safe_psql('postgres', $print), $model, 'and makes the same model');
$node->stop;
done_testing();
