/*
 * --format=pprof: a gzipped profile.proto, for `go tool pprof`, Grafana Pyroscope and others.
 * Sample types: blocked (nanoseconds), blocked_calls (count), busy (nanoseconds). Each sample is a
 * stack of a finding; its labels contain the finding, its origin and its severity.
 *
 * A location is a frame with the calls inlined into it. Interpreter frames have neither address
 * nor mapping.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "format.h"
#include "report/model/model.h"
#include "report/pprof/profile.pb-c.h"
#include "report/model/words.h"
#include "shared/text.h"
#include "support/hash.h"
#include "weighted_stacks.h"

/* A message that the profile contains once; looked up by a text. */
struct known {
	const char *key; /* kept */
	int64_t number;
	UT_hash_handle hh;
};

/* Messages in order of their numbers. */
struct list {
	void **items;
	size_t count, room;
};

struct profile {
	const struct report *report;
	struct known *strings, *mappings, *functions, *locations;
	struct list texts, samples, mapping_list, function_list, location_list;
};

static void pprof_list_add(struct list *list, void *item)
{
	list->items = memory_grow(list->items, list->count, &list->room, sizeof *list->items);
	list->items[list->count++] = item;
}

/* Allocated in the session's memory: lives until the profile is written. */
#define MAKE(profile, type, init)                                                                  \
	({                                                                                         \
		type *made = obstack_alloc(&(profile)->report->session->memory, sizeof *made);     \
		init(made);                                                                        \
		made;                                                                              \
	})

static struct known *pprof_find(struct profile *profile, struct known **table, const char *key,
				bool *is_new)
{
	struct known *known;

	HASH_FIND_STR(*table, key, known);
	*is_new = !known;
	if (known)
		return known;
	known = obstack_alloc(&profile->report->session->memory, sizeof *known);
	known->key = strings_keep(&profile->report->session->strings, key);
	HASH_ADD_KEYPTR(hh, *table, known->key, strlen(known->key), known);
	return known;
}

static int64_t pprof_text(struct profile *profile, const char *string)
{
	bool is_new;
	struct known *known = pprof_find(profile, &profile->strings, string ? string : "", &is_new);

	if (is_new) {
		known->number = (int64_t)profile->texts.count;
		pprof_list_add(&profile->texts, (void *)(uintptr_t)known->key);
	}
	return known->number;
}

static uint64_t pprof_mapping(struct profile *profile, const struct frame *frame)
{
	Perftools__Profiles__Mapping *made;
	struct known *known;
	bool is_new;

	if (!frame->native || !frame->module)
		return 0;
	known = pprof_find(profile, &profile->mappings, frame->module, &is_new);
	if (!is_new)
		return (uint64_t)known->number;
	made = MAKE(profile, Perftools__Profiles__Mapping, perftools__profiles__mapping__init);
	pprof_list_add(&profile->mapping_list, made);
	known->number = (int64_t)profile->mapping_list.count;
	made->id = (uint64_t)known->number;
	made->filename = pprof_text(profile, frame->module);
	made->build_id = pprof_text(profile, frame->build_id);
	/* Names are already resolved: pprof need not open the file. */
	made->has_functions = made->has_filenames = true;
	made->has_line_numbers = made->has_inline_frames = true;
	return made->id;
}

static uint64_t pprof_function(struct profile *profile, const struct frame *frame)
{
	Perftools__Profiles__Function *made;
	char key[4096], nameless[512];
	const char *name = frame->function;
	struct known *known;
	bool is_new;

	if (!name) {
		snprintf(nameless, sizeof nameless, "%s+0x%" PRIx64,
			 frame->module ? path_name(frame->module) : "[unknown]", frame->offset);
		name = nameless;
	}
	snprintf(key, sizeof key, "%s\n%s", name, frame->file ? frame->file : "");
	known = pprof_find(profile, &profile->functions, key, &is_new);
	if (!is_new)
		return (uint64_t)known->number;
	made = MAKE(profile, Perftools__Profiles__Function, perftools__profiles__function__init);
	pprof_list_add(&profile->function_list, made);
	known->number = (int64_t)profile->function_list.count;
	made->id = (uint64_t)known->number;
	made->name = made->system_name = pprof_text(profile, name);
	made->filename = pprof_text(profile, frame->file);
	return made->id;
}

