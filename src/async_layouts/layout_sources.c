/*
 * What may wake a task in a state besides the ends of waits: timers, and descriptors that a reactor
 * watches. They are reached from the awaited value: by value, by reference, in boxes, and through
 * what a closure refers to.
 */
#include <string.h>

#include "layout_build.h"
#include "shared/text.h"

#define MAX_DEPTH      40
#define SOURCE_MEMBERS 20000 /* members that are examined for one state */
#define MOST	       64    /* sources of one state */
#define DESCRIPTOR     "std::os::fd::owned::OwnedFd"
#define DEEPER	       -10 /* a descriptor lies in more structs than other parts do */

/* The start of a type's name; for a timer, the member that has its deadline. */
static const struct {
	const char *type, *deadline;
} sources[] = {
	{ "tokio::time::sleep::Sleep", "deadline" },
	{ "tokio::io::poll_evented::PollEvented<", NULL },
	{ "tokio::io::async_fd::AsyncFd<", NULL },
	{ "async_io::Timer", "when" },
	{ "async_io::Async<", NULL },
};

#define SOURCES (sizeof sources / sizeof *sources)

static const char timespec_seconds[] = "tv_sec", timespec_nanoseconds[] = "tv_nsec";

/* The libraries whose async functions wait for what they were given. */
static const char *const libraries[] = {
	"tokio::net::",		"tokio::io::",	    "tokio::time::interval::",
	"tokio::runtime::io::", "tokio::process::", "async_io::",
	"async_net::",
};

/* The walk's current position. */
struct source_spot {
	struct layout_builder *builder;
	uint32_t state;
	unsigned *visits;
	uint32_t places[LAYOUT_SOURCE_POINTERS + 1];
	unsigned pointers;
	int depth;
	const char *owner; /* the type of a socket or file around it; NULL */
	bool shares;	   /* in such a type: its Arc leads to what it waits for */
	struct condition_list conditions;
};

static size_t source_of_name(const char *name)
{
	size_t i = 0;

	while (i < SOURCES && !text_begins(name, sources[i].type))
		i++;
	return i;
}

static bool is_owner(const char *name)
{
	return text_begins(name, "tokio::net::") || text_begins(name, "async_net::") ||
	       text_begins(name, "tokio::process::") || text_begins(name, "std::net::") ||
	       text_begins(name, "std::os::unix::net::");
}

/* What a pointer leads to, if what it points to lives as long as the pointer. */
static bool pointee_of(Dwarf_Die *pointer, Dwarf_Die *type)
{
	const char *name = die_name(pointer);

	return (*name == '&' || layout_is_box(name) || strstr(name, "ArcInner<")) &&
	       die_reference(pointer, DW_AT_type, type);
}

/* Whether a walk from the type may find something: cuts it short. */
static bool type_reaches(struct layout_builder *builder, Dwarf_Die *type, int depth)
{
	struct type *known;
	Dwarf_Die of;

	if (depth > MAX_DEPTH)
		return false;
	switch (dwarf_tag(type)) {
	case DW_TAG_typedef:
		return die_reference(type, DW_AT_type, &of) &&
		       type_reaches(builder, &of, depth + 1);
	case DW_TAG_pointer_type:
		return pointee_of(type, &of) && type_reaches(builder, &of, depth + 1);
	case DW_TAG_structure_type:
		break;
	default:
		return false;
	}
	if (!types_resolve(&builder->types, type) || !(known = types_find(&builder->types, type)))
		return false;
	if (known->reaches < 0) {
		known->reaches = 0; /* ends the recursion for a type that leads to itself */
		known->reaches = source_of_name(known->name) < SOURCES ||
				 type_is_machine(die_name(type)) ||
				 layout_is_dyn_future(known->name) ||
				 layout_any_part(builder, type, depth, type_reaches);
	}
	return known->reaches;
}

