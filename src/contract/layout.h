/*
 * A file's async functions according to its debug information, as one table without pointers: it
 * can be written to a file, mapped, and read without libdw. Offsets of texts are into the part
 * LAYOUT_TEXTS, which begins with an empty one; other places are element indexes.
 *
 * Source: rustc's coroutine layout, as described in DWARF since 1.64
 * (compiler/rustc_codegen_llvm/src/debuginfo/metadata/enums/native.rs).
 */
#ifndef DEBUG_INFO_LAYOUT_H
#define DEBUG_INFO_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "held_class.h"

#define LAYOUT_MAGIC	"yldslay"
#define LAYOUT_VERSION	37
#define LAYOUT_NONE	UINT32_MAX
#define LAYOUT_BUILD_ID 32
/* Smaller discriminants are no awaits: unresumed, done, panicked. */
#define LAYOUT_FIRST_WAIT 3

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
	LAYOUT_ENDS,
	LAYOUT_SOURCES,
	LAYOUT_TEXTS,
	LAYOUT_PARTS,
};

/* What the debug information contains. */
enum layout_flags {
	LAYOUT_HAS_RUST = 1,  /* units compiled by rustc */
	LAYOUT_HAS_TYPES = 2, /* and they describe types */
	LAYOUT_HAS_TOKIO = 4,
	LAYOUT_HAS_CPP = 256, /* units of C++ */
	LAYOUT_HAS_CPP_TYPES = 512,
	LAYOUT_HAS_COROUTINES =
		1024,		  /* code of C++20 coroutines, with or without debug information */
	LAYOUT_OTHER_CODE = 2048, /* for another architecture than x86-64: not analysed */
	LAYOUT_PANICS_ABORT = 8, /* panic=abort: values dropped before an await have no drop flag */
	LAYOUT_HAS_ASYNC_TASK = 16,
	LAYOUT_PARTS_ABSENT = 32, /* units in a .dwo or .dwp that cannot be read */
};

/*
 * Where Tokio keeps the wakers and counters of tasks and of the objects that tasks wait for:
 * offsets in its structs. LAYOUT_NONE in all if one of them is not known.
 */
struct layout_tokio {
	uint32_t owner;		/* in a task's Header: the id of the list that owns the task */
	uint32_t joiner;	/* in its Trailer: the waker of the task that joins it */
	uint32_t waker_vtable;	/* from a waker's data to its vtable, as a difference modulo 2^32 */
	uint32_t permits;	/* in batch_semaphore::Semaphore: free permits, times two */
	uint32_t queue;		/* in it: the waiter that was queued last; 0: none */
	uint32_t waiter_next;	/* in batch_semaphore::Waiter: the one that was queued before it */
	uint32_t waiter_waker;	/* in it: the data of its waker */
	uint32_t waiter_state;	/* in it: the permits that it still lacks */
	uint32_t acquire_node;	/* in batch_semaphore::Acquire: its Waiter */
	uint32_t acquire_count; /* in it: the permits that it wants */
	uint32_t acquire_size;	/* bytes of that number */
};

struct layout_header {
	char magic[8];
	uint32_t version, flags;
	uint64_t size; /* total, in bytes */
	uint8_t build_id[LAYOUT_BUILD_ID];
	uint32_t build_id_size;
	uint32_t sum; /* layout_sum */
	struct {
		uint32_t offset, count; /* offset in bytes from the header; count in elements */
	} parts[LAYOUT_PARTS];
	/*
	 * Offset from the word that a parking_lot thread waits on to where it stores the address of
	 * its lock; 0: not known.
	 */
	int32_t parking;
	uint32_t reserved;
	struct layout_tokio tokio;
};

enum layout_language {
	LAYOUT_RUST,
	LAYOUT_CPP,	      /* a C++20 coroutine: its frame; has no drop glue */
	LAYOUT_CPP_GENERATOR, /* its promise takes values: it may co_yield */
	LAYOUT_WRAPPER, /* not a state machine: a future that contains others, with a single state
			 */
};

/* The state machine of one async function, block or closure, or of a coroutine. */
struct layout_machine {
	uint32_t type, function; /* "app::serve::{async_fn_env#0}", "app::serve::{{closure}}" */
	uint32_t size;
	uint32_t discriminant, discriminant_size; /* in bytes from its start; a wrapper has none */
	uint32_t first_state, state_count;
	uint32_t file, line; /* where its function begins; 0: not known */
	uint32_t language;   /* enum layout_language */
	uint32_t untold;     /* it has guards, and not all of their places are known */
};

struct layout_state {
	uint64_t value;		   /* of the discriminant */
	uint32_t name, file, line; /* "Suspend0", and the place of the await */
	uint32_t first_value, value_count;
	uint32_t awaits; /* the machine of __awaitee; LAYOUT_NONE */
	/* Guards and futures come first; the drop flags whose owners are not known come last. */
	uint32_t held_count, flag_count;
	uint32_t flags; /* enum layout_holds */
	uint32_t first_source, source_count;
	uint32_t reserved;
};

