# Networks: one model, bit for bit, for any order of the rows, spilled sources, settings of workers; a small budget; cancel in every phase;
# embeddings in parallel plans.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('mlp');
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
  (g * 7919::bigint % 10007) / 100.0 + 30 * (g % 4) + (g * 104729::bigint % 997) / 30.0 > 80 AS y, g % 1009 + hashint4(g) % 100 AS amount
FROM generate_series(1, 60000) g;
CREATE TABLE shuffled AS SELECT * FROM t ORDER BY md5(id::text);
ANALYZE t, shuffled;
SQL

my $number = 0;

sub fingerprint
{
	my ($algorithm, $source, $target, $params, $settings) = @_;
	my $model = 'm' . ++$number;
	my $supervised = defined $target ? "target => '$target', holdout => 0," : '';
	return split /\n/, $node->safe_psql('postgres', "SET client_min_messages = error; SET extra_float_digits = 1; $settings
SELECT 1 FROM userseg.train('$model', '$algorithm', '$source', id => 'id', weight => 'w', features => '{a,b,c,country,d}', $supervised params => '$params') \\g /dev/null
SELECT details #>> '{source,spilled}' FROM userseg.model_versions WHERE model = '$model';
SELECT md5(string_agg(userseg.predict_detail('$model', t)::text || userseg.embed('$model', t)::text, ',' ORDER BY id)) FROM t WHERE id < 5000");
}

foreach my $case (
	[ 'mlp', 'y', '{"max_epochs": 3, "hidden": [16, 8], "dropout": 0.1}' ],
	[ 'mlp', 'amount', '{"max_epochs": 2, "activation": "tanh", "loss": "huber"}' ],
	[ 'autoencoder', undef, '{"max_epochs": 2, "hidden": [16], "code": 3}' ])
{
	my ($algorithm, $target, $params) = @$case;
	my $name = "$algorithm " . ($target // '');
	my ($how, $bits) = fingerprint($algorithm, 't', $target, $params, '');
	is($how, 'false', "$name: in memory");
	is((fingerprint($algorithm, 'shuffled', $target, $params, 'SET userseg.max_parallel_workers = 0;'))[1], $bits, "$name: in another order, without workers");
	my ($small, $small_bits) = fingerprint($algorithm, 'shuffled', $target, $params, 'SET userseg.max_memory = ' . (defined $target ? "'8MB';" : "'10MB';"));
	is($small, defined $target ? 'true' : 'false', "$name: " . (defined $target ? 'spilled' : 'little memory'));
	is($small_bits, $bits, "$name: the same with little memory");
}

# 64 MB hold half a million rows of these columns; where they do not fit, it is said how much they need
like($node->safe_psql('postgres', q{SET client_min_messages = error; SET userseg.max_memory = '64MB';
SELECT concat_ws('|', n_rows, (details -> 'memory' ->> 'peak_mb')::float8 <= 64)
FROM userseg.train('many', 'mlp', 'SELECT a, b, c, d, country, y FROM t, generate_series(1, 8)', target => 'y', holdout => 0, params => '{"max_epochs": 1, "hidden": [4]}')}), qr/^480000\|t$/, 'half a million rows in 64 MB');
my ($rc, $out, $err) = $node->psql('postgres', q{SET userseg.max_memory = '16MB';
SELECT userseg.train('many', 'mlp', 'SELECT a, b, c, d, country, y FROM t, generate_series(1, 8)', target => 'y', holdout => 0)});
like($err, qr/network of \d+ parameters on 480000 rows of 8 encoded columns needs [0-9.]+ MB of memory, 16.0 MB are allowed/, 'what is needed');

# a parallel plan embeds as one process does
is($node->safe_psql('postgres', q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT sum(hashtext(userseg.embed('m1', t)::text)) FROM t WHERE id < 20000}),
	$node->safe_psql('postgres', q{SET max_parallel_workers_per_gather = 0; SELECT sum(hashtext(userseg.embed('m1', t)::text)) FROM t WHERE id < 20000}), 'embed: parallel is serial');

# cancel
$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE outlives(algorithm text, target text, params jsonb, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  PERFORM userseg.train('stopped', algorithm, 'SELECT * FROM t UNION ALL SELECT * FROM shuffled', target => target, features => '{a,b,c,country,d}', holdout => 0, params => params);
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

my $finished = 0;

sub late
{
	my ($algorithm, $target, $params, $ms) = @_;
	my $late = $node->safe_psql('postgres', "SET statement_timeout = $ms; CALL outlives('$algorithm', $target, '$params', $ms, NULL)");
	$finished++ if $late eq '';
	return $late;
}

foreach my $case (
	[ 'mlp', q('y'), '{}' ],
	[ 'mlp', q('amount'), '{"hidden": [2000, 1000], "batch_size": 1024}' ],
	[ 'autoencoder', 'NULL', '{"hidden": [256, 128]}' ])
{
	my ($algorithm, $target, $params) = @$case;
	my ($worst, $stopped) = (0, 0);
	foreach my $ms (20, 80, 160, 250, 400, 700)
	{
		my $late = late($algorithm, $target, $params, $ms);
		next if $late eq '';
		# a busy machine may be late once
		$late = late($algorithm, $target, $params, $ms) || 0 if $late > 200;
		$stopped++;
		$worst = $late if $late > $worst;
	}
	cmp_ok($stopped, '>=', 4, "$algorithm $params: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$algorithm $params: at most 200 ms late");
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM userseg.model_versions WHERE model = 'stopped'}), $finished, 'only trainings that ended left a version');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_ls_tmpdir()"), '0', 'no temporary file is left');
$node->stop;
done_testing();
