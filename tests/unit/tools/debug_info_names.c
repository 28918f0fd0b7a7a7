/* Names: demangled, cleaned, found by address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "symbols/demangle.h"
#include "symbols/perf_map.h"
#include "symbols/spans.h"
#include "support/strings.h"

static void expect(const char *symbol, const char *name, const char *language)
{
	const char *reported;
	char *demangled = demangle(symbol, &reported);

	assert_string_equal(demangled, name);
	if (language)
		assert_string_equal(reported, language);
	else
		assert_null(reported);
	free(demangled);
}

static void rust_names_lose_their_hashes_and_arguments(void **state)
{
	(void)state;
	expect("_ZN5tokio7runtime4task3raw4poll17hb4cfa5f1e2d30987E",
	       "tokio::runtime::task::raw::poll", "Rust");
	expect("_ZN4demo4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE.llvm.7361",
	       "demo::main::{{closure}}", "Rust");
	expect("_ZN49_$LT$demo..S$u20$as$u20$core..ops..drop..Drop$GT$4drop17h0123456789abcdefE",
	       "<demo::S as core::ops::drop::Drop>::drop", "Rust");
	/* v0: generic arguments and the crate's hash */
	expect("_RINvNtC8demo_xyz3foo3barNtNtC4core6option6OptionE", "demo_xyz::foo::bar", "Rust");
	expect("_RNvCs1234_4demo4main", "demo::main", "Rust");
}

static void cplusplus_names_lose_their_parameters(void **state)
{
	(void)state;
	expect("_ZN3app7Handler2onEiPKc", "app::Handler::on", "C++");
	expect("_Z3runRKSt6vectorIiSaIiEE", "run", "C++");
	expect("_ZN3app4workEv.cold", "app::work", "C++");
}

static void other_names_stay_but_for_a_clones_suffix(void **state)
{
	(void)state;
	expect("main", "main", NULL);
	expect("parse.constprop.0", "parse", NULL);
	expect("parse.isra.0.cold", "parse", NULL);
	expect("pthread_create@@GLIBC_2.34", "pthread_create", NULL);
	expect("_ZN", "_ZN", NULL);
	expect("_R", "_R", NULL);
	expect("", "", NULL);
	expect("a.b", "a.b", NULL);
}

static void kept_texts_are_one_pointer_and_clean(void **state)
{
	struct strings strings;
	const char *kept;

	(void)state;
	strings_init(&strings);
	kept = strings_keep(&strings, "tokio");
	assert_ptr_equal(strings_keep_part(&strings, "tokio::x", 5), kept);
	assert_ptr_equal(strings_print(&strings, "%s%s", "tok", "io"), kept);
	assert_null(strings_keep(&strings, NULL));
	assert_string_equal(strings_keep(&strings, ""), "");
	assert_string_equal(strings_keep(&strings, "a\x1b[1m\x7f"), "a\u241b[1m\u2421");
	assert_string_equal(strings_keep(&strings, "gr\u00fc\u00df \U0001f980"),
			    "gr\u00fc\u00df \U0001f980");
	/* broken, overlong, surrogate, beyond, a C1 control */
	assert_string_equal(strings_keep(&strings, "\xc3(\xc0\xaf\xed\xa0\x80\xf5"),
			    "\ufffd(\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd");
	assert_string_equal(strings_keep(&strings, "\xc2\x9b"
						   "31m"),
			    "\ufffd31m");
	assert_string_equal(strings_keep_part(&strings, "gr\u00fc", 3), "gr\ufffd");
	strings_deinit(&strings);
}

static void the_innermost_span_is_found(void **state)
{
	struct spans spans = { 0 };

	(void)state;
	spans_add(&spans, 100, 200, 1);
	spans_add(&spans, 120, 130, 3);
	spans_add(&spans, 110, 150, 2);
	spans_add(&spans, 300, 310, 4);
	spans_add(&spans, 120, 130, 5); /* the same again: the later one counts */
	spans_add(&spans, 400, 400, 6); /* empty */
	spans_sort(&spans);
	assert_int_equal(spans_find(&spans, 100)->value, 1);
	assert_int_equal(spans_find(&spans, 119)->value, 2);
	assert_int_equal(spans_find(&spans, 125)->value, 5);
	assert_int_equal(spans_find(&spans, 149)->value, 2);
	assert_int_equal(spans_find(&spans, 199)->value, 1);
	assert_int_equal(spans_find(&spans, 309)->value, 4);
	assert_null(spans_find(&spans, 99));
	assert_null(spans_find(&spans, 200));
	assert_null(spans_find(&spans, 400));
	spans_deinit(&spans);
	assert_null(spans_find(&spans, 100));
}

static void a_perf_map_names_code_made_at_run_time(void **state)
{
	char path[] = "/tmp/yieldsan-perf-XXXXXX";
	struct strings strings;
	struct perf_map map;
	FILE *file = fdopen(mkstemp(path), "w");

	(void)state;
	fputs("7f00 40 LazyCompile:*handler app.js:12\nnonsense\n8000 zz x\n7f40 10 old\n"
	      "7f40 10 new\nffffffffffffff00 200 wraps\n",
	      file);
	fclose(file);
	strings_init(&strings);
	assert_int_equal(perf_map_read(&map, path, geteuid(), &strings), 0);
	assert_string_equal(perf_map_find(&map, 0x7f3f), "LazyCompile:*handler app.js:12");
	assert_string_equal(perf_map_find(&map, 0x7f48), "new");
	assert_null(perf_map_find(&map, 0x7f50));
	assert_null(perf_map_find(&map, 0xffffffffffffff10));
	perf_map_deinit(&map);
	remove(path);
	assert_true(perf_map_read(&map, path, geteuid(), &strings) < 0);
	assert_null(perf_map_find(&map, 0x7f3f));
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_true(perf_map_read(&map, path, geteuid(), &strings) < 0); /* /tmp is anybody's */
	remove(path);
	strings_deinit(&strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rust_names_lose_their_hashes_and_arguments),
		cmocka_unit_test(cplusplus_names_lose_their_parameters),
		cmocka_unit_test(other_names_stay_but_for_a_clones_suffix),
		cmocka_unit_test(kept_texts_are_one_pointer_and_clean),
		cmocka_unit_test(the_innermost_span_is_found),
		cmocka_unit_test(a_perf_map_names_code_made_at_run_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
