# The verbs of evaluation and the metric aggregates: cancelled within 200 ms, in little memory, the same with
# any number of workers, read-only where they only read.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('evaluate');
$node->init;
$node->append_conf('postgresql.conf', "max_parallel_workers_per_gather = 0\nlog_temp_files = 0\nclient_min_messages = error\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, sin(g) AS a, cos(g * 3) AS b, g % 7 AS c, (ARRAY['FR', 'DE', 'UK', 'IT'])[1 + g % 4] AS country, sin(g) + cos(g * 7) > 0.3 AS y, sin(g) * 2 + cos(g * 11) AS z
FROM generate_series(1, 400000) g;
ANALYZE t;
SELECT userseg.train('m', 'logistic', 't', target => 'y', id => 'id', features => '{a,b,c,country}', params => '{"refit": false}');
SELECT userseg.train('n', 'logistic', 't', target => 'y', id => 'id', features => '{b,c}', params => '{"refit": false}');
-- How long a statement outlives its timeout, in ms; NULL when it ended before.
CREATE PROCEDURE outlives(query text, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  EXECUTE query;
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

sub late
{
	my ($query, $timeout) = @_;
	my $out = $node->safe_psql('postgres', "SET statement_timeout = $timeout; CALL outlives(\$q\$$query\$q\$, $timeout, NULL)");
	return $out eq '' ? undef : $out;
}

foreach my $case (
	[ 'evaluate', "SELECT userseg.evaluate('m', 't', true)" ],
	[ 'slices', "SELECT userseg.evaluate('m', 't', true, 'country')" ],
	[ 'calibration', "SELECT userseg.calibration('m', 't', all_rows => true)" ],
	[ 'lift', "SELECT userseg.lift('m', 't', all_rows => true)" ],
	[ 'compare', "SELECT userseg.compare('m', 'n', 't', true)" ],
	[ 'recalibrate', "SELECT userseg.recalibrate('m\@1', 't', 'isotonic', true)" ],
	[ 'importance', "SELECT userseg.importance('m', 't', 50, true)" ],
	[ 'contributions', "SELECT userseg.importance('m', 't', all_rows => true, method => 'contribution')" ],
	[ 'partial_dependence', "SELECT userseg.partial_dependence('m', 't', 'a', 500, true)" ],
	[ 'curves', "SELECT count(*) FROM userseg.individual_conditional_expectation('m', 't', 'a', 500, 10000, all_rows => true)" ],
	[ 'interaction', "SELECT userseg.interaction('m', 't', rows => 1000, all_rows => true)" ],
	[ 'auc_agg', 'SELECT userseg.auc_agg(a, y), userseg.average_precision_agg(a, y), userseg.calibration_agg(abs(a), y) FROM t' ])
{
	my ($name, $query) = @$case;
	my ($stopped, $worst) = (0, 0);
	for (my $timeout = 30; $timeout < 1500; $timeout = int($timeout * 1.8) + 5)
	{
		my $late = late($query, $timeout);
		last if !defined $late;
		# a busy machine may be late once
		$late = late($query, $timeout) // 0 if $late > 200;
		$stopped++;
		$worst = $late if $late > $worst;
	}
	cmp_ok($stopped, '>=', 1, "$name: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$name: at most 200 ms late");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');

# in little memory: fewer rows, said so, or an error with the numbers
my $small = "SET userseg.max_memory = '16MB';";
like($node->safe_psql('postgres', "$small SELECT n FROM userseg.evaluate('m', 't', true) WHERE metric = 'auc'"), qr/^\d+$/, 'evaluate in 16 MB');
my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$small SET client_min_messages = notice;\nSELECT * FROM userseg.compare('m', 'n', 't', true)");
like($out, qr/DeLong/, 'compare in 16 MB, on a sample that both models answer');
like($err, qr/sample of \d+ of 400000 rows/, 'which is told');
($status, $out, $err) = $node->psql('postgres', "$small SET client_min_messages = notice; SELECT n FROM userseg.evaluate('m', 't', true) WHERE metric = 'auc'");
like("$out$err", qr/sample of \d+ of 400000 rows|400000/, 'a sample is told');

# any number of workers, any order
my $figures = "SELECT md5(string_agg(e::text, ';' ORDER BY metric)) FROM userseg.evaluate('m', 'SELECT * FROM t', true) e";
my $serial = $node->safe_psql('postgres', $figures);
my $parallel = "SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;";
is($node->safe_psql('postgres', "$parallel $figures"), $serial, 'evaluate with workers in the source');
is($node->safe_psql('postgres', $figures =~ s/SELECT \* FROM t/SELECT * FROM t ORDER BY b, id/r), $serial, 'evaluate in another order');
my $aggregates = "SELECT userseg.auc_agg(a, y), userseg.ks_agg(a, y), userseg.rmse_agg(a, z), userseg.r2_agg(a, z), md5(userseg.ranking_agg(a, y)::text) FROM t";
$serial = $node->safe_psql('postgres', $aggregates);
is($node->safe_psql('postgres', "$parallel $aggregates"), $serial, 'aggregates with workers');

# read-only
$node->safe_psql('postgres', "BEGIN READ ONLY; SELECT userseg.evaluate('m\@1', 't'), userseg.importance('m\@1', 't', 1); COMMIT");
($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nBEGIN READ ONLY; SELECT userseg.recalibrate('m\@1', 't')");
like($err, qr/25006/, 'recalibrate writes');
$node->stop;
done_testing();
