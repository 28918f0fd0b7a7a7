/*
 * Suppressions: findings that are known and accepted, by rules in a file that authors keep beside
 * their code. One rule a line; all conditions of a line must hold:
 *
 *	# The pool is small and warm: waiting for it is bounded.
 *	function:app::db::* & call:pthread_mutex_lock
 *	file:src/legacy.py			# until the move to asyncpg
 */
#ifndef REPORT_SUPPRESSIONS_H
#define REPORT_SUPPRESSIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/strings.h"

struct finding;

#define SUPPRESSIONS_FILE	   ".yieldsan-suppressions" /* found automatically */
#define SUPPRESSIONS_SENTENCE_SIZE (PATH_MAX + 512)
#define SUPPRESSION_CONDITIONS	   8 /* on one line */

struct suppression_type;

struct suppression {
	const char *path; /* of the file that contains it */
	unsigned line;
	const char *text;   /* the rule as written, without its comment */
	const char *reason; /* the comment after it, or right before it; NULL: none */
	struct suppression_condition {
		const struct suppression_type *type;
		const char *pattern; /* in text */
		size_t length;
	} conditions[SUPPRESSION_CONDITIONS];
	size_t condition_count;
	/* What it has matched so far. */
	uint64_t findings, events;
};

/* All zero: none. */
struct suppressions {
	struct strings strings;
	bool used; /* owns the strings */
	struct suppression *rules;
	size_t count, room;
};

/*
 * Adds the rules of a file. Returns 0, or -errno with the reason in `sentence`: -EINVAL and the
 * line number for a line that is not a rule.
 */
int suppressions_read(struct suppressions *suppressions, const char *path,
		      char sentence[SUPPRESSIONS_SENTENCE_SIZE]);

void suppressions_deinit(struct suppressions *suppressions);

/* Finds the file of the usual name in `directory` or the nearest parent. False: there is none. */
bool suppressions_find(const char *directory, char path[PATH_MAX]);

/* Why a file that was found, not named by the user, is not used: another user may have written it.
 * NULL: it is used. */
const char *suppressions_distrust(const char *path);

/* The first rule that matches; NULL: none does. Counts each one that does. */
const struct suppression *suppressions_match(struct suppressions *suppressions,
					     const struct finding *finding);

/* How many rules matched nothing so far. */
size_t suppressions_unused(const struct suppressions *suppressions);

#endif
