/*
 * Files that only an ancestor of a process may open (Yama's ptrace_scope, another user's files),
 * requested over a socket. The ancestor opens and passes them; it reads nothing but one line of
 * /proc.
 */
#ifndef INSPECT_ANCESTOR_H
#define INSPECT_ANCESTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * ANCESTOR_FILE(constant, path): opened and passed as a descriptor. ANCESTOR_TEXT(constant, path):
 * read and passed as text, because the kernel checks the reader's rights. The paths contain a
 * process and a thread id.
 */
#define ANCESTOR_WISHES(FILE, TEXT)                                                                \
	FILE(MEMORY, "/proc/%d/mem")                                                               \
	FILE(MAPS, "/proc/%d/maps")                                                                \
	TEXT(SYSTEM_CALL, "/proc/%d/task/%d/syscall")                                              \
	TEXT(CHANNEL, "/proc/%d/task/%d/wchan")

enum ancestor_wish {
#define WISH(constant, path) ANCESTOR_##constant,
	ANCESTOR_WISHES(WISH, WISH)
#undef WISH
		ANCESTOR_DIRECTORY, /* the directory of the run's traces */
	ANCESTOR_TRACE,		    /* a file in it, for reading and writing */
};

#define ANCESTOR_TEXT_SIZE 512

/* In the requesting process: the socket of its ancestor. Without this call there is none. */
void ancestor_set(int socket);

/* A descriptor, or -1 if there is no ancestor or it may not open the file either. `name` is a
 * trace's file name, else NULL. */
int ancestor_open(enum ancestor_wish wish, pid_t pid, const char *name);

/* The first line without its newline. False as above. */
bool ancestor_read(enum ancestor_wish wish, pid_t pid, pid_t tid, char *text, size_t size);

/* Opens a trace of this run by its path: directly if allowed, else through the ancestor. Returns
 * the descriptor, or -1 with errno. */
int ancestor_open_trace(const char *path, int flags);

/* In the ancestor: answers all pending requests without waiting. */
void ancestor_answer(int socket, const char *directory);

/* In the requesting process: waits for up to `ms`. True if the ancestor has shut
 * the socket down. */
bool ancestor_has_left(int socket, int ms);

#endif
