# proctcp: which process holds which TCP socket, for collectd and net-snmp.
#
#   make               everything whose headers are here        make deps-build    install what building and running need
#   sudo make demo     the whole walk on real daemons           make deps          install what testing needs, too
#   sudo make check    every test                               make check-kernels the walk on older kernels, in qemu
#   make fuzz          fuzz every parser                        make lint          static checks and layout
#   make bench         time and memory, against the kernel's own work, ss, lsof and netstat (none of it is in check)
#   make soak          an hour's worth of scans in some minutes: nothing grows, nothing goes down
#   make install       DESTDIR= PREFIX= (and uninstall)         V=1                show the commands
#   make check-install the packages on a host of their own      make check-nms     the files of mibs/nms in their systems

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
MIBDIR ?= $(PREFIX)/share/snmp/mibs
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
COLLECTDDIR ?= $(LIBDIR)/collectd
# Where collectd itself looks for plugins.
COLLECTD_PLUGINS ?= /usr/lib/collectd
# Where Icinga 2 and Nagios look for plugins is for them to say: packages have /usr/lib/nagios/plugins.
NAGIOSDIR ?= $(LIBDIR)/nagios/plugins
EXAMPLESDIR ?= $(PREFIX)/share/doc/proctcp/examples
DLMODDIR ?= $(LIBDIR)/snmp/dlmod
INCLUDEDIR ?= $(PREFIX)/include
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
INSTALL ?= install
BUILD ?= build
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format

# Every Debian package that proctcp needs: to be built and run, on top of that for demo and check, and for check-kernels
# by itself.
DEPS_BUILD := gcc make libc6-dev libmnl-dev libncurses-dev collectd-dev libsnmp-dev libcap-ng-dev
DEPS_BPF := clang bpftool libbpf-dev
DEPS_DEMO := collectd-core libyajl2 snmp snmpd snmptrapd iproute2 python3
DEPS_LINT := clang-format clang-tidy cppcheck
DEPS_WALKERS := libnet-snmp-perl perl prometheus-snmp-exporter python3-pysnmp4 ruby ruby-snmp snmptt
DEPS_WRITERS := collectd-utils libgcrypt20 libmicrohttpd12 libprotobuf-c1 librrd8 prometheus rrdtool
DEPS_CHECK := $(DEPS_DEMO) $(DEPS_LINT) $(DEPS_BPF) $(DEPS_WALKERS) $(DEPS_WRITERS) libclang-rt-dev libcmocka-dev netbase \
	mandoc pkg-config smitools tmux valgrind zsh
DEPS_DEB := $(DEPS_BPF) debhelper dpkg-dev libcmocka-dev pkg-config
# Not nagios4-core, which brings a mail server along: where it is missing, its test is skipped and says so.
DEPS_NMS := collectd-core icinga2-bin iproute2 libgcrypt20 libmicrohttpd12 libprotobuf-c1 libyajl2 php-bcmath php-cgi php-cli \
	php-curl php-gd php-mbstring php-pgsql php-xml postgresql prometheus prometheus-snmp-exporter python3 python3-yaml snmp snmpd \
	snmptrapd snmptt util-linux zabbix-frontend-php zabbix-server-pgsql
DEPS_INSTALL := iproute2 lintian mmdebstrap python3 rpm rpmlint
DEPS_KERNELS := gcc make libc6-dev libmnl-dev $(DEPS_BPF) iproute2 netbase python3 busybox-static qemu-system-x86

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

