#include "address_space.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "process_image.h"
#include "session.h"
#include "shared/text.h"

static const char *build_id_text(struct strings *strings, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * sizeof((struct trace_module *)NULL)->build_id];

	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	return strings_keep_part(strings, text, 2 * size);
}

static bool module_is_alone(const struct trace_file *trace, const struct trace_module *module)
{
	for (size_t i = 0; i < trace->records[RECORD_MODULE].count; i++) {
		const struct trace_module *other =
			(const void *)(trace->bytes + trace->records[RECORD_MODULE].offsets[i]);

		if (other != module && other->start < module->end && other->end > module->start)
			return false;
	}
	return true;
}

/* Of a process with another root directory, its files lie elsewhere here. */
static const char *file_of_module(const struct address_space *space, size_t number)
{
	const struct trace_file *trace = space->trace;
	const struct trace_module *record =
		(const void *)(trace->bytes + trace->records[RECORD_MODULE].offsets[number]);
	const char *path = (const char *)(record + 1);
	size_t size = record->path_size;

	if (trace->image && number < trace->image->module_count &&
	    trace->image->modules[number].file) {
		path = trace->image->modules[number].file;
		size = strlen(path) + 1;
	}
	return strings_keep_raw(&space->session->strings, path, size);
}

void address_space_init(struct address_space *space, struct session *session,
			const struct trace_file *trace)
{
	memset(space, 0, sizeof *space);
	space->session = session;
	space->trace = trace;
	space->count = trace->records[RECORD_MODULE].count;
	space->modules = memory_get(space->count * sizeof *space->modules);
	for (size_t i = 0; i < space->count; i++) {
		const struct trace_module *record =
			(const void *)(trace->bytes + trace->records[RECORD_MODULE].offsets[i]);

		space->modules[i] = (struct loaded_module){
			.record = record,
			.path = strings_keep_part(&session->strings, (const char *)(record + 1),
						  record->path_size),
			.file = file_of_module(space, i),
			.alone = module_is_alone(trace, record),
		};
	}
}

/* Report each path once, however many processes loaded it; prefer the report that its names are
 * missing. */
static void note_missing(struct session *session, const char *path, const char *lacks,
			 const char *problem)
{
	struct missing_module *missing;

	if (path[0] != '/') /* the kernel's own object: cannot be fixed */
		return;
	for (missing = session->missing; missing; missing = missing->next)
		if (missing->path == path)
			break;
	if (!missing) {
		missing = obstack_alloc(&session->memory, sizeof *missing);
		*missing = (struct missing_module){ session->missing, path, lacks, problem };
		session->missing = missing;
	}
	if (!strcmp(lacks, LACKS_NAMES)) {
		missing->lacks = lacks;
		missing->problem = problem;
	}
}

static void open_module(struct address_space *space, struct loaded_module *module)
{
	const struct trace_header *header = space->trace->header;
	const struct trace_module *record = module->record;
	struct binary_key key = { .path = module->file, .build_id_size = record->build_id_size };
	uint64_t loaded_wall_ns = header->start_wall_ns;
	const char *problem;

	module->opened = true;
	memcpy(key.build_id, record->build_id, record->build_id_size);
	if (record->build_id_size)
		module->build_id = build_id_text(&space->session->strings, record->build_id,
						 record->build_id_size);
	if (record->loaded_ns > header->start_monotonic_ns)
		loaded_wall_ns += record->loaded_ns - header->start_monotonic_ns;
	module->binary = symbols_binary(&space->session->symbols, &key);
	module->binary->names_only =
		space->session->options.in_haste && !strcmp(path_name(module->path), "libc.so.6");
	problem = binary_problem(module->binary, loaded_wall_ns);
	if (!problem)
		return;
	module->binary = NULL;
	note_missing(space->session, module->path, LACKS_NAMES, problem);
}

/* Whether a module was loaded at a time; second best is one that was loaded shortly after. */
static int module_fitness(const struct trace_module *record, uint64_t when_ns)
{
	bool gone = record->unloaded_ns && record->unloaded_ns < when_ns;

	return gone ? 0 : record->loaded_ns > when_ns ? 1 : 2;
}

struct loaded_module *address_space_module(struct address_space *space, uint64_t address,
					   uint64_t when_ns)
{
	struct loaded_module *best = NULL, *last = space->last;

	if (last && address >= last->record->start && address < last->record->end)
		return last;
	for (size_t i = 0; i < space->count; i++) {
		struct loaded_module *module = &space->modules[i];

		if (address < module->record->start || address >= module->record->end)
			continue;
		if (!best || module_fitness(module->record, when_ns) >=
				     module_fitness(best->record, when_ns))
			best = module;
	}
	if (best && !best->opened)
		open_module(space, best);
	if (best && best->alone)
		space->last = best;
	return best;
}

void address_space_tell_lack(struct address_space *space, const struct loaded_module *module,
			     bool has_name)
{
	const char *lacks = has_name ? LACKS_LINES : LACKS_NAMES;

	if (!module->binary || binary_has_debug_info(module->binary))
		return;
	if (has_name || binary_is_stripped(module->binary))
		note_missing(space->session, module->path, lacks, binary_lack(module->binary));
}

const char *address_space_jit_name(struct address_space *space, uint64_t address)
{
	char path[64];

	if (!space->perf_map_read) {
		snprintf(path, sizeof path, "/tmp/perf-%" PRId32 ".map", space->trace->header->pid);
		perf_map_read(&space->perf_map, path, space->trace->owner,
			      &space->session->strings);
		space->perf_map_read = true;
	}
	return perf_map_find(&space->perf_map, address);
}

void address_space_deinit(struct address_space *space)
{
	free(space->modules);
	perf_map_deinit(&space->perf_map);
}
