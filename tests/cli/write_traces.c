/*
 *	write_traces DIRECTORY COUNT EXECUTABLE BUILD-ID [python] < STACKS
 *
 * Traces of processes that never ran: in a second of each, each of the stacks slept once in a turn
 * of Tokio's, or of asyncio's, as deep in Python too. A stack is a line of addresses in the file,
 *in hexadecimal, innermost first.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/trace_format.h"

#define BASE	 UINT64_C(0x555500000000) /* where the program is said to have been loaded */
#define START_NS UINT64_C(5000000000)
#define SLEPT_NS 20000000

static unsigned char *bytes;
static size_t used, room;

static uint32_t put(enum record_type type, const void *record, size_t size, const void *tail,
		    size_t tail_size)
{
	struct trace_record head = { .type = type };
	size_t offset = used;

	head.size = (uint32_t)((size + tail_size + TRACE_ALIGN - 1) / TRACE_ALIGN * TRACE_ALIGN);
	while (used + head.size > room) {
		room = room ? 2 * room : 1 << 20;
		bytes = realloc(bytes, room);
		if (!bytes)
			abort();
	}
	memset(bytes + used, 0, head.size);
	memcpy(bytes + used, record, size);
	memcpy(bytes + used, &head, sizeof head);
	memcpy(bytes + used + size, tail, tail_size);
	used += head.size;
	return (uint32_t)offset;
}

static uint32_t put_process(const char *executable)
{
	struct trace_process process = { .argc = 1 };
	char text[4096 + 8];
	size_t size = strlen(executable) + 1;

	memcpy(text, executable, size);
	memcpy(text + size, "\0app", 5); /* no options, one argument */
	process.text_size = (uint32_t)size + 5;
	return put(RECORD_PROCESS, &process, sizeof process, text, process.text_size);
}

static void put_module(const char *executable, const char *build_id)
{
	struct trace_module module = {
		.base = BASE,
		.start = BASE,
		.end = BASE + (UINT64_C(1) << 32),
		.loaded_ns = START_NS,
		.path_size = (uint32_t)strlen(executable) + 1,
	};

	for (; sscanf(build_id, "%2hhx", &module.build_id[module.build_id_size]) == 1;
	     build_id += 2)
		module.build_id_size++;
	put(RECORD_MODULE, &module, sizeof module, executable, module.path_size);
}

/* As many frames as the stack has, with lines of its own. */
static uint32_t put_script(uint32_t depth, uint64_t line)
{
	struct trace_script script = { .language = SCRIPT_PYTHON };
	char text[TRACE_SCRIPT_SIZE];
	size_t size = 0;

	for (uint32_t i = 0; i < depth; i++)
		size += (size_t)snprintf(text + size, sizeof text - size,
					 "handler_%u\t/srv/app/module_%u.py\t%u\n", i, i,
					 (unsigned)(line % 100000));
	size += (size_t)snprintf(text + size, sizeof text - size,
				 "run_forever\t/usr/lib/python3.11/asyncio/base_events.py\t640\n");
	script.text_size = (uint32_t)size;
	return put(RECORD_SCRIPT, &script, sizeof script, text, size);
}

static void put_site(uint32_t call, uint32_t executor, bool python, char *line)
{
	struct trace_stack stack = { .depth = 0 };
	struct trace_site site = {
		.kind = SITE_BLOCKING_CALL,
		.call = call,
		.executor = executor,
		.confirmed = 1,
		.counts[SEVERITY_ERROR] = 1,
		.total_ns = SLEPT_NS,
		.max_ns = SLEPT_NS,
		.off_cpu_ns = SLEPT_NS,
		.first_ns = START_NS,
		.last_ns = START_NS,
		.thread = "worker",
	};
	uint64_t frames[TRACE_MAX_FRAMES];

	/* What is looked up is the instruction before a return address. */
	for (char *end = line; stack.depth < TRACE_MAX_FRAMES; line = end) {
		uint64_t address = strtoull(line, &end, 16);

		if (end == line)
			break;
		frames[stack.depth++] = BASE + address + 1;
	}
	site.stack = put(RECORD_STACK, &stack, sizeof stack, frames, stack.depth * sizeof *frames);
	if (python)
		site.script = put_script(stack.depth, stack.depth ? frames[0] : 0);
	put(RECORD_SITE, &site, sizeof site, NULL, 0);
}

static void make_trace(const char *executable, const char *build_id, bool python)
{
	struct trace_header header = {
		.magic = TRACE_MAGIC,
		.version = TRACE_VERSION,
		.header_size = sizeof header,
		.parent_pid = 1,
		.start_wall_ns = UINT64_C(1) << 62,
		.start_boot_ns = START_NS,
		.start_monotonic_ns = START_NS,
		.end = TRACE_END_EXITED,
		.end_ns = START_NS + 1000000000,
	};
	struct trace_executor loop = {
		.family = FAMILY_TOKIO,
		.confidence = CONFIDENCE_HIGH,
		.confirmed = 1,
		.threads_ended = 1,
		.turns_ended = 100,
		.name = "tokio",
	};
	struct trace_call sleep = { .name = "clock_nanosleep", .category = "sleep" };
	uint32_t call, executor;
	char *line = NULL;
	size_t line_room = 0;

	if (python) {
		loop.family = FAMILY_EVENT_LOOP;
		strcpy(loop.name, "asyncio");
	}
	put(RECORD_UNFINISHED, &header, sizeof header, NULL, 0);
	header.process = put_process(executable);
	put_module(executable, build_id);
	executor = put(RECORD_EXECUTOR, &loop, sizeof loop, NULL, 0);
	call = put(RECORD_CALL, &sleep, sizeof sleep, NULL, 0);
	while (getline(&line, &line_room, stdin) > 0)
		put_site(call, executor, python, line);
	free(line);
	header.used = header.file_size = used;
	memcpy(bytes, &header, sizeof header);
}

int main(int argc, char **argv)
{
	int count = argc >= 5 ? atoi(argv[2]) : 0;

	if (!count) {
		fprintf(stderr,
			"write_traces DIRECTORY COUNT EXECUTABLE BUILD-ID [python] < STACKS\n");
		return 2;
	}
	make_trace(argv[3], argv[4], argc > 5);
	for (int pid = 1000; pid < 1000 + count; pid++) {
		char path[4096];
		FILE *file;

		((struct trace_header *)bytes)->pid = pid;
		snprintf(path, sizeof path, "%s/app.%d.1" TRACE_SUFFIX, argv[1], pid);
		file = fopen(path, "w");
		if (!file || fwrite(bytes, 1, used, file) != used || fclose(file)) {
			perror(path);
			return 1;
		}
	}
	return 0;
}
