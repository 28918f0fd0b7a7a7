#include "words.h"

#include <errno.h>
#include <string.h>

#include "finding.h"

#define WORD_OF(words, number) (words[(number) < sizeof words / sizeof *words ? (number) : 0])

const char *family_word(uint32_t family)
{
	static const char *const words[] = {
		[FAMILY_UNKNOWN] = "unknown",	    [FAMILY_TOKIO] = "tokio",
		[FAMILY_ASYNC_TASK] = "async-task", [FAMILY_EVENT_LOOP] = "event-loop",
		[FAMILY_COROUTINE] = "coroutine",   [FAMILY_ANNOTATED] = "annotated",
		[FAMILY_OPTION] = "option",
	};

	return WORD_OF(words, family);
}

static const char *const severity_words[] = {
	[SEVERITY_NONE] = "none",
	[SEVERITY_NOTICE] = "notice",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

const char *severity_word(uint32_t severity)
{
	return WORD_OF(severity_words, severity);
}

int severity_from_word(const char *word, enum severity *severity)
{
	for (int i = SEVERITY_NOTICE; i < SEVERITIES; i++)
		if (!strcmp(word, severity_words[i])) {
			*severity = (enum severity)i;
			return 0;
		}
	return -EINVAL;
}

const char *role_word(uint32_t role)
{
	static const char *const words[] = {
		[ROLE_BLOCKED] = "blocked", [ROLE_ACQUIRED] = "acquired",
		[ROLE_YIELDED] = "yielded", [ROLE_RELEASED] = "released",
		[ROLE_SAMPLE] = "sample",   [ROLE_WAITING] = "waiting",
		[ROLE_HOLDING] = "holding",
	};

	return WORD_OF(words, role);
}

const char *confidence_word(uint32_t confidence)
{
	static const char *const words[] = {
		[CONFIDENCE_LOW] = "low",
		[CONFIDENCE_MEDIUM] = "medium",
		[CONFIDENCE_HIGH] = "high",
	};

	return WORD_OF(words, confidence);
}

const char *stall_word(uint32_t stall)
{
	static const char *const words[] = {
		[STALL_UNKNOWN] = NULL,
		[STALL_BUSY] = "busy",
		[STALL_WAITING] = "waiting",
		[STALL_RUNNABLE] = "runnable",
	};

	return WORD_OF(words, stall);
}

const char *phase_word(enum phase phase)
{
	static const char *const words[PHASES] = {
		[PHASE_STARTUP] = "start-up",
		[PHASE_SHUTDOWN] = "shutdown",
	};

	return words[phase];
}
