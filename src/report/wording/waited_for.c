#include "waited_for.h"

#include <inttypes.h>
#include <string.h>

#include "headline.h"
#include "inspect/session.h"
#include "report/model/finding.h"

static bool has_one_of(const char *call, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strstr(call, words[i]))
			return true;
	return false;
}

#define HAS(call, ...)                                                                             \
	has_one_of(call, (const char *const[]){ __VA_ARGS__ },                                     \
		   sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static const char *waited_for_preposition(const char *call, enum waited_kind kind)
{
	if (kind == WAITED_FOR_HOST || kind == WAITED_FOR_CHILD)
		return "for";
	if (HAS(call, "readlink", "readdir", "stat"))
		return "of";
	if (HAS(call, "write", "send", "put", "print", "connect"))
		return "to";
	if (HAS(call, "read", "recv", "get", "scan"))
		return "from";
	return kind == WAITED_FOR_FILE ? "of" : "on";
}

/* "less (4711)"; NULL if it is not known. */
static const char *process_words(struct strings *strings, const struct waited_for *waited)
{
	if (!waited->pid)
		return NULL;
	return waited->name ? strings_print(strings, "%s (%" PRId64 ")", waited->name, waited->pid)
			    : strings_print(strings, "process %" PRId64, waited->pid);
}

static const char *object_words(struct session *session, const struct waited_for *waited,
				const char *word)
{
	struct strings *strings = &session->strings;
	const char *process = process_words(strings, waited);
	const char *other = !strcmp(word, "from") ? "of" : "to";

	switch (waited->kind) {
	case WAITED_FOR_PIPE:
		return process ? strings_print(strings, "a pipe %s %s", other, process) : "a pipe";
	case WAITED_FOR_CHILD:
		return process;
	case WAITED_FOR_SOCKET_PAIR:
		return "a socket pair";
	case WAITED_FOR_SOCKET:
		if (!waited->text)
			return process ? strings_print(strings, "a Unix socket %s %s", other,
						       process)
				       : NULL;
		return process ? strings_print(strings, "%s, %s", waited->text, process)
			       : waited->text;
	case WAITED_FOR_FILE:
		return shown_path(session, waited->text);
	default:
		return waited->text;
	}
}

static const char *lock_words(struct session *session, const struct finding *finding)
{
	const struct waited_for *waited = &finding->waited;
	struct strings *strings = &session->strings;
	const char *place = headline_place_of(session, &waited->taken);
	const char *thread =
		waited->name ? strings_print(strings, "%s (%" PRId64 ")", waited->name, waited->tid)
			     : strings_print(strings, "%" PRId64, waited->tid);

	return strings_print(strings, "%s, held by thread %s%s%s%s", finding->call, thread,
			     place ? ", taken in " : "", place ? place : "",
			     waited->others ? ", and by others" : "");
}

const char *waited_call(struct session *session, const struct finding *finding)
{
	static const char *const streams[] = { "standard input", "standard output",
					       "standard error" };
	const struct waited_for *waited = &finding->waited;
	const char *word, *object;

	if (!waited->kind)
		return finding->call;
	if (waited->kind == WAITED_FOR_LOCK)
		return lock_words(session, finding);
	word = waited_for_preposition(finding->call, waited->kind);
	object = object_words(session, waited, word);
	if (!object)
		return finding->call;
	if (waited->fd >= 0)
		object = strings_print(&session->strings, "%s, %s", streams[waited->fd], object);
	return strings_print(&session->strings, "%s %s %s%s", finding->call, word, object,
			     waited->others ? " and others" : "");
}
