# Supervised training, cross-validation and tuning: end within 200 ms of a statement_timeout and leave nothing; the
# same in memory and spilled, with and without workers; on a hot standby.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "log_temp_files = 0\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, x[1] AS a, x[2] AS b, x[3] AS c, x[4] AS d, (ARRAY['FR', 'DE', 'UK', 'IT'])[1 + g % 4] AS country,
       date '2024-01-01' + g % 1000 AS day, x[1] + x[2] + x[5] > 1.5 AS bought, x[1] * 3 + x[5] AS spend
FROM generate_series(1, 200000) g,
     LATERAL (SELECT array_agg((g::bigint * (7919 + 104729 * i) % 1000003) / 1000003.0::float8 ORDER BY i) AS x FROM generate_series(1, 5) i) r;
ANALYZE t;
-- How long a call outlives its timeout, in ms; NULL when it ended before.
CREATE PROCEDURE outlives(call text, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  EXECUTE 'SELECT count(*) FROM ' || call;
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

sub late
{
	my ($call, $timeout, $settings) = @_;
	my $out = $node->safe_psql('postgres', "$settings; SET statement_timeout = $timeout; CALL outlives(\$\$$call\$\$, $timeout, NULL)");
	return $out eq '' ? undef : $out;
}

my $train = "userseg.train('stopped', 'logistic', 't', target => 'bought', id => 'id', features => '{a,b,c,d,country}')";
my $cross = "userseg.cross_validate('logistic', 't', 'bought', id => 'id', features => '{a,b,c,d,country}', transform => '{\"country\": \"target\"}')";
my $tune = "userseg.tune('stopped', 'linear', 't', 'spend', '{\"lambda\": [0.01, 0.1, 1]}', folds => 3, id => 'id', params => '{\"penalty\": \"ridge\"}', time_column => 'day')";
foreach my $case (
	[ 'train', $train, '' ],
	[ 'train, spilled', $train, "SET userseg.max_memory = '12MB'" ],
	[ 'cross_validate', $cross, '' ],
	[ 'tune', $tune, '' ])
{
	my ($name, $call, $settings) = @$case;
	my ($stopped, $worst) = (0, 0);
	for (my $timeout = 20; $timeout < 2500; $timeout = int($timeout * 1.6) + 5)
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
is($node->safe_psql('postgres', 'SELECT count(*) % 3 FROM userseg._trial'), '0', 'trials only of a tuning that ended');
is($node->safe_psql('postgres', 'SELECT count(*) FROM userseg._version v FULL JOIN userseg._artifact_chunk c USING (artifact_id) WHERE v.model IS NULL OR c.chunk IS NULL'),
	'0', 'no version without its model, and no model without a version');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'"), '0', 'no worker is left');

# the same figures, however it is done
my $figures = "SET client_min_messages = error;
SELECT md5(string_agg(concat_ws(' ', fold, metric, value, sd, n, n_training), ',' ORDER BY fold, metric)) FROM userseg.cross_validate('logistic', 't', 'bought',
  folds => 3, id => 'id', features => '{a,b,c,d,country}', transform => '{\"country\": \"target\"}', params => '{\"workers\": WORKERS}');
SELECT metric_value FROM userseg.train('same', 'linear', 't', target => 'spend', id => 'id', features => '{a,b,c,d,country}', params => '{\"workers\": WORKERS}');
SELECT md5(string_agg(coefficient::text, ' ' ORDER BY term COLLATE \"C\")) FROM userseg.coefficients('same')";
my $want;
foreach my $workers (0, 1, 2)
{
	foreach my $memory ('256MB', '12MB')
	{
		(my $sql = $figures) =~ s/WORKERS/$workers/g;
		my $got = $node->safe_psql('postgres', "SET userseg.max_memory = '$memory'; $sql");
		$want //= $got;
		is($got, $want, "the same with $workers workers and $memory");
	}
}
is($node->safe_psql('postgres', "SET userseg.max_memory = '12MB'; SET client_min_messages = error;
SELECT details -> 'source' ->> 'spilled' FROM userseg.train('same', 'linear', 't', target => 'spend', id => 'id', features => '{a,b,c,d,country}')"), 'true', 'it was spilled');

# folds and trials in a team: the same trials, whoever fits them; tags, vectors, NULLs and weights are shared too
$node->safe_psql('postgres', "CREATE TABLE mixed AS SELECT id, nullif(a, (a * 1000)::int / 1000.0) AS a, CASE WHEN id % 11 > 0 THEN b END AS b, nullif(country, 'IT') AS country,
  CASE WHEN id % 7 > 0 THEN ARRAY[country, (id % 5)::text] END AS tags, ARRAY[c, d] AS v, day, bought, spend, 1 + id % 3 AS w FROM t WHERE id <= 9000");
my %trials;
foreach my $case ([ 'grid', '' ], [ 'halving', ', trials => 6' ])
{
	my ($search, $more) = @$case;
	my $grid = $search eq 'grid' ? '[0.001, 0.1, 10]' : '{"min": 0.0001, "max": 100, "log": true}';
	my $first;
	foreach my $workers (0, 1, 2)
	{
		$node->safe_psql('postgres', "SELECT userseg.drop_model(model) FROM userseg.models WHERE model = 'team'");
		my $got = $node->safe_psql('postgres', "SET client_min_messages = error;
SELECT string_agg(concat_ws(' ', trial, params, status, mean, sd, fold_values, n, best), ';' ORDER BY trial) FROM userseg.tune('team', 'logistic', 'mixed', 'bought', '{\"lambda\": $grid}', '$search'$more,
  folds => 3, id => 'id', weight => 'w', features => '{a,b,country,tags,v}', transform => '{\"country\": \"target\"}', params => '{\"penalty\": \"ridge\", \"workers\": $workers}')");
		$first //= $got;
		like($got, qr/done/, "$search with $workers workers") if $workers == 0;
		is($got, $first, "$search with $workers workers: the same trials") if $workers > 0;
	}
}
my ($rc, $said, $notes) = $node->psql('postgres', "SELECT count(*) FROM userseg.cross_validate('linear', 'mixed', 'spend', id => 'id', features => '{a,b}', params => '{\"workers\": 1, \"verbose\": true}')");
like($notes, qr/5 folds in a team of up to 2/, 'folds run in a team');
($rc, $said, $notes) = $node->psql('postgres', "SELECT count(*) FROM userseg.tune('team', 'logistic', 'SELECT id, a, bought, id <= 6000 AS early, day FROM mixed', 'bought', '{\"max_iter\": [5, 6, 7]}', folds => 3, features => '{a}',
  time_column => 'day', params => '{\"workers\": 1, \"positive\": \"maybe\"}')");
like($notes, qr/maybe/, 'an error of a fold in a team is told');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'"), '0', 'and no worker is left');
my $slow = "userseg.tune('stopped', 'gradient_boosting', 't', 'spend', '{\"max_depth\": [3, 4, 5, 6]}', folds => 5, id => 'id', features => '{a,b,c,d}', params => '{\"workers\": 1}')";
foreach my $timeout (600, 1500)
{
	my $late = late($slow, $timeout, "SET userseg.max_memory = '256MB'");
	$late = late($slow, $timeout, "SET userseg.max_memory = '256MB'") if defined $late && $late > 200;
	cmp_ok($late // 0, '<', 200, "tune in a team: stopped after $timeout ms");
}

# without a hold-out the metrics come from a sample of the training rows, the same for any order
is($node->safe_psql('postgres', "SET client_min_messages = error;
SELECT details -> 'holdout' ->> 'metrics_sampled' FROM userseg.train('sampled', 'logistic', 't', target => 'bought', id => 'id', features => '{a,b}', holdout => 0)"),
	'true', 'metrics of a sample');
my ($first, $second) = map { $node->safe_psql('postgres', "SET client_min_messages = error;
SELECT metric_value FROM userseg.train('sampled', 'logistic', 'SELECT * FROM t ORDER BY $_', target => 'bought', id => 'id', features => '{a,b}', holdout => 0)") } ('id', 'b');
is($first, $second, 'the sample does not depend on the order of the rows');
is($node->safe_psql('postgres', "SELECT (m ->> 'n')::int BETWEEN 45000 AND 50000 FROM userseg.model_versions, jsonb_array_elements(metrics) m WHERE model = 'sampled' AND version = 1 AND m ->> 'metric' = 'auc'"),
	't', 'of about 47,500 rows');

# a standby cross-validates and explains, but stores nothing
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
my $short = "SELECT round(value::numeric, 9) FROM userseg.cross_validate('linear', 't', 'spend', folds => 2, id => 'id', features => '{a,b}') WHERE fold IS NULL AND metric = 'rmse'";
is($standby->safe_psql('postgres', $short), $node->safe_psql('postgres', $short), 'a standby cross-validates');
cmp_ok($standby->safe_psql('postgres', "SELECT count(*) FROM userseg.explain_train('x', 'linear', 't', target => 'spend', id => 'id')"), '>', 10, 'a standby explains');
my ($status, $out, $err) = $standby->psql('postgres', 'SELECT count(*) FROM ' . $tune);
like($err, qr/cannot execute userseg\.tune\(\) in a read-only transaction/, 'a standby does not tune');
$standby->stop;
$node->stop;
done_testing();
