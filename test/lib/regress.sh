# regress.sh: pg_regress over test/sql and expected.  Sourced after env.sh.

# us_regress LABEL: run every test/sql file in the running cluster.
us_regress() {
  local label=$1 dir=$US_WORK/regress-$1 tests
  mkdir -p "$dir/in" "$dir/out"
  ln -sfn "$US_TOP/test/sql" "$dir/in/sql"
  ln -sfn "$US_TOP/expected" "$dir/in/expected"
  tests=$(cd "$US_TOP/test/sql" && ls *.sql | sed 's/\.sql$//')
  (cd "$dir/out" && "$US_PGXS_DIR/src/test/regress/pg_regress" --inputdir="$dir/in" --outputdir="$dir/out" \
    --bindir="$US_BIN" --host="$PGHOST" --port="$PGPORT" --user=postgres \
    --load-extension=userseg $tests) >"$dir/output" 2>&1
  perl "$US_TOP/test/lib/tap" regress "$label" "$dir/out" "$dir/output" $tests
}
