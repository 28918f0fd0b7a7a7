/*
 * What a file's debug information says of its async functions, as one table without pointers: it
 * can be written to a file, mapped, and read where there is no libdw. All offsets of texts are into
 * the part LAYOUT_TEXTS, which begins with an empty one; places in other parts count elements.
 *
 * Source of the facts: rustc's coroutine layout, as it describes it in DWARF since 1.64
 * (compiler/rustc_codegen_llvm/src/debuginfo/metadata/enums/native.rs).
 */
#ifndef DEBUG_INFO_LAYOUT_H
#define DEBUG_INFO_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "held_class.h"

#define LAYOUT_MAGIC	"yldslay"
#define LAYOUT_VERSION	32
#define LAYOUT_NONE	UINT32_MAX
#define LAYOUT_BUILD_ID 32
#define LAYOUT_FIRST_WAIT                                                                          \
	3 /* a discriminant below tells of no await: unresumed, done, panicked                     \
	   */

enum layout_part {
	LAYOUT_MACHINES,
	LAYOUT_STATES,
	LAYOUT_VALUES,
	LAYOUT_TASKS,
	LAYOUT_ROOTS,
	LAYOUT_VTABLES,
	LAYOUT_CONDITIONS,
	LAYOUT_WORDS,
	LAYOUT_SEQUENCES,
	LAYOUT_TEXTS,
	LAYOUT_PARTS,
};

/* What the debug information is good for. */
enum layout_flags {
	LAYOUT_HAS_RUST = 1,  /* units of rustc's */
	LAYOUT_HAS_TYPES = 2, /* and they describe types */
	LAYOUT_HAS_TOKIO = 4,
	LAYOUT_HAS_CPP = 256, /* units of C++ */
	LAYOUT_HAS_CPP_TYPES = 512,
	LAYOUT_HAS_COROUTINES = 1024, /* code of C++20 coroutines, whether or not it is described */
	LAYOUT_OTHER_CODE = 2048,     /* of another machine than x86-64, which nobody follows */
	LAYOUT_PANICS_ABORT = 8,      /* what is dropped before an await leaves no drop flag */
	LAYOUT_HAS_ASYNC_TASK = 16,
	LAYOUT_PARTS_ABSENT = 32, /* units in a .dwo or .dwp that cannot be read */
};

struct layout_header {
	char magic[8];
	uint32_t version, flags;
	uint64_t size; /* of the whole, in bytes */
	uint8_t build_id[LAYOUT_BUILD_ID];
	uint32_t build_id_size;
	uint32_t sum; /* layout_sum */
	struct {
		uint32_t offset, count; /* in bytes from the header; in elements */
	} parts[LAYOUT_PARTS];
	/* From the word that a thread of parking_lot's waits on to where it keeps the address of
	 * the lock that it waits for; 0: not known. */
	int32_t parking;
	uint32_t reserved;
};

enum layout_language {
	LAYOUT_RUST,
	LAYOUT_CPP,	      /* a C++20 coroutine: its frame, and no drop glue but its own code */
	LAYOUT_CPP_GENERATOR, /* one whose promise takes values: it may co_yield */
	LAYOUT_WRAPPER, /* no machine: a future that holds others, and is always in one state */
};

/* The state machine of one async function, block or closure, or of a coroutine. */
struct layout_machine {
	uint32_t type, function; /* "app::serve::{async_fn_env#0}", "app::serve::{{closure}}" */
	uint32_t size;
	uint32_t discriminant, discriminant_size; /* in bytes from its start; a wrapper has none */
	uint32_t first_state, state_count;
	uint32_t file, line; /* where its function begins; 0 when not told */
	uint32_t language;   /* enum layout_language */
	uint32_t untold;     /* it has guards, and where they live could not all be told */
};

struct layout_state {
	uint64_t value;		   /* of the discriminant */
	uint32_t name, file, line; /* "Suspend0", and where the await is */
	uint32_t first_value, value_count;
	uint32_t awaits; /* the machine that __awaitee is; LAYOUT_NONE */
	/* The first of its values are guards and futures; behind them come the drop flags of which
	 * it is not known whose they are. */
	uint32_t held_count, flag_count;
	uint32_t flags; /* enum layout_holds */
	uint32_t reserved;
};

/* Of states and tasks: whether a guard may be alive in it, or in a future that is alive there. */
enum layout_holds {
	HOLDS_NOTHING = 0,
	HOLDS_MAYBE = 1,
};

/* Holds when an integer in a future's memory has a value, or has it not. */
struct layout_condition {
	uint64_t value;
	uint32_t offset;
	uint8_t size, flags; /* bytes; enum layout_condition_flags */
	uint16_t reserved;
};

enum layout_condition_flags {
	CONDITION_NOT = 1,
	CONDITION_BOXED = 2, /* `offset` is from what the value's `box` points at */
};

/* Where a guard's lock keeps whether it is locked: some bit of `mask` is set then. */
struct layout_word {
	uint64_t mask;
	uint32_t pointer; /* to the lock: offset in the guard */
	uint32_t offset;  /* from what that points at */
	uint32_t size;
	uint32_t waits; /* from there too: another place that is waited at; LAYOUT_NONE */
};

/* The elements of a container. A value in one has its `offset' and its conditions from where an
 * element begins; the `box' of its first place leads to the first of them. */
