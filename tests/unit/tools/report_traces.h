/*
 * Traces for the tests of the report: made record by record, of a program that never ran. Its
 * frames are functions of this test, so that their names are found in its own file.
 */
#ifndef TESTS_REPORT_TRACES_H
#define TESTS_REPORT_TRACES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <jansson.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "judgement/call_class.h"
#include "report/report.h"
#include "contract/trace_format.h"

#define MS	 UINT64_C(1000000)
#define START_NS UINT64_C(5000000000)

/* In a section of its own, outside what the compiler says of this file: names come from .symtab. */
#define FUNCTION(variable, symbol)                                                                 \
	asm(".pushsection .text.functions, \"ax\", @progbits\n"                                    \
	    ".globl " symbol "\n.type " symbol ", @function\n" symbol                              \
	    ": .skip 16, 0x90\n.size " symbol ", 16\n.popsection\n");                              \
	extern const char variable[] asm(symbol)

#define HASH "17h0123456789abcdefE"
FUNCTION(app_handler, "_ZN3app7handler" HASH);
FUNCTION(app_serve, "_ZN3app5serve" HASH);
FUNCTION(app_main, "_ZN3app4main28_$u7b$$u7b$closure$u7d$$u7d$" HASH);
FUNCTION(std_sleep, "_ZN3std6thread5sleep" HASH);
FUNCTION(std_lock, "_ZN3std4sync5mutex5Mutex4lock" HASH);
FUNCTION(once_cell_wait, "_ZN9once_cell3imp18initialize_or_wait" HASH);
FUNCTION(tokio_poll, "_ZN5tokio7runtime4task3raw4poll" HASH);
FUNCTION(tokio_run, "_ZN5tokio7runtime9scheduler6worker8run_task" HASH);
FUNCTION(tokio_block_on, "_ZN5tokio7runtime7Runtime8block_on" HASH);
FUNCTION(tokio_block_in_place, "_ZN5tokio4task8blocking14block_in_place" HASH);
FUNCTION(tokio_park, "_ZN5tokio7runtime4park5Inner4park" HASH);
FUNCTION(c_callback, "on_message");
FUNCTION(c_main, "main_loop");

struct trace_builder {
	unsigned char bytes[1 << 18] __attribute__((aligned(8)));
	size_t used;
	uint32_t executor, call; /* offsets of the last ones */
};

static inline struct trace_header *trace_header_of(struct trace_builder *trace)
{
	return (struct trace_header *)trace->bytes;
}

static inline void *trace_at(struct trace_builder *trace, uint32_t offset)
{
	return trace->bytes + offset;
}

/* Room for a record of `size` bytes, typed and zeroed; its offset. */
static inline uint32_t trace_put(struct trace_builder *trace, enum record_type type, size_t size)
{
	struct trace_record *record = (void *)(trace->bytes + trace->used);
	uint32_t offset = (uint32_t)trace->used;

	size = (size + TRACE_ALIGN - 1) & ~(size_t)(TRACE_ALIGN - 1);
	assert_true(trace->used + size <= sizeof trace->bytes);
	record->type = type;
	record->size = (uint32_t)size;
	trace->used += size;
	trace_header_of(trace)->used = trace_header_of(trace)->file_size = trace->used;
	return offset;
}

static inline void own_path(char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);

	assert_true(length > 0);
	path[length] = '\0';
}

static inline int take_base(struct dl_phdr_info *info, size_t size, void *base)
{
	(void)size;
	*(uint64_t *)base = info->dlpi_addr;
	return 1; /* the executable comes first */
}

static inline struct trace_module *trace_put_module(struct trace_builder *trace, const char *path)
{
	uint32_t offset =
		trace_put(trace, RECORD_MODULE, sizeof(struct trace_module) + strlen(path) + 1);
	struct trace_module *module = trace_at(trace, offset);

	module->path_size = (uint32_t)strlen(path) + 1;
	memcpy(module + 1, path, module->path_size);
	return module;
}

static inline struct trace_module *trace_put_own_module(struct trace_builder *trace)
{
	char path[PATH_MAX];
	struct trace_module *module;
	const void *build_id = NULL;
	ssize_t size;
	Elf *elf;
	int fd;

	own_path(path);
	module = trace_put_module(trace, path);
	dl_iterate_phdr(take_base, &module->base);
	module->start = module->base;
	module->end = module->base + (1 << 26);
	elf_version(EV_CURRENT);
	fd = open(path, O_RDONLY);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	size = dwelf_elf_gnu_build_id(elf, &build_id);
	if (size > 0) {
		module->build_id_size = (uint32_t)size;
		memcpy(module->build_id, build_id, (size_t)size);
	}
	elf_end(elf);
	close(fd);
	return module;
}

