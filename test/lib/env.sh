# env.sh: sourced by the scripts of test/ and tools/.  Where things are, who runs
# the server, a private PostgreSQL tree with the extension in it, and throwaway
# clusters.  Nothing is installed into the system's PostgreSQL, no port is opened.
#
# US_PG_CONFIG   the pg_config to build with (default: the newest with server and PGXS)
# US_WORK        working folder, made by us_begin and removed at the end
# US_TREE        root of the private tree, so .../usr/lib/postgresql/15/bin and so on

US_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
US_SHARED=${USERSEG_SHARED:-$US_TOP/../shared}
export LC_ALL=C.UTF-8 PERL_BADLANG=0
unset PGDATABASE PGHOST PGPORT PGUSER PGPASSWORD PGSERVICE PGOPTIONS PGTZ PGCLUSTER MAKEFLAGS MAKELEVEL

us_die() {
  echo "$(basename "$0"): $*" >&2
  [ -z "${US_LAST_WORDS:-}" ] || echo "$US_LAST_WORDS"
  exit 1
}

# The pg_config to build with; empty if there is none.
us_find_pg_config() {
  local c found=
  if [ -n "${US_PG_CONFIG:-${PG_CONFIG:-}}" ]; then
    echo "${US_PG_CONFIG:-$PG_CONFIG}"
    return
  fi
  for c in $(ls -v /usr/lib/postgresql/*/bin/pg_config 2>/dev/null); do
    [ -x "$(dirname "$c")/postgres" ] && [ -f "$("$c" --pgxs)" ] && found=$c
  done
  if [ -z "$found" ] && command -v pg_config >/dev/null; then
    c=$(command -v pg_config)
    [ -x "$("$c" --bindir)/postgres" ] && [ -f "$("$c" --pgxs)" ] && found=$c
  fi
  echo "$found"
}

# Prefix of a command that runs as the user that owns servers: oneself, or
# postgres when root.
US_AS_SERVER=(env)
if [ "$(id -u)" = 0 ]; then
  US_AS_SERVER=(setpriv --reuid=postgres --regid=postgres --init-groups -- env HOME=/tmp USER=postgres LOGNAME=postgres)
fi

us_as_server() {
  "${US_AS_SERVER[@]}" "$@"
}

# Give a file or folder to the user that owns servers.
us_give() {
  if [ "$(id -u)" = 0 ]; then chown -R postgres: "$@"; fi
}

# Start of a script: working folder, and its removal at the end.  A script that
# runs inside another one shares the folder of that one.
us_begin() {
  US_PG_CONFIG=$(us_find_pg_config)
  [ -n "$US_PG_CONFIG" ] || us_die "no PostgreSQL server with PGXS found; test/all installs one on Debian"
  US_MAJOR=$("$US_PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
  US_PGXS_DIR=$(dirname "$(dirname "$(dirname "$("$US_PG_CONFIG" --pgxs)")")")
  if [ -z "${US_WORK:-}" ]; then
    US_WORK=$(mktemp -d "${TMPDIR:-/tmp}/userseg.XXXXXX")
    chmod 755 "$US_WORK"
    US_OWNS_WORK=1
  fi
  US_CLUSTERS=()
  US_BIN=${US_TREE:+$US_TREE$("$US_PG_CONFIG" --bindir)}
  [ -z "$US_BIN" ] || PATH=$US_BIN:$PATH
  export US_TOP US_PG_CONFIG US_MAJOR US_PGXS_DIR US_WORK PATH
  trap us_end EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

us_end() {
  local status=$?
  trap - EXIT
  us_stop_clusters
  if [ -n "${US_OWNS_WORK:-}" ]; then
    if [ -n "${KEEP:-}" ]; then echo "kept: $US_WORK"; else rm -rf "$US_WORK"; fi
  fi
  exit $status
}

# us_tree DIR: a private copy of the PostgreSQL tree under DIR.  A server finds
# its folders relative to its own path, so programs are copied, the rest are links.
us_tree() {
  local dir=$1 bin lib share
  bin=$("$US_PG_CONFIG" --bindir) lib=$("$US_PG_CONFIG" --pkglibdir) share=$("$US_PG_CONFIG" --sharedir)
  mkdir -p "$dir$bin" "$dir$lib" "$dir$share"
  cp -aL "$bin/." "$dir$bin/"
  cp -as "$lib/." "$dir$lib/"
  cp -as "$share/." "$dir$share/"
  rm -rf "$dir$lib"/userseg* "$dir$lib"/bitcode/userseg* "$dir$share"/extension/userseg*
}

# us_unit [FOLDER make arguments]: build the library of unit tests in the checkout
# or a copy of it, and put it into the tree in use, as $USERSEG_UNIT.
us_unit() {
  local top=${1:-$US_TOP}
  [ $# -gt 0 ] || { [ -z "${USERSEG_UNIT:-}" ] || return 0; set -- "$top" WERROR=-Werror; }
  shift
  make -s -C "$top/test/unit" -j"$(nproc)" PG_CONFIG="$US_PG_CONFIG" "$@" >"$US_WORK/unit.log" 2>&1 ||
    { cat "$US_WORK/unit.log" >&2; us_die "the unit tests do not build"; }
  export USERSEG_UNIT=$US_TREE$("$US_PG_CONFIG" --pkglibdir)/userseg_unit
  install -m 755 "$top/test/unit/userseg_unit.so" "$USERSEG_UNIT.so"
}

us_use_tree() {
  US_TREE=$1
  US_BIN=$US_TREE$("$US_PG_CONFIG" --bindir)
  PATH=$US_BIN:$PATH
  export US_TREE PATH
}

# us_build [make arguments]: build the checkout.
us_build() {
  make -s -C "$US_TOP" -j"$(nproc)" PG_CONFIG="$US_PG_CONFIG" "$@"
}

# Build and put the extension into a new private tree, unless one is in use.
us_ready() {
  [ -z "${US_TREE:-}" ] || return 0
  us_build || us_die "build failed"
  us_tree "$US_WORK/pg"
  make -s -C "$US_TOP" PG_CONFIG="$US_PG_CONFIG" DESTDIR="$US_WORK/pg" install >"$US_WORK/install.log" 2>&1 ||
    { cat "$US_WORK/install.log" >&2; us_die "install failed"; }
  us_use_tree "$US_WORK/pg"
}

# us_cluster NAME [setting=value ...]: start a throwaway cluster and point psql at
# it.  Its log is $US_WORK/NAME/log.  US_SERVER_ENV, an array, is the environment
# that only the server gets.
us_cluster() {
  local name=$1 dir=$US_WORK/$1 setting
  shift
  mkdir -p "$dir"
  us_give "$dir"
  us_as_server "$US_BIN/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
    --no-sync >"$US_WORK/$name.initdb" 2>&1 || { cat "$US_WORK/$name.initdb" >&2; return 1; }
  {
    echo "listen_addresses = ''"
    echo "unix_socket_directories = '$dir'"
    echo "fsync = off"
    echo "synchronous_commit = off"
    echo "full_page_writes = off"
    echo "max_worker_processes = 16"
    echo "log_line_prefix = '%m [%p] %q%d '"
    for setting in "$@"; do echo "${setting%%=*} = '${setting#*=}'"; done
  } >"$US_WORK/$name.conf"
  us_as_server sh -c 'cat >>"$1"' sh "$dir/data/postgresql.conf" <"$US_WORK/$name.conf"
  us_as_server env "${US_SERVER_ENV[@]}" "$US_BIN/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 120 start >"$US_WORK/$name.start" 2>&1 ||
    { cat "$US_WORK/$name.start" "$dir/log" >&2; return 1; }
  US_CLUSTERS+=("$name")
  export PGHOST=$dir PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}
US_SERVER_ENV=(US_=)

us_stop_clusters() {
  local name
  for name in "${US_CLUSTERS[@]}"; do
    us_as_server "$US_BIN/pg_ctl" -D "$US_WORK/$name/data" -m immediate -w stop >/dev/null 2>&1
  done
  US_CLUSTERS=()
}

# us_tap NAME COMMAND...: run a command that prints TAP; print its tests as tests
# of the suite.  See test/lib/tap.
us_tap() {
  perl "$US_TOP/test/lib/tap" run "$@"
}

us_psql() {
  psql -XAtq -v ON_ERROR_STOP=1 "$@"
}
