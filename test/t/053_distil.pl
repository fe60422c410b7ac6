# Distilling: one student, bit for bit, for any order of the rows, number of workers, spilled sources, small budgets; cancel.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('distil');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, ln(1 + g % 1009)::float8 AS a, (g * 7919::bigint % 10007) / 100.0 AS b, CASE WHEN g % 11 = 0 THEN NULL ELSE g % 13 END AS c,
  (ARRAY['FR', 'DE', 'UK', 'IT', NULL])[1 + g % 5] AS country, sqrt(g % 773)::float8 AS d, ARRAY['x' || g % 3, 'y' || g % 4] AS tags, ARRAY[g % 5, g % 7]::float8[] AS place,
  (g * 7919::bigint % 10007) / 100.0 + 30 * (g % 4) + (g * 104729::bigint % 997) / 30.0 + 5 * (g % 13) > 110 AS y
FROM generate_series(1, 60000) g;
CREATE TABLE shuffled AS SELECT * FROM t ORDER BY md5(id::text);
ANALYZE t, shuffled;
SET client_min_messages = error;
SELECT 1 FROM userseg.train('teacher', 'gradient_boosting', 't', target => 'y', id => 'id', params => '{"n_rounds": 20, "refit": false}');
SQL

my $number = 0;

sub fingerprint
{
	my ($student, $source, $params, $settings) = @_;
	my $model = 'm' . ++$number;
	return split /\n/, $node->safe_psql('postgres', "SET client_min_messages = error; SET extra_float_digits = 1; $settings
SELECT concat_ws(' ', measured_on, measured_rows, fidelity, fidelity_r2, teacher_value, student_value) FROM userseg.distil('teacher', '$student', '$model', '$source', id => 'id', params => '$params');
SELECT concat_ws(' ', details #>> '{source,spilled}', coalesce(details ->> 'workers', details #>> '{regression,workers}')) FROM userseg.model_versions WHERE model = '$model';
SELECT md5(string_agg(userseg.predict_detail('$model', t)::text, ',' ORDER BY id)) FROM t WHERE id < 10000");
}

foreach my $student ('decision_tree', 'scorecard', 'logistic')
{
	my @parameters = $student eq 'decision_tree' ? ('{}') : map { "{\"workers\": $_}" } (0, 1, 2);
	my ($told, $how, $bits) = fingerprint($student, 't', $parameters[0], '');
	like($told, qr/^unseen /, "$student: $told");
	like($how, qr/^false/, "$student: in memory");
	foreach my $parameters (@parameters)
	{
		my ($again, $by, $same) = fingerprint($student, 'shuffled', $parameters, '');
		is("$again $same", "$told $bits", "$student: in another order, $parameters, $by");
		like($by, qr/^false $1$/, "$student: $1 workers were launched") if $parameters =~ /(\d)/;
	}
	my ($again, $by, $same) = fingerprint($student, 't', $parameters[0], "SET userseg.max_memory = '24MB';");
	like($by, qr/^true/, "$student: spilled");
	is("$again $same", "$told $bits", "$student: the same in 24 MB");
}

$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE outlives(student text, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  PERFORM userseg.distil('teacher', student, 'stopped', 'SELECT * FROM t UNION ALL SELECT * FROM shuffled');
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL
my $finished = 0;
foreach my $timeout (50, 150, 300, 500, 800, 1200)
{
	my $late = $node->safe_psql('postgres', "SET statement_timeout = $timeout; CALL outlives('decision_tree', $timeout, NULL)");
	$finished++ if $late eq '';
	ok($late eq '' || $late < 200, "cancel after $timeout ms: " . ($late eq '' ? 'it was done before' : "$late ms late"));
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM userseg.model_versions WHERE model = 'stopped'}), $finished, 'nothing half done is left');

$node->stop;
done_testing();
