#include "task_memory.h"

#include <string.h>

#include "shared/task_header.h"

#define READ_TRIES_OF_TASK 3
#define AROUND		   2048 /* bytes read at once: most futures are smaller */
#define PAGE		   4096

const char *task_state_word(enum task_state state)
{
	static const char *const words[] = {
#define STATE(constant, word) word,
		TASK_STATES(STATE)
#undef STATE
	};

	return words[state];
}

/* A chain's reads lie close together, and each read is a system call. */
struct task_window {
	struct layout_memory layout;
	const struct process_memory *memory;
	uint64_t start, end; /* address range of `bytes` */
	char bytes[AROUND];
};

static bool process_read_whole(const struct process_memory *memory, uint64_t address, void *to,
			       size_t size)
{
	return process_memory_read(memory, address, to, size) == size;
}

/* Reads the surroundings within the page: the next page may be unmapped. Outer futures surround
 * inner ones, with their states after them. */
static void read_around(struct task_window *window, uint64_t address)
{
	const uint64_t in_page = address % PAGE,
		       before = in_page < AROUND / 2 ? in_page : AROUND / 2;
	size_t size = PAGE - in_page + before;

	if (size > AROUND)
		size = AROUND;
	window->start = window->end = address - before;
	if (process_read_whole(window->memory, window->start, window->bytes, size))
		window->end += size;
}

static bool task_read_memory(const struct layout_memory *layout, uint64_t address, void *to,
			     size_t size)
{
	struct task_window *window = (struct task_window *)layout;

	if (address < window->start || address >= window->end)
		read_around(window, address);
	if (address >= window->end || size > window->end - address)
		return process_read_whole(window->memory, address, to, size);
	memcpy(to, window->bytes + (address - window->start), size);
	return true;
}

static void window_forget(struct task_window *window)
{
	window->start = window->end = 0;
}

/* Task sizes and offsets from a type's vtable. */
struct parts {
	uint64_t number;   /* as layout_task.trailer */
	uint64_t schedule; /* for async-task */
};

/* Debug information describes only one of several functions merged by the linker: the task may be
 * of another type. */
static bool layout_describes(const struct process_memory *memory, const struct task_kind *kind,
			     struct parts *parts)
{
	uint64_t word, layout[ASYNC_TASK_LAYOUT];
	uint64_t at = kind->record->vtable + TASK_VTABLE_LAYOUT * sizeof word;

	*parts = (struct parts){ 0 };
	if (!process_read_whole(memory, at, &word, sizeof word))
		return false;
	parts->number = word;
	if (kind->is_async_task) {
		if (!process_read_whole(memory, word, layout, sizeof layout))
			return false;
		parts->number = layout[ASYNC_TASK_FUTURE];
		parts->schedule = layout[ASYNC_TASK_SCHEDULE];
	}
	return kind->task && parts->number == kind->task->trailer;
}

static bool task_read_state(const struct process_memory *memory, uint64_t header,
			    const struct task_kind *kind, const struct parts *parts,
			    struct task_seen *seen)
{
	static const enum task_state states[] = {
		[TASK_RESTS] = TASK_SUSPENDED,
		[TASK_IS_WOKEN] = TASK_WOKEN,
		[TASK_RUNS] = TASK_RUNNING,
	};
	uint64_t words[TASK_HEADER_WORDS], vtable = kind->record->vtable;
	enum task_moment moment;

	if (!process_read_whole(memory, header, words, sizeof words))
		return false;
	moment = kind->is_async_task ? async_task_moment(words, vtable, parts->schedule)
				     : tokio_task_moment(words, vtable);
	if (moment == TASK_IS_GONE)
		return false;
	seen->state = states[moment];
	return true;
}

bool task_memory_read(const struct process_memory *memory, uint64_t header,
		      const struct task_kind *kind, struct task_seen *seen)
{
	struct task_window window;
	struct parts parts;
	bool described = layout_describes(memory, kind, &parts);
	struct layout_link again[LAYOUT_MAX_LINKS];
	uint64_t addresses[LAYOUT_MAX_LINKS];
	struct task_seen after;

	window.layout = (struct layout_memory){ task_read_memory, kind->base };
	window.memory = memory;
	for (int i = 0; i < READ_TRIES_OF_TASK; i++) {
		window_forget(&window);
		if (!task_read_state(memory, header, kind, &parts, seen))
			return false;
		seen->link_count = seen->guard_count = 0;
		if (!described || seen->state == TASK_RUNNING)
			return true;
		seen->link_count = layout_chain(kind->layout, &window.layout, kind->task, header,
						seen->links, addresses, LAYOUT_MAX_LINKS);
		seen->guard_count =
			layout_guards(kind->layout, &window.layout, seen->links, addresses,
				      seen->link_count, seen->guards, TASK_MAX_GUARDS);
		window_forget(&window);
		if (layout_chain(kind->layout, &window.layout, kind->task, header, again, NULL,
				 LAYOUT_MAX_LINKS) == seen->link_count &&
		    !memcmp(again, seen->links, seen->link_count * sizeof *again) &&
		    task_read_state(memory, header, kind, &parts, &after) &&
		    after.state == seen->state)
			return true;
	}
	seen->state = TASK_RUNNING; /* it had moved on every time */
	seen->link_count = seen->guard_count = 0;
	return true;
}

void task_memory_arms(const struct process_memory *memory, uint64_t header,
		      const struct task_kind *kind, size_t most, layout_arm_visit *visit,
		      void *data)
{
	struct task_window window;
	struct parts parts;

	if (!layout_describes(memory, kind, &parts))
		return;
	window.layout = (struct layout_memory){ task_read_memory, kind->base };
	window.memory = memory;
	window_forget(&window);
	layout_arms(kind->layout, &window.layout, kind->task, header, most, visit, data);
}
