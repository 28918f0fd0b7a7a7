/* A layout in the making: what its files share. */
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
	Elf *code; /* of the program itself: neither a debug file nor a .dwo has any */
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
	char *text_bytes;
	size_t counts[LAYOUT_PARTS], rooms[LAYOUT_PARTS];
	struct layout_text *texts;
	struct machine_place *places;
	struct glue_address *glue_addresses; /* once asked for */
	Dwarf_Die *machine_dies;	     /* by place */
	size_t machine_die_room;
	struct flag_states *flags; /* of the machine at hand, once asked for */
};

/* A new element of a part, zeroed. */
#define LAYOUT_ADD(builder, items, part)                                                           \
	((builder)->items = memory_grow((builder)->items, (builder)->counts[part],                 \
					&(builder)->rooms[part], sizeof *(builder)->items),        \
	 memset((builder)->items + (builder)->counts[part], 0, sizeof *(builder)->items),          \
	 (builder)->items + (builder)->counts[part]++)

uint32_t layout_add_text(struct layout_builder *builder, const char *text);

/* The path of a source file, or NULL, as the unit of `die` names it: as die_path() has it. */
uint32_t layout_add_file(struct layout_builder *builder, Dwarf_Die *die, const char *file);

/* LAYOUT_NONE when the type is no state machine. */
uint32_t layout_machine_place(struct layout_builder *builder, Dwarf_Die *type);

/* What was found out of a wrapper; LAYOUT_NONE: nothing yet. */
uint32_t *layout_wrapper_known(struct layout_builder *builder, Dwarf_Die *type);

/* The same of another future that holds such: see LAYOUT_WRAPPER. */
uint32_t layout_wrapper_place(struct layout_builder *builder, const Dwarf_Die *future);

/* A state of a machine, in which that waits in `line`. */
struct state_place {
	struct layout_builder *builder;
	Dwarf_Die *machine, *saved; /* the struct of what lives in it */
	const char *type;	    /* qualified name of the machine */
	int line;
	uint64_t size; /* of the machine, in bytes */
	uint32_t discriminant, discriminant_size;
	uint64_t value;	     /* of the discriminant */
	struct drops *drops; /* once asked for */
	bool is_wrapper;
};
void layout_add_values(struct state_place *at, uint32_t *awaits);

/* The futures in a wrapper, to its one state, which must be the last. */
void layout_add_futures(struct layout_builder *builder, Dwarf_Die *wrapper);

/* What has a name of the compiler's own: "__3". */
bool layout_is_temporary(const char *name);

/* The function of a machine's code, as a report names it; kept by the builder. */
uint32_t layout_function(struct layout_builder *builder, const char *machine);

/* Fills its file and line. */
void layout_body_place(struct layout_builder *builder, const char *name,
		       struct layout_machine *machine);

/* Where a variable of a machine is declared: the nearest before `line` of that name and type. */
bool layout_declaration(struct layout_builder *builder, const char *machine, const char *name,
			const char *type, int line, uint32_t *file, int *declared);

#define LAYOUT_MAX_CONDITIONS 12

/* What is asked of the memory around a value before it may be read. */
struct condition_list {
	struct layout_condition items[LAYOUT_MAX_CONDITIONS];
	unsigned count;
	bool full; /* some are missing: it must not be read */
};

/*
 * Those of a variant, a child of `part`, of an enum that lies at `base`. `boxed`: in what a box
 * points at.
 */
void layout_variant_conditions(struct condition_list *list, Dwarf_Die *part, Dwarf_Die *variant,
			       uint64_t base, bool boxed);

/* Adds them; returns the place of the first. */
uint32_t layout_add_conditions(struct layout_builder *builder, const struct condition_list *list);
bool layout_has_conditions(const struct layout_builder *builder, const struct layout_value *value,
			   const struct condition_list *list);

/* The word of a guard's lock; LAYOUT_NONE when none is known. */
uint32_t layout_add_word(struct layout_builder *builder, Dwarf_Die *guard);

/* See layout_header.parking. */
int32_t layout_parking(struct layout_builder *builder);

/* A container: its elements are to be looked into. */
struct sequence_place {
	struct layout_sequence sequence; /* its length from the container's beginning */
	uint64_t first;			 /* where the container has the pointer to the first */
	Dwarf_Die element;
	uint64_t inside; /* where in an element that lies */
};