static inline uint32_t trace_put_executor(struct trace_builder *trace, enum executor_family family,
					  const char *name)
{
	struct trace_executor *executor;

	trace->executor = trace_put(trace, RECORD_EXECUTOR, sizeof *executor);
	executor = trace_at(trace, trace->executor);
	executor->family = family;
	executor->confidence = CONFIDENCE_HIGH;
	executor->confirmed = 1;
	executor->turns_ended = 7;
	executor->threads_ended = 2;
	snprintf(executor->name, sizeof executor->name, "%s", name);
	return trace->executor;
}

static inline struct trace_call *trace_put_call(struct trace_builder *trace, const char *name,
						const char *category)
{
	struct trace_call *call;

	trace->call = trace_put(trace, RECORD_CALL, sizeof *call);
	call = trace_at(trace, trace->call);
	snprintf(call->name, sizeof call->name, "%s", name);
	snprintf(call->category, sizeof call->category, "%s", category);
	return call;
}

/* Functions, innermost first, ended by NULL, as return addresses within them. */
static inline size_t take_frames(const char *const *functions, uint64_t *frames)
{
	size_t depth = 0;

	for (; functions[depth]; depth++)
		frames[depth] = (uintptr_t)functions[depth] + 8;
	return depth;
}

static inline uint32_t trace_put_stack(struct trace_builder *trace, const char *const *functions)
{
	uint64_t frames[TRACE_MAX_FRAMES];
	size_t depth = take_frames(functions, frames);
	uint32_t offset =
		trace_put(trace, RECORD_STACK, sizeof(struct trace_stack) + depth * sizeof *frames);
	struct trace_stack *stack = trace_at(trace, offset);

	stack->depth = (uint32_t)depth;
	memcpy(stack->frames, frames, depth * sizeof *frames);
	return offset;
}

#define STACK(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline uint32_t trace_put_script(struct trace_builder *trace, enum script_language language,
					const char *text)
{
	uint32_t offset =
		trace_put(trace, RECORD_SCRIPT, sizeof(struct trace_script) + strlen(text));
	struct trace_script *script = trace_at(trace, offset);

	script->language = language;
	script->text_size = (uint32_t)strlen(text);
	memcpy(script->text, text, script->text_size);
	return offset;
}

/* One event of 20 ms, an error, of the last executor and call. */
static inline struct trace_site *trace_put_site(struct trace_builder *trace,
						const char *const *functions)
{
	uint32_t stack = trace_put_stack(trace, functions);
	struct trace_site *site;

	site = trace_at(trace, trace_put(trace, RECORD_SITE, sizeof *site));
	site->kind = SITE_BLOCKING_CALL;
	site->call = trace->call;
	site->executor = trace->executor;
	site->stack = stack;
	site->confirmed = 1;
	site->counts[SEVERITY_ERROR] = 1;
	site->total_ns = site->max_ns = 20 * MS;
	site->off_cpu_ns = 19 * MS;
	site->first_ns = site->last_ns = START_NS + 100 * MS;
	site->histogram[25] = 1;
	snprintf(site->thread, sizeof site->thread, "worker-1");
	return site;
}

static inline struct trace_thread *trace_put_thread(struct trace_builder *trace)
{
	struct trace_thread *thread =
		trace_at(trace, trace_put(trace, RECORD_THREAD, sizeof *thread));

	thread->tid = 4243;
	thread->alive = 1;
	snprintf(thread->name, sizeof thread->name, "worker-2");
	thread->turns[0].executor = trace->executor;
	thread->turns[0].turns = 3;
	return thread;
}

/* A thread that is in the last call since 50 ms after the start. */
static inline struct trace_thread *trace_put_call_in_progress(struct trace_builder *trace,
							      const char *const *functions)
{
	struct trace_thread *thread = trace_put_thread(trace);

	thread->call.sequence = 1;
	thread->call.call = trace->call;
	thread->call.executor = trace->executor;
	thread->call.start_ns = START_NS + 50 * MS;
	thread->call.depth = (uint32_t)take_frames(functions, thread->call.frames);
	return thread;
}