/* Adds the offset of a member of that name, in a struct or in what it contains. */
static bool source_member(struct layout_builder *builder, Dwarf_Die *whole, const char *name,
			  uint64_t *offset, Dwarf_Die *type, int depth)
{
	Dwarf_Die part, of;

	if (depth > MAX_DEPTH ||
	    (dwarf_tag(whole) == DW_TAG_structure_type && !types_resolve(&builder->types, whole)))
		return false;
	if (layout_member(builder, whole, name, type, &(uint64_t){ 0 })) {
		uint64_t at = 0;

		layout_member(builder, whole, name, type, &at);
		*offset += at;
		return true;
	}
	DIE_FOR_EACH_CHILD(part, whole)
	{
		int tag = dwarf_tag(&part);
		uint64_t at = *offset + die_number(&part, DW_AT_data_member_location, 0);

		if (tag == DW_TAG_member && !die_flag(&part, DW_AT_artificial) &&
		    die_reference(&part, DW_AT_type, &of) &&
		    dwarf_tag(&of) == DW_TAG_structure_type) {
			if (source_member(builder, &of, name, &at, type, depth + 1)) {
				*offset = at;
				return true;
			}
		} else if (tag == DW_TAG_variant_part || tag == DW_TAG_variant) {
			if (source_member(builder, &part, name, offset, type, depth + 1))
				return true;
		}
	}
	return false;
}

static struct layout_event_source *add_source(const struct source_spot *spot, const char *type,
					      enum layout_source_kind kind)
{
	struct layout_builder *builder = spot->builder;
	struct layout_event_source *source;

	if (spot->conditions.full || builder->states[spot->state].source_count == MOST)
		return NULL;
	source = LAYOUT_ADD(builder, sources, LAYOUT_SOURCES);
	builder->states[spot->state].source_count++;
	source->kind = kind;
	source->type = layout_add_text(builder, type);
	source->machine = LAYOUT_NONE;
	source->pointers = spot->pointers;
	memcpy(source->places, spot->places, sizeof source->places);
	source->first_condition = layout_add_conditions(builder, &spot->conditions);
	source->condition_count = spot->conditions.count;
	return source;
}

static void add_timer(const struct source_spot *spot, Dwarf_Die *timer, size_t known)
{
	struct layout_builder *builder = spot->builder;
	uint64_t deadline = 0, seconds, nanoseconds;
	Dwarf_Die type, unused, whole = *timer;
	struct layout_event_source *source;

	if (!source_member(builder, &whole, sources[known].deadline, &deadline, &type, 0))
		return;
	seconds = nanoseconds = deadline;
	whole = type;
	if (!source_member(builder, &whole, timespec_seconds, &seconds, &unused, 0))
		return;
	whole = type;
	if (!source_member(builder, &whole, timespec_nanoseconds, &nanoseconds, &unused, 0))
		return;
	source = add_source(spot, types_name(&builder->types, timer), SOURCE_TIMER);
	if (!source)
		return;
	source->places[spot->pointers] += (uint32_t)seconds;
	source->nanoseconds = (uint32_t)(nanoseconds - seconds);
}

/* A closed descriptor is -1: no condition needs to say so. */
static void add_descriptor(const struct source_spot *spot, Dwarf_Die *type)
{
	Dwarf_Die part, whole = *type;
	struct layout_event_source *source;
	uint64_t offset = 0;

	if (!layout_find_part(spot->builder, &whole, DESCRIPTOR, &offset, &part, DEEPER))
		return;
	source = add_source(spot,
			    spot->owner ? spot->owner : types_name(&spot->builder->types, type),
			    SOURCE_DESCRIPTOR);
	if (source)
		source->places[spot->pointers] += (uint32_t)offset;
}

static void walk_sources(const struct source_spot *from, Dwarf_Die *type);

static void walk_pointer(const struct source_spot *from, Dwarf_Die *pointer)
{
	struct source_spot spot = *from;
	Dwarf_Die of;

	if (spot.pointers == LAYOUT_SOURCE_POINTERS || !pointee_of(pointer, &of) ||
	    (strstr(die_name(pointer), "ArcInner<") && !spot.shares))
		return;
	spot.places[++spot.pointers] = 0;
	walk_sources(&spot, &of);
}