/* For states and tasks: whether a guard may be alive in it, or in a future that is alive there. */
enum layout_holds {
	HOLDS_NOTHING = 0,
	HOLDS_MAYBE = 1,
};

/* True if an integer in a future's memory has a certain value, or does not have it. */
struct layout_condition {
	uint64_t value;
	uint32_t offset;
	uint8_t size, flags; /* bytes; enum layout_condition_flags */
	uint16_t level;	     /* for a layout_event_source: number of pointers that were followed */
};

enum layout_condition_flags {
	CONDITION_NOT = 1,
	CONDITION_BOXED = 2, /* `offset` is relative to the target of the value's `box` */
};

/* The word in which a guard's lock stores its state: locked if any bit of `mask` is set. */
struct layout_word {
	uint64_t mask;
	uint32_t pointer; /* to the lock: offset in the guard */
	uint32_t offset;  /* from the target of that pointer */
	uint32_t size;
	uint32_t waits; /* likewise: another word that threads wait on; LAYOUT_NONE */
};

/*
 * The elements of a container. `offset' and conditions of a value in one are relative to the start
 * of its element; the `box' of its first place leads to the first element.
 */
struct layout_sequence {
	uint32_t length; /* number of elements, a word in the machine; LAYOUT_NONE: a linked list */
	uint32_t stride; /* bytes to the next element; for a list: offset of the pointer to it */
	uint32_t inner;	 /* offset in each element of a pointer to the value; LAYOUT_NONE */
	uint32_t ends;	 /* 1: `length` is that of a pointer to the end of the last element */
};

enum layout_value_flags {
	VALUE_IN_VARIANT = 1, /* of an enum, which may be in another variant */
	VALUE_IN_UNION = 2,
	VALUE_BOXED = 4,	 /* `offset` is relative to the target of `box` */
	VALUE_TEMPORARY = 8,	 /* has no name in the source */
	VALUE_DROPPED = 16,	 /* not dropped by the drop glue: it is gone before the await */
	VALUE_DROPS = 32,	 /* the drop glue may drop it in this state */
	VALUE_DROPS_ONE = 128,	 /* drops a value of this type: perhaps this one */
	VALUE_DROP_FLAG = 64,	 /* a bool that shows whether another value is alive */
	VALUE_DYN = 256,	 /* a boxed `dyn Future`: two words, the second a layout_vtable's
				    address */
	VALUE_HOLDS = 1024,	 /* a guard, or a future in which one may be alive */
	VALUE_ALIVE = 2048,	 /* the drop glue always drops it in this state */
	VALUE_AWAITED = 512,	 /* the awaited future, or a part of it */
	VALUE_WAITS_ONLY = 4096, /* an awaited closure that polls only futures of this layout and
				    ends of waits, in other variables of the state */
};

/* A value that is alive in a state, or part of one. */
struct layout_value {
	uint32_t name, type; /* "g", "pair.1"; qualified */
	uint32_t file, line; /* of its declaration; 0: not known */
	uint32_t offset, size, box;
	uint32_t machine; /* of a HELD_FUTURE; LAYOUT_NONE: not known */
	uint16_t class, flags;
	/* The value exists only if all of these hold: the enum variants around it. */
	uint32_t first_condition, condition_count;
	uint32_t word;	    /* for a guard; LAYOUT_NONE */
	uint32_t drop_flag; /* offset in the machine of the bool that shows whether it is alive;
			       LAYOUT_NONE */
	uint32_t sequence;  /* LAYOUT_NONE: not in a container */
	uint32_t end;	    /* LAYOUT_NONE: not an end of a wait */
};

enum layout_end_kind {
	END_MUTEX_GUARD,
	END_READ_GUARD,
	END_WRITE_GUARD,
	END_PERMIT,  /* of a semaphore, to which anybody may add permits */
	END_ACQUIRE, /* a request for permits, which may be queued */
	END_JOIN,
	END_SENDER, /* of a tokio::sync::mpsc channel */
	END_RECEIVER,
	END_ONESHOT_SENDER,
	END_ONESHOT_RECEIVER,
	END_BROADCAST_SENDER,
	END_WATCH_SENDER,
	END_KINDS,
};

/*
 * A value through which one task can make another one wait, or end its wait. It has a pointer to an
 * object that all ends of the wait share: a semaphore, a channel, a task. Offsets in the object
 * that its kind does not have are LAYOUT_NONE.
 */
struct layout_end {
	uint32_t kind;	    /* enum layout_end_kind */
	uint32_t pointer;   /* offset in the value */
	uint32_t object;    /* offset of the object from the target of that pointer */
	uint32_t count;	    /* in the value: the permits that a writer's guard has, 4 bytes */
	uint32_t maximum;   /* from the object to the permits of a lock for readers and writers, 4
			       bytes: a difference modulo 2^32 */
	uint32_t semaphore; /* in the object: a bounded channel's */
	uint32_t waker;	    /* in it: the data of the receiver's waker */
	uint32_t state;	    /* in it: the number of senders, or a oneshot channel's state */
	uint32_t weak;	    /* in it: the number of weak senders */
	/* Of broadcast and watch: lists of the waiting receivers, so many, so many bytes apart. */
	uint32_t list, lists, list_stride; /* in the object: the waiter that was queued last */
	uint32_t list_next, list_waker;	   /* in a waiter: the next one; the data of its waker */
};

