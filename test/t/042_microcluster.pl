# Micro-clusters, bit for bit: whatever the order of the rows, the number of workers, in memory or
# spilled; and within the memory that is allowed.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'USERSEG_UNIT, the library of unit tests, is not set' unless $ENV{USERSEG_UNIT};

my $node = PostgreSQL::Test::Cluster->new('microcluster');
$node->init;
$node->append_conf('postgresql.conf', "max_worker_processes = 8\nmax_parallel_workers = 8\n");
$node->start;
$node->safe_psql('postgres', qq{
CREATE EXTENSION userseg;
CREATE FUNCTION prototypes(source text, max int, is_unit bool, id text, weight text, params jsonb, memory_kb int)
RETURNS SETOF text LANGUAGE C AS '$ENV{USERSEG_UNIT}', 'unit_prototypes';
CREATE TABLE t AS
SELECT g AS id, ln(1 + g % 1009)::float8 AS a, sqrt(g % 773)::float8 + CASE WHEN g % 5 = 0 THEN 40 ELSE 0 END AS b,
       (g * 7919::bigint % 10007) / 100.0 AS c, CASE WHEN g % 11 = 0 THEN NULL ELSE g % 13 END AS d,
       CASE WHEN g % 60000 = 1 THEN 1e6 ELSE g % 97 END AS e, 1 + g % 3 AS w
FROM generate_series(1, 300000) g;
CREATE TABLE shuffled AS SELECT * FROM t ORDER BY md5(id::text);
ANALYZE t, shuffled;});

# details, peak of the budget in kB, and what the prototypes are
sub build
{
	my ($source, $max, $unit, $weight, $params, $memory) = @_;
	return split /\n/, $node->safe_psql('postgres', "
SELECT l FROM (SELECT l, row_number() OVER () AS n FROM prototypes('$source', $max, $unit, 'id', $weight, '$params', $memory) l) s WHERE n = 1
UNION ALL SELECT (l::bigint / 1024)::text FROM (SELECT l, row_number() OVER () AS n FROM prototypes('$source', $max, $unit, 'id', $weight, '$params', $memory) l) s WHERE n = 2
UNION ALL SELECT md5(string_agg(l, ',' ORDER BY n)) || ' ' || count(*) FROM (SELECT l, row_number() OVER () AS n FROM prototypes('$source', $max, $unit, 'id', $weight, '$params', $memory) l) s WHERE n > 2");
}

foreach my $case ([ 2000, 'false', "'w'", 20480 ], [ 500, 'true', 'NULL', 12288 ])
{
	my ($max, $unit, $weight, $low) = @$case;
	my ($details, $peak, $print) = build('t', $max, $unit, $weight, '{"workers": 0}', 262144);
	like($details, qr/"rows_in": "memory", "workers": 0/, "$max: in memory, serial");
	like($print, qr/ $max$/, "$max: all prototypes are used");

	foreach my $v ([ 'other order', 'shuffled', '{"workers": 0}', 262144, qr/"memory", "workers": 0/ ],
		[ 'one worker', 't', '{"workers": 1}', 262144, qr/"memory", "workers": 1/ ],
		[ 'two workers', 'shuffled', '{"workers": 2}', 262144, qr/"memory", "workers": 2/ ],
		[ 'rows encoded twice', 't', '{"workers": 0}', $low, qr/"frame", "workers": 0/ ],
		[ 'spilled', 'shuffled', '{"workers": 2}', $low, qr/"file", "workers": 2/ ])
	{
		my ($name, $source, $params, $memory, $expected) = @$v;
		my ($d, $kb, $p) = build($source, $max, $unit, $weight, $params, $memory);
		like($d, $expected, "$max, $name: what it says it did");
		is($p, $print, "$max, $name: the same prototypes");
		cmp_ok($kb, '<=', $memory, "$max, $name: within $memory kB");
	}
}

# a frame in a file, and too little memory for anything
my ($details) = build('t', 1000, 'false', 'NULL', '{}', 20480);
like($details, qr/"frame_spilled": true/, 'the frame is in a file');
my ($code, $out, $err) = $node->psql('postgres', "SELECT count(*) FROM prototypes('t', 60000, false, 'id', NULL, '{}', 12288)");
like($err, qr/needs [0-9.]+ MB of memory, [0-9.]+ MB are allowed/, 'memory is told with numbers');

$node->stop;
done_testing();
