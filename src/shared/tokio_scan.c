#include "tokio_scan.h"

#include "task_header.h"

#define FUNCTIONS     7
#define OLD_FUNCTIONS 5 /* 1.0 has no more than this */

/* In words from poll. */
#define SCHEDULER	   8
#define ID		   9
#define TOKIO_VTABLE_WORDS 10

/* Larger than any future; only separates a size from an address. */
#define LARGEST_TASK (64UL << 20)
/* An Arc is 8 bytes; BlockingSchedule has been 0, 16 and 32. */
#define LARGEST_SCHEDULER 64

/*
 * The header has four words; with tokio_unstable up to six (tracing_id, scheduled_at). The rest is
 * aligned as the future is: rarely to more than 128.
 */
#define SMALLEST_HEADER 0x20
#define LARGEST_HEADER	0x80

static bool are_offsets(uint64_t trailer, uint64_t scheduler, uint64_t id)
{
	return (scheduler & 7) == 0 && scheduler >= SMALLEST_HEADER &&
	       scheduler <= LARGEST_HEADER && (id & 7) == 0 && id >= scheduler &&
	       id - scheduler <= LARGEST_SCHEDULER && (trailer & 7) == 0 && trailer > id &&
	       trailer < LARGEST_TASK;
}

static bool has_shape(const struct task_region *region, const uint64_t *words)
{
	return are_offsets(words[TASK_VTABLE_LAYOUT], words[SCHEDULER], words[ID]) &&
	       task_words_are_functions(region, words, FUNCTIONS);
}

void tokio_scan(const struct task_region *region, const struct task_addresses *polls,
		void (*visit)(const struct task_vtable *vtable, void *data), void *data)
{
	uint64_t *words = (uint64_t *)((region->start + 7) & ~(uintptr_t)7);
	uint64_t *end = (uint64_t *)(region->end & ~(uintptr_t)7);
	struct task_vtable vtable = { 0 };

	for (; words + OLD_FUNCTIONS <= end; words++) {
		/* Nearly every word fails the first comparison: 0.4 ns a word. */
		vtable.by_shape =
			words + TOKIO_VTABLE_WORDS <= end &&
			words[SCHEDULER] - SMALLEST_HEADER <= LARGEST_HEADER - SMALLEST_HEADER &&
			has_shape(region, words);
		if (!vtable.by_shape && !(polls && task_addresses_has(polls, *words) &&
					  task_words_are_functions(region, words, OLD_FUNCTIONS)))
			continue;
		vtable.words = words;
		vtable.job = vtable.by_shape && words[ID] - words[SCHEDULER] != sizeof(void *);
		visit(&vtable, data);
		words += (vtable.by_shape ? TOKIO_VTABLE_WORDS : OLD_FUNCTIONS) - 1;
	}
}
