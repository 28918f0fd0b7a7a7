#include "test_words.h"

#include "inspect/session.h"
#include "report/model/finding.h"

#define NAMED 3

const char *test_words(struct session *session, const struct finding *finding)
{
	const char *text;

	if (!finding->test_count)
		return NULL;
	text = strings_print(&session->strings, "in test%s %s", finding->test_count > 1 ? "s" : "",
			     finding->tests[0]);
	for (size_t i = 1; i < finding->test_count && i < NAMED; i++)
		text = strings_print(&session->strings, "%s%s%s", text,
				     i + 1 == finding->test_count ? " and " : ", ",
				     finding->tests[i]);
	if (finding->test_count > NAMED)
		text = strings_print(&session->strings, "%s and %zu more", text,
				     finding->test_count - NAMED);
	return text;
}