static void pprof_add_line(struct profile *profile, Perftools__Profiles__Location *location,
			   const struct frame *frame)
{
	Perftools__Profiles__Line *line =
		MAKE(profile, Perftools__Profiles__Line, perftools__profiles__line__init);

	line->function_id = pprof_function(profile, frame);
	line->line = frame->line > 0 ? frame->line : 0;
	location->line[location->n_line++] = line;
}

/* The frames from `first` at one address: all but the last were inlined. */
static size_t inlined_with(const struct stack *stack, size_t first)
{
	size_t end = first;

	while (end + 1 < stack->count && stack->frames[end].inlined)
		end++;
	return end + 1 - first;
}

static uint64_t pprof_location(struct profile *profile, const struct stack *stack, size_t first,
			       size_t count)
{
	const struct frame *frame = &stack->frames[first + count - 1];
	Perftools__Profiles__Location *made;
	char key[4096];
	struct known *known;
	bool is_new;

	if (frame->native)
		snprintf(key, sizeof key, "%s+%" PRIx64, frame->module ? frame->module : "",
			 frame->offset);
	else
		snprintf(key, sizeof key, "%s\n%s:%d", frame->function ? frame->function : "",
			 frame->file ? frame->file : "", frame->line);
	known = pprof_find(profile, &profile->locations, key, &is_new);
	if (!is_new)
		return (uint64_t)known->number;
	made = MAKE(profile, Perftools__Profiles__Location, perftools__profiles__location__init);
	pprof_list_add(&profile->location_list, made);
	known->number = (int64_t)profile->location_list.count;
	made->id = (uint64_t)known->number;
	made->mapping_id = pprof_mapping(profile, frame);
	made->address = frame->native ? frame->offset : 0;
	made->line = obstack_alloc(&profile->report->session->memory, count * sizeof(void *));
	for (size_t i = 0; i < count; i++)
		pprof_add_line(profile, made, &stack->frames[first + i]);
	return made->id;
}

static void add_label(struct profile *profile, Perftools__Profiles__Sample *sample, const char *key,
		      const char *value)
{
	Perftools__Profiles__Label *label;

	if (!value || !*value)
		return;
	label = MAKE(profile, Perftools__Profiles__Label, perftools__profiles__label__init);
	label->key = pprof_text(profile, key);
	label->str = pprof_text(profile, value);
	sample->label[sample->n_label++] = label;
}

#define VALUES 3 /* in the order of sample_type below */
#define LABELS 6

static void add_sample(void *target, const struct weighted_stack *seen)
{
	struct profile *profile = target;
	struct obstack *memory = &profile->report->session->memory;
	const struct finding *finding = seen->finding;
	const struct stack *stack = seen->stack;
	Perftools__Profiles__Sample *sample =
		MAKE(profile, Perftools__Profiles__Sample, perftools__profiles__sample__init);
	size_t count;

	sample->location_id = obstack_alloc(memory, (stack->count + 1) * sizeof(uint64_t));
	for (size_t i = 0; i < stack->count; i += count) {
		count = inlined_with(stack, i);
		sample->location_id[sample->n_location_id++] =
			pprof_location(profile, stack, i, count);
	}
	sample->n_value = VALUES;
	sample->value = obstack_alloc(memory, VALUES * sizeof(int64_t));
	sample->value[0] = seen->busy ? 0 : (int64_t)seen->ns;
	sample->value[1] = seen->busy ? 0 : (int64_t)seen->count;
	sample->value[2] = seen->busy ? (int64_t)seen->ns : 0;
	sample->label = obstack_alloc(memory, LABELS * sizeof(void *));
	add_label(profile, sample, "id", finding->id);
	add_label(profile, sample, "kind", kind_of(finding->kind)->word);
	add_label(profile, sample, "severity", severity_word(finding->severity));
	add_label(profile, sample, "executor", finding->executor);
	add_label(profile, sample, "thread", finding->thread);
	add_label(profile, sample, "task", finding->task);
	pprof_list_add(&profile->samples, sample);
}