COMMON := $(wildcard common/*.c common/*/*.c)
CLI := $(wildcard plugins/cli/*.c)
COLLECTD := $(wildcard plugins/collectd/*.c)
# Of SNMP: what runs without net-snmp, and what of the rest the subagent or the module of snmpd has for itself.
SNMP_PURE := $(patsubst %,plugins/snmp/%.c,alarms bitset capabilities changes clock columns connection_columns connections events \
	gone measures named notifications order own_columns publisher sd_notify served service serving shortfall tables \
	threshold_columns thresholds top_columns tops value walk)
SNMP := $(filter-out plugins/snmp/dlmod.c,$(wildcard plugins/snmp/*.c))
DLMOD := $(SNMP_PURE) $(patsubst %,plugins/snmp/%.c,answers dlmod notifier report_scans settings varbinds)
# The monitoring plugin; without net-snmp it looks at its own host alone.
CHECK_SNMP := $(wildcard plugins/check/snmp_*.c) plugins/check/source_snmp.c
CHECK := $(wildcard plugins/check/*.c)
BPF := $(filter-out %.bpf.c,$(wildcard plugins/bpf/*.c))
UNIT := $(patsubst tests/unit/test_%.c,$(BUILD)/tests/unit/test_%,$(wildcard tests/unit/test_*.c))
LIB := $(BUILD)/libproctcp.a
VERSION = $(shell sed -n 's/^.define PROCTCP_VERSION "\(.*\)"/\1/p' common/proctcp.h)
LIBS := -lmnl -lpthread
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
BENCH := $(patsubst %,$(BUILD)/tests/bench/%,load floor measure connects)
BENCH_SNMP := $(patsubst %,$(BUILD)/tests/bench/%,walker floor_agentx)

# The other parts are built also where a plugin's headers are missing; the notices say what was left out, and why. Nothing
# is built without a compiler, the C library's headers and libmnl's.
COLLECTD_CPPFLAGS ?= -DHAVE_CONFIG_H -isystem /usr/include/collectd
have_header = $(shell printf '\043include <%s>\n' $(2) | $(CC) $(1) -E -x c - >/dev/null 2>&1 && echo yes)
MISSING :=
ifneq ($(shell command -v $(firstword $(CC)) >/dev/null && echo yes),yes)
MISSING := no-compiler
else ifneq ($(call have_header,,stdio.h),yes)
MISSING := no-libc
else ifneq ($(call have_header,,libmnl/libmnl.h),yes)
MISSING := no-libmnl
endif
HAVE_COLLECTD := $(or $(call have_header,$(COLLECTD_CPPFLAGS),collectd/core/daemon/collectd.h),$(call have_header,$(COLLECTD_CPPFLAGS),collectd.h))
ifneq ($(HAVE_COLLECTD),yes)
UNIT := $(filter-out $(BUILD)/tests/unit/test_collectd_%,$(UNIT))
endif
HAVE_SNMP := $(and $(call have_header,,net-snmp/net-snmp-config.h),$(call have_header,,cap-ng.h))
HAVE_NETSNMP := $(call have_header,,net-snmp/net-snmp-config.h)
CHECK := $(filter-out $(if $(HAVE_NETSNMP),plugins/check/source_no_snmp.c,$(CHECK_SNMP)),$(CHECK))
# proctcp --top; without it the program says why there is none.
HAVE_CURSES := $(call have_header,,ncurses.h)
CURSES_LIBS ?= $(or $(shell $(PKG_CONFIG) --libs ncursesw 2>/dev/null),-lncursesw)
CLI_LIBS := $(if $(HAVE_CURSES),$(CURSES_LIBS))
CLI := $(filter-out $(if $(HAVE_CURSES),plugins/cli/top_none.c,plugins/cli/top.c plugins/cli/top_screen.c),$(CLI))
PARTS := $(BUILD)/proctcp $(if $(HAVE_CURSES),,no-curses) $(if $(HAVE_COLLECTD),$(BUILD)/collectd/proctcp.so,no-collectd)
PARTS += $(if $(HAVE_SNMP),$(BUILD)/snmp/proctcp-agentx $(BUILD)/snmp/proctcp.so,no-snmp)
PARTS += $(BUILD)/check/check_proctcp
# The BPF programs and their loader. clang compiles the programs, whatever compiles the rest.
BPF_CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
HAVE_BPF := $(and $(call have_header,,bpf/libbpf.h),$(shell command -v $(BPF_CLANG)),$(shell $(BPFTOOL) version 2>/dev/null))
PARTS += $(if $(HAVE_BPF),$(BUILD)/bpf/proctcp-bpf,no-bpf)

.PHONY: all lib unit replay bench soak no-bpf no-compiler no-libc no-collectd no-curses no-libmnl no-snmp deb rpm packages deps deps-build deps-deb \
	deps-demo deps-kernels deps-nms demo check check-install check-kernels check-nms fuzz lint format install uninstall clean
.DELETE_ON_ERROR:
.SECONDARY:
all: $(or $(MISSING),$(PARTS))
lib: $(LIB)
unit: $(UNIT) $(BUILD)/tests/live/columns $(BUILD)/tests/live/listeners $(BUILD)/tests/live/shim.so $(BENCH) \
	$(if $(HAVE_SNMP),$(BENCH_SNMP))

no-bpf:
	@echo "proctcp: the BPF source is left out: clang, bpftool or libbpf's headers are missing (Debian packages clang," \
		"bpftool, libbpf-dev)" >&2
no-collectd:
	@echo "proctcp: the collectd plugin is left out: collectd's headers are missing (Debian package collectd-dev)" >&2
no-compiler:
	@echo "proctcp: there is no compiler $(firstword $(CC)) (Debian package $(if $(findstring clang,$(CC)),clang,gcc);" \
		"make deps-build installs gcc and all else, make CC=... takes another one)" >&2; exit 1
no-curses:
	@echo "proctcp: proctcp --top is left out: ncurses' headers are missing (Debian package libncurses-dev)" >&2
no-libc:
	@echo "proctcp: the C library's headers are missing (Debian package libc6-dev; make deps-build installs all)" >&2; exit 1
no-libmnl:
	@echo "proctcp: libmnl's headers are missing (Debian package libmnl-dev; make deps-build installs all)" >&2; exit 1
no-snmp:
	@echo "proctcp: the AgentX subagent$(if $(HAVE_NETSNMP),, with -H of check_proctcp) is left out: net-snmp's or libcap-ng's headers are missing (Debian packages" \
		"libsnmp-dev, libcap-ng-dev)" >&2

$(BUILD)/%.o: %.c Makefile $(MISSING)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CPPFLAGS_$(firstword $(subst /, ,$(patsubst plugins/%,%,$*)))) $(CFLAGS_ALL) -c -o $@ $<
CPPFLAGS_collectd := $(COLLECTD_CPPFLAGS)
# The date of the MIB, with which proctcp doctor compares the one that is installed.
CPPFLAGS_cli := -DPROCTCP_MIB_UPDATED='"$(shell sed -n 's/.*LAST-UPDATED "\(.*\)".*/\1/p' mibs/PROCTCP-MIB.txt 2>/dev/null)"' \
	-DCOLLECTD_PLUGINS='"$(COLLECTD_PLUGINS)"'
$(BUILD)/plugins/cli/doctor_mib.o: mibs/PROCTCP-MIB.txt

$(LIB): $(call objects,$(COMMON))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/proctcp: $(call objects,$(CLI)) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) $(CLI_LIBS)

