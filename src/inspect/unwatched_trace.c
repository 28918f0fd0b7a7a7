#include "unwatched_trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "executors/executors.h"
#include "process_image.h"
#include "shared/text.h"
#include "support/clock.h"
#include "support/memory.h"
#include "task_search.h"
#include "tokio_version.h"

_Static_assert(sizeof((struct trace_file *)NULL)->old_tokio == TOKIO_VERSION_SIZE, "copied");

_Static_assert(IMAGE_SENTENCE_SIZE <= TRACE_SENTENCE_SIZE, "one sentence for both");
_Static_assert(IMAGE_BUILD_ID == sizeof((struct trace_module *)NULL)->build_id, "copied");

#define MOST_COMMAND	    4096 /* bytes of the command's line */
#define MOST_NAMED_THREADS  512
#define MOST_TASK_TYPES	    ((1U << TRACE_TASK_TYPE_BITS) - 1)
#define LARGEST_MADE_TRACE  (UINT64_C(1) << 31)
#define HIGHEST_TASK_HEADER (UINT64_C(1) << (64 - TRACE_TASK_TYPE_BITS))

struct making_trace {
	unsigned char *bytes;
	size_t size, room;
	const struct process_image *image;
	const struct task_search *search;
};

/* Offsets of the records; 0: none of this family. */
struct made_executors {
	uint32_t tokio, async_task;
};

/* Zeroed; valid until the next one is added. */
static void *append_record(struct making_trace *making, enum record_type type, size_t size)
{
	size_t at = making->size, whole = (size + TRACE_ALIGN - 1) & ~(size_t)(TRACE_ALIGN - 1);
	struct trace_record *head;

	if (at + whole > making->room) {
		unsigned char *bytes = realloc(making->bytes, 2 * (at + whole));

		if (!bytes)
			memory_exhausted();
		making->bytes = bytes;
		making->room = 2 * (at + whole);
	}
	memset(making->bytes + at, 0, whole);
	making->size += whole;
	head = (void *)(making->bytes + at);
	head->type = type;
	head->size = (uint32_t)whole;
	return head;
}

static void append_header(struct making_trace *making)
{
	struct trace_header *header;
	struct timespec wall;

	append_record(making, RECORD_UNFINISHED, sizeof *header);
	header = (void *)making->bytes;
	memset(header, 0, sizeof *header);
	memcpy(header->magic, TRACE_MAGIC, sizeof header->magic);
	header->version = TRACE_VERSION;
	header->header_size = sizeof *header;
	header->pid = making->image->pid;
	clock_gettime(CLOCK_REALTIME, &wall);
	header->start_wall_ns = (uint64_t)wall.tv_sec * 1000000000 + (uint64_t)wall.tv_nsec;
	header->start_monotonic_ns = clock_monotonic_ns();
	if (making->image->is_core && making->image->core.signal) {
		header->end = TRACE_END_SIGNALED;
		header->end_code = making->image->core.signal;
		header->end_ns = header->start_monotonic_ns;
	}
}

/* Executable, no options, arguments. */
static void append_process(struct making_trace *making)
{
	const struct process_image *image = making->image;
	char command[MOST_COMMAND], path[64], executable[MOST_COMMAND];
	struct trace_process *record;
	size_t first, size = 0;
	ssize_t length = -1;
	FILE *file = NULL;

	if (!image->is_core) {
		snprintf(path, sizeof path, "/proc/%d/exe", (int)image->pid);
		length = readlink(path, executable, sizeof executable - 1);
		snprintf(path, sizeof path, "/proc/%d/cmdline", (int)image->pid);
		file = fopen(path, "re");
	}
	if (length < 0)
		length = snprintf(executable, sizeof executable, "%s", image->modules[0].path);
	executable[length] = '\0';
	first = strlen(executable) + 2;
	if (file) {
		size = fread(command, 1, sizeof command - 1, file);
		fclose(file);
	}
	command[size] = '\0';
	record = append_record(making, RECORD_PROCESS, sizeof *record + first + size + 1);
	memcpy(record + 1, executable, strlen(executable));
	memcpy((char *)(record + 1) + first, command, size);
	record->text_size = (uint32_t)(first + size);
	for (size_t i = 0; i < size; i++)
		record->argc += !command[i];
}

static void append_modules(struct making_trace *making)
{
	for (size_t i = 0; i < making->image->module_count; i++) {
		const struct image_module *module = &making->image->modules[i];
		size_t size = strlen(module->path) + 1;
		struct trace_module *record =
			append_record(making, RECORD_MODULE, sizeof *record + size);

		record->base = module->base;
		record->start = module->start;
		record->end = module->end;
		memcpy(record->build_id, module->build_id, module->build_id_size);
		record->build_id_size = (uint32_t)module->build_id_size;
		record->path_size = (uint32_t)size;
		memcpy(record + 1, module->path, size);
	}
}

static uint32_t append_executor(struct making_trace *making, uint32_t family, const char *name)
{
	uint32_t offset = (uint32_t)making->size;
	struct trace_executor *record = append_record(making, RECORD_EXECUTOR, sizeof *record);

	record->family = family;
	record->confidence = CONFIDENCE_HIGH;
	record->confirmed = 1;
	snprintf(record->name, sizeof record->name, "%s", name);
	return offset;
}

