# Rules, scales and stored states: dumped and restored, read on a standby, and changed by
# one session while another one scores.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => ['--encoding=UTF8', '--locale=C']);
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION userseg;
	CREATE ROLE alice;
	CREATE ROLE bob;
	CREATE ROLE keeper;
	CREATE TABLE state AS
	SELECT i % 50 AS id, userseg.rfm_agg('2024-01-01'::timestamptz + i * interval '1 hour', i % 97 - 5, i) AS s
	FROM generate_series(1, 5000) i GROUP BY 1
	UNION ALL SELECT 1000, userseg.rfm_agg('2024-01-01', 1, 'order ' || i) FROM generate_series(1, 20000) i
	UNION ALL SELECT 1001, userseg.rfm_agg('2024-01-01', 1, NULL) FROM generate_series(1, 3) i;
	INSERT INTO userseg.rfm_rule (position, segment, replaces) VALUES (1, E'Caf\u00e9 "VIP"', 'Champions');
	INSERT INTO userseg.rfm_rule (position, segment, r_max) VALUES (2, 'Gone', 1);
	GRANT INSERT, UPDATE, DELETE ON userseg.rfm_rule TO keeper;
	SET ROLE alice;
	SELECT userseg.save_rfm_scale('shop', '{10,20,30.123456789012345,40}', '{1,2,3,6}', '{-1e300,0,1,1e300}');
	SET ROLE bob;
	SELECT userseg.save_rfm_scale('other', '{1}', '{1}', '{1}');
});

sub contents
{
	my ($server, $db) = @_;
	return $server->safe_psql($db, q{
		SELECT md5(string_agg(id || ' ' || s::text || userseg.frequency(s) || userseg.monetary(s), ',' ORDER BY id)) FROM state;
		SELECT string_agg(r.segment, ',' ORDER BY r, f, m) FROM userseg.rfm_rules() r;
		SELECT string_agg(t::text, ',' ORDER BY position) FROM userseg.rfm_rule t;
		SELECT string_agg(t::text, ',' ORDER BY name) FROM userseg._rfm_scale t;
		SET ROLE alice;
		SELECT userseg.rfm_scores('shop', 30.123456789012345, 7, 1e301);
		SELECT string_agg(name, ',') FROM userseg.rfm_scales;
		SELECT has_table_privilege('keeper', 'userseg.rfm_rule', 'UPDATE'), has_table_privilege('alice', 'userseg.rfm_rule', 'UPDATE')});
}

# dump and restore, also after the owner of a scale was dropped
$node->safe_psql('postgres', 'DROP ROLE bob');
my $before = contents($node, 'postgres');
like($before, qr/\(3,5,5,Loyal\)\nshop\nt\|f$/, 'before');
my $dump = "$PostgreSQL::Test::Utils::tmp_check/rfm.dump";
$node->command_ok(['pg_dump', '--format=custom', "--file=$dump", 'postgres'], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok(['pg_restore', '--exit-on-error', '-d', 'copy', $dump], 'restore');
is(contents($node, 'copy'), $before, 'rules, scales, states and privileges come back');
is($node->safe_psql('copy', q{CREATE ROLE carol; SELECT userseg.reassign_owned('bob', 'carol'); SET ROLE carol;
	SELECT name FROM userseg.rfm_scales}), "0\nother", 'what a dropped role left is given away');

# a standby scores, and sees what the primary changes
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is(contents($standby, 'postgres'), $before, 'the same on a standby');
$node->safe_psql('postgres', q{UPDATE userseg.rfm_rule SET segment = 'Stars' WHERE position = 1});
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT userseg.rfm_segment(5, 5, 5)'), 'Stars', 'a change arrives');
my ($code, $out, $err) = $standby->psql('postgres', q{SELECT userseg.save_rfm_scale('x', '{1}', '{1}', '{1}')});
like($err, qr/cannot execute userseg\.save_rfm_scale\(\) /, 'nothing is stored on a standby');
$standby->stop;

# another session's change is seen by the next statement of a session that scores in a loop
my $session = $node->background_psql('postgres');
$session->query_safe('PREPARE s AS SELECT userseg.rfm_segment(5, 5, 5)');
is($session->query_safe('EXECUTE s'), 'Stars', 'before the change');
$node->safe_psql('postgres', q{SET ROLE keeper; UPDATE userseg.rfm_rule SET segment = 'Suns' WHERE position = 1});
is($session->query_safe('EXECUTE s'), 'Suns', 'after the change');
$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($session->query_safe('EXECUTE s'), 'Suns', 'in a snapshot');
$node->safe_psql('postgres', 'DELETE FROM userseg.rfm_rule');
is($session->query_safe('EXECUTE s'), 'Suns', 'the snapshot stays');
$session->query_safe('COMMIT');
is($session->query_safe('EXECUTE s'), 'Champions', 'and then the rules are gone');
$session->quit;
$node->stop;
done_testing();
