# Check.pm: what the check scripts share.  Each prints TAP: one test a rule or a
# file, and the places that break it as comments.
package Check;
use strict;
use warnings;
use Exporter 'import';
use File::Basename;
use Cwd 'abs_path';

our @EXPORT = qw(report done slurp lines query);

# Every check runs at the top of the checkout.
chdir(abs_path(dirname(__FILE__) . '/../..')) or die $!;

my ($number, $failed) = (0, 0);

# One test, failed if there are problems.
sub report
{
	my ($name, @problems) = @_;
	$number++;
	$failed++ if @problems;
	print((@problems ? 'not ' : ''), "ok $number - $name\n");
	print map { "#   $_\n" } @problems;
}

sub done
{
	print "1..$number\n";
	exit($failed ? 1 : 0);
}

sub slurp
{
	my ($file) = @_;
	open(my $fh, '<:raw', $file) or die "$file: $!";
	local $/;
	return <$fh> // '';
}

sub lines
{
	return split /\n/, slurp($_[0]);
}

# Rows of a query on a database that has the extension, one string each.
sub query
{
	my ($sql) = @_;
	open(my $fh, '-|', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', $sql) or die "psql: $!";
	chomp(my @rows = <$fh>);
	close $fh or die "the query failed: $sql\n";
	return @rows;
}

1;
