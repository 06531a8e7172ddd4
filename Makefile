# proctcp: which process holds which TCP socket, for collectd and net-snmp.
#
#   make               everything whose headers are here        make deps          install what building and testing need
#   sudo make demo     the whole walk on real daemons           sudo make check    every test
#   make fuzz          fuzz every parser                        make lint          static checks and layout
#   make install       DESTDIR= PREFIX=                         V=1                show the commands

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
MIBDIR ?= $(PREFIX)/share/snmp/mibs
COLLECTDDIR ?= $(LIBDIR)/collectd
INSTALL ?= install
BUILD ?= build
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format

# Every Debian package that proctcp needs: to build, and on top of that to run demo and check.
DEPS_BUILD := gcc make pkg-config libc6-dev collectd-dev libsnmp-dev
DEPS_DEMO := collectd-core snmp snmpd iproute2 python3
DEPS_CHECK := $(DEPS_DEMO) clang libclang-rt-dev clang-format clang-tidy cppcheck libcmocka-dev smitools valgrind

CFLAGS ?= -O2 -g
CPPFLAGS_ALL := -D_GNU_SOURCE -Icommon -MMD -MP $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -fPIC \
	-fvisibility=hidden $(CFLAGS) $(SANITIZE)
LDFLAGS_ALL := $(LDFLAGS) $(SANITIZE)
ifeq ($(WERROR),1)
CFLAGS_ALL += -Werror
endif
ifneq ($(V),1)
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

COMMON := $(wildcard common/*.c)
CLI := $(wildcard plugins/cli/*.c)
COLLECTD := $(wildcard plugins/collectd/*.c)
SNMP := $(wildcard plugins/snmp/*.c)
UNIT := $(patsubst tests/unit/test_%.c,$(BUILD)/tests/unit/test_%,$(wildcard tests/unit/test_*.c))
LIB := $(BUILD)/libproctcp.a
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

# The other parts are built also where a plugin's headers are missing; the notices say what was left out, and why.
COLLECTD_CPPFLAGS ?= -DHAVE_CONFIG_H -isystem /usr/include/collectd
have_header = $(shell printf '\043include <%s>\n' $(2) | $(CC) $(1) -E -x c - >/dev/null 2>&1 && echo yes)
HAVE_COLLECTD := $(call have_header,$(COLLECTD_CPPFLAGS),collectd/core/daemon/collectd.h)
ifneq ($(HAVE_COLLECTD),yes)
UNIT := $(filter-out $(BUILD)/tests/unit/test_collectd_%,$(UNIT))
endif
HAVE_SNMP := $(call have_header,,net-snmp/net-snmp-config.h)
PARTS := $(BUILD)/proctcp
PARTS += $(if $(HAVE_COLLECTD),$(BUILD)/collectd/proctcp.so,no-collectd)
PARTS += $(if $(HAVE_SNMP),$(BUILD)/snmp/proctcp-agentx,no-snmp)

.PHONY: all lib unit no-collectd no-snmp deps deps-demo demo check fuzz lint format install clean
.DELETE_ON_ERROR:
all: $(PARTS)
lib: $(LIB)
unit: $(UNIT) $(BUILD)/tests/live/columns

no-collectd:
	@echo "proctcp: the collectd plugin is left out: collectd's headers are missing (Debian package collectd-dev)" >&2
no-snmp:
	@echo "proctcp: the AgentX subagent is left out: net-snmp's headers are missing (Debian package libsnmp-dev)" >&2

$(BUILD)/%.o: %.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS_$(firstword $(subst /, ,$(patsubst plugins/%,%,$*)))) $(CFLAGS_ALL) -c -o $@ $<
CPPFLAGS_collectd := $(COLLECTD_CPPFLAGS)

$(LIB): $(call objects,$(COMMON))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/proctcp: $(call objects,$(CLI)) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^

# RTLD_NOW resolves collectd's own symbols when the daemon loads the plugin; only module_register may show.
$(BUILD)/collectd/proctcp.so: $(call objects,$(COLLECTD)) $(LIB) plugins/collectd/plugin.map
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -shared -Wl,--version-script=plugins/collectd/plugin.map -o $@ \
		$(filter %.o %.a,$^)

$(BUILD)/snmp/proctcp-agentx: $(call objects,$(SNMP)) $(LIB)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lnetsnmpagent -lnetsnmp -lpthread

$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(call objects,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka -ldl

# What of the collectd plugin runs without the daemon; as an archive, for a test takes what it needs.
$(BUILD)/collectd/parts.a: $(call objects,$(filter-out plugins/collectd/plugin.c,$(COLLECTD)))
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/tests/unit/test_collectd_settings.o: CFLAGS_ALL += $(COLLECTD_CPPFLAGS)
$(BUILD)/tests/unit/test_collectd_%: $(BUILD)/tests/unit/test_collectd_%.o $(BUILD)/collectd/parts.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka

# What of the subagent runs without net-snmp.
$(BUILD)/snmp/parts.a: $(patsubst %,$(BUILD)/plugins/snmp/%.o,bitset capabilities clock own_columns publisher serving \
	tables value walk)
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/tests/unit/test_snmp_%: $(BUILD)/tests/unit/test_snmp_%.o $(BUILD)/snmp/parts.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka -lpthread
# The columns that it serves, for the test that compares them with the MIB.
$(BUILD)/tests/live/columns: $(BUILD)/tests/live/columns.o $(BUILD)/snmp/parts.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lpthread

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
