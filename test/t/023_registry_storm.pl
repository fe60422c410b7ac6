# Many sessions score while another one trains, promotes and rolls back in a loop: no error, and every
# statement sees the version that the same snapshot shows as promoted.
use strict;
use warnings;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sessions = 200;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 230\nshared_buffers = 64MB\nfsync = off");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION userseg;
	CREATE TABLE points AS SELECT i AS id, (i % 3) * 100 + i / 1000.0 AS x FROM generate_series(1, 60) i;
	CREATE PROCEDURE promote(n int) LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM userseg.train('vip', 'kmeans', 'points', id => 'id', params => jsonb_build_object('k', 2 + n % 3), alias => 'production');
		IF n % 3 = 2 THEN
			PERFORM userseg.rollback('vip');
		END IF;
	END $$;
	CALL promote(0);
	-- division by zero where the answer is stale
	CREATE FUNCTION fresh() RETURNS int LANGUAGE plpgsql STABLE AS $$
	BEGIN
		RETURN 1 / (SELECT (version = (userseg.artifact('vip')).version)::int FROM userseg.aliases WHERE alias = 'production');
	END $$;
	CREATE FUNCTION looped() RETURNS int LANGUAGE plpgsql VOLATILE AS $$
	DECLARE
		a int;
		b int;
		ok int := 1;
	BEGIN
		FOR i IN 1 .. 5 LOOP
			SELECT v.version, (userseg.artifact('vip')).version INTO a, b FROM userseg.aliases v WHERE alias = 'production';
			ok := ok / (a = b)::int;
		END LOOP;
		RETURN ok;
	END $$;
});
my $dir = $PostgreSQL::Test::Utils::tmp_check;
append_to_file("$dir/score.sql", q{
	SELECT count(userseg.predict('vip', p)) / (count(*) = 60)::int FROM points p;
	SELECT 1 / (a.version = (userseg.artifact('vip')).version)::int FROM userseg.aliases a WHERE alias = 'production';
	SELECT fresh();
	SELECT looped();
});
my ($out, $err) = ('', '');
local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
my $load = start(['pgbench', '-n', '-M', 'prepared', '-c', $sessions, '-j', 2, '-T', 8, '-f', "$dir/score.sql", 'postgres'],
	'>', \$out, '2>', \$err);
my $promotions = 0;
my $until = time + 8;
while (time < $until)
{
	$promotions++;
	$node->safe_psql('postgres', "CALL promote($promotions)");
}
ok(finish($load), 'no error in any session') or diag($err);
my ($done) = $out =~ /number of transactions actually processed: (\d+)/;
cmp_ok($done // 0, '>', $sessions, "$sessions sessions scored");
cmp_ok($promotions, '>', 5, 'while models were promoted');
note("$done rounds of scoring, $promotions promotions");
$node->stop;
done_testing();
