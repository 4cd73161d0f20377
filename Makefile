# Sallyport: make, make check, make help
BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
PKG     := pkg-config

PROGRAMS := sallyportd sallyport-worker sallyport-policy sallyport-connector sallyport-login \
            sallyport-control sallyport-metrics sallyport-token

# V=1 shows whole commands
Q := $(if $(V),,@)
SAY := $(if $(V),@:,@echo)

# the folders each program is linked from, beside common/
DIRS_common              := common
DIRS_sallyportd          := monitor monitor/keys monitor/auth
DIRS_sallyport-worker    := worker worker/wire worker/alg worker/kex worker/auth worker/chan
DIRS_sallyport-policy    := policy
DIRS_sallyport-connector := monitor/connector
DIRS_sallyport-login     := monitor/login
DIRS_sallyport-control   := monitor/control
DIRS_sallyport-metrics   := monitor/metrics
DIRS_sallyport-token     := monitor/token

LIBS_common              := -lseccomp -lcap -lcrypto
LIBS_sallyportd          := -levent_core -ljansson -largon2
LIBS_sallyport-worker    := -lz -lnettle
LIBS_sallyport-policy    := -llua5.4 -ljansson -lm
LIBS_sallyport-connector := -levent_core -levent_extra
LIBS_sallyport-metrics   := -levent_core -levent_extra
LIBS_sallyport-token     := -lp11-kit
LIBS_sallyport-login     := -lcrypt -lpam -lutil -ljansson
LIBS_sallyport-control   := -levent_core -ljansson

WARN   := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wvla -Wundef -Wstrict-prototypes \
          -Wmissing-prototypes -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=3 -fPIE
OPT    ?= -O2
VERSION := 0.1
CFLAGS_ALL  = -std=c11 -D_GNU_SOURCE -I. -isystem /usr/include/lua5.4 -isystem /usr/include/p11-kit-1 -DSALLYPORT_VERSION=\"$(VERSION)\" $(OPT) -g $(WARN) $(HARDEN) $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now $(LDFLAGS)


