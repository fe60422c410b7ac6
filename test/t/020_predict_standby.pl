# Scoring on a hot standby: the same answers, promotions as they are replayed, nothing written.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "max_connections = 50\nfsync = off");
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION userseg;
	CREATE TABLE shopper AS SELECT i AS id, (i * 7919 % 1009)::float8 AS spend, i * 31 % 97 AS visits FROM generate_series(1, 2000) i;
	ALTER TABLE shopper SET (parallel_workers = 2);
	ANALYZE shopper;
	SELECT userseg.train('vip', 'kmeans', 'shopper', id => 'id', params => '{"k":4}', alias => 'production');
	SELECT userseg.name_segment('vip', 1, 'first');
	SELECT userseg.assign('vip', 'shopper', 'id', 'label');
});
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;

sub caught_up
{
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
}

my $all = q{SELECT md5(string_agg(concat_ws('|', id, userseg.predict('vip', s), userseg.predict_id('vip', s),
	userseg.predict_detail('vip', s), userseg.predict_proba('vip', s), userseg.transform('vip', s),
	userseg.predict_json('vip', to_jsonb(s)), userseg.score(userseg.artifact('vip'), s)), E'\n' ORDER BY id)) FROM shopper s};
my $version = q{SELECT DISTINCT (userseg.predict_detail('vip', s)).version FROM shopper s};

caught_up();
is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 't', 'a standby');
my $answers = $primary->safe_psql('postgres', $all);
is($standby->safe_psql('postgres', $all), $answers, 'every function gives the same answers');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM label l JOIN shopper s USING (id) WHERE segment = userseg.predict('vip', s)}),
	'2000', 'labels assigned on the primary');
is($standby->safe_psql('postgres', q{
	SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SELECT sum(userseg.predict_id('vip', s)) FROM shopper s}),
	$primary->safe_psql('postgres', q{SELECT sum(userseg.predict_id('vip', s)) FROM shopper s}), 'in parallel workers');

# one session that stays, so that its caches are warm
my $session = $standby->background_psql('postgres', on_error_stop => 0) if $standby->can('background_psql');
sub ask
{
	my ($sql) = @_;
	return $session && $session->can('query_safe') ? $session->query_safe($sql) : $standby->safe_psql('postgres', $sql);
}
is(ask($version), '1', 'version before');
$primary->safe_psql('postgres', q{
	SELECT userseg.train('vip', 'kmeans', 'SELECT id, spend * 2 AS spend, visits FROM shopper', id => 'id', params => '{"k":5}', alias => 'production')});
caught_up();
is(ask($version), '2', 'a promotion is seen once it is replayed');
is($standby->safe_psql('postgres', $all), $primary->safe_psql('postgres', $all), 'with the answers of the new version');
$primary->safe_psql('postgres', q{SELECT userseg.rollback('vip', 'production')});
caught_up();
is(ask($version), '1', 'a rollback too');
$primary->safe_psql('postgres', q{SELECT userseg.name_segment('vip', 1, 'renamed')});
caught_up();
is(ask(q{SELECT count(*) > 0 FROM shopper s WHERE userseg.predict('vip', s) = 'renamed'}), 't', 'and a new name');

# verbs that write refuse
foreach my $verb (
	q{userseg.assign('vip', 'shopper', 'id', 'label')},
	q{userseg.train('vip', 'kmeans', 'shopper')},
	q{userseg.name_segment('vip', 1, 'x')},
	q{userseg.set_alias('vip@2', 'production')})
{
	my ($status, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT $verb");
	like($err, qr/25006/, "$verb refuses");
}

# the standby takes over
$session->quit if $session;
$standby->promote;
is($standby->safe_psql('postgres', $all), $primary->safe_psql('postgres', $all), 'the same answers after a failover');
is($standby->safe_psql('postgres', q{SELECT n_rows, n_changed FROM userseg.assign('vip', 'shopper', 'id', 'label')}), '2000|0', 'and the table is gone on with');

$standby->stop;
$primary->stop;
done_testing();
