# The source is read by parallel workers: really launched, one model with any number of them; sources that they cannot read;
# rows that only this transaction or role sees; errors, writes, a small budget, cancel.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('source_workers');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
max_worker_processes = 8
max_parallel_workers = 8
max_parallel_workers_per_gather = 2
min_parallel_table_scan_size = 1MB
log_temp_files = 0
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TYPE size AS ENUM ('small', 'middle', 'large');
CREATE TABLE t (gone int, id bigint, a float8, b numeric, country text, size size, flag boolean, at timestamptz, pause interval, w int, long text,
  twice float8 GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO t
SELECT 0, g, ln(1 + g % 1009), (g * 7919::bigint % 10007) / 100.0, (ARRAY['FR', 'DE', 'UK', 'IT', NULL])[1 + g % 5], (enum_range(NULL::size))[1 + g % 3],
  g % 7 = 0, '2024-01-01'::timestamptz + g * interval '1 minute', CASE WHEN g % 11 > 0 THEN g % 13 * interval '1 hour' END, g % 4, 'word ' || g * 7919::bigint % 30011
FROM generate_series(1, 300000) g;
ALTER TABLE t DROP COLUMN gone;
CREATE TABLE plain AS SELECT id, a, w::float8 AS c, b::float8 AS d, twice FROM t;
CREATE TABLE parts (LIKE plain) PARTITION BY RANGE (id);
CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM (0) TO (100000);
CREATE TABLE parts2 PARTITION OF parts FOR VALUES FROM (100000) TO (1000000);
INSERT INTO parts SELECT * FROM plain;
CREATE VIEW seen AS SELECT id, a + d AS e, country FROM plain JOIN (SELECT id, country FROM t) x USING (id) WHERE a > 2;
CREATE VIEW barrier WITH (security_barrier) AS SELECT id, a, d FROM plain WHERE d < 60;
CREATE TABLE tagged AS SELECT id, a, ARRAY[country, size::text] AS tags FROM t;
VACUUM ANALYZE;
CREATE TABLE seen_by (role name, least bigint);
CREATE ROLE someone;
GRANT SELECT ON plain, seen_by TO someone;
INSERT INTO seen_by VALUES ('someone', 50000);
ALTER TABLE plain ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON plain USING (id >= (SELECT least FROM seen_by WHERE role = current_user));
CREATE FUNCTION slow(x float8) RETURNS float8 LANGUAGE plpgsql VOLATILE PARALLEL SAFE AS 'BEGIN RETURN x; END';
CREATE FUNCTION unsafe(x float8) RETURNS float8 LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN x; END';
CREATE TABLE log (x float8);
CREATE FUNCTION writes_honestly(x float8) RETURNS float8 LANGUAGE plpgsql VOLATILE AS 'BEGIN INSERT INTO log VALUES (x); RETURN x; END';
CREATE FUNCTION writes(x float8) RETURNS float8 LANGUAGE plpgsql VOLATILE PARALLEL SAFE AS 'BEGIN INSERT INTO log VALUES (x); RETURN x; END';
SQL

my $number = 0;
my $settings = 'SET client_min_messages = error; SET extra_float_digits = 1;';

# ("workers", what there is to be compared) of a training
sub training
{
	my ($more, $source, $arguments) = @_;
	my $model = 'm' . ++$number;
	my @out = split /\n/, $node->safe_psql('postgres', "$settings $more
SELECT 1 FROM userseg.train('$model', 'kmeans', \$\$$source\$\$, $arguments, params => '{\"k\": 3, \"max_iter\": 3, \"workers\": 0}') \\g /dev/null
SELECT details #>> '{source,workers}' FROM userseg.model_versions WHERE model = '$model';
SELECT concat_ws('|', n_rows, data_checksum, details #> '{source,read}', details -> 'columns_unused', array_remove(warnings, (SELECT w FROM unnest(warnings) w WHERE w LIKE '%converge%'))) FROM userseg.model_versions WHERE model = '$model';
SELECT md5(string_agg(segment_id || feature || value || z, ',' ORDER BY segment_id, feature COLLATE \"C\")) FROM userseg.centroids('$model')");
	return ($out[0], join(' ', @out[1 .. $#out]));
}

sub workers { return "SET userseg.max_parallel_workers = $_[0];" }

foreach my $case (
	[ 'numbers', 'plain', "id => 'id'" ],
	[ 'no id', 'plain', "features => '{a,d}'" ],
	[ 'all kinds', 't', "id => 'id', weight => 'w', features => '{a,b,country,size,flag,at,pause,twice}'" ],
	[ 'NULLs left out', 't', "weight => 'w', features => '{country,pause,a}', null_policy => 'skip'" ],
	[ 'a text of many values', 't', "id => 'id'" ],
	[ 'a query', 'SELECT a * 2 AS x, d, c AS w FROM plain WHERE id % 10 > 0', "weight => 'w'" ],
	[ 'partitions', 'parts', "id => 'id'" ],
	[ 'a view with a join', 'seen', "id => 'id'" ],
	[ 'a security barrier', 'barrier', "id => 'id'" ],
	[ 'a function', 'SELECT slow(a) AS x, c FROM plain', 'holdout => 0' ])
{
	my ($name, $source, $arguments) = @$case;
	my ($alone, $bits) = training(workers(0), $source, $arguments);
	is($alone, '0', "$name: read alone");
	foreach my $n (1, 2)
	{
		# another session may have the workers for a moment
		my ($told, $same) = training(workers($n), $source, $arguments);
		($told, $same) = training(workers($n), $source, $arguments) if $told ne $n;
		is($told, $n, "$name: $n workers read");
		is($same, $bits, "$name: the same with them");
	}
	my ($told, $small) = training("SET userseg.max_memory = '20MB';" . workers(2), $source, $arguments);
	is($small, $bits, "$name: the same in 20 MB");
}

# what one process must read
foreach my $case (
	[ 'tags', 'tagged', '' ],
	[ 'a temporary table', 'own', 'CREATE TEMP TABLE own AS SELECT * FROM plain; ANALYZE own;' ],
	[ 'a function that is not safe', 'SELECT id, unsafe(a) AS x FROM plain', '' ],
	[ 'a row number', 'SELECT id, a, row_number() OVER (ORDER BY id) AS n FROM plain', '' ],
	[ 'few rows', 'SELECT * FROM plain WHERE id < 100', '' ])
{
	my ($name, $source, $before) = @$case;
	is((training("$before" . workers(2), $source, "id => 'id'"))[0], '0', "$name: one process");
}

# rows of this transaction, changed and removed by its commands
my $own = 'BEGIN; INSERT INTO plain SELECT id + 1000000, a, c, d, twice FROM plain WHERE id <= 50000; SAVEPOINT s; UPDATE plain SET a = a + 1 WHERE id % 3 = 0; '
  . 'RELEASE s; DELETE FROM plain WHERE id % 10 = 0; SAVEPOINT s; DELETE FROM plain; ROLLBACK TO s;';
my ($alone, $bits) = training($own . workers(0), 'plain', "id => 'id'");
like($bits, qr/^315000\|/, 'own rows: all that are seen');
my ($told, $same) = training($own . workers(2), 'plain', "id => 'id'");
is($told, '2', 'own rows: workers');
is($same, $bits, 'own rows: the same with workers');

# row security
($alone, $bits) = training('', 'SELECT * FROM plain WHERE id >= 50000', "id => 'id'");
$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA userseg TO someone');
($told, $same) = training('SET ROLE someone;' . workers(2), 'plain', "id => 'id'");
is($told, '2', 'row security: workers');
is($same, $bits, 'row security: the rows of the role');

# errors: those of one process
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE wrong AS SELECT id, a, c, CASE WHEN id IN (150001, 170002) THEN 'NaN' ELSE d END AS d, CASE WHEN id <> 160000 THEN c END AS holes, -c AS negative FROM plain;
ANALYZE wrong;
SQL
foreach my $case (
	[ 'NaN', 'wrong', "features => '{a,d}'", qr/column "d" contains NaN\nDETAIL:  The first such row is number 150001 of the source/ ],
	[ 'NaN with id', 'wrong', "id => 'id', features => '{a,d}'", qr/column "d" contains NaN\nDETAIL:  The first such row has id = 150001\./ ],
	[ 'NULL', 'wrong', "features => '{a,holes}', null_policy => 'error'", qr/column "holes" contains NULL\nDETAIL:  The first such row is number 160000 / ],
	[ 'weight', 'wrong', "features => '{a}', weight => 'negative'", qr/weight in column "negative" is negative: -1/ ],
	[ 'error of the source', 'SELECT a, 1 / (id - 150000) AS x FROM plain', "features => '{a,x}'", qr/division by zero/ ],
	[ 'a write', 'SELECT writes_honestly(a) AS a, d FROM plain', 'holdout => 0', qr/cannot execute INSERT in a read-only transaction/ ],
	[ 'a write in a worker', 'SELECT writes(a) AS a, d FROM plain', 'holdout => 0', qr/cannot execute INSERT (in a read-only transaction|during a parallel operation)/ ])
{
	my ($name, $source, $arguments, $message) = @$case;
	foreach my $n (0, 2)
	{
		my ($status, $out, $err) = $node->psql('postgres', "$settings " . workers($n) . " SELECT * FROM userseg.train('bad', 'kmeans', \$\$$source\$\$, $arguments)");
		isnt($status, 0, "$name, $n workers: refused");
		like($err, $message, "$name, $n workers: told");
	}
}

is($node->safe_psql('postgres', "$settings SELECT value FROM userseg.explain_train('m', 'kmeans', 'parts', id => 'id') WHERE topic = 'source' AND item = 'workers'"),
	'2', 'explain_train tells the workers');

is($node->safe_psql('postgres', 'SELECT count(*) FROM log'), '0', 'nothing was written');

# memory
like($node->safe_psql('postgres', "$settings SET userseg.max_memory = '64MB';
SELECT concat_ws('|', n_rows, (details #>> '{memory,peak_mb}')::float8 <= 64, details #>> '{source,workers}')
FROM userseg.train('small', 'kmeans', 'SELECT t.* FROM t UNION ALL SELECT * FROM t UNION ALL SELECT * FROM t UNION ALL SELECT * FROM t', features => '{a,b,country,size,flag,at,pause,twice}', params => '{\"k\": 3}')"),
	qr/^1200000\|t\|[12]$/, '64 MB are enough');

# cancel, also while the workers read
$node->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE outlives(source text, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  PERFORM userseg.explain_train('stopped', 'kmeans', source);
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

sub late
{
	my ($source, $timeout, $more) = @_;
	my $out = $node->safe_psql('postgres', "$more SET statement_timeout = $timeout; CALL outlives('$source', $timeout, NULL)");
	return $out eq '' ? undef : $out;
}

foreach my $case ([ 'numbers', 'SELECT slow(a) AS a, c, d FROM plain', '' ], [ 'all kinds', 't', '' ], [ 'spilled', 't', "SET userseg.max_memory = '16MB';" ])
{
	my ($name, $source, $more) = @$case;
	my ($stopped, $worst) = (0, 0);
	for (my $timeout = 5; $timeout < 2500; $timeout = int($timeout * 1.5) + 5)
	{
		my $late = late($source, $timeout, $more);
		last if !defined $late;
		# a busy machine may be late once
		$late = late($source, $timeout, $more) // 0 if $late > 200;
		$stopped++;
		$worst = $late if $late > $worst;
	}
	cmp_ok($stopped, '>=', 2, "$name: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$name: at most 200 ms late");
}
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'"), '0', 'no worker is left');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');
$node->stop;
done_testing();
