# Models as PMML on data made here: the evaluator of test/lib/pmml gives the answers of the models, documents are valid.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $pmml = "$ENV{US_TOP}/test/lib/pmml";
my $node = PostgreSQL::Test::Cluster->new('to_pmml');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION userseg;
CREATE TABLE t AS
SELECT g AS id, CASE WHEN g % 9 = 0 THEN NULL ELSE g % 13 END AS n, CASE g % 17 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN NULL ELSE ln(1 + g % 37) * 3 END::float8 AS x,
  CASE WHEN g % 8 = 0 THEN NULL ELSE g % 3 = 0 END AS b, (ARRAY['a', 'b <&> "c"', E'd\\', '', 'é', NULL])[1 + g % 6] AS "ca ""té""", (ARRAY['yes & "no"', 'no', 'perhaps'])[1 + (g * 7919 % 101) % 3] AS y3,
  (g * 7919 % 101) / 10.0 + 3 * (g % 13) + 7 * (g % 3) AS y, CASE WHEN (g * 7919 % 101) + 10 * (g % 13) > 110 THEN 'é' ELSE 'n' END AS y2
FROM generate_series(1, 400) g;
-- training sees no NaN
CREATE VIEW clean AS SELECT * FROM t WHERE x IS NULL OR x < 'Infinity';
SQL

my @models = (
	[ 'linear', 'y', '{}', '{}' ], [ 'linear', 'y', '{}', '{"x": [{"impute": "indicator"}, "log1p", "standard"], "n": {"quantile": {"n": 6, "output": "normal"}}, "ca \"té\"": {"target": {}}, "b": {"impute": "indicator"}}' ],
	[ 'logistic', 'y2', '{"penalty": "ridge", "lambda": 1}', '{"x": "power"}' ], [ 'logistic', 'y3', '{"penalty": "ridge", "lambda": 1}', '{"ca \"té\"": {"impute": "level"}}' ],
	[ 'glm', 'y', '{"family": "gamma"}', '{}' ], [ 'kmeans', undef, '{"k": 4}', '{}' ], [ 'kmeans', undef, '{"k": 3, "metric": "cosine"}', '{}' ], [ 'minibatch_kmeans', undef, '{"k": 3}', '{}' ],
	[ 'decision_tree', 'y3', '{"pruning": "none"}', '{}' ], [ 'decision_tree', 'y', '{"pruning": "none"}', '{"ca \"té\"": "onehot", "x": ["log1p", "standard"], "b": {"impute": "indicator"}}' ],
	[ 'random_forest', 'y3', '{"n_trees": 5}', '{}' ], [ 'random_forest', 'y', '{"n_trees": 5}', '{}' ],
	[ 'gradient_boosting', 'y2', '{"n_rounds": 8}', '{}' ], [ 'gradient_boosting', 'y3', '{"n_rounds": 4}', '{}' ], [ 'gradient_boosting', 'y', '{"n_rounds": 8}', '{}' ], [ 'gradient_boosting', 'y', '{"n_rounds": 8, "objective": "tweedie"}', '{}' ],
	[ 'svm', 'y3', '{}', '{}' ], [ 'svm', 'y', '{}', '{}' ], [ 'naive_bayes', 'y2', '{}', '{}' ], [ 'naive_bayes', 'y3', '{}', '{"ca \"té\"": "onehot", "x": "power"}' ], [ 'mlp', 'y3', '{"hidden": [4, 3], "max_epochs": 3}', '{}' ],
	[ 'mlp', 'y', '{"hidden": [4], "activation": "tanh", "max_epochs": 3}', '{}' ], [ 'gmm', undef, '{"k": 2}', '{}' ], [ 'logistic', 'y2', '{"penalty": "ridge", "lambda": 1}', '{}', 'platt' ], [ 'random_forest', 'y2', '{"n_trees": 4}', '{}', 'isotonic' ],
	[ 'svm', 'y3', '{}', '{}', 'temperature' ], [ 'gradient_boosting', 'y3', '{"n_rounds": 3}', '{}', 'isotonic' ]);
my $valid = `xmllint --version 2>&1`;
$valid = $? == 0;
foreach my $m (@models)
{
	my ($algorithm, $target, $params, $transform, $calibration) = @$m;
	my $name = "$algorithm, " . ($target // 'segments') . " $params $transform";
	my $answers = !defined $target ? q{'label', userseg.predict('m', t)} : $target eq 'y' ? q{'value', userseg.predict_value('m', t)} :
		q{'label', userseg.predict('m', t), 'proba', userseg.predict_proba('m', t)};
	my $given = defined $target ? "target => '$target', holdout => 0," : '';
	my $calibrated = defined $calibration ? "SELECT 1 FROM userseg.recalibrate('m', 'clean', method => '$calibration', all_rows => true) \\g /dev/null" : '';
	$name .= ", $calibration" if defined $calibration;
	my ($ret, $out, $err) = $node->psql('postgres', "SET client_min_messages = error; SET extra_float_digits = 1;
SELECT 1 FROM userseg.train('m', '$algorithm', 'clean', id => 'id', $given features => '{n,x,b,\"ca \\\"té\\\"\"}', params => '$params', transform => '$transform') \\g /dev/null
$calibrated
SELECT userseg.to_pmml('m');
SELECT '-----';
SELECT jsonb_build_object('row', to_jsonb(t), $answers) FROM t");
	is($err, '', "$name: made");
	my $file = "${PostgreSQL::Test::Utils::tmp_check}/document";
	foreach my $mode ('compare', 'check')
	{
		next if $mode eq 'check' && !$valid;
		open(my $fh, '>', $file) or die;
		print $fh $mode eq 'compare' ? "$out\n" : (split /^-----$/m, $out)[0];
		close $fh;
		my $said = `perl '$pmml' $mode answers <'$file' 2>&1`;
		like($said, qr/^ok/, "$name: $mode");
	}
}
done_testing();
