# A standby scores, sees a promotion as soon as it is replayed, and writes nothing.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION userseg;
	CREATE TABLE points AS SELECT i AS id, (i % 3) * 100 + i / 1000.0 AS x FROM generate_series(1, 3000) i;
	SELECT FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":3}', alias => 'production')});
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;

my $labels = q{SELECT md5(string_agg(id || ' ' || userseg.predict('vip', p), ',' ORDER BY id)) FROM points p};
is($standby->safe_psql('postgres', $labels), $primary->safe_psql('postgres', $labels), 'same labels');
is($standby->safe_psql('postgres', q{
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SELECT count(*), count(DISTINCT userseg.predict('vip', p)) FROM points p}), '3000|3', 'in parallel');

foreach my $version (2, 3)
{
	$primary->safe_psql('postgres', q{
		SELECT FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":3}', alias => 'production')});
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
	is($standby->safe_psql('postgres', q{SELECT (userseg.artifact('vip')).version}), $version, "version $version");
}
$primary->safe_psql('postgres', q{SELECT userseg.rollback('vip')});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('write'));
is($standby->safe_psql('postgres', q{SELECT version FROM userseg.training_info('vip')}), '2', 'after a rollback');
is($standby->safe_psql('postgres', q{SELECT default_version FROM userseg.models}), '2', 'in the view');

foreach my $command (q{userseg.set_alias('vip@1', 'production')}, q{userseg.rollback('vip')}, q{userseg.drop_model('vip')},
	q{userseg.train('vip', 'kmeans', 'points', params => '{"k":3}')})
{
	my ($ret, $out, $err) = $standby->psql('postgres', "SELECT $command");
	like($err, qr/cannot execute userseg\.\w+\(\) in a read-only transaction/, "refused: $command");
}
$standby->stop;
$primary->stop;
done_testing();