enum layout_source_kind {
	SOURCE_TIMER,	   /* the place is that of a struct timespec's seconds, CLOCK_MONOTONIC */
	SOURCE_DESCRIPTOR, /* of an int */
	SOURCE_FUTURE,	   /* of another machine, which is polled too */
	SOURCE_DYN,	   /* of a boxed `dyn Future', as with VALUE_DYN */
	SOURCE_KINDS,
};

#define LAYOUT_SOURCE_POINTERS 5

/*
 * What may wake a task in a state, besides the ends of waits: reached from the awaited value by
 * value, by reference and through boxes. Only for display: nothing is proven by it.
 */
struct layout_event_source {
	uint32_t kind;	      /* enum layout_source_kind */
	uint32_t type;	      /* "tokio::net::tcp::stream::TcpStream" */
	uint32_t machine;     /* of a SOURCE_FUTURE; LAYOUT_NONE */
	uint32_t nanoseconds; /* of a SOURCE_TIMER: from the seconds to 4 bytes, a difference
				 modulo 2^32 */
	uint32_t pointers;    /* number of pointers to follow */
	uint32_t places[LAYOUT_SOURCE_POINTERS + 1]; /* offsets: of each pointer, and at its end */
	/* It exists only if all of these hold: the enum variants around it. */
	uint32_t first_condition, condition_count;
};

enum layout_task_flags {
	TASK_BOXED = 1,	     /* the machine is the target of a pointer there */
	TASK_DYN = 2,	     /* as with VALUE_DYN */
	TASK_HOLDS = 4,	     /* HOLDS_MAYBE in some state */
	TASK_ASYNC_TASK = 8, /* of async-task: smol's, async-std's */
};

/*
 * For a poll function of Tokio, or a run function of async-task: where the task contains its
 * future.
 */
struct layout_task {
	uint64_t poll; /* address in the file */
	uint32_t type, scheduler;
	/*
	 * For verification against the vtable: offset of Tokio's last part, or of async-task's
	 * future.
	 */
	uint32_t trailer;
	uint32_t future;  /* the outermost known future */
	uint32_t machine; /* LAYOUT_NONE: no known state machine */
	uint32_t flags;	  /* enum layout_task_flags */
	/* All hold while the future exists: it runs, or is suspended. */
	uint32_t first_condition, condition_count;
	uint32_t runs; /* its machine, even if its place is not known; LAYOUT_NONE */
	uint32_t reserved;
};

#define LAYOUT_ROOT_POINTERS 2

enum layout_root_base {
	ROOT_FROM_STACK_POINTER, /* its value while the function calls others */
	ROOT_FROM_FRAME_POINTER,
};

/*
 * A function of Tokio's block_on, whose frame contains the future that it polls, or a pointer to
 * it. Sorted by address; no two overlap.
 */
struct layout_root {
	uint64_t start, end;	 /* of its code: addresses in the file */
	int32_t offset;		 /* from the base */
	uint16_t base;		 /* enum layout_root_base */
	uint16_t pointers;	 /* number of pointers to follow from there to the future */
	struct layout_task task; /* where the future contains its machine; `poll` is the function */
};

/* For a `dyn Future'; sorted by address. */
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
	const struct layout_end *ends;
	const struct layout_event_source *sources;
	const char *texts;
};

#define LAYOUT_SENTENCE_SIZE 4608

/*
 * Opens the layout of an ELF file: from the cache, otherwise read and then cached. `own`: further
 * types to search for, or NULL; such a layout does not use the cache. Returns 0, or -errno and a
 * sentence that names the file and the reason.
 */
int layout_open(struct layout *layout, const char *path, const struct held_patterns *own,
		char sentence[LAYOUT_SENTENCE_SIZE]);
void layout_close(struct layout *layout);

static inline uint32_t layout_count(const struct layout *layout, enum layout_part part)
{
	return layout->header->parts[part].count;
}

/* The root whose code contains an address of the file; NULL: none. */
const struct layout_root *layout_root_at(const struct layout *layout, uint64_t address);

static inline const char *layout_text(const struct layout *layout, uint32_t offset)
{
	return layout->texts + offset;
}

/* Over everything but the sum itself: a damaged table must not mislead a reader of memory. */
uint32_t layout_sum(const struct layout_header *header);

/*
 * Sets the parts from a table of `size` bytes. Checks every place in it; returns -EINVAL if it is
 * not a valid table.
 */
int layout_read(struct layout *layout, const void *table, size_t size);

#endif
