/* Shared by the files that build a layout. */
#ifndef DEBUG_INFO_LAYOUT_BUILD_H
#define DEBUG_INFO_LAYOUT_BUILD_H

#include "symbols/elf_file.h"
#include "contract/layout.h"
#include "types.h"

struct layout_text {
	uint32_t offset;
	UT_hash_handle hh;
	char text[];
};

struct machine_place {
	uint32_t place;
	UT_hash_handle hh;
	char key[];
};

struct glue_address {
	uint64_t address;
	Dwarf_Die *glue;
	UT_hash_handle hh;
};

struct layout_builder {
	struct types types;
	Elf *code; /* of the program itself: debug files and .dwo files have none */
	const struct held_patterns *own;
	struct layout_machine *machines;
	struct layout_state *states;
	struct layout_value *values;
	struct layout_task *tasks;
	struct layout_root *roots;
	struct layout_vtable *vtables;
	struct layout_condition *conditions;
	struct layout_word *words;
	struct layout_sequence *sequences;
	struct layout_end *ends;
	struct layout_event_source *sources;
	char *text_bytes;
	size_t counts[LAYOUT_PARTS], rooms[LAYOUT_PARTS];
	struct layout_text *texts;
	struct machine_place *places;
	struct glue_address *glue_addresses; /* once needed */
	Dwarf_Die *machine_dies;	     /* by machine index */
	size_t machine_die_room;
	struct flag_states *flags; /* of the current machine, once needed */
};

/* Adds a zeroed element to a part. */
#define LAYOUT_ADD(builder, items, part)                                                           \
	((builder)->items = memory_grow((builder)->items, (builder)->counts[part],                 \
					&(builder)->rooms[part], sizeof *(builder)->items),        \
	 memset((builder)->items + (builder)->counts[part], 0, sizeof *(builder)->items),          \
	 (builder)->items + (builder)->counts[part]++)

uint32_t layout_add_text(struct layout_builder *builder, const char *text);

/* The path of a source file, or NULL, relative to the unit of `die`: see die_path(). */
uint32_t layout_add_file(struct layout_builder *builder, Dwarf_Die *die, const char *file);

/* LAYOUT_NONE if the type is not a state machine. */
uint32_t layout_machine_place(struct layout_builder *builder, Dwarf_Die *type);

/* What is known of a wrapper; LAYOUT_NONE: nothing yet. */
uint32_t *layout_wrapper_known(struct layout_builder *builder, Dwarf_Die *type);

/* Likewise for another future that contains such machines: see LAYOUT_WRAPPER. */
uint32_t layout_wrapper_place(struct layout_builder *builder, const Dwarf_Die *future);

/* A state of a machine, in which it waits at `line`. */
struct state_place {
	struct layout_builder *builder;
	Dwarf_Die *machine, *saved; /* the struct with the state's live variables */
	const char *type;	    /* qualified name of the machine */
	int line;
	uint64_t size; /* of the machine, in bytes */
	uint32_t discriminant, discriminant_size;
	uint64_t value;	     /* of the discriminant */
	struct drops *drops; /* once needed */
	bool is_wrapper;
};
void layout_add_values(struct state_place *at, uint32_t *awaits);

/* Adds the futures in a wrapper to its only state, which must be the last one. */
void layout_add_futures(struct layout_builder *builder, Dwarf_Die *wrapper);

/* Adds to a state what may wake a task there: see struct layout_event_source. */
void layout_add_sources(struct state_place *at, uint32_t state);
void layout_add_wrapper_sources(struct layout_builder *builder, uint32_t state, Dwarf_Die *wrapper);

/* Finds a part of a type with that start of its name in a struct, or in a variant of it, and adds
 * its offset. `depth`: 0, or less to search deeper. */
bool layout_find_part(struct layout_builder *builder, Dwarf_Die *whole, const char *name,
		      uint64_t *offset, Dwarf_Die *part, int depth);

/* Whether the name was made by the compiler: "__3". */
bool layout_is_temporary(const char *name);

/* The function of a machine's code, in a report's notation; owned by the builder. */
uint32_t layout_function(struct layout_builder *builder, const char *machine);

/* Fills its file and line. */
void layout_body_place(struct layout_builder *builder, const char *name,
		       struct layout_machine *machine);

/* Where a machine's variable is declared: the nearest declaration of that name and type before
 * `line`. */
bool layout_declaration(struct layout_builder *builder, const char *machine, const char *name,
			const char *type, int line, uint32_t *file, int *declared);

#define LAYOUT_MAX_CONDITIONS 12

/* Conditions on the memory around a value, to check before reading it. */
struct condition_list {
	struct layout_condition items[LAYOUT_MAX_CONDITIONS];
	unsigned count;
	bool full; /* some are missing: the value must not be read */
};

/*
 * Adds the conditions of a variant, a child of `part`, of an enum at offset `base`. `boxed`: within
 * the target of a box.
 */
void layout_variant_conditions(struct condition_list *list, Dwarf_Die *part, Dwarf_Die *variant,
			       uint64_t base, bool boxed);

/* Adds them; returns the index of the first. */
uint32_t layout_add_conditions(struct layout_builder *builder, const struct condition_list *list);
bool layout_has_conditions(const struct layout_builder *builder, const struct layout_value *value,
			   const struct condition_list *list);

/* The state word of a guard's lock; LAYOUT_NONE if unknown. */
uint32_t layout_add_word(struct layout_builder *builder, Dwarf_Die *guard);

/* Whether the type is an end of a wait between tasks. */
bool layout_is_end(const char *name);

/* The type as an end of a wait; LAYOUT_NONE: it is none, or not known well enough. */
uint32_t layout_add_end(struct layout_builder *builder, Dwarf_Die *type);