srcs      = $(sort $(foreach d,$(DIRS_$(1)),$(wildcard $(d)/*.c)))
objs      = $(patsubst %.c,$(BUILD)/obj/%.o,$(call srcs,$(1)))
lib_objs  = $(filter-out %/main.o,$(call objs,$(1)))

# a program is built once its main.c is there
READY := $(foreach p,$(PROGRAMS),$(if $(wildcard $(firstword $(DIRS_$(p)))/main.c),$(p)))
all: $(READY:%=$(BUILD)/bin/%)

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) 'cc   $<'
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# the built-in policy, as an array of its bytes
$(BUILD)/gen/policy_default.c: policy/default.lua Makefile
	@mkdir -p $(@D)
	@{ echo '#include "policy/default.h"'; \
	  echo 'const unsigned char policy_default[] = {'; od -An -v -tu1 $< | sed 's/ *\([0-9][0-9]*\)/\1,/g'; \
	  echo '}; const size_t policy_default_bytes = sizeof policy_default;'; } >$@

$(BUILD)/obj/policy/default.o: $(BUILD)/gen/policy_default.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# an archive so that each program pulls only what it uses; made anew so that no removed object stays
define archive
$(BUILD)/lib/$(1).a: $$(call lib_objs,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
endef
$(foreach p,common $(PROGRAMS),$(eval $(call archive,$(p))))
$(BUILD)/lib/sallyport-policy.a: $(BUILD)/obj/policy/default.o

define program
$(BUILD)/bin/$(1): $$(filter %/main.o,$$(call objs,$(1))) $(BUILD)/lib/$(1).a $(BUILD)/lib/common.a
	@mkdir -p $$(@D)
	$$(SAY) 'link $$@'
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(LDFLAGS_ALL) -o $$@ $$^ -Wl,--as-needed $$(LIBS_$(1)) $$(LIBS_common)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# ---- unit tests: tests/F/x_test.c for F/x.c, one Check program each ----
SUITE ?= *
TEST_SRCS := $(shell find tests -name '*_test.c' 2>/dev/null | sort)
TEST_BINS := $(TEST_SRCS:%.c=$(BUILD)/%)
# tests of tables see the worker's, and so link it
program_of = $(strip $(if $(filter common/%,$(1)),common,$(if $(filter tables/%,$(1)),sallyport-worker,\
  $(if $(filter hostile/%,$(1)),sallyportd,$(foreach p,$(PROGRAMS),$(if $(filter $(DIRS_$(p):%=%/),$(dir $(1))),$(p)))))))

define unit
$(BUILD)/$(1:%.c=%): $(BUILD)/obj/$(1:%.c=%.o) $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1:%_test.c=%_fake.c))) $(BUILD)/obj/tests/unit.o $(2:%=$(BUILD)/lib/%.a) $(BUILD)/lib/common.a
	@mkdir -p $$(@D)
	$$(SAY) 'link $$@'
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(LDFLAGS_ALL) -o $$@ $$^ -Wl,--as-needed $(foreach p,$(2),$(LIBS_$(p))) $$(LIBS_common) -ljansson $$(shell $(PKG) --libs check)
endef
$(foreach t,$(TEST_SRCS),$(eval $(call unit,$(t),$(or $(filter-out common,$(call program_of,$(t:tests/%=%))),))))

# it runs the nursery and its workers
$(BUILD)/tests/worker/main_test: | $(BUILD)/bin/sallyport-worker

unit-tests: $(TEST_BINS)

check-unit: all $(TEST_BINS)
	scripts/unit '$(BUILD)' '$(SUITE)'

$(BUILD)/tests/e2e/libssh_client: $(BUILD)/obj/tests/e2e/libssh_client.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(shell $(PKG) --libs libssh)

# ---- everything that must hold before a commit: about ten minutes on two cores ----
# one after the other: tests that measure time share the machine with nothing else
CHECKS := all unit-tests check-unit check-policy check-sandbox check-fuzz-corpus check-e2e check-parity lint
check:
	@for step in $(CHECKS); do echo "== make $$step"; $(MAKE) --no-print-directory $$step || exit 1; done
	@echo 'check: all passed'

E2E ?=
check-e2e: all $(BUILD)/tests/e2e/libssh_client
	BUILD='$(BUILD)' /usr/bin/python3 tests/e2e/run.py $(E2E)

# each row of docs/parity.md, in a running gateway
check-parity: all
	BUILD='$(BUILD)' /usr/bin/python3 tests/parity/run.py

# the built-in policy and the cookbook: no mistakes, every case, every line
check-policy: $(BUILD)/bin/sallyport-policy
	$(BUILD)/bin/sallyport-policy check policy/default.lua policy/examples/*.lua policy/examples/helpers/*.lua
	$(BUILD)/bin/sallyport-policy test -q --coverage 100 policy/default.json policy/examples policy/examples/helpers

check-sandbox: all
	$(BUILD)/bin/sallyportd --check-sandbox

# the whole suite under the address and undefined-behaviour sanitizers
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
check-asan:
	$(MAKE) BUILD=build/asan OPT=-O1 CFLAGS='$(SANITIZE) -U_FORTIFY_SOURCE' LDFLAGS='$(SANITIZE)' all unit-tests
	PATIENCE=4 CK_TIMEOUT_MULTIPLIER=10 $(MAKE) BUILD=build/asan OPT=-O1 CFLAGS='$(SANITIZE) -U_FORTIFY_SOURCE' LDFLAGS='$(SANITIZE)' check-unit check-e2e

# ---- fuzzers: make fuzz T=msg SECONDS=60; without T all ----
SECONDS ?= 60
T ?= $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
fuzz:
	scripts/fuzz '$(SECONDS)' $(T)

fuzz-archives: $(patsubst %,$(BUILD)/lib/%.a,common $(PROGRAMS))

# each fuzzer over its kept corpus and for a moment more
check-fuzz-corpus:
	scripts/fuzz 2 $(T)

lint:
	scripts/lint

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

bench: all
	tests/bench/run

run:
	scripts/quickstart

# ---- installing ----
SBINDIR    := $(DESTDIR)$(PREFIX)/sbin
BINDIR     := $(DESTDIR)$(PREFIX)/bin
LIBEXECDIR := $(DESTDIR)$(PREFIX)/libexec/sallyport
MANDIR     := $(DESTDIR)$(PREFIX)/share/man
DOCDIR     := $(DESTDIR)$(PREFIX)/share/doc/sallyport
SYSTEMDDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
SYSUSERDIR := $(DESTDIR)$(PREFIX)/lib/sysusers.d
HELPERS    := $(filter-out sallyportd,$(READY))
install: all man
	install -d $(SBINDIR) $(BINDIR) $(LIBEXECDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man8 $(DOCDIR)/examples/helpers $(SYSTEMDDIR) $(SYSUSERDIR)
	install -d $(DESTDIR)/etc/sallyport
	install -m 755 $(BUILD)/bin/sallyportd $(SBINDIR)/
	install -m 755 $(HELPERS:%=$(BUILD)/bin/%) $(LIBEXECDIR)/
	ln -sf $(PREFIX)/libexec/sallyport/sallyport-policy $(BINDIR)/sallyport-policy
	install -m 644 $(BUILD)/man/sallyport-policy.1 $(MANDIR)/man1/
	install -m 644 $(BUILD)/man/sallyportd.8 $(MANDIR)/man8/
	install -m 644 $(BUILD)/man/sallyport.conf.5 $(MANDIR)/man5/
	install -m 644 README.md LICENSE docs/sallyport.conf.example scripts/systemd/pass-through.conf $(DOCDIR)/
	install -m 644 docs/policy.md docs/helpers.md docs/parity.md docs/control.md docs/keys.md $(DOCDIR)/
	install -m 644 policy/examples/*.lua policy/examples/*.json $(DOCDIR)/examples/
	install -m 644 policy/examples/helpers/*.lua policy/examples/helpers/*.json $(DOCDIR)/examples/helpers/
	install -m 755 policy/examples/helpers/*.py policy/examples/helpers/*.sh $(DOCDIR)/examples/helpers/
	sed 's,@SBINDIR@,$(PREFIX)/sbin,' scripts/systemd/sallyportd.service >$(SYSTEMDDIR)/sallyportd.service
	chmod 644 $(SYSTEMDDIR)/sallyportd.service
	install -m 644 scripts/systemd/sysusers.conf $(SYSUSERDIR)/sallyport.conf

# what install put there; keys and configuration stay
uninstall:
	rm -f $(SBINDIR)/sallyportd $(HELPERS:%=$(LIBEXECDIR)/%) $(MANDIR)/man8/sallyportd.8 \
	  $(BINDIR)/sallyport-policy $(MANDIR)/man1/sallyport-policy.1 \
	  $(MANDIR)/man5/sallyport.conf.5 $(SYSTEMDDIR)/sallyportd.service $(SYSUSERDIR)/sallyport.conf \
	  $(addprefix $(DOCDIR)/,README.md LICENSE sallyport.conf.example pass-through.conf policy.md helpers.md parity.md control.md keys.md) \
	  $(patsubst policy/%,$(DOCDIR)/%,$(wildcard policy/examples/*.* policy/examples/helpers/*))
	-rmdir --ignore-fail-on-non-empty $(LIBEXECDIR) $(DOCDIR)/examples/helpers $(DOCDIR)/examples $(DOCDIR) $(DESTDIR)/etc/sallyport

help:
	@echo 'make            the programs, in $(BUILD)/bin'
	@echo 'make run        a gateway to try (scripts/quickstart)'
	@echo 'make check      unit tests, tables, policies, sandbox, fuzz corpora, end-to-end tests, lint'
	@echo '                SUITE=common_rd for some unit tests, E2E=login for some scenarios'
	@echo 'make check-parity each row of docs/parity.md in a running gateway, as a table'
	@echo 'make check-asan the same tests under ASan and UBSan'
	@echo 'make fuzz       each fuzzer for SECONDS=60; T=msg for one'
	@echo 'make bench      measures against the OpenSSH and dropbear of this machine'
	@echo 'make lint       format, clang-tidy, include rule, test mirror'
	@echo 'make install    PREFIX=$(PREFIX) DESTDIR= (make uninstall takes it back)'
	@echo 'V=1             shows whole commands'

# ---- manual pages: the keywords come out of monitor/config.def ----
MANS := $(BUILD)/man/sallyport.conf.5 $(BUILD)/man/sallyportd.8 $(BUILD)/man/sallyport-policy.1
man: $(MANS)

$(BUILD)/man/sallyport.conf.5: docs/sallyport.conf.5 $(BUILD)/bin/sallyportd
	@mkdir -p $(@D)
	$(BUILD)/bin/sallyportd --help-config >$(@D)/keywords
	sed -e '/^@KEYWORDS@$$/{r $(@D)/keywords' -e 'd}' $< >$@
	@rm $(@D)/keywords

$(BUILD)/man/sallyportd.8 $(BUILD)/man/sallyport-policy.1: $(BUILD)/man/%: docs/%
	@mkdir -p $(@D)
	cp $< $@

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' -type f 2>/dev/null)

.PHONY: all man fuzz-archives unit-tests check check-unit check-policy check-e2e check-parity check-sandbox check-asan fuzz \
  check-fuzz-corpus lint format bench run install uninstall help clean
.DELETE_ON_ERROR:
