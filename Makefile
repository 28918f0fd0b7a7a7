# YieldSan. `make help` lists the targets. A new source or test file needs no edit here.
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
CC      ?= gcc
V       ?= 0
Q       := $(if $(filter 1,$(V)),,@)

WARN    := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes
CFLAGS  ?= -O2 -g
COMMON  := -std=gnu11 $(WARN) -Iinclude -Isrc -MMD -MP
# The runtime must not be rewritten into its own fortified or 64-bit twins. Unwinding passes through its
# frames; nothing of ours runs then (that would need libgcc_s): call_watch_heal mends it later.
RUNTIME := -fPIC -fvisibility=hidden -fasynchronous-unwind-tables -fno-stack-protector -U_FORTIFY_SOURCE \
           -fno-builtin -D_GNU_SOURCE
TOOLS   := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
LIBS    := -ldw -lelf -ljansson -liberty

runtime_src := $(wildcard src/runtime/*.c src/runtime/*/*.c src/runtime/*.S src/runtime/*/*.S src/shared/*.c)
tools_src   := $(wildcard tools/*.c src/debug_info/*.c src/report/*.c src/shared/*.c)
runtime_obj := $(patsubst %,$(BUILD)/runtime/%.o,$(runtime_src))
tools_obj   := $(patsubst %,$(BUILD)/tools/%.o,$(tools_src))

unit_runtime := $(patsubst tests/unit/runtime/%.c,$(BUILD)/unit/runtime/%,$(wildcard tests/unit/runtime/*.c))
unit_tools   := $(patsubst tests/unit/tools/%.c,$(BUILD)/unit/tools/%,$(wildcard tests/unit/tools/*.c))

.PHONY: all unit clean
all: $(BUILD)/libyieldsan.so $(BUILD)/yieldsan

$(BUILD)/libyieldsan.so: $(runtime_obj) src/runtime/exports.map
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,libyieldsan.so -Wl,-z,now -Wl,-z,defs \
		-Wl,--version-script=src/runtime/exports.map -o $@ $(runtime_obj)

$(BUILD)/yieldsan: $(tools_obj)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS) -o $@ $(tools_obj) $(LIBS)

$(BUILD)/runtime/%.o: %
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(COMMON) $(RUNTIME) $(CFLAGS) -c -o $@ $<

$(BUILD)/tools/%.o: %
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(COMMON) $(TOOLS) $(CFLAGS) -c -o $@ $<

# A unit test of the runtime is a program with the runtime linked in: its wrappers stand before libc's.
$(BUILD)/unit/runtime/%: tests/unit/runtime/%.c $(runtime_obj)
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	$(Q)$(CC) $(COMMON) -D_GNU_SOURCE -Isrc/runtime $(CFLAGS) -o $@ $< $(runtime_obj) -lcmocka

$(BUILD)/unit/tools/%: tests/unit/tools/%.c $(filter-out $(BUILD)/tools/tools/main.c.o,$(tools_obj))
	@mkdir -p $(@D)
	@echo "  TEST    $@"
	$(Q)$(CC) $(COMMON) $(TOOLS) $(CFLAGS) -o $@ $< \
		$(filter-out $(BUILD)/tools/tools/main.c.o,$(tools_obj)) -lcmocka $(LIBS)

unit: $(unit_runtime) $(unit_tools)
	$(Q)for test in $^; do $$test || exit 1; done

clean:
	rm -rf $(BUILD)

-include $(runtime_obj:.o=.d) $(tools_obj:.o=.d)
