# Dump and restore, and pg_upgrade, give the same models: every row, every prediction, also
# after owners and grantees were dropped, and where their roles do not exist.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# not what the machine's locale says
my @init = (extra => ['--encoding=UTF8', '--locale=C']);
my $from = PostgreSQL::Test::Cluster->new('from');
$from->init(@init);
$from->start;

$from->safe_psql('postgres', q{
	CREATE EXTENSION userseg;
	CREATE ROLE alice;
	CREATE ROLE "Bob Café";
	CREATE ROLE carol;
	CREATE ROLE dave;
	CREATE TABLE points AS
	SELECT i AS id, (i % 3) * 100 + i / 1000.0 AS x, (i % 5) * 20 AS y,
		(ARRAY['Île-de-France', 'Köln', 'DE'])[1 + i % 3] AS place
	FROM generate_series(1, 300) i;
	CREATE TABLE wide AS
	SELECT i AS id, (SELECT array_agg(((i * 7919 + j * 104729) % 1009)::float8 ORDER BY j) FROM generate_series(1, 1000) j) AS v
	FROM generate_series(1, 300) i;
	GRANT SELECT ON points, wide TO PUBLIC;

	SET ROLE alice;
	SELECT FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":3}', alias => 'production');
	SELECT FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":4}', alias => 'production');
	SELECT FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":5}', alias => 'staging');
	SELECT userseg.rollback('vip');
	SELECT FROM userseg.tune('place', 'logistic', 'SELECT id, x, y, CASE WHEN id / 7 % 2 = 0 THEN ''Köln'' ELSE ''DE'' END AS city FROM points', 'city',
		'{"lambda": [0.1, 1]}', folds => 2, id => 'id', params => '{"penalty": "ridge", "positive": "DE"}');
	SELECT userseg.name_segment('vip', segment_ids[1], 'Ça va "bien" \ ''' || E'\u2603')
	FROM userseg.model_versions WHERE version = 1;
	SELECT userseg.grant_usage('vip', 'Bob Café');
	SELECT userseg.grant_usage('vip', 'carol');
	SET ROLE carol;
	SELECT FROM userseg.train('large', 'kmeans', 'wide', id => 'id', params => '{"k":150,"n_init":1}');
	SELECT userseg.grant_usage('large', 'public');
	SET ROLE dave;
	SELECT FROM userseg.train('orphan', 'kmeans', 'points', id => 'id', params => '{"k":2}', alias => 'production');
	SELECT userseg.grant_usage('orphan', 'carol');
	RESET ROLE;
	DROP ROLE carol;
	DROP ROLE dave;
});
cmp_ok($from->safe_psql('postgres', "SELECT count(*) FROM userseg._artifact_chunk c JOIN userseg._version v USING (artifact_id) WHERE model = 'large'"),
	'>', 1, 'a model of several chunks');

my @tables = qw(_model _version _artifact_chunk _alias _alias_history _grant _segment_name _assignment _trial _run);

# Everything in the registry, and every prediction, as text.
sub contents
{
	my ($node, $db) = @_;
	my $all = '';
	foreach my $table (@tables)
	{
		$all .= "$table\n" . $node->safe_psql($db,
			"SELECT md5(t::text) FROM userseg.$table t ORDER BY 1") . "\n";
	}
	$all .= $node->safe_psql($db, "SELECT last_value FROM userseg._run_number") . "\n";
	$all .= $node->safe_psql($db, q{
		SELECT m, md5(string_agg(id || ' ' || userseg.predict(m, p), ',' ORDER BY id))
		FROM points p, unnest(ARRAY['vip', 'vip@1', 'vip@2', 'vip@staging', 'orphan', 'place']) m GROUP BY m ORDER BY m});
	$all .= $node->safe_psql($db, q{
		SELECT md5(string_agg(id || ' ' || userseg.predict('large', p), ',' ORDER BY id)) FROM wide p});
	return $all;
}

# Who may use which model.
sub rights
{
	my ($node, $db, @roles) = @_;
	my $all = '';
	foreach my $role (@roles)
	{
		$all .= "$role: " . $node->safe_psql($db, qq{
			SET ROLE "$role"; SELECT coalesce(string_agg(model, ' ' ORDER BY model), '-') FROM userseg.models}) . "\n";
	}
	return $all;
}

