/* Which loops keep only one client waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judgement/report/session.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void each_row_has_its_session(void **state)
{
	static const struct {
		struct loop_session_facts facts;
		enum loop_session session;
	} rows[] = {
		{ { 0 }, SESSION_SHARED },
		{ { .started_by_acceptor = true, .handed_over = 1 }, SESSION_SINGLE },
		{ { .started_by_acceptor = true }, SESSION_SINGLE },
		{ { .started_by_acceptor = true, .handed_over = 2 }, SESSION_SHARED },
		{ { .started_by_acceptor = true, .handed_over = 1, .accepts = true },
		  SESSION_SHARED },
		{ { .started_by_acceptor = true, .handed_over = 1, .listens = true },
		  SESSION_SHARED },
		{ { .started_by_acceptor = true, .handed_over = 1, .known_library = true },
		  SESSION_SHARED },
		{ { .own_peers_only = true }, SESSION_CLIENT },
		{ { .own_peers_only = true, .listens = true }, SESSION_SHARED },
		{ { .own_peers_only = true, .known_library = true }, SESSION_SHARED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (loop_session_of(&rows[i].facts) != rows[i].session)
			fail_msg("row %zu", i);
}

static void a_single_session_is_a_notice_at_most_and_a_client_a_warning(void **state)
{
	static const enum severity wanted[] = {
		[SESSION_SHARED] = SEVERITY_ERROR,
		[SESSION_SINGLE] = SEVERITY_NOTICE,
		[SESSION_CLIENT] = SEVERITY_WARNING,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wanted); i++) {
		struct verdict verdict = { SEVERITY_ERROR, 0 };

		loop_session_lower((enum loop_session)i, &verdict);
		assert_int_equal(verdict.severity, wanted[i]);
		assert_int_equal(verdict.reasons != 0, i != SESSION_SHARED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_its_session),
		cmocka_unit_test(a_single_session_is_a_notice_at_most_and_a_client_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
