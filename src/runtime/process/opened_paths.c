#include "opened_paths.h"

#include <fcntl.h>
#include <string.h>

#include "runtime/trace/record_index.h"

#define PATHS	     1024
#define LONGEST_PATH 256

/*
 * By key, for all threads: the key without its lowest byte, how often the answer may still be used,
 * and the subject. One word, so that a reader finds all of it or none.
 */
static uint64_t paths[PATHS];

#define KEY_OF(word)	 ((word) & ~UINT64_C(0xff))
#define USES_OF(word)	 ((word) >> 4 & 15)
#define SUBJECT_OF(word) ((word)&15)

_Static_assert(OPENED_PATH_USES <= 15 && SUBJECT_DIRECTORY <= 15, "they fit into four bits");

uint64_t opened_path_key(const char *path, int flags)
{
	size_t size;

	if (!path || path[0] != '/' || flags & O_PATH || (flags & O_TMPFILE) == O_TMPFILE ||
	    !strncmp(path, "/proc/", 6) || !strncmp(path, "/dev/", 5))
		return 0;
	size = strnlen(path, LONGEST_PATH);
	return size < LONGEST_PATH ? hash_text(0, path, size) | 0x100 : 0;
}

static uint64_t *path_place(uint64_t key)
{
	return &paths[key >> 32 & (PATHS - 1)];
}

enum trace_subject opened_path_subject(uint64_t key)
{
	uint64_t *place = path_place(key), word = __atomic_load_n(place, __ATOMIC_RELAXED);

	if (!key || KEY_OF(word) != KEY_OF(key) || !USES_OF(word))
		return SUBJECT_NONE;
	__atomic_store_n(place, word - 0x10, __ATOMIC_RELAXED);
	return (enum trace_subject)SUBJECT_OF(word);
}

void opened_path_learn(uint64_t key, enum trace_subject subject)
{
	uint64_t uses = subject == SUBJECT_REGULAR_FILE || subject == SUBJECT_MEMORY_FILE ||
					subject == SUBJECT_DIRECTORY
				? OPENED_PATH_USES
				: 0;

	if (key)
		__atomic_store_n(path_place(key), KEY_OF(key) | uses << 4 | (unsigned)subject,
				 __ATOMIC_RELAXED);
}

void opened_paths_forget(void)
{
	for (unsigned i = 0; i < PATHS; i++)
		__atomic_store_n(&paths[i], 0, __ATOMIC_RELAXED);
}
