#include "trace_records.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/memory.h"
#include "runtime/base/compiler.h"
#include "runtime/libc/call_info.h"
#include "runtime/libc/real.h"
#include "crowd.h"
#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"
#include "runtime/unwind/unwind_ask.h"
#include "trace.h"

static char directory[4096];
static char command_line[8192];
static size_t command_line_size;
static char options_text[16384];
static struct {
	uint64_t wall, boot, monotonic;
} started;
static uint32_t call_offsets[CALL_NUMBERS];

uint64_t now_ns(void)
{
	struct timespec time;

	libc_clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time = { 0 };

	libc_clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void text_copy_fitting(char *to, size_t size, const char *from)
{
	size_t length = from ? strnlen(from, size - 1) : 0;

	memcpy(to, from ? from : "", length);
	to[length] = '\0';
}

static void take_command_line(void)
{
	int fd = real.open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return;
	while (command_line_size < sizeof command_line - 1) {
		got = real.read(fd, command_line + command_line_size,
				sizeof command_line - 1 - command_line_size);
		if (got <= 0)
			break;
		command_line_size += (size_t)got;
	}
	real.close(fd);
	if (command_line_size && command_line[command_line_size - 1])
		command_line[command_line_size++] = '\0';
}

const char *trace_command_line(size_t *size)
{
	*size = command_line_size;
	return command_line;
}

void trace_init(void)
{
	const char *temporary = getenv("TMPDIR");

	started.wall = clock_ns(CLOCK_REALTIME);
	started.boot = clock_ns(CLOCK_BOOTTIME);
	started.monotonic = now_ns();
	text_copy_fitting(options_text, sizeof options_text, getenv(OPTIONS_VARIABLE));
	text_copy_fitting(directory, sizeof directory,
			  runtime_options.output[0]	   ? runtime_options.output
			  : temporary && *temporary == '/' ? temporary
							   : "/tmp");
	take_command_line();
}

/* Appends as much as fits; not with stdio, which the program may be executing. */
static size_t text_append_fitting(char *to, size_t size, size_t used, const char *text)
{
	while (*text && used + 1 < size)
		to[used++] = *text++;
	to[used] = '\0';
	return used;
}

static size_t append_number(char *to, size_t size, size_t used, uint64_t number)
{
	char digits[24];
	size_t at = sizeof digits;

	digits[--at] = '\0';
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	return text_append_fitting(to, size, used, digits + at);
}

const char *program_name(void)
{
	/*
	 * The name as called: redis-server may be a link to a file with many names. The string is
	 * never moved.
	 */
	const char *path = (const char *)getauxval(AT_EXECFN);
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash[1] ? slash + 1 : path && *path ? path : "program";
}

const char *trace_directory(void)
{
	return directory;
}

int trace_write_path(char *path, size_t size)
{
	size_t used = 0;

	used = text_append_fitting(path, size, used, directory);
	used = text_append_fitting(path, size, used, "/");
	used = text_append_fitting(path, size, used, program_name());
	used = text_append_fitting(path, size, used, ".");
	used = append_number(path, size, used, (uint64_t)getpid());
	used = text_append_fitting(path, size, used, ".");
	used = append_number(path, size, used, clock_ns(CLOCK_REALTIME) / 1000);
	used = text_append_fitting(path, size, used, TRACE_SUFFIX);
	return used + 1 < size ? 0 : -1;
}

void trace_write_start(struct trace_header *header)
{
	header->pid = getpid();
	header->parent_pid = getppid();
	header->start_wall_ns = started.wall;
	header->start_boot_ns = started.boot;
	header->start_monotonic_ns = started.monotonic;
	crowd_look_first(header);
	header->flags = unwind_library == UNWIND_LIBRARY_NONE	     ? TRACE_NO_UNWINDER
			: unwind_library == UNWIND_LIBRARY_OF_SYSTEM ? TRACE_UNWINDER_OF_SYSTEM
								     : 0;
}

void trace_write_process(void)
{
	const struct module *program = modules_count() ? modules_at(0) : NULL;
	const char *executable = program ? program->path : "";
	size_t executable_size = strlen(executable) + 1, options_size = strlen(options_text) + 1;
	struct trace_process *process;
	char *text;

	process = trace_allocate(sizeof *process + executable_size + options_size +
				 command_line_size);
	if (process) {
		text = (char *)(process + 1);
		memcpy(text, executable, executable_size);
		memcpy(text + executable_size, options_text, options_size);
		memcpy(text + executable_size + options_size, command_line, command_line_size);
		process->text_size = (uint32_t)(executable_size + options_size + command_line_size);
		for (size_t i = 0; i < command_line_size; i++)
			process->argc += !command_line[i];
		trace_publish(process, RECORD_PROCESS);
		trace_header()->process = trace_offset(process);
	}
	for (size_t i = 0; i < modules_count(); i++)
		trace_write_module(modules_at(i));
}

void trace_write_module(struct module *module)
{
	size_t path_size = strlen(module->path) + 1;
	struct trace_module *record;

	if (module->trace_offset || module->unloaded_ns)
		return;
	record = trace_allocate(sizeof *record + path_size);
	if (!record)
		return;
	record->base = module->base;
	record->start = module->start;
	record->end = module->end;
	record->loaded_ns = module->loaded_ns;
	record->build_id_size = module->build_id_size;
	memcpy(record->build_id, module->build_id, sizeof record->build_id);
	record->path_size = (uint32_t)path_size;
	memcpy(record + 1, module->path, path_size);
	trace_publish(record, RECORD_MODULE);
	module->trace_offset = trace_offset(record);
}

void trace_write_module_gone(struct module *module)
{
	if (module->trace_offset)
		((struct trace_module *)trace_at(module->trace_offset))->unloaded_ns =
			module->unloaded_ns;
}

uint32_t trace_call_offset(int call)
{
	uint32_t offset = __atomic_load_n(&call_offsets[call], __ATOMIC_ACQUIRE);
	const struct call_info *info = &call_infos[call];
	struct trace_call *record;

	if (LIKELY(offset))
		return offset;
	record = trace_allocate(sizeof *record);
	if (!record)
		return 0;
	record->number = (uint32_t)call;
	record->class = info->class;
	text_copy_fitting(record->name, sizeof record->name, info->name);
	text_copy_fitting(record->category, sizeof record->category, info->category_name);
	trace_publish(record, RECORD_CALL);
	/* If two threads both write one, a reader may use either. */
	__atomic_store_n(&call_offsets[call], trace_offset(record), __ATOMIC_RELEASE);
	return trace_offset(record);
}

void trace_forget_records(void)
{
	memory_zero(call_offsets, sizeof call_offsets);
	for (size_t i = 0; i < modules_count(); i++)
		if (modules_at(i)->trace_offset)
			modules_at(i)->trace_offset = 0;
}