struct layout_sequence {
	uint32_t length; /* how many, a word in the machine; LAYOUT_NONE: a list */
	uint32_t stride; /* bytes to the next one; of a list: where it has the pointer to that */
	uint32_t inner;	 /* the value is what a pointer there, in each, points at; LAYOUT_NONE */
	uint32_t reserved;
};

enum layout_value_flags {
	VALUE_IN_VARIANT = 1, /* of an enum: it may be another one */
	VALUE_IN_UNION = 2,
	VALUE_BOXED = 4,       /* `offset` is from what `box` points at */
	VALUE_TEMPORARY = 8,   /* the source has no name for it */
	VALUE_DROPPED = 16,    /* the drop glue does not: it is gone before the await */
	VALUE_DROPS = 32,      /* the drop glue may drop it in this state */
	VALUE_DROPS_ONE = 128, /* one of this type: perhaps this */
	VALUE_DROP_FLAG = 64,  /* a bool that tells whether some other one is alive */
	VALUE_DYN = 256,       /* a boxed `dyn Future`: two words, the second a layout_vtable's
				  address */
	VALUE_HOLDS = 1024,    /* a guard, or a future in which one may be alive */
	VALUE_ALIVE = 2048,    /* the drop glue drops it in this state, whatever flags say */
	VALUE_AWAITED = 512,   /* what this await waits for, or inside of it */
};

/* What is alive in a state, or lies inside of that. */
struct layout_value {
	uint32_t name, type; /* "g", "pair.1"; qualified */
	uint32_t file, line; /* of its declaration; 0 when not told */
	uint32_t offset, size, box;
	uint32_t machine; /* of a HELD_FUTURE; LAYOUT_NONE for one that is not known */
	uint16_t class, flags;
	/* All must hold for it to be there at all: the variants that it lies in. */
	uint32_t first_condition, condition_count;
	uint32_t word;	    /* of a guard; LAYOUT_NONE */
	uint32_t drop_flag; /* offset in the machine of the bool that tells of it; LAYOUT_NONE */
	uint32_t sequence;  /* LAYOUT_NONE: there is one of it */
};

enum layout_task_flags {
	TASK_BOXED = 1,	     /* the machine is what a pointer there points at */
	TASK_DYN = 2,	     /* as with VALUE_DYN */
	TASK_HOLDS = 4,	     /* HOLDS_MAYBE in some state */
	TASK_ASYNC_TASK = 8, /* of async-task: smol's, async-std's */
};

/* A poll function of Tokio's, or a run function of async-task's: where in its task the future lies.
 */
struct layout_task {
	uint64_t poll; /* address in the file */
	uint32_t type, scheduler;
	/* A check, by what the vtable says: where Tokio's last part begins, or the future of
	 * async-task's. */
	uint32_t trailer;
	uint32_t future;  /* what is known of it: it may lie inside of others */
	uint32_t machine; /* LAYOUT_NONE: no state machine that is known */
	uint32_t flags;	  /* enum layout_task_flags */
	/* All hold while the future is there: it runs, or is suspended. */
	uint32_t first_condition, condition_count;
	uint32_t runs; /* the machine in it even where its place is not told; LAYOUT_NONE */
	uint32_t reserved;
};

#define LAYOUT_ROOT_POINTERS 2

enum layout_root_base {
	ROOT_FROM_STACK_POINTER, /* as the function has it while it calls others */
	ROOT_FROM_FRAME_POINTER,
};

/*
 * A function of Tokio's block_on, whose frame has the future that it polls, or a pointer to it. In
 * the order of their addresses; no two overlap.
 */
struct layout_root {
	uint64_t start, end;	 /* of its code: addresses in the file */
	int32_t offset;		 /* from the base */
	uint16_t base;		 /* enum layout_root_base */
	uint16_t pointers;	 /* how many lead from there to the future */
	struct layout_task task; /* where in that what runs lies; `poll` is the function */
};

/* Of a `dyn Future'; in the order of their addresses. */
struct layout_vtable {
	uint64_t address;
	uint32_t machine, reserved;
};

struct layout {
	const struct layout_header *header; /* NULL: none */
	const struct layout_machine *machines;
	const struct layout_state *states;
	const struct layout_value *values;
	const struct layout_task *tasks;
	const struct layout_root *roots;
	const struct layout_vtable *vtables;
	const struct layout_condition *conditions;
	const struct layout_word *words;
	const struct layout_sequence *sequences;
	const char *texts;
};

#define LAYOUT_SENTENCE_SIZE 4608

/*
 * Of an ELF file: from the cache, else read and then cached. `own`: further types to look for, or
 * NULL; such a layout is neither cached nor taken from there. Returns 0, or -errno and a sentence
 * that names the file and the reason.
 */
int layout_open(struct layout *layout, const char *path, const struct held_patterns *own,
		char sentence[LAYOUT_SENTENCE_SIZE]);
void layout_close(struct layout *layout);

static inline uint32_t layout_count(const struct layout *layout, enum layout_part part)
{
	return layout->header->parts[part].count;
}

/* The root whose code has an address of the file; NULL. */
const struct layout_root *layout_root_at(const struct layout *layout, uint64_t address);

static inline const char *layout_text(const struct layout *layout, uint32_t offset)
{
	return layout->texts + offset;
}

/* Of all but the sum itself: a damaged table must not lead a reader of memory astray. */
uint32_t layout_sum(const struct layout_header *header);

/* Sets the parts of a table of `size` bytes. -EINVAL for one that is none: every place in it is
 * looked at. */
int layout_read(struct layout *layout, const void *table, size_t size);

#endif
