# userseg: build with PGXS.  The version stands only in userseg.control.
EXTENSION = userseg
MODULE_big = userseg
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" userseg.control)

PIECES := $(sort $(wildcard sql/pieces/*.sql))
SOURCES := $(sort $(wildcard src/*/*.c))
INCLUDES := $(sort $(wildcard src/*/*.h))
OBJS := $(SOURCES:.c=.o)
SCRIPT := sql/userseg--$(EXTVERSION).sql

DATA = $(wildcard sql/userseg--*--*.sql)
DATA_built = $(SCRIPT)
DOCS = README.md

TESTS := $(sort $(wildcard test/sql/*.sql))
REGRESS = $(patsubst test/sql/%.sql,%,$(TESTS))
REGRESS_OPTS = --inputdir=test --load-extension=userseg
# Some tests call functions of the library of unit tests, by its path.
REGRESS_PREP = unit
export USERSEG_UNIT ?= $(abspath test/unit/userseg_unit)

# No fast-math in any form: results must be equal bit for bit on every path.
# -ffp-contract=off stands here so that the JIT bitcode gets it too.
PG_CPPFLAGS = -I$(srcdir)/src -ffp-contract=off -DUS_VERSION=\"$(EXTVERSION)\"
PG_CFLAGS = -fno-math-errno -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers $(WERROR)
SHLIB_LINK = -lm
EXTRA_CLEAN = $(SCRIPT) build $(wildcard test/unit/*.o) test/unit/userseg_unit.so

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# PGXS follows no headers (and would install what a variable HEADERS names), and does
# not see that another server is built for.
$(OBJS): $(INCLUDES) Makefile build/server

build/server: FORCE
	@mkdir -p $(@D); '$(PG_CONFIG)' --version | cmp -s - $@ || '$(PG_CONFIG)' --version > $@

$(SCRIPT): $(PIECES) userseg.control
	@{ printf '%s\n' '\echo Use "CREATE EXTENSION userseg" to load this file. \quit'; cat $(PIECES); } > $@

unit: all
	$(MAKE) -C test/unit PG_CONFIG=$(PG_CONFIG)

.PHONY: FORCE unit demo test bench test-matrix lint
demo:
	test/demo
test:
	test/all
bench:
	test/bench/run
test-matrix:
	test/matrix
lint:
	tools/check