/* False when the type is none that is known. */
bool layout_sequence_place(struct layout_builder *builder, Dwarf_Die *type,
			   struct sequence_place *place);

uint32_t layout_add_sequence(struct layout_builder *builder,
			     const struct layout_sequence *sequence);

enum glue_tells {
	GLUE_UNKNOWN,	      /* no code of it is in sight */
	GLUE_DROPS_NONE,      /* it is gone */
	GLUE_DROPS_ONE,	      /* of its type: it cannot be told which */
	GLUE_DROPS_IT,	      /* unless a drop flag says that it is gone */
	GLUE_ALWAYS_DROPS_IT, /* it is alive */
};

/* What the debug information of a machine's drop glue tells of a variable of type `outer`, in which
 * an `inner` lies, whatever the state. */
enum glue_tells layout_glue_drops(struct layout_builder *builder, const char *machine,
				  const char *outer, const char *inner);

/* Where the code of a machine's drop glue is; false when it cannot be followed. */
struct glue_code {
	uint64_t address, size;
};
bool layout_glue_code(struct layout_builder *builder, const char *machine, struct glue_code *glue);

/* The same of its own code. */
bool layout_body_code(struct layout_builder *builder, const char *machine, struct glue_code *body);

/* The same of a function; false when it is none of this file's, or lies in pieces. */
bool layout_code_of(struct layout_builder *builder, Dwarf_Die *function, struct glue_code *code);

/* Size in bytes of what the glue at an address of the file drops; 0: none begins there, or it is
 * not known. */
uint64_t layout_glue_size(struct layout_builder *builder, uint64_t address);

/* Where in a machine a value lies, and the variable that it lies in; in bytes. */
struct value_place {
	uint64_t offset, size, outer_offset;
	bool is_boxed; /* `offset`: of the pointer that leads to it */
	bool is_guard; /* worth a look at what its machine's code does to the drop flags */
};

/* What that code does to a value in a state. *drop_flag: where in the machine its drop flag lies,
 * LAYOUT_NONE. */
enum glue_tells layout_drops(struct state_place *at, const struct value_place *place,
			     uint32_t *drop_flag);

/* Whether other glue is called for what lies there. */
bool layout_drops_by_glue(struct state_place *at, uint64_t offset, uint64_t size);

/* Whether the glue may ask for that flag in the state. One that it never asks for tells of nothing
 * that is alive at the await. */
bool layout_drops_ask(struct state_place *at, uint32_t drop_flag);

void layout_drops_forget(struct state_place *at);

/* Whether a member of a state looks like a drop flag. */
bool layout_is_flag(Dwarf_Die *member);

/* Whether that drop flag is cleared whenever the machine waits in the state; false when it cannot
 * be told. */
bool layout_is_cleared(const struct state_place *at, uint32_t drop_flag);

/* Once a machine's last state is done. */
void layout_flags_forget(struct layout_builder *builder);

/* Tasks and vtables, once all machines have places. */
void layout_add_tasks(struct layout_builder *builder);
void layout_add_async_tasks(struct layout_builder *builder);
void layout_add_roots(struct layout_builder *builder);

/* What runs in a task whose future, of that type, lies at `offset`: fills machine, runs, future and
 * flags. */
void layout_find_machine(struct layout_builder *builder, const Dwarf_Die *future, uint64_t offset,
			 struct layout_task *task);

/* Orders the values of a state: see layout_state. */
void layout_order_values(struct state_place *at, struct layout_state *state);

/* Finds out where guards may be alive, once all is there. */
void layout_find_holders(struct layout_builder *builder);

/* `object` has the code; `debug` is the file with its debug information, or the same. Returns enum
 * layout_flags. */
uint32_t layout_add_coroutines(struct layout_builder *builder, Dwarf *dwarf,
			       const struct elf_file *object, const struct elf_file *debug);

/* The table, to be freed. `header` has flags and build-id. */
void *layout_build(Dwarf *dwarf, const struct elf_file *object, const struct elf_file *debug,
		   const struct held_patterns *own, const struct layout_header *header,
		   size_t *size);

#endif