static int write_packed(const Perftools__Profiles__Profile *message, FILE *out)
{
	size_t size = perftools__profiles__profile__get_packed_size(message);
	/* compress2's own bound, plus gzip's header and trailer (RFC 1952). */
	uLong bound = compressBound((uLong)size) + 32;
	unsigned char *packed = memory_get(size + 1), *zipped = memory_get(bound);
	z_stream stream = { .next_in = packed, .next_out = zipped, .avail_out = (uInt)bound };
	int error = -EIO;

	perftools__profiles__profile__pack(message, packed);
	stream.avail_in = (uInt)size;
	/* Window bits plus 16 select gzip's header (zlib.h). */
	if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
			 Z_DEFAULT_STRATEGY) == Z_OK) {
		if (size < UINT_MAX && deflate(&stream, Z_FINISH) == Z_STREAM_END &&
		    fwrite(zipped, 1, stream.total_out, out) == stream.total_out)
			error = 0;
		deflateEnd(&stream);
	}
	free(packed);
	free(zipped);
	return error;
}

static Perftools__Profiles__ValueType *value_type(struct profile *profile, const char *type,
						  const char *unit)
{
	Perftools__Profiles__ValueType *made = MAKE(profile, Perftools__Profiles__ValueType,
						    perftools__profiles__value_type__init);

	made->type = pprof_text(profile, type);
	made->unit = pprof_text(profile, unit);
	return made;
}

static void pprof_table_forget(struct known **table)
{
	struct known *known, *next;

	HASH_ITER (hh, *table, known, next)
		HASH_DEL(*table, known);
}

int format_pprof(const struct report *report, FILE *out)
{
	struct profile profile = { .report = report };
	Perftools__Profiles__Profile message = PERFTOOLS__PROFILES__PROFILE__INIT;
	Perftools__Profiles__ValueType *types[VALUES];
	struct list *lists[] = { &profile.texts, &profile.samples, &profile.mapping_list,
				 &profile.function_list, &profile.location_list };
	int error;

	pprof_text(&profile, ""); /* string number 0, which the format requires to be empty */
	types[0] = value_type(&profile, "blocked", "nanoseconds");
	types[1] = value_type(&profile, "blocked_calls", "count");
	types[2] = value_type(&profile, "busy", "nanoseconds");
	weighted_stacks_visit(report, add_sample, &profile);
	message.n_sample_type = VALUES;
	message.sample_type = types;
	message.default_sample_type = types[0]->type;
	message.n_sample = profile.samples.count;
	message.sample = (Perftools__Profiles__Sample **)profile.samples.items;
	message.n_mapping = profile.mapping_list.count;
	message.mapping = (Perftools__Profiles__Mapping **)profile.mapping_list.items;
	message.n_function = profile.function_list.count;
	message.function = (Perftools__Profiles__Function **)profile.function_list.items;
	message.n_location = profile.location_list.count;
	message.location = (Perftools__Profiles__Location **)profile.location_list.items;
	message.n_string_table = profile.texts.count;
	message.string_table = (char **)profile.texts.items;
	error = write_packed(&message, out);
	pprof_table_forget(&profile.strings);
	pprof_table_forget(&profile.mappings);
	pprof_table_forget(&profile.functions);
	pprof_table_forget(&profile.locations);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		free(lists[i]->items);
	return error;
}