/* Whether an awaited type polls nothing but machines and ends of waits: see VALUE_WAITS_ONLY. */
bool layout_waits_only(struct layout_builder *builder, Dwarf_Die *type);

/* See struct layout_tokio. */
struct layout_tokio layout_tokio(struct layout_builder *builder);

/* See layout_header.parking. */
int32_t layout_parking(struct layout_builder *builder);

/* A container whose elements are to be examined. */
struct sequence_place {
	struct layout_sequence sequence; /* its length is relative to the container's start */
	uint64_t first;			 /* offset of the pointer to the first element */
	Dwarf_Die element;
	uint64_t inside; /* offset within an element */
};

/* A struct's member: its type, and its offset. */
bool layout_member(struct layout_builder *builder, Dwarf_Die *whole, const char *name,
		   Dwarf_Die *type, uint64_t *offset);

/* False if the type is not a known container. */
bool layout_sequence_place(struct layout_builder *builder, Dwarf_Die *type,
			   struct sequence_place *place);

uint32_t layout_add_sequence(struct layout_builder *builder,
			     const struct layout_sequence *sequence);

enum glue_tells {
	GLUE_UNKNOWN,	      /* its code is not available */
	GLUE_DROPS_NONE,      /* it was dropped or moved */
	GLUE_DROPS_ONE,	      /* drops one of this type: unknown which */
	GLUE_DROPS_IT,	      /* unless a drop flag says that it was moved */
	GLUE_ALWAYS_DROPS_IT, /* it is alive */
};

/* What the debug information of a machine's drop glue says, for any state, about a variable of type
 * `outer` that contains an `inner`. */
enum glue_tells layout_glue_drops(struct layout_builder *builder, const char *machine,
				  const char *outer, const char *inner);

/* Where a machine's drop glue code is; false if it cannot be followed. */
struct glue_code {
	uint64_t address, size;
};
bool layout_glue_code(struct layout_builder *builder, const char *machine, struct glue_code *glue);

/* Likewise for the machine's own code. */
bool layout_body_code(struct layout_builder *builder, const char *machine, struct glue_code *body);

/* Likewise for a function; false if it is not in this file, or not contiguous. */
bool layout_code_of(struct layout_builder *builder, Dwarf_Die *function, struct glue_code *code);

/* Size in bytes of what the glue at a file address drops; 0: no glue begins there, or unknown. */
uint64_t layout_glue_size(struct layout_builder *builder, uint64_t address);

/* Offset of a value in a machine, and of its variable; in bytes. */
struct value_place {
	uint64_t offset, size, outer_offset;
	bool is_boxed; /* `offset`: of the pointer to it */
	bool is_guard; /* worth checking what its machine's code does to the drop flags */
};

/* What that code does to a value in a state. *drop_flag: offset of its drop flag in the machine, or
 * LAYOUT_NONE. */
enum glue_tells layout_drops(struct state_place *at, const struct value_place *place,
			     uint32_t *drop_flag);

/* Whether other glue is called for the value there. */
bool layout_drops_by_glue(struct state_place *at, uint64_t offset, uint64_t size);

/* Whether the glue may test that flag in the state. A flag that it never tests says nothing about
 * what is alive at the await. */
bool layout_drops_ask(struct state_place *at, uint32_t drop_flag);

void layout_drops_forget(struct state_place *at);

/* Whether a member of a state looks like a drop flag. */
bool layout_is_flag(Dwarf_Die *member);

/* Whether that drop flag is always cleared while the machine waits in the state;
 * false if unknown. */
bool layout_is_cleared(const struct state_place *at, uint32_t drop_flag);

/* Call after a machine's last state. */
void layout_flags_forget(struct layout_builder *builder);

/* Adds tasks and vtables; call after all machines have offsets. */
void layout_add_tasks(struct layout_builder *builder);
void layout_add_async_tasks(struct layout_builder *builder);
void layout_add_roots(struct layout_builder *builder);

/* Finds what runs in a task whose future, of that type, is at `offset`: fills machine, runs, future
 * and flags. */
void layout_find_machine(struct layout_builder *builder, const Dwarf_Die *future, uint64_t offset,
			 struct layout_task *task);

/* Sorts the values of a state: see layout_state. */
void layout_order_values(struct state_place *at, struct layout_state *state);

/* Finds where guards may be alive; call after everything else. */
void layout_find_holders(struct layout_builder *builder);

/* `object` has the code; `debug` is the file with its debug information, possibly the same. Returns
 * enum layout_flags. */
uint32_t layout_add_coroutines(struct layout_builder *builder, Dwarf *dwarf,
			       const struct elf_file *object, const struct elf_file *debug);

/* The table, which the caller frees. `header` contains flags and build-id. */
void *layout_build(Dwarf *dwarf, const struct elf_file *object, const struct elf_file *debug,
		   const struct held_patterns *own, const struct layout_header *header,
		   size_t *size);

/* layout_interest.c */

bool layout_is_box(const char *name);

/* A box with a future whose type is only known at run time. */
bool layout_is_dyn_future(const char *name);

enum held_class layout_class_of(struct layout_builder *builder, Dwarf_Die *type);

/* Whether a value of the type, or something inside it, is of a class that matters. */
bool layout_interests(struct layout_builder *builder, Dwarf_Die *type, int depth);

/* Whether the test holds for the type of a member, in any variant. It is made for all of them. */
typedef bool layout_type_test(struct layout_builder *builder, Dwarf_Die *type, int depth);
bool layout_any_part(struct layout_builder *builder, Dwarf_Die *whole, int depth,
		     layout_type_test *test);

/*
 * Whether dropping a value of the type has an effect, as far as its drop glue, or that of a part,
 * has a name.
 */
bool layout_needs_drop(struct layout_builder *builder, Dwarf_Die *type, int depth);

#endif
