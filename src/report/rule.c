#include "rule.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "kind.h"

/* Those of a kind stand together, the one for what has no category, or another one, last. */
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

#define COUNT (sizeof rules / sizeof *rules)

const struct rule *rule_at(size_t n)
{
	return n < COUNT ? &rules[n] : NULL;
}

size_t rule_of(const struct finding *finding)
{
	size_t i;

	for (i = 0; i + 1 < COUNT; i++)
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

/* Why it is one: the three rules of asynchronous code. */
static const char *reason(enum finding_kind kind)
{
	static const struct {
		const char *word, *reason;
	} reasons[] = {
		{ "lock-across-yield",
		  "Hold nothing across a yield that belongs to a thread: whoever else wants the "
		  "lock "
		  "waits for a task that is not running, and may hold up the thread that would "
		  "run it." },
		{ "borrow-across-yield",
		  "Hold nothing across a yield that belongs to a thread: another task that "
		  "borrows the same cell meanwhile panics." },
		{ "foreign-unlock", "A lock belongs to the thread that took it: a task that yields "
				    "while it holds one "
				    "may go on, and unlock, on another thread." },
		{ "deadlock", "None of the threads can go on: each waits for what another holds." },
		{ "cancelled-holding",
		  "A task may be cancelled at any yield: what must be cleaned up must not stand "
		  "after it." },
		{ "cancelled-task",
		  "A task may be cancelled at any yield: what must be cleaned up must not stand "
		  "after it." },
	};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (!strcmp(reasons[i].word, kind_of(kind)->word))
			return reasons[i].reason;
	return "While it lasts no other task or callback of that thread runs: every one of them is "
	       "late by as much.";
}

char *rule_help(const struct rule *rule, bool markdown)
{
	const char *executor, *advice;
	char *help;
	size_t size;
	FILE *out = open_memstream(&help, &size);

	if (!out)
		memory_exhausted();
	fprintf(out, "%s %s\n", rule->title, reason(rule->kind));
	if (rule->category && markdown)
		fputs("\n| executor | instead |\n|---|---|\n", out);
	for (size_t i = 0; rule->category && (advice = advice_line(rule->category, i, &executor));
	     i++)
		fprintf(out, markdown ? "| %s | %s |\n" : "%s: %s\n",
			executor ? executor : "any other", advice);
	if (fclose(out))
		memory_exhausted();
	return help;
}
