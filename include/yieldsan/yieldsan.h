/*
 * Marks for programs that know more about their executors than YieldSan can see. Header-only, C and
 * C++, nothing to link. Without libyieldsan.so preloaded, each mark is one test of a NULL pointer.
 *
 *   yieldsan_turn_begin("my loop");                     // runs a task: must not block
 *   ...
 *   yieldsan_turn_end();
 *
 *   yieldsan_offload_begin();                           // within a task: this part may block
 *   ...
 *   yieldsan_offload_end();
 *
 *   YIELDSAN_ALLOW_BEGIN("start-up: no clients yet");   // this part blocks its task on purpose:
 *   ...                                                 // the report counts it under the reason
 *   YIELDSAN_ALLOW_END();                               // instead of as a finding
 *
 *   YIELDSAN_FORBID_BEGIN();                            // within an allowed part: not here
 *   ...
 *   YIELDSAN_FORBID_END();
 *
 *   void query(void)
 *   {
 *           YIELDSAN_BLOCKING();                        // this function blocks: an error when it
 *           ...                                         // runs in a turn, whatever it does
 *   }
 *
 *   void yieldsan_on_finding(const char *text) { ... }  // called at each new finding
 *
 * Begin and end come in pairs on one thread, nested up to 16 deep; deeper ones are ignored. The
 * name is copied: its first 47 bytes count. Any thread, any time, including signal handlers.
 *
 * How it works: each object that includes this header has one table of pointers, and an ELF note
 * that contains its place. The runtime fills the table when the object is loaded. (Weak functions
 * would work only in position-independent programs.)
 */
#ifndef YIELDSAN_H
#define YIELDSAN_H

#ifdef __cplusplus
extern "C" {
#endif

struct yieldsan_marks {
	void (*turn_begin)(const char *executor);
	void (*turn_end)(void);
	void (*offload_begin)(void);
	void (*offload_end)(void);
	void (*allow_begin)(const char *reason);
	void (*allow_end)(void);
	void (*yield)(void);
	void (*lock_acquired)(const void *lock);
	void (*lock_released)(const void *lock);
	void (*lock_handed_over)(const void *lock);
	void (*forbid_begin)(void);
	void (*forbid_end)(void);
	void (*blocking_begin)(void);
	void (*blocking_end)(void);
	void (*on_finding)(const char *text); /* filled by the program, not the runtime */
};

/*
 * Define it in the program: the runtime calls it when a warning or an error is seen for the first
 * time, on the thread that caused it, after the call or turn: "error: nanosleep blocks executor
 * tokio for 12 ms". It runs inside a wrapper of libc, perhaps in a signal handler, with locks of
 * the program held: only what is async-signal-safe may be done, and it must return. What it does is
 * not watched. Findings that only a report can judge (locks held across a yield, tasks that were
 * cancelled) do not call it. The definition in the module that was loaded first counts.
 */
void yieldsan_on_finding(const char *text) __attribute__((weak));

/* The note's descriptor: the distance from itself to the table, and the table's size. */
#define YIELDSAN_NOTE_NAME "YieldSan"
#define YIELDSAN_NOTE_TYPE 1

#if defined(__ELF__) && defined(__x86_64__) && !defined(YIELDSAN_OFF)

/* The name changes with the size: objects with another version of this header have their own table.
 */
extern struct yieldsan_marks yieldsan_marks_2;
struct yieldsan_marks yieldsan_marks_2
	__attribute__((weak, visibility("hidden"),
		       used)) = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, yieldsan_on_finding };

__asm__(".pushsection .note.yieldsan,\"a\",@note\n"
	"	.balign 4\n"
	"	.long 9, 16, 1\n"
	"	.asciz \"YieldSan\"\n"
	"	.balign 4\n"
	"	.quad yieldsan_marks_2 - ., 120\n"
	"	.popsection\n");

#define YIELDSAN_MARK(mark, arguments)                                                             \
	do {                                                                                       \
		if (yieldsan_marks_2.mark)                                                         \
			yieldsan_marks_2.mark arguments;                                           \
	} while (0)
#else
#define YIELDSAN_MARK(mark, arguments) ((void)0)
#endif

static inline void yieldsan_turn_begin(const char *executor)
{
	(void)executor;
	YIELDSAN_MARK(turn_begin, (executor));
}

static inline void yieldsan_turn_end(void)
{
	YIELDSAN_MARK(turn_end, ());
}

static inline void yieldsan_offload_begin(void)
{
	YIELDSAN_MARK(offload_begin, ());
}

static inline void yieldsan_offload_end(void)
{
	YIELDSAN_MARK(offload_end, ());
}

/*
 * The reason must be a string literal: it is read whenever an event occurs in the region. Its first
 * 111 bytes count.
 */
static inline void yieldsan_allow_begin(const char *reason)
{
	(void)reason;
	YIELDSAN_MARK(allow_begin, (reason));
}

static inline void yieldsan_allow_end(void)
{
	YIELDSAN_MARK(allow_end, ());
}

/* Within a turn: the program's own coroutine is suspended, and continues later. */
static inline void yieldsan_yield(void)
{
	YIELDSAN_MARK(yield, ());
}

/*
 * For a lock with inlined code, identified by any address: call it after the lock is taken, and
 * before it is released.
 */
static inline void yieldsan_lock_acquired(const void *lock)
{
	(void)lock;
	YIELDSAN_MARK(lock_acquired, (lock));
}

static inline void yieldsan_lock_released(const void *lock)
{
	(void)lock;
	YIELDSAN_MARK(lock_released, (lock));
}

/* A lock of any kind that this turn took will be released by another thread. */
static inline void yieldsan_lock_handed_over(const void *lock)
{
	(void)lock;
	YIELDSAN_MARK(lock_handed_over, (lock));
}

/* Within an allowed region: blocking is reported again. */
static inline void yieldsan_forbid_begin(void)
{
	YIELDSAN_MARK(forbid_begin, ());
}

static inline void yieldsan_forbid_end(void)
{
	YIELDSAN_MARK(forbid_end, ());
}

/*
 * A function that blocks, from here to the end of the block: in a turn it is an error, with the
 * time that it took. Calls within it are a part of it. By hand: a pair on one thread.
 */
static inline int yieldsan_blocking_begin(void)
{
	YIELDSAN_MARK(blocking_begin, ());
	return 0;
}

static inline void yieldsan_blocking_end(const int *begun)
{
	(void)begun;
	YIELDSAN_MARK(blocking_end, ());
}

#define YIELDSAN_BLOCKING()                                                                        \
	__attribute__((cleanup(yieldsan_blocking_end), unused)) const int yieldsan_blocking =      \
		yieldsan_blocking_begin()

#define YIELDSAN_FORBID_BEGIN()	     yieldsan_forbid_begin()
#define YIELDSAN_FORBID_END()	     yieldsan_forbid_end()
#define YIELDSAN_ALLOW_BEGIN(reason) yieldsan_allow_begin("" reason)
#define YIELDSAN_ALLOW_END()	     yieldsan_allow_end()

#ifdef __cplusplus
}
#endif

#endif
