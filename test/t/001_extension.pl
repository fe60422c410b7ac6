# A server with the extension restarts after a crash, and a standby has it too.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION userseg');
my $version = $primary->safe_psql('postgres', 'SELECT userseg.version()');
like($version, qr/^\d+\.\d+\.\d+$/, 'version');

$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', 'SELECT userseg.version()'), $version, 'on a standby');

$primary->stop('immediate');
$primary->start;
is($primary->safe_psql('postgres', 'SELECT userseg.version()'), $version, 'after a crash');

$standby->stop;
$primary->stop;
done_testing();