/* A process that exited with status 0 after a second, in this test's own executable. */
static inline void trace_begin(struct trace_builder *trace, int pid)
{
	struct trace_header *header = trace_header_of(trace);
	static const char arguments[] = "server\0--port\0"
					"80";
	char path[PATH_MAX], *text;
	struct trace_process *process;
	size_t size;

	memset(trace, 0, sizeof *trace);
	memcpy(header->magic, TRACE_MAGIC, sizeof header->magic);
	header->version = TRACE_VERSION;
	header->header_size = sizeof *header;
	header->pid = pid;
	header->start_monotonic_ns = START_NS;
	header->start_wall_ns = UINT64_C(1) << 62;
	header->end = TRACE_END_EXITED;
	header->end_ns = START_NS + 1000 * MS;
	trace->used = sizeof *header;
	own_path(path);
	size = strlen(path) + 1 + 1 + sizeof arguments;
	header->process = trace_put(trace, RECORD_PROCESS, sizeof *process + size);
	process = trace_at(trace, header->process);
	process->argc = 3;
	process->text_size = (uint32_t)size;
	text = (char *)(process + 1);
	strcpy(text, path);
	memcpy(text + strlen(path) + 2, arguments, sizeof arguments);
	trace_put_own_module(trace);
}

/* The same with Tokio and a sleep in it. */
static inline void trace_begin_tokio(struct trace_builder *trace, int pid)
{
	trace_begin(trace, pid);
	trace_put_executor(trace, FAMILY_TOKIO, "tokio");
	trace_put_call(trace, "clock_nanosleep", "sleep")->class = CLASS_PURPOSE;
}

/* A directory of the test's own, which the traces go to. */
static char trace_directory[] = "/tmp/yieldsan-test-XXXXXX";

static inline int make_directory(void **state)
{
	(void)state;
	return mkdtemp(trace_directory) ? 0 : -1;
}

static inline int remove_directory(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", trace_directory);
	return system(command);
}

static inline int empty_directory(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s/*", trace_directory);
	return system(command);
}

static inline const char *trace_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", trace_directory, name);
	return path;
}

static inline void write_file(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(trace_path(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static inline void trace_write(struct trace_builder *trace, const char *name)
{
	write_file(name, trace->bytes, trace->used);
}

/* A report on all that lies in the directory. */
struct made_report {
	struct report_options options;
	struct report_summary summary;
	char *text, *errors;
	json_t *json; /* where that was the format */
};

static inline void report_directory(struct made_report *made)
{
	char *paths[] = { trace_directory };
	size_t text_size, errors_size;
	FILE *out = open_memstream(&made->text, &text_size);

	made->options.errors = open_memstream(&made->errors, &errors_size);
	assert_int_equal(report_make(&made->options, paths, 1, out, &made->summary), 0);
	fclose(out);
	fclose(made->options.errors);
	made->json = NULL;
	if (made->options.format && !strcmp(made->options.format, "json")) {
		made->json = json_loads(made->text, 0, NULL);
		assert_non_null(made->json);
	}
}

static inline void made_report_free(struct made_report *made)
{
	free(made->text);
	free(made->errors);
	json_decref(made->json);
}

/* All findings, as JSON. */
static inline struct made_report report_json(void)
{
	struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };

	made.options.format = "json";
	made.options.show = SEVERITY_NOTICE;
	report_directory(&made);
	return made;
}

static inline struct made_report report_text(void)
{
	struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };

	made.options.show = SEVERITY_NOTICE;
	report_directory(&made);
	return made;
}

static inline json_t *finding_at(const struct made_report *made, size_t index)
{
	return json_array_get(json_object_get(made->json, "findings"), index);
}

static inline size_t finding_count(const struct made_report *made)
{
	return json_array_size(json_object_get(made->json, "findings"));
}

static inline const char *text_of(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static inline json_int_t number_of(json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* The only finding there is. */
static inline json_t *only_finding(const struct made_report *made)
{
	assert_int_equal(finding_count(made), 1);
	return finding_at(made, 0);
}

#define assert_contains(text, part)                                                                \
	do {                                                                                       \
		if (!strstr(text, part))                                                           \
			fail_msg("\"%s\" is not in:\n%s", (const char *)(part), text);             \
	} while (0)

#define assert_lacks(text, part)                                                                   \
	do {                                                                                       \
		if (strstr(text, part))                                                            \
			fail_msg("\"%s\" is in:\n%s", (const char *)(part), text);                 \
	} while (0)

#endif