static void walk_member(const struct source_spot *from, Dwarf_Die *member)
{
	struct source_spot spot = *from;
	Dwarf_Die type;

	if (!die_reference(member, DW_AT_type, &type) || ++*spot.visits > SOURCE_MEMBERS ||
	    !type_reaches(spot.builder, &type, 0))
		return;
	spot.places[spot.pointers] += (uint32_t)die_number(member, DW_AT_data_member_location, 0);
	walk_sources(&spot, &type);
}

static void walk_variants(const struct source_spot *from, Dwarf_Die *part)
{
	Dwarf_Die variant, member;

	DIE_FOR_EACH_CHILD(variant, part)
	{
		struct source_spot spot = *from;

		if (dwarf_tag(&variant) != DW_TAG_variant || dwarf_child(&variant, &member))
			continue;
		layout_variant_conditions(&spot.conditions, part, &variant,
					  spot.places[spot.pointers], false);
		for (unsigned i = from->conditions.count; i < spot.conditions.count; i++)
			spot.conditions.items[i].level = (uint16_t)spot.pointers;
		walk_member(&spot, &member);
	}
}

static void walk_struct(const struct source_spot *from, Dwarf_Die *type)
{
	struct layout_builder *builder = from->builder;
	const char *name = types_name(&builder->types, type);
	size_t known = source_of_name(name);
	struct source_spot spot = *from;
	struct layout_event_source *source;
	Dwarf_Die part;

	if (type_is_machine(die_name(type))) {
		uint32_t machine = layout_machine_place(builder, type);

		if (machine != LAYOUT_NONE && (source = add_source(&spot, name, SOURCE_FUTURE)))
			source->machine = machine;
		return;
	}
	if (layout_is_dyn_future(name)) {
		add_source(&spot, name, SOURCE_DYN);
		return;
	}
	if (is_owner(name))
		spot.owner = name;
	if (!text_begins(name, "alloc::") && !text_begins(name, "core::"))
		spot.shares = is_owner(name) || text_begins(name, "tokio::io::split::");
	if (known < SOURCES && sources[known].deadline)
		add_timer(&spot, type, known);
	else if (known < SOURCES)
		add_descriptor(&spot, type);
	if (known < SOURCES)
		return;
	DIE_FOR_EACH_CHILD(part, type)
	{
		if (dwarf_tag(&part) == DW_TAG_variant_part)
			walk_variants(&spot, &part);
		else if (dwarf_tag(&part) == DW_TAG_member && !die_flag(&part, DW_AT_artificial))
			walk_member(&spot, &part);
	}
}

static void walk_sources(const struct source_spot *from, Dwarf_Die *type)
{
	struct source_spot spot = *from;
	Dwarf_Die of;

	if (spot.depth++ > MAX_DEPTH)
		return;
	switch (dwarf_tag(type)) {
	case DW_TAG_typedef:
		if (die_reference(type, DW_AT_type, &of))
			walk_sources(&spot, &of);
		return;
	case DW_TAG_pointer_type:
		walk_pointer(&spot, type);
		return;
	case DW_TAG_structure_type:
		if (types_resolve(&spot.builder->types, type))
			walk_struct(&spot, type);
		return;
	}
}

static bool is_library_machine(const char *machine)
{
	for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
		if (text_begins(machine, libraries[i]))
			return true;
	return false;
}

void layout_add_sources(struct state_place *at, uint32_t state)
{
	struct layout_builder *builder = at->builder;
	unsigned visits = 0;
	const struct source_spot spot = { .builder = builder, .state = state, .visits = &visits };
	bool all = is_library_machine(at->type);
	Dwarf_Die member;

	builder->states[state].first_source = (uint32_t)builder->counts[LAYOUT_SOURCES];
	DIE_FOR_EACH_CHILD(member, at->saved)
	if (dwarf_tag(&member) == DW_TAG_member && (all || !strcmp(die_name(&member), "__awaitee")))
		walk_member(&spot, &member);
}

void layout_add_wrapper_sources(struct layout_builder *builder, uint32_t state, Dwarf_Die *wrapper)
{
	unsigned visits = 0;
	const struct source_spot spot = { .builder = builder, .state = state, .visits = &visits };

	builder->states[state].first_source = (uint32_t)builder->counts[LAYOUT_SOURCES];
	walk_sources(&spot, wrapper);
}
