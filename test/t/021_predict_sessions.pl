# 200 sessions score while another retrains and promotes in a loop: no error, one version a
# statement, and after a commit nobody sees the version before.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sessions = 200;
my $seconds = 15;

my $node = PostgreSQL::Test::Cluster->new('busy');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 230\nfsync = off\nshared_buffers = 64MB");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION userseg;
	CREATE TABLE shopper AS SELECT i AS id, (i * 7919 % 1009)::float8 AS spend, i * 31 % 97 AS visits FROM generate_series(1, 50) i;
	SELECT userseg.train('vip', 'kmeans', 'shopper', id => 'id', params => '{"k":3}', alias => 'production');
	-- what has certainly been committed: written by the trainer after its commit
	CREATE TABLE committed (version int NOT NULL);
	INSERT INTO committed VALUES (1);
	-- one statement after the other in one transaction; raises when an answer is stale or mixed
	CREATE FUNCTION score_once(n int) RETURNS int LANGUAGE plpgsql AS $f$
	DECLARE
		floor int := (SELECT max(version) FROM committed);
		lowest int;
		highest int;
		named int;
	BEGIN
		SELECT min((p).version), max((p).version), count((p).label) INTO lowest, highest, named
		FROM (SELECT userseg.predict_detail('vip', s) AS p FROM shopper s WHERE id BETWEEN n AND n + 9 OFFSET 0) x;
		IF lowest IS DISTINCT FROM highest THEN RAISE EXCEPTION 'versions % and % in one statement', lowest, highest; END IF;
		IF lowest < floor THEN RAISE EXCEPTION 'version % after version % was committed', lowest, floor; END IF;
		IF named <> 10 THEN RAISE EXCEPTION '% of 10 rows have a label', named; END IF;
		IF (SELECT count(userseg.predict_id('vip', s)) FROM shopper s WHERE id BETWEEN n AND n + 9) <> 10 THEN RAISE EXCEPTION 'no id'; END IF;
		RETURN lowest;
	END $f$;
});

my $script = $node->basedir . '/score.pgbench';
append_to_file($script, "\\set n random(1, 40)\nSELECT score_once(:n);\n");
my ($out, $err) = ('', '');
my $bench = IPC::Run::start(
	[ 'pgbench', '-n', '-c', $sessions, '-j', 2, '-T', $seconds, '-M', 'prepared', '-f', $script,
		'-h', $node->host, '-p', $node->port, 'postgres' ],
	'>', \$out, '2>', \$err);

my $versions = 1;
my $end = time() + $seconds;
while (time() < $end)
{
	my ($status, $stdout, $stderr) = $node->psql('postgres', q{
		\set QUIET on
		SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT id, spend + random() AS spend, visits FROM shopper',
			id => 'id', params => '{"k":3}', alias => 'production') \gset
		INSERT INTO committed VALUES (:version);
	}, on_error_stop => 1);
	if ($status != 0) { diag("trainer: $stderr"); $versions = -1; last }
	$versions++;
}
$bench->finish;

cmp_ok($versions, '>', 3, 'retrained and promoted all the while');
is($bench->result(0), 0, 'pgbench ends well');
like($out, qr/number of transactions actually processed: [1-9]/, 'transactions were processed');
like($out, qr/number of failed transactions: 0 /, 'none failed');
unlike($err, qr/error|ERROR|aborted/, 'no error in any session') or diag(substr($err, 0, 2000));
is($node->safe_psql('postgres', 'SELECT max(version) FROM committed'), $versions, 'every version was committed');
note("$versions versions; $out");
$node->stop;
done_testing();