# RTLD_NOW resolves collectd's own symbols when the daemon loads the plugin; only module_register may show.
$(BUILD)/collectd/proctcp.so: $(call objects,$(COLLECTD)) $(LIB) plugins/collectd/plugin.map
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -shared -Wl,--version-script=plugins/collectd/plugin.map -o $@ \
		$(filter %.o %.a,$^) $(LIBS)

$(BUILD)/snmp/proctcp-agentx: $(call objects,$(SNMP)) $(LIB)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lnetsnmpagent -lnetsnmp -lcap-ng $(LIBS) -lrt

$(BUILD)/check/check_proctcp: $(call objects,$(CHECK)) $(LIB)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(if $(HAVE_NETSNMP),-lnetsnmp) $(LIBS) -lm

# net-snmp's functions are snmpd's own. It stays in memory when snmpd unloads it: a child process of a scan may still end.
$(BUILD)/snmp/proctcp.so: $(call objects,$(DLMOD)) $(LIB) plugins/snmp/dlmod.map
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -shared -Wl,-z,nodelete -Wl,--version-script=plugins/snmp/dlmod.map -o $@ \
		$(filter %.o %.a,$^) $(LIBS)

# For the exchanges of these; what the others get by it some verifiers do not take.
$(BUILD)/bpf/connections.bpf.o $(BUILD)/bpf/hashed.bpf.o: BPF_CPU := -mcpu=v3
$(BUILD)/bpf/%.bpf.o: plugins/bpf/%.bpf.c $(wildcard plugins/bpf/*.h) common/capture/bpf_records.h
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPF_CLANG) -O2 -g -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror) -target bpf $(BPF_CPU) -Icommon \
		-idirafter /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null) -c $< -o $@

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

$(call objects,$(BPF)): CPPFLAGS_ALL += -isystem $(BUILD)/bpf
BPF_SKELETONS := $(patsubst plugins/bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard plugins/bpf/*.bpf.c))
$(call objects,plugins/bpf/loader.c): $(BPF_SKELETONS)
$(BUILD)/bpf/proctcp-bpf: $(call objects,$(BPF))
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lbpf

$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/test_%.o $(call objects,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka -ldl $(LIBS)

$(BUILD)/tests/unit/test_allocation: LDFLAGS_ALL += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup

# What of the collectd plugin runs without the daemon; as an archive, for a test takes what it needs.
$(BUILD)/collectd/parts.a: $(call objects,$(filter-out $(patsubst %,plugins/collectd/%.c,plugin instance passes complaints details),$(COLLECTD)))
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/tests/unit/test_collectd_settings.o: CFLAGS_ALL += $(COLLECTD_CPPFLAGS)
$(BUILD)/tests/unit/test_collectd_%: $(BUILD)/tests/unit/test_collectd_%.o $(BUILD)/collectd/parts.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(LIBS)

# What of the program is no main().
$(BUILD)/cli/parts.a: $(call objects,$(filter-out plugins/cli/main.c,$(CLI)))
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/tests/unit/test_cli_%: $(BUILD)/tests/unit/test_cli_%.o $(BUILD)/cli/parts.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(LIBS)

# Snapshots of these tests are not allocated, so that nothing may free them.
$(patsubst %,$(BUILD)/tests/unit/test_cli_top_%,rates state draw): LDFLAGS_ALL += -Wl,--wrap=proctcp_snapshot_unref
$(BUILD)/tests/unit/test_cli_top_state: LDFLAGS_ALL += -Wl,--wrap=calloc

# What of the monitoring plugin asks nobody.
$(BUILD)/check/parts.a: $(call objects,$(filter-out plugins/check/main.c $(wildcard plugins/check/source_*.c) $(CHECK_SNMP),$(CHECK)))
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/tests/unit/test_check_%: $(BUILD)/tests/unit/test_check_%.o $(BUILD)/check/parts.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(LIBS) -lm

# What of them runs without net-snmp.
$(BUILD)/snmp/parts.a: $(call objects,$(SNMP_PURE))
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/tests/unit/test_snmp_%: $(BUILD)/tests/unit/test_snmp_%.o $(BUILD)/snmp/parts.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lcmocka $(LIBS)
# The columns that it serves, for the test that compares them with the MIB.
$(BUILD)/tests/live/columns: $(BUILD)/tests/live/columns.o $(BUILD)/snmp/parts.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lpthread

# The listeners of a scan, for the test that knows who accepted what.
$(BUILD)/tests/live/listeners: $(BUILD)/tests/live/listeners.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# Preloaded by live tests. It is not part of what is tested, so that no sanitizer watches it.
$(BUILD)/tests/live/shim.so: tests/live/shim.c Makefile
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -D_GNU_SOURCE -U_FORTIFY_SOURCE $(filter-out $(SANITIZE),$(CFLAGS_ALL)) -shared -o $@ $< -ldl

# ---- fuzzing: each tests/fuzz/fuzz_NAME.c has a corpus beside it ----

FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
# What of the monitoring plugin reads words; the rest of what is fuzzed is the library's.
FUZZ_CHECK := $(patsubst %,plugins/check/%.c,endpoint range text)
replay: $(FUZZ:%=$(BUILD)/tests/fuzz/replay_%)
$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/tests/unit/literal.o \
		$(call objects,$(FUZZ_CHECK)) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# Builds with a compiler that has libFuzzer, runs every entry for FUZZ_SECONDS, and keeps what it finds there.
FUZZ_CC ?= clang
fuzz:
	$(Q)for name in $(FUZZ); do \
		mkdir -p $(BUILD)/fuzz/corpus/$$name $(BUILD)/fuzz/crashes && \
		$(FUZZ_CC) -D_GNU_SOURCE -Icommon -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined \
			-fno-sanitize-recover=all -o $(BUILD)/fuzz/$$name tests/fuzz/fuzz_$$name.c tests/unit/literal.c $(COMMON) $(FUZZ_CHECK) $(LIBS) && \
		echo "fuzzing $$name for $(FUZZ_SECONDS) s" && \
		$(BUILD)/fuzz/$$name -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1 -verbosity=0 \
			-artifact_prefix=$(BUILD)/fuzz/crashes/$$name- $(BUILD)/fuzz/corpus/$$name tests/fuzz/corpus/$$name || exit 1; \
	done

# With sudo, what is in the build directory afterwards belongs to the caller.
FOR_CALLER := tests/for_caller.sh $(BUILD)

# ---- measuring it: SIZES="1000 1000000" PROCESSES= RUNS= and others, see tests/bench/bench.py ----

bench:
	$(Q)$(FOR_CALLER) '$(MAKE) --no-print-directory -s $(BUILD)/proctcp $(BENCH) $(if $(HAVE_SNMP),$(BUILD)/snmp/proctcp-agentx $(BUILD)/snmp/proctcp.so $(BENCH_SNMP))'
	$(Q)$(FOR_CALLER) '/usr/bin/python3 tests/bench/bench.py'
# As many scans as an hour has, in some minutes: SCANS= SOCKETS=, see tests/soak/soak.py. None of it is in check.
soak: deps-demo
	$(Q)$(FOR_CALLER) '$(MAKE) --no-print-directory -s all $(BENCH)'
	$(Q)$(FOR_CALLER) '/usr/bin/python3 tests/soak/soak.py'
$(BUILD)/tests/bench/floor: $(call objects,$(filter-out %_agentx.c,$(wildcard tests/bench/floor_*.c)))
$(BENCH_SNMP): %: %.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lnetsnmpagent -lnetsnmp
$(BENCH): %: %.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ -lpthread

# ---- running it, and testing it ----

install_packages = missing=$$(for package in $(1); do \
		dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || echo $$package; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "proctcp: not a Debian or Ubuntu host: see to the like of:" $$missing >&2; exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then echo "proctcp: run: sudo apt-get install" $$missing >&2; exit 1; fi; \
	echo "proctcp: installing" $$missing; export DEBIAN_FRONTEND=noninteractive; \
	get="apt-get -o DPkg::Lock::Timeout=300"; install="$$get install -y --no-install-recommends"; \
	($$install $$missing || ($$get update && $$install $$missing)) >$${TMPDIR:-/tmp}/proctcp-packages.$$$$ 2>&1; status=$$?; \
	if [ $$status != 0 ]; then cat $${TMPDIR:-/tmp}/proctcp-packages.$$$$ >&2; fi; \
	rm -f $${TMPDIR:-/tmp}/proctcp-packages.$$$$; exit $$status

deps-build:
	@$(call install_packages,$(DEPS_BUILD))
deps:
	@$(call install_packages,$(DEPS_BUILD) $(DEPS_CHECK))
deps-demo:
	@$(call install_packages,$(DEPS_BUILD) $(DEPS_DEMO))
deps-install:
	@$(call install_packages,$(DEPS_BUILD) $(DEPS_DEB) $(DEPS_INSTALL))
deps-deb:
	@$(call install_packages,$(DEPS_BUILD) $(DEPS_DEB))
deps-kernels:
	@$(call install_packages,$(DEPS_KERNELS))
deps-nms:
	@$(call install_packages,$(DEPS_BUILD) $(DEPS_NMS))

# make looks for headers before it runs anything: what deps installed is seen by a make of its own. A line of its own, too, for
# make -n runs what has $(MAKE) in it.
demo: deps-demo
	$(Q)$(FOR_CALLER) '$(MAKE) --no-print-directory all'
	$(Q)$(FOR_CALLER) '/usr/bin/python3 tests/demo/demo.py'
check: deps
	$(Q)$(FOR_CALLER) tests/check.sh
check-kernels: deps-kernels
	$(Q)$(FOR_CALLER) '$(MAKE) --no-print-directory -s $(BUILD)/proctcp $(BUILD)/bpf/proctcp-bpf $(BUILD)/tests/bench/load'
	$(Q)$(FOR_CALLER) '/usr/bin/python3 tests/kernels/run.py'

check-install: deps-install
	$(Q)$(FOR_CALLER) '$(MAKE) --no-print-directory packages >/dev/null'
	$(Q)$(FOR_CALLER) '/usr/bin/python3 tests/install/run.py'

# The files of mibs/nms, each in the system that it is for.
check-nms: deps-nms
	$(Q)$(FOR_CALLER) '$(MAKE) --no-print-directory -s all'
	$(Q)$(FOR_CALLER) '/usr/bin/python3 tests/nms/run.py'

lint: $(if $(HAVE_BPF),$(BPF_SKELETONS))
	$(Q)missing=$$(for tool in $(DEPS_LINT:clang-format=$(CLANG_FORMAT)); do \
		command -v $$tool >/dev/null || echo $$tool; done); \
		if [ -n "$$missing" ]; then echo "proctcp: lint needs the Debian packages:" $$missing >&2; exit 1; fi
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(SOURCES)
	$(Q)cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem -D_GNU_SOURCE -Icommon $(patsubst %,-i %,$(wildcard plugins/bpf/*.bpf.c)) \
		common plugins
	$(Q)clang-tidy --quiet --warnings-as-errors='*' \
		$(filter-out %.bpf.c plugins/bpf/loader.c $(if $(HAVE_BPF),,plugins/bpf/%),$(COMMON) $(wildcard plugins/*/*.c)) -- -std=gnu11 -D_GNU_SOURCE -Icommon \
		$(COLLECTD_CPPFLAGS) -isystem $(BUILD)/bpf
	$(Q)$(MAKE) --no-print-directory lib
	$(Q)/usr/bin/python3 tests/floors.py . $(BUILD)
