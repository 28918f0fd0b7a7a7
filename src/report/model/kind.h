/* The kinds of findings: one line here and one file, kind_NAME.c, each. */
#ifndef REPORT_KIND_H
#define REPORT_KIND_H

struct finding;
struct session;

/* KIND(constant, name, word in reports, what it is in one sentence) */
#define FINDING_KINDS(KIND)                                                                        \
	KIND(BLOCKING_CALL, blocking_call, "blocking-call",                                        \
	     "A call blocks the thread that runs an executor's turns.")                            \
	KIND(LONG_TURN, long_turn, "long-turn",                                                    \
	     "A turn holds the thread of its executor for too long.")                              \
	KIND(LOCK_ACROSS_YIELD, lock_across_yield, "lock-across-yield",                            \
	     "A lock that was taken in a turn is still held when the turn yields.")                \
	KIND(BORROW_ACROSS_YIELD, borrow_across_yield, "borrow-across-yield",                      \
	     "A borrow of a RefCell is alive when the task yields.")                               \
	KIND(NON_SEND_ACROSS_YIELD, non_send_across_yield, "non-send-across-yield",                \
	     "A value that belongs to its thread is alive when the task yields.")                  \
	KIND(LARGE_ACROSS_YIELD, large_across_yield, "large-across-yield",                         \
	     "A large value is alive when the task yields: every such task is as large.")          \
	KIND(FOREIGN_UNLOCK, foreign_unlock, "foreign-unlock",                                     \
	     "A lock is released by another thread than the one that took it.")                    \
	KIND(DEADLOCK, deadlock, "deadlock",                                                       \
	     "A thread or task waits for what cannot be released, or is not.")                     \
	KIND(LOST_WAKEUP, lost_wakeup, "lost-wakeup",                                              \
	     "A task that is not done has no waker: nothing but an abort can end it.")             \
	KIND(CANCELLED_HOLDING, cancelled_holding, "cancelled-holding",                            \
	     "A task that was cancelled or destroyed, or a thread that ended, still holds a "      \
	     "lock.")                                                                              \
	KIND(CANCELLED_TASK, cancelled_task, "cancelled-task",                                     \
	     "A task is dropped where it waits: what was to follow is not done.")

enum finding_kind {
#define KIND(constant, name, word, title) KIND_##constant,
	FINDING_KINDS(KIND)
#undef KIND
		FINDING_KINDS_COUNT,
};

/* What the kinds differ in. Texts are kept or constant. */
struct kind {
	const char *word, *title;
	/* What is wrong: "std::thread::sleep (clock_nanosleep) blocks a tokio worker" */
	const char *(*subject)(struct session *session, const struct finding *finding);
	/* How often and how long: "20 times, 220 ms in all, longest 13.8 ms" */
	const char *(*cost)(struct session *session, const struct finding *finding);
	/* What to do instead. */
	const char *(*advice)(struct session *session, const struct finding *finding);
};

const struct kind *kind_of(enum finding_kind kind);

#define KIND(constant, name, word, title)                                                          \
	const char *name##_subject(struct session *session, const struct finding *finding);        \
	const char *name##_cost(struct session *session, const struct finding *finding);           \
	const char *name##_advice(struct session *session, const struct finding *finding);
FINDING_KINDS(KIND)
#undef KIND

#endif
