# Scorecards: one model, bit for bit, for any order of the rows, workers really launched, spilled sources; cancel.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('scorecard');
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
  (ARRAY['FR', 'DE', 'UK', 'IT', NULL])[1 + g % 5] AS country, sqrt(g % 773)::float8 AS d, g % 7 = 0 AS flag, 1 + g % 3 AS w,
  (g * 7919::bigint % 10007) / 100.0 + 30 * (g % 4) + (g * 104729::bigint % 997) / 30.0 + 5 * (g % 13) > 110 AS y
FROM generate_series(1, 100000) g;
CREATE TABLE shuffled AS SELECT * FROM t ORDER BY md5(id::text);
ANALYZE t, shuffled;
SQL

my $number = 0;

sub fingerprint
{
	my ($source, $params, $settings) = @_;
	my $model = 'm' . ++$number;
	return split /\n/, $node->safe_psql('postgres', "SET client_min_messages = error; SET extra_float_digits = 1; $settings
SELECT 1 FROM userseg.train('$model', 'scorecard', '$source', target => 'y', id => 'id', weight => 'w', features => '{a,b,c,country,d,flag}', holdout => 0, params => '$params') \\g /dev/null
SELECT concat_ws(' ', details #>> '{source,spilled}', details #>> '{regression,workers}') FROM userseg.model_versions WHERE model = '$model';
SELECT md5(string_agg(userseg.predict_detail('$model', t)::text || userseg.scorecard_points('$model', t), ',' ORDER BY id)) FROM t WHERE id < 20000");
}

my ($how, $bits) = fingerprint('t', '{"workers": 0, "min_iv": 0}', '');
is($how, 'false 0', 'alone, in memory');
is((fingerprint('shuffled', '{"min_iv": 0}', ''))[1], $bits, 'in another order');
foreach my $workers (1, 2)
{
	my ($told, $same) = fingerprint('shuffled', "{\"workers\": $workers, \"min_iv\": 0}", '');
	is($told, "false $workers", "$workers workers were launched");
	is($same, $bits, "by $workers workers");
}
my ($small, $small_bits) = fingerprint('t', '{"workers": 0, "min_iv": 0}', "SET userseg.max_memory = '8MB';");
is($small, 'true 0', 'spilled');
is($small_bits, $bits, 'the same in 8 MB');

$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE outlives(timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  PERFORM userseg.train('stopped', 'scorecard', 'SELECT * FROM t UNION ALL SELECT * FROM shuffled', target => 'y', features => '{a,b,c,country,d,flag}', holdout => 0, params => '{"workers": 0, "min_iv": 0, "cells": 100, "max_bins": 30}');
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

my $finished = 0;
foreach my $timeout (30, 100, 200, 350)
{
	my $late = $node->safe_psql('postgres', "SET statement_timeout = $timeout; CALL outlives($timeout, NULL)");
	$finished++ if $late eq '';
	ok($late eq '' || $late < 200, "cancel after $timeout ms: " . ($late eq '' ? 'it was done before' : "$late ms late"));
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM userseg.model_versions WHERE model = 'stopped'}), $finished, 'nothing half done is left');

$node->stop;
done_testing();