format:
	$(Q)$(CLANG_FORMAT) -i $(SOURCES)
SOURCES = $(wildcard common/*.[ch] common/*/*.[ch] plugins/*/*.[ch] tests/*/*.[ch])

# Texts that name files name them where they are installed.
install_text = sed 's|/usr/local/share/doc/proctcp/examples|$(EXAMPLESDIR)|g; s|/usr/local/lib/snmp/dlmod|$(DLMODDIR)|g; s|/usr/local/lib/collectd|$(COLLECTDDIR)|g; s|/usr/local/sbin|$(SBINDIR)|g; \
	s|/usr/local|$(PREFIX)|g; s|@VERSION@|$(VERSION)|g' $(1) \
	>$(DESTDIR)$(2)/$(or $(3),$(notdir $(1))) && chmod 644 $(DESTDIR)$(2)/$(or $(3),$(notdir $(1)))
PAGES := $(wildcard plugins/*/*.[1578] common/*.3)
page_dir = $(MANDIR)/man$(patsubst .%,%,$(suffix $(1)))

install: all
	$(INSTALL) -d $(addprefix $(DESTDIR),$(BINDIR) $(MIBDIR) $(INCLUDEDIR) $(LIBDIR) $(PKGCONFIGDIR) $(BASHDIR) $(ZSHDIR) \
		$(sort $(foreach page,$(PAGES),$(call page_dir,$(page)))))
	$(INSTALL) -m 755 $(BUILD)/proctcp $(DESTDIR)$(BINDIR)/proctcp
	$(INSTALL) -m 644 mibs/PROCTCP-MIB.txt $(DESTDIR)$(MIBDIR)/PROCTCP-MIB.txt
	$(INSTALL) -m 644 common/proctcp.h $(DESTDIR)$(INCLUDEDIR)/proctcp.h
	$(INSTALL) -m 644 $(LIB) $(DESTDIR)$(LIBDIR)/libproctcp.a
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|; s|@VERSION@|$(VERSION)|' \
		common/proctcp.pc.in >$(DESTDIR)$(PKGCONFIGDIR)/proctcp.pc
	$(INSTALL) -m 644 plugins/cli/completion.bash $(DESTDIR)$(BASHDIR)/proctcp
	$(INSTALL) -m 644 plugins/cli/_proctcp $(DESTDIR)$(ZSHDIR)/_proctcp
	$(foreach page,$(PAGES),$(call install_text,$(page),$(call page_dir,$(page))) && ) true
	$(INSTALL) -d $(DESTDIR)$(NAGIOSDIR)
	$(INSTALL) -m 755 $(BUILD)/check/check_proctcp $(DESTDIR)$(NAGIOSDIR)/check_proctcp
ifeq ($(HAVE_COLLECTD),yes)
	$(INSTALL) -d $(addprefix $(DESTDIR),$(COLLECTDDIR) $(EXAMPLESDIR))
	$(INSTALL) -m 755 $(BUILD)/collectd/proctcp.so $(DESTDIR)$(COLLECTDDIR)/proctcp.so
	$(call install_text,plugins/collectd/proctcp.conf,$(EXAMPLESDIR))
	$(call install_text,plugins/collectd/thresholds.conf,$(EXAMPLESDIR))
	$(call install_text,plugins/collectd/collectd.service.conf,$(EXAMPLESDIR))
	$(INSTALL) -m 755 plugins/collectd/graphs.sh $(DESTDIR)$(EXAMPLESDIR)/graphs.sh
endif
ifeq ($(HAVE_SNMP),yes)
	$(INSTALL) -d $(addprefix $(DESTDIR),$(SBINDIR) $(DLMODDIR) $(UNITDIR) $(SYSUSERSDIR) $(EXAMPLESDIR))
	$(INSTALL) -m 755 $(BUILD)/snmp/proctcp-agentx $(DESTDIR)$(SBINDIR)/proctcp-agentx
	$(INSTALL) -m 755 $(BUILD)/snmp/proctcp.so $(DESTDIR)$(DLMODDIR)/proctcp.so
	$(call install_text,plugins/snmp/proctcp-agentx.service,$(UNITDIR))
	$(INSTALL) -m 644 plugins/snmp/proctcp.sysusers $(DESTDIR)$(SYSUSERSDIR)/proctcp-snmp.conf
	$(INSTALL) -m 644 plugins/snmp/snmpd.conf $(DESTDIR)$(EXAMPLESDIR)/snmpd.conf
	$(INSTALL) -m 644 plugins/snmp/proctcp.conf $(DESTDIR)$(EXAMPLESDIR)/agentx.conf
endif
ifneq ($(HAVE_BPF),)
	$(INSTALL) -d $(addprefix $(DESTDIR),$(SBINDIR) $(UNITDIR) $(SYSUSERSDIR))
	$(INSTALL) -m 755 $(BUILD)/bpf/proctcp-bpf $(DESTDIR)$(SBINDIR)/proctcp-bpf
	$(call install_text,plugins/bpf/proctcp-bpf.service,$(UNITDIR))
	$(INSTALL) -m 644 plugins/bpf/proctcp.sysusers $(DESTDIR)$(SYSUSERSDIR)/proctcp-bpf.conf
endif
uninstall:
	rm -f $(addprefix $(DESTDIR),$(BINDIR)/proctcp $(NAGIOSDIR)/check_proctcp $(SBINDIR)/proctcp-agentx $(SBINDIR)/proctcp-bpf $(COLLECTDDIR)/proctcp.so \
		$(DLMODDIR)/proctcp.so $(addprefix $(UNITDIR)/,proctcp-agentx.service proctcp-bpf.service) \
		$(addprefix $(SYSUSERSDIR)/,proctcp-snmp.conf proctcp-bpf.conf) \
		$(addprefix $(EXAMPLESDIR)/,proctcp.conf thresholds.conf graphs.sh collectd.service.conf snmpd.conf agentx.conf) \
		$(MIBDIR)/PROCTCP-MIB.txt $(INCLUDEDIR)/proctcp.h $(LIBDIR)/libproctcp.a $(PKGCONFIGDIR)/proctcp.pc \
		$(BASHDIR)/proctcp $(ZSHDIR)/_proctcp \
		$(foreach page,$(PAGES),$(call page_dir,$(page))/$(notdir $(page))))

# ---- Debian packages: plugins/debian beside a copy of the sources is what dpkg-buildpackage takes. Units run in check. ----

DEB_TREE = $(BUILD)/deb/proctcp-$(VERSION)
deb: deps-deb
	$(Q)$(FOR_CALLER) '$(MAKE) --no-print-directory packages'
packages:
	$(Q)changelog=$$(sed -n '1s/^proctcp (\(.*\)) .*/\1/p' plugins/debian/changelog); if [ "$$changelog" != "$(VERSION)" ]; then \
		echo "proctcp: plugins/debian/changelog begins with $$changelog, common/proctcp.h says $(VERSION)" >&2; exit 1; fi
	$(Q)rm -rf $(BUILD)/deb && mkdir -p $(DEB_TREE)
	$(Q)tar -c --exclude-vcs --exclude=./build --exclude=./$(BUILD) . | tar -x -C $(DEB_TREE)
	$(Q)cp -r plugins/debian $(DEB_TREE)/debian
	$(Q)cd $(DEB_TREE) && DEB_BUILD_OPTIONS="$(DEB_BUILD_OPTIONS)" dpkg-buildpackage -us -uc -b >../build.log 2>&1 || \
		{ tail -n 50 ../build.log >&2; echo "proctcp: the whole is in $(BUILD)/deb/build.log" >&2; exit 1; }
	$(Q)ls $(BUILD)/deb/*.deb
DEB_BUILD_OPTIONS ?= nocheck

# ---- RPM packages: what the spec asks for is not looked up, for rpm on Debian knows no package. ----

rpm:
	$(Q)command -v rpmbuild >/dev/null || { echo "proctcp: rpmbuild is missing (Debian package rpm)" >&2; exit 1; }
	$(Q)rm -rf $(BUILD)/rpm && mkdir -p $(BUILD)/rpm/SOURCES $(BUILD)/rpm/SPECS
	$(Q)tar -c -z --exclude-vcs --exclude=./build --exclude=./$(BUILD) --transform 's,^\.,proctcp-$(VERSION),' \
		-f $(BUILD)/rpm/SOURCES/proctcp-$(VERSION).tar.gz .
	$(Q)cp plugins/snmp/proctcp.sysusers $(BUILD)/rpm/SOURCES/proctcp-snmp.sysusers
	$(Q)cp plugins/bpf/proctcp.sysusers $(BUILD)/rpm/SOURCES/proctcp-bpf.sysusers
	$(Q)sed 's/@VERSION@/$(VERSION)/' plugins/rpm/proctcp.spec >$(BUILD)/rpm/SPECS/proctcp.spec
	$(Q)rpmbuild --quiet -bb --nodeps --define "_topdir $(abspath $(BUILD)/rpm)" $(BUILD)/rpm/SPECS/proctcp.spec \
		>$(BUILD)/rpm/build.log 2>&1 || { tail -n 30 $(BUILD)/rpm/build.log >&2; exit 1; }
	$(Q)find $(BUILD)/rpm/RPMS -name '*.rpm'

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) \( -path $(BUILD)/deb -o -path $(BUILD)/rpm \) -prune -o -type f -name '*.d' -print 2>/dev/null)
