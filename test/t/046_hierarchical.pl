# Hierarchical clustering: a statement_timeout ends it within 200 ms in every phase and leaves nothing; the same tree
# with any number of workers, from memory and spilled, for any order of the rows; 64 MB are enough.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hierarchical');
$node->init;
$node->append_conf('postgresql.conf', "max_parallel_workers_per_gather = 2\nmax_worker_processes = 8\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, (hashint4(g) & 1023) / 256.0 + g % 3 * 3 AS a, (hashint4(g + 1000000) & 1023) / 200.0 + g % 4 * 2 AS b, (hashint4(g + 2000000) & 4095) / 999.0 AS c,
       (hashint4(g + 3000000) & 8191) / 1999.0 AS d
FROM generate_series(1, 200000) g;
ANALYZE t;
-- How long a training outlives its timeout, in ms; NULL when it ended before.
CREATE PROCEDURE outlives(source text, params jsonb, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  PERFORM set_config('client_min_messages', 'error', false);
  PERFORM userseg.train('stopped', 'hierarchical', source, id => 'id', params => params);
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;
SQL

sub late
{
	my ($source, $params, $timeout) = @_;
	my $out = $node->safe_psql('postgres',
		"SET userseg.max_memory = '256MB'; SET statement_timeout = $timeout; CALL outlives('$source', '$params', $timeout, NULL)");
	return $out eq '' ? undef : $out;
}

foreach my $case (
	[ 'ward', 'SELECT * FROM t WHERE id <= 15000', '{}' ],
	[ 'complete, matrix', 'SELECT * FROM t WHERE id <= 6000', '{"linkage": "complete"}' ],
	[ 'single', 'SELECT * FROM t WHERE id <= 20000', '{"linkage": "single"}' ],
	[ 'median', 'SELECT * FROM t WHERE id <= 10000', '{"linkage": "median"}' ],
	[ 'gap statistic', 'SELECT * FROM t WHERE id <= 3000', '{"criterion": "gap_statistic", "references": 200}' ],
	[ 'prototypes', 't', '{"prototypes": 4096}' ])
{
	my ($name, $source, $params) = @$case;
	my ($stopped, $worst) = (0, 0);
	for (my $timeout = 15; $timeout < 3000; $timeout = int($timeout * 1.8) + 5)
	{
		my $late = late($source, $params, $timeout);
		last if !defined $late;
		# a busy machine may be late once
		$late = late($source, $params, $timeout) // 0 if $late > 200;
		$stopped++;
		$worst = $late if $late > $worst;
	}
	cmp_ok($stopped, '>=', 2, "$name: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$name: at most 200 ms late");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');

# the print of a tree, its segments and their profile
my $print = "SELECT md5(string_agg(p, ';' ORDER BY p COLLATE \"C\")) FROM (
  SELECT step || ' ' || a || ' ' || b || ' ' || height AS p FROM userseg.dendrogram('same')
  UNION ALL SELECT segment_id || feature || value || n FROM userseg.centroids('same')
  UNION ALL SELECT segment_id || rule FROM userseg.describe_segments('same')
  UNION ALL SELECT d.label_id || ' ' || d.probability || ' ' || d.distance FROM t, userseg.predict_detail('same', t) d WHERE id % 997 = 0) s";
# Ward's method judges rows by a mixture, average linkage by the cells of the prototypes
foreach my $linkage ('ward', 'average')
{
	my %prints;
	foreach my $case (
		[ 'serial', 't', '', '"workers": 0' ],
		[ 'one worker', 't', '', '"workers": 1' ],
		[ 'two workers', 't', '', '"workers": 2' ],
		[ 'another order', 'SELECT * FROM t ORDER BY md5(id::text)', '', '"workers": 2' ],
		[ '64 MB', 't', "SET userseg.max_memory = '64MB';", '"workers": 1' ],
		[ '16 MB', 't', "SET userseg.max_memory = '16MB';", '"workers": 0' ])
	{
		my ($name, $source, $settings, $params) = @$case;
		my $details = $node->safe_psql('postgres', "SET client_min_messages = error; SET max_parallel_workers_per_gather = 2; $settings
SELECT details ->> 'exact', details #>> '{microclusters,workers}', (details #>> '{memory,peak_mb}')::float8 <= (details #>> '{memory,allowed_mb}')::float8
FROM userseg.train('same', 'hierarchical', '$source', id => 'id', params => '{\"k\": 6, \"prototypes\": 600, \"linkage\": \"$linkage\", $params}')");
		my ($exact, $workers, $kept) = split /\|/, $details;
		is($exact, 'false', "$linkage, $name: on prototypes");
		is($kept, 't', "$linkage, $name: the memory is kept to");
		cmp_ok($workers, '>=', 1, "$linkage, $name: a worker took part") if $name eq 'two workers';
		push @{ $prints{ $node->safe_psql('postgres', $print) } }, $name;
	}
	is(scalar(keys %prints), 1, "$linkage: the same model in every way") or diag(join "\n", map { join ', ', @$_ } values %prints);
}

# rows by segment as predict says are those that the training counted, also where it kept what it knew of the rows
is($node->safe_psql('postgres', q{SELECT bool_and(s.n = c.n) FROM userseg.describe_segments('same') s JOIN (SELECT userseg.predict_id('same', t) AS id, count(*) AS n FROM t GROUP BY 1) c ON c.id = s.segment_id}),
	't', 'segments are what is scored');

# cutting and scoring stop too: a model on 20000 rows, and one with 4096 prototypes
$node->safe_psql('postgres', q{SET client_min_messages = error;
SELECT 1 FROM userseg.train('rows', 'hierarchical', 'SELECT * FROM t WHERE id <= 20000', id => 'id', params => '{"k": 6, "silhouette_rows": 20000}');
SELECT 1 FROM userseg.train('mixture', 'hierarchical', 't', id => 'id', params => '{"k": 6, "prototypes": 4096}');
SELECT 1 FROM userseg.train('cells', 'hierarchical', 't', id => 'id', params => '{"k": 6, "prototypes": 4096, "linkage": "average", "metric": "manhattan"}');
CREATE PROCEDURE outlives_query(query text, timeout int, INOUT late float8) LANGUAGE plpgsql AS $$
DECLARE from_time timestamptz := clock_timestamp();
BEGIN
  EXECUTE query;
  late := NULL;
EXCEPTION WHEN query_canceled THEN
  late := extract(epoch FROM clock_timestamp() - from_time) * 1000 - timeout;
END $$;});
foreach my $query (
	q{SELECT * FROM userseg.cut('rows@1', k => 40)},
	q{SELECT * FROM userseg.assign('rows@1', 't', 'id', 'rows_segment')},
	q{SELECT * FROM userseg.assign('mixture', 't', 'id', 'mixture_segment')},
	q{SELECT * FROM userseg.assign('cells', 't', 'id', 'cells_segment')})
{
	my ($stopped, $worst) = (0, 0);
	for (my $timeout = 5; $timeout < 2000; $timeout = int($timeout * 2.1) + 5)
	{
		my @late;
		# a busy machine may be late once
		for (1, 2)
		{
			push @late, $node->safe_psql('postgres', "SET client_min_messages = error; SET statement_timeout = $timeout; CALL outlives_query(\$q\$$query\$q\$, $timeout, NULL)");
			last if $late[-1] eq '' || $late[-1] <= 200;
		}
		last if $late[-1] eq '';
		$stopped++;
		$worst = $late[-1] if $late[-1] > $worst;
	}
	cmp_ok($stopped, '>=', 1, "$query: stopped at $stopped points");
	cmp_ok($worst, '<', 200, "$query: at most 200 ms late");
}

# too little memory: fewer prototypes and a warning, or an error with numbers
my ($out, $err);
$node->psql('postgres', "SET userseg.max_memory = '8MB'; SELECT userseg.train('small', 'hierarchical', 'SELECT * FROM t WHERE id <= 20000', id => 'id', params => '{\"linkage\": \"average\"}')",
	stdout => \$out, stderr => \$err);
like($err, qr/leaves .* MB for the tree: 20000 rows are clustered as \d+ prototypes/, 'fewer prototypes are told of');
$node->stop;
done_testing();
