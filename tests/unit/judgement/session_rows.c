/* What a loop that keeps only one client waiting deserves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judgement/session.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void a_single_session_is_a_notice_at_most_and_a_client_a_warning(void **state)
{
	static const struct {
		enum session session;
		enum severity before, after;
		reason_set reasons;
	} rows[] = {
		{ SESSION_MANY, SEVERITY_ERROR, SEVERITY_ERROR, 0 },
		{ SESSION_ONE, SEVERITY_ERROR, SEVERITY_NOTICE, REASON_BIT(REASON_SINGLE_SESSION) },
		{ SESSION_ONE, SEVERITY_NOTICE, SEVERITY_NOTICE, 0 },
		{ SESSION_PEER, SEVERITY_ERROR, SEVERITY_WARNING,
		  REASON_BIT(REASON_CLIENT_SESSION) },
		{ SESSION_PEER, SEVERITY_WARNING, SEVERITY_WARNING, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct verdict verdict = { rows[i].before, 0 };

		session_judge(&verdict, rows[i].session);
		assert_int_equal(verdict.severity, rows[i].after);
		assert_true(verdict.reasons == rows[i].reasons);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_single_session_is_a_notice_at_most_and_a_client_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