my $before = contents($from, 'postgres');
my $rights = rights($from, 'postgres', 'alice', 'Bob Café');
is($rights, "alice: large place vip\nBob Café: large vip\n", 'rights before');
my $dir = $PostgreSQL::Test::Utils::tmp_check;

# into another database of the cluster
foreach my $format ('plain', 'custom')
{
	my $file = "$dir/dump.$format";
	$from->command_ok(['pg_dump', "--format=$format", "--file=$file", 'postgres'], "dump, $format");
	$from->safe_psql('postgres', "CREATE DATABASE $format");
	if ($format eq 'plain')
	{
		$from->command_ok(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'plain', '-f', $file], 'restore, plain');
	}
	else
	{
		$from->command_ok(['pg_restore', '--exit-on-error', '--jobs=2', '-d', 'custom', $file], 'restore, custom');
	}
	is(contents($from, $format), $before, "same models, $format");
	is(rights($from, $format, 'alice', 'Bob Café'), $rights, "same rights, $format");
}

# the restored models live on: the next versions have the next numbers
is($from->safe_psql('custom', q{
	SET ROLE alice; SELECT version FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":3}')}),
	'4', 'training goes on');
is($from->safe_psql('custom', q{SET ROLE alice; SELECT userseg.set_alias('vip@3', 'production'); SELECT userseg.rollback('vip')}),
	"3\n1", 'rollback goes on');

# into a cluster that has none of the roles
my $to = PostgreSQL::Test::Cluster->new('to');
$to->init(@init);
$to->start;
$to->command_ok(['pg_restore', '--exit-on-error', '--no-owner', '--no-acl', '-d', 'postgres', "$dir/dump.custom"],
	'restore without the roles');
is(contents($to, 'postgres'), $before, 'same models without the roles');
$to->safe_psql('postgres', 'CREATE ROLE mallory');
is(rights($to, 'postgres', 'mallory'), "mallory: large\n", 'what everyone may use, and no more');
is($to->safe_psql('postgres', q{CREATE ROLE erin; SELECT userseg.reassign_owned('alice', 'erin')}), '2',
	'a superuser gives away what a missing role owns');
is(rights($to, 'postgres', 'erin'), "erin: large place vip\n", 'the new owner');
$to->stop;

# binary copies of a model by value
$from->safe_psql('postgres', q{
	CREATE TABLE shelf AS SELECT userseg.artifact('vip') AS a;
	CREATE TABLE shelf2 (a userseg.artifact)});
$from->command_ok(['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres',
	'-c', "\\copy shelf to '$dir/shelf' (format binary)", '-c', "\\copy shelf2 from '$dir/shelf' (format binary)"],
	'binary copy');
is($from->safe_psql('postgres', 'SELECT md5(a::text) FROM shelf2'), $from->safe_psql('postgres', 'SELECT md5(a::text) FROM shelf'),
	'the same by binary copy');
open(my $fh, '+<:raw', "$dir/shelf") or die;
seek($fh, -200, 2);
print $fh 'damage';
close($fh);
my ($ret, $out, $err) = $from->psql('postgres', "\\copy shelf2 from '$dir/shelf' (format binary)");
like($err, qr/invalid userseg\._artifact_value: wrong digest/, 'a damaged binary copy is refused');
$from->safe_psql('postgres', 'DROP TABLE shelf, shelf2');
$from->safe_psql('postgres', 'DROP DATABASE plain');
$from->safe_psql('postgres', 'DROP DATABASE custom');

# pg_upgrade, within the major
$from->stop;
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(@init);
chdir $dir;
my $bin = $from->config_data('--bindir');
command_ok(['pg_upgrade', '--no-sync', '-d', $from->data_dir, '-D', $new->data_dir, '-b', $bin, '-B', $bin,
	'-s', $new->host, '-p', $from->port, '-P', $new->port], 'pg_upgrade');
$new->start;
is(contents($new, 'postgres'), $before, 'same models after pg_upgrade');
is(rights($new, 'postgres', 'alice', 'Bob Café'), $rights, 'same rights after pg_upgrade');
$new->stop;
done_testing();
