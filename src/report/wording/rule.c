#include "rule.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "report/model/kind.h"

/* Rules of a kind are adjacent; the one without a category, for all other
 * categories, comes last. */
static const struct rule rules[] = {
#define CATEGORY(category, title)                                                                  \
	{                                                                                          \
		KIND_BLOCKING_CALL, category, title                                                \
	}
	CATEGORY("sleep", "A sleep blocks the thread that runs an executor's turns."),
	CATEGORY("file", "Reading or writing a file blocks the thread that runs an executor's "
			 "turns."),
	CATEGORY("metadata", "Asking the file system about a file blocks the thread that runs an "
			     "executor's turns."),
	CATEGORY("output", "Printing or logging blocks the thread that runs an executor's turns."),
	CATEGORY("socket", "A socket that may block is used on the thread that runs an executor's "
			   "turns."),
	CATEGORY("pipe", "A pipe that may block is used on the thread that runs an executor's "
			 "turns."),
	CATEGORY("dns", "Looking up a name blocks the thread that runs an executor's turns."),
	CATEGORY("lock", "Waiting for a lock blocks the thread that runs an executor's turns."),
	CATEGORY("process", "Starting or awaiting a process blocks the thread that runs an "
			    "executor's turns."),
	CATEGORY("ipc", "Waiting for another process's message blocks the thread that runs an "
			"executor's turns."),
	CATEGORY("poll", "A wait for descriptors within a turn blocks the thread that runs an "
			 "executor's turns."),
	CATEGORY("thread", "Joining a thread blocks the thread that runs an executor's turns."),
#undef CATEGORY
#define KIND(constant, name, word, title) { KIND_##constant, NULL, title },
	FINDING_KINDS(KIND)
#undef KIND
};

#define RULE_COUNT (sizeof rules / sizeof *rules)

const struct rule *rule_at(size_t n)
{
	return n < RULE_COUNT ? &rules[n] : NULL;
}

size_t rule_of(const struct finding *finding)
{
	size_t i;

	for (i = 0; i + 1 < RULE_COUNT; i++)
		if (rules[i].kind == finding->kind &&
		    (!rules[i].category ||
		     (finding->category && !strcmp(rules[i].category, finding->category))))
			break;
	return i;
}

char *rule_id(const struct rule *rule)
{
	char *id;

	if (asprintf(&id, "%s%s%s", kind_of(rule->kind)->word, rule->category ? "." : "",
		     rule->category ? rule->category : "") < 0)
		memory_exhausted();
	return id;
}

char *rule_name(const struct rule *rule)
{
	char *name = rule_id(rule), *to = name;
	bool capital = true;

	for (const char *from = name; *from; from++) {
		if (isalnum((unsigned char)*from))
			*to++ = (char)(capital ? toupper((unsigned char)*from) : *from);
		capital = !isalnum((unsigned char)*from);
	}
	*to = '\0';
	return name;
}

#define LATE                                                                                       \
	"While it lasts no other task or callback of that thread runs: every one of them is late " \
	"by as much."
#define CANCELLED                                                                                  \
	"A task may be cancelled at any yield: what must be cleaned up must not stand after it."
#define THREADS "Hold nothing across a yield that belongs to a thread: "

/* Why it is wrong, by the three rules of asynchronous code, and what to do instead. */
static const struct lesson {
	const char *word, *reason, *instead;
} lessons[] = {
	{ "lock-across-yield",
	  THREADS
	  "other tasks that want the lock wait for a task that is not running, and may hold "
	  "up the thread that would run it.",
	  "Release the lock before the await (a block of its own, drop(guard)), or use the "
	  "executor's own (tokio::sync::Mutex, asyncio.Lock)." },
	{ "borrow-across-yield",
	  THREADS "another task that borrows the same cell meanwhile panics.",
	  "End the borrow before the await: copy, or take out, what is needed." },
	{ "non-send-across-yield",
	  THREADS "such a task runs on the thread that made it, and on no other.",
	  "End the value before the await, or use what may be sent (Arc)." },
	{ "large-across-yield",
	  "What lives across a yield lies in the task: each of them is as large, and is copied "
	  "when it is made.",
	  "Put it into a Box or a Vec, or end it before the await." },
	{ "foreign-unlock",
	  "A lock belongs to the thread that took it: a task that yields while it holds one may go "
	  "on, and unlock, on another thread.",
	  "Release it before the await; to hand over ownership use a semaphore." },
	{ "deadlock", "None of them can go on: each waits for what another holds.",
	  "Take locks in one order everywhere, or one at a time." },
	{ "cancelled-holding", CANCELLED,
	  "Tie the release to a value that is dropped with the task (a guard, a destructor, a "
	  "finally block)." },
	{ "cancelled-task", CANCELLED,
	  "Put the clean-up into a destructor or a finally block, or spawn what must not be cut "
	  "short." },
	{ "long-turn", LATE,
	  "Move what computes or waits for long to where that is right (spawn_blocking, "
	  "asyncio.to_thread, a thread pool), or yield between parts of it (yield_now().await, "
	  "await asyncio.sleep(0))." },
	{ "", LATE, "Use the asynchronous equivalent, or a thread where blocking is right." },
};

static const struct lesson *lesson_of(enum finding_kind kind)
{
	const struct lesson *lesson = lessons;

	while (*lesson->word && strcmp(lesson->word, kind_of(kind)->word) != 0)
		lesson++;
	return lesson;
}

static void print_advice(FILE *out, const char *category, bool markdown)
{
	const char *executor, *advice;

	if (markdown)
		fputs("| executor | instead |\n|---|---|\n", out);
	for (size_t i = 0; (advice = advice_line(category, i, &executor)); i++)
		fprintf(out, markdown ? "| %s | %s |\n" : "%s: %s\n",
			executor ? executor : "any other", advice);
}

char *rule_help(const struct rule *rule, bool markdown)
{
	const struct lesson *lesson = lesson_of(rule->kind);
	char *help;
	size_t size;
	FILE *out = open_memstream(&help, &size);

	if (!out)
		memory_exhausted();
	fprintf(out, "%s %s\n\n", rule->title, lesson->reason);
	if (rule->category)
		print_advice(out, rule->category, markdown);
	else
		fprintf(out, "%s\n", lesson->instead);
	if (fclose(out))
		memory_exhausted();
	return help;
}