/* What is built on async-task names its threads; a core has no names. */
static const char *async_task_library(const struct process_image *image)
{
	static const struct {
		enum executor_id executor;
		const char *thread;
	} libraries[] = {
#define THREADS(id, prefix) { EXECUTOR_##id, prefix },
#include "executors/table.h"
	};
	int32_t tids[MOST_NAMED_THREADS];
	size_t count = image->is_core ? 0 : process_image_threads(image, tids, MOST_NAMED_THREADS);
	char name[64];

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < sizeof libraries / sizeof *libraries; j++)
			if (process_text(image->pid, tids[i], "comm", name, sizeof name) &&
			    text_begins(name, libraries[j].thread))
				return executor_infos[libraries[j].executor].name;
	return executor_infos[EXECUTOR_async_task].name;
}

static void append_executors(struct making_trace *making, struct made_executors *executors)
{
	const struct task_vtables *vtables = &making->search->vtables;

	if (task_vtables_have(vtables, VTABLE_TOKIO) ||
	    task_vtables_have(vtables, VTABLE_TOKIO_JOB))
		executors->tokio =
			append_executor(making, FAMILY_TOKIO, executor_infos[EXECUTOR_tokio].name);
	if (task_vtables_have(vtables, VTABLE_ASYNC_TASK))
		executors->async_task = append_executor(making, FAMILY_ASYNC_TASK,
							async_task_library(making->image));
}

/* Only types that have tasks. Sets the numbers of the types, by vtable; 0: none. */
static void append_types(struct making_trace *making, const struct made_executors *executors,
			 uint32_t *numbers)
{
	const struct task_search *search = making->search;
	uint32_t count = 0;

	for (size_t i = 0; i < search->count; i++) {
		const size_t number = search->tasks[i].vtable;
		const struct found_vtable *vtable = &search->vtables.items[number];
		struct trace_task_type *record;

		if (numbers[number] || count == MOST_TASK_TYPES)
			continue;
		record = append_record(making, RECORD_TASK_TYPE, sizeof *record);
		record->executor = vtable->kind == VTABLE_ASYNC_TASK ? executors->async_task
								     : executors->tokio;
		record->number = numbers[number] = ++count;
		record->vtable = vtable->address;
		record->poll = vtable->poll;
	}
}

static void append_tasks(struct making_trace *making, const uint32_t *numbers)
{
	const struct task_search *search = making->search;
	size_t most = (LARGEST_MADE_TRACE - making->size) / sizeof(struct trace_task) - 8;
	struct trace_tasks *record;
	struct trace_task *tasks;

	if (search->count < most)
		most = search->count;
	record = append_record(making, RECORD_TASKS, sizeof *record + most * sizeof *tasks);
	tasks = (void *)(record + 1);
	for (size_t i = 0; i < most; i++) {
		const struct found_task *task = &search->tasks[i];

		if (numbers[task->vtable] && task->header < HIGHEST_TASK_HEADER)
			tasks[record->count++].task =
				task->header << TRACE_TASK_TYPE_BITS | numbers[task->vtable];
	}
}

static int make_trace(struct trace_file *trace, struct process_image *image)
{
	struct making_trace making = { .image = image };
	struct task_search search;
	struct trace_header *header;
	struct made_executors executors = { 0 };
	uint32_t *numbers;

	task_search_run(&search, image);
	making.search = &search;
	append_header(&making);
	append_process(&making);
	append_modules(&making);
	append_executors(&making, &executors);
	numbers = memory_get((search.vtables.count + 1) * sizeof *numbers);
	append_types(&making, &executors, numbers);
	append_tasks(&making, numbers);
	free(numbers);
	header = (void *)making.bytes;
	header->file_size = header->used = making.size;
	trace_file_take(trace, making.bytes, making.size, image);
	trace->torn_tasks = search.torn;
	if (!executors.tokio)
		tokio_version_too_old(image, trace->old_tokio);
	task_search_deinit(&search);
	return 0;
}

int unwatched_trace_of_process(struct trace_file *trace, pid_t pid,
			       char sentence[TRACE_SENTENCE_SIZE])
{
	struct process_image *image = memory_get(sizeof *image);
	int error = process_image_open(image, pid, sentence);

	if (!error && image->is_watched) {
		snprintf(sentence, TRACE_SENTENCE_SIZE,
			 "process %d has YieldSan's library and writes no trace: it had no turn "
			 "yet, or could not write one",
			 (int)pid);
		process_image_close(image);
		error = -EINVAL;
	}
	if (!error)
		return make_trace(trace, image);
	free(image);
	return error;
}

int unwatched_trace_of_core(struct trace_file *trace, const char *path, const char *root,
			    char sentence[TRACE_SENTENCE_SIZE])
{
	struct process_image *image = memory_get(sizeof *image);
	int error = process_image_open_core(image, path, root, sentence);

	if (!error)
		return make_trace(trace, image);
	free(image);
	return error;
}
