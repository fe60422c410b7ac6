# userseg.assign is cancelled within 200 ms wherever it stands, in its first run and later ones; the
# tables, the record and the log are as before, and no temporary file stays.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('cancel');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nshared_buffers = 128MB\nmax_wal_size = 2GB\nautovacuum = off\nwork_mem = '1MB'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION userseg;
	CREATE TABLE shopper AS SELECT i AS id, (i::bigint * 7919 % 1009)::float8 AS spend, i::bigint * 31 % 97 AS visits FROM generate_series(1, 400000) i;
	ANALYZE shopper;
	SELECT userseg.train('vip', 'kmeans', 'SELECT * FROM shopper WHERE id <= 10000', id => 'id', params => '{"k":4}');
	SELECT userseg.assign('vip', 'shopper', 'id', 'label', as_of => '2024-01-01');
	UPDATE shopper SET spend = 1009 - spend WHERE id % 3 = 0;
	DELETE FROM shopper WHERE id % 100 = 0;
	INSERT INTO shopper SELECT i, 5, 5 FROM generate_series(500001, 510000) i;
});
my $state = q{SELECT md5(string_agg(l::text, ',' ORDER BY id)), (SELECT count(*) FROM label_history), (SELECT as_of FROM userseg.assignments WHERE table_name = 'label'),
	(SELECT count(*) FROM userseg.runs), to_regclass('fresh'), to_regclass('fresh_history'), (SELECT count(*) FROM pg_ls_tmpdir()) FROM label l};
my $before = $node->safe_psql('postgres', $state);

# milliseconds of a statement that may be cancelled
sub run
{
	my ($sql, $timeout) = @_;
	my $start = time();
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSET statement_timeout = $timeout;\n$sql");
	return ((time() - $start) * 1000, $err =~ /57014/ ? 1 : 0);
}

foreach my $case (
	[ 'first run', q{SELECT userseg.assign('vip', 'shopper', 'id', 'fresh')} ],
	[ 'later run', q{SELECT userseg.assign('vip', 'shopper', 'id', 'label')} ])
{
	my ($name, $sql) = @$case;
	my ($nothing) = run('SELECT 1', 0);
	# the first time is slower than the next ones
	my ($full) = sort { $a <=> $b } map { (run("BEGIN; $sql; ROLLBACK", 0))[0] - $nothing } 1 .. 3;
	my $cancelled = 0;
	foreach my $share (0.05, 0.15, 0.25, 0.35, 0.5, 0.65, 0.8)
	{
		my $timeout = int($full * $share) + 1;
		my $late;
		# a busy machine may hold us up: the best of five counts
		for (1 .. 5)
		{
			my ($took, $hit) = run("BEGIN; $sql; ROLLBACK", $timeout);
			$cancelled += $hit;
			my $excess = $hit ? $took - $timeout - $nothing : 0;
			$late = $excess if !defined $late || $excess < $late;
			last if $late < 200;
		}
		cmp_ok($late, '<', 200, sprintf('%s, cancelled at %d %% of its time', $name, $share * 100));
	}
	cmp_ok($cancelled, '>=', 3, "$name: it was really cancelled");
	is($node->safe_psql('postgres', $state), $before, "$name: nothing is left");
}
$node->stop;
done_testing();
