# packages.sh: install what is missing, on Debian and its kin.  Sourced after env.sh.

us_missing() {
  local p
  for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q '^install ok installed$' || echo "$p"
  done
}

us_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

us_apt() {
  us_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"
}

# us_install PACKAGE...: install packages that are missing, quietly.  The server
# package must not make and start a cluster of its own.
us_install() {
  local missing log=${US_APT_LOG:-/tmp/userseg-apt.$$.log}
  local keep=/etc/postgresql-common/createcluster.d/userseg-tests.conf
  missing=$(us_missing "$@")
  [ -n "$missing" ] || return 0
  echo "installing:" $missing
  us_root mkdir -p "$(dirname "$keep")"
  echo 'create_main_cluster = false' | us_root tee "$keep" >/dev/null
  if ! us_apt install -y --no-install-recommends $missing >"$log" 2>&1; then
    us_root rm -f "$keep"
    tail -30 "$log" >&2
    us_die "cannot install: $missing"
  fi
  us_root rm -f "$keep"
  rm -f "$log"
}

# The newest major whose server is in the package lists, or is installed.
us_debian_major() {
  apt-cache depends postgresql 2>/dev/null | sed -n 's/^ *Depends: postgresql-\([0-9]*\)$/\1/p' | head -1
}

# What building needs (argument "build") or building and all suites ("all").
us_install_needed() {
  local what=$1 major packages jit
  command -v apt-get >/dev/null || return 0
  packages="make gcc libc6-dev perl liblapack3"
  [ "$what" = build ] || packages="$packages libipc-run-perl gzip libxml2-utils"
  major=$(us_find_pg_config | sed -n 's|^/usr/lib/postgresql/\([0-9]*\)/bin/pg_config$|\1|p')
  if [ -z "$major" ] && [ -n "$(us_find_pg_config)" ]; then
    us_install $packages
    return
  fi
  if [ -z "$major" ] || [ -n "$(us_missing $packages $(us_server_packages "$what" "$major"))" ]; then
    us_apt update >/dev/null 2>&1 || echo "apt-get update failed; going on with the lists that are there" >&2
    [ -n "$major" ] || major=$(us_debian_major)
    [ -n "$major" ] || us_die "no PostgreSQL package found"
  fi
  packages="$packages $(us_server_packages "$what" "$major")"
  jit=postgresql-$major-jit
  apt-cache show "$jit" >/dev/null 2>&1 && packages="$packages $jit"
  us_install $packages
}

us_server_packages() {
  echo "postgresql-$2 postgresql-server-dev-$2"
  [ "$1" = build ] || echo "postgresql-$2-pgtap"
}
