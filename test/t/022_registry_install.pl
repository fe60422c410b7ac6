# The extension is created safely: not into a schema that somebody made, and without picking
# up what somebody planted.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE ROLE mallory;
	GRANT CREATE ON DATABASE postgres TO mallory;
	GRANT CREATE ON SCHEMA public TO mallory});

# a schema made beforehand
$node->safe_psql('postgres', 'SET ROLE mallory; CREATE SCHEMA userseg');
my ($ret, $out, $err) = $node->psql('postgres', 'CREATE EXTENSION userseg');
like($err, qr/schema "userseg" already exists/, 'not into a schema that exists');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM pg_extension WHERE extname = 'userseg' UNION ALL
	SELECT count(*) FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace}), "0\n0", 'nothing of it stays');
$node->safe_psql('postgres', 'DROP SCHEMA userseg');

# operators, functions and types in the schema where extensions are created
$node->safe_psql('postgres', q{
	SET ROLE mallory;
	CREATE FUNCTION public.spring(text, text) RETURNS boolean LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
	CREATE FUNCTION public.spring(int, int) RETURNS boolean LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
	CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.spring);
	CREATE OPERATOR public.= (LEFTARG = int, RIGHTARG = int, FUNCTION = public.spring);
	CREATE FUNCTION public.count() RETURNS bigint LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
	CREATE FUNCTION public.max(int) RETURNS int LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
	CREATE FUNCTION public.octet_length(bytea) RETURNS int LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
	CREATE TYPE public.jsonb AS (a int);
	CREATE DOMAIN public.timestamptz AS pg_catalog.text});
my $path = 'SET search_path = public, pg_catalog';
$node->safe_psql('postgres', "$path; CREATE EXTENSION userseg");
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM pg_depend d JOIN pg_namespace n ON n.nspname = 'public'
	LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
	LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
	LEFT JOIN pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
	WHERE coalesce(p.pronamespace, o.oprnamespace, t.typnamespace) = n.oid
		AND (d.classid, d.objid) IN (SELECT e.classid, e.objid FROM pg_depend e WHERE e.deptype = 'e'
			UNION SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
				WHERE c.relnamespace = 'userseg'::regnamespace
			UNION SELECT 'pg_attrdef'::regclass, a.oid FROM pg_attrdef a JOIN pg_class c ON c.oid = a.adrelid
				WHERE c.relnamespace = 'userseg'::regnamespace)}), '0', 'nothing depends on public');
like($node->safe_psql('postgres', qq{
	CREATE TABLE points AS SELECT i AS id, (i % 2) * 100 + i / 1000.0 AS x FROM generate_series(1, 100) i;
	$path;
	SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT x FROM points', alias => 'production', params => '{"k":2}');
	SELECT userseg.set_alias('vip\@1', 'staging');
	SELECT default_version FROM userseg.models;
	SELECT version FROM userseg.model_versions;
	SELECT step FROM userseg.alias_history WHERE alias OPERATOR(pg_catalog.=) 'staging';
	SELECT userseg.drop_model('vip')}), qr/^1\n1\n1\n1\n1\n1$/, 'the registry works beside them');
$node->stop;
done_testing();
