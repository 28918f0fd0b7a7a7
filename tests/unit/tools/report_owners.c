/* Whose code a frame is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "support/strings.h"
#include "report/frames/frame.h"
#include "report/frames/ownership.h"

#define CRATES "/home/me/.cargo/registry/src/index.crates.io-6f17d22bba15001f/"

struct expectation {
	const char *function, *file, *language, *module;
	enum frame_owner owner;
	const char *package;
};

static const char executable[] = "/home/me/server/target/debug/server";

static void expect(const struct ownership *ownership, const struct expectation *cases, size_t count,
		   bool native)
{
	struct strings strings;

	strings_init(&strings);
	for (size_t i = 0; i < count; i++) {
		struct frame frame = { .function = cases[i].function,
				       .file = cases[i].file,
				       .language = cases[i].language,
				       .module = cases[i].module,
				       .native = native };

		frame_find_owner(&frame, ownership, &strings);
		if (frame.owner != cases[i].owner)
			fail_msg("%s in %s: owner %d", frame.function, frame.file, frame.owner);
		if (cases[i].package)
			assert_string_equal(frame.package, cases[i].package);
		else
			assert_null(frame.package);
	}
	strings_deinit(&strings);
}

static const struct ownership server = { .executable = executable };

#define EXPECT(cases, native) expect(&server, cases, sizeof cases / sizeof *cases, native)

static void source_files_tell_first(void **state)
{
	static const struct expectation cases[] = {
		{ "server::handle", "/home/me/server/src/main.rs", "Rust", executable,
		  OWNER_PROGRAM, NULL },
		{ "std::thread::sleep", "/rustc/5980/library/std/src/thread/mod.rs", "Rust",
		  executable, OWNER_STANDARD, "std" },
		{ "<gimli::read::Dwarf<R>>::load", "/rust/deps/gimli-0.32.3/src/read/dwarf.rs",
		  "Rust", executable, OWNER_STANDARD, "std" },
		{ "<F as core::ops::FnOnce>::call_once", "/rustc/5980/library/core/src/ops/f.rs",
		  "Rust", executable, OWNER_STANDARD, "std" },
		{ "poll_future", CRATES "tokio-1.24.2/src/runtime/task/harness.rs", "Rust",
		  executable, OWNER_EXECUTOR, "tokio" },
		{ "x", CRATES "tower-http-0.5.2/src/trace.rs", "Rust", executable, OWNER_DEPENDENCY,
		  "tower_http" },
		{ "y", CRATES "some-crate-9.0.0-rc.1/src/lib.rs", "Rust", executable,
		  OWNER_DEPENDENCY, "some_crate" },
		{ "std::vector::push_back", "/usr/include/c++/12/bits/vector.tcc", "C++",
		  executable, OWNER_STANDARD, "libstdc++" },
	};

	(void)state;
	EXPECT(cases, true);
}

static void names_tell_where_files_are_not_known(void **state)
{
	static const struct expectation cases[] = {
		{ "server::handle", NULL, "Rust", executable, OWNER_PROGRAM, NULL },
		{ "<server::Handler as tower::Service>::call", NULL, "Rust", executable,
		  OWNER_PROGRAM, NULL },
		{ "std::thread::sleep", NULL, "Rust", executable, OWNER_STANDARD, "std" },
		{ "<alloc::boxed::Box<dyn server::T> as core::ops::FnOnce>::call_once", NULL,
		  "Rust", executable, OWNER_STANDARD, "std" },
		{ "<&mut tokio::runtime::Handle>::block_on", NULL, "Rust", executable,
		  OWNER_EXECUTOR, "tokio" },
		{ "hyper::proto::h1::dispatch", NULL, "Rust", executable, OWNER_DEPENDENCY,
		  "hyper" },
		{ "hyperloop::run", NULL, "Rust", executable, OWNER_PROGRAM, NULL },
		{ "__rust_try", NULL, NULL, executable, OWNER_STANDARD, "std" },
		{ "uv__io_poll", NULL, NULL, executable, OWNER_EXECUTOR, "libuv" },
		{ "boost::asio::detail::scheduler::run", NULL, "C++", executable, OWNER_EXECUTOR,
		  "boost.asio" },
		{ "handle_request", NULL, "C", executable, OWNER_PROGRAM, NULL },
		{ NULL, NULL, NULL, executable, OWNER_PROGRAM, NULL },
	};

	(void)state;
	EXPECT(cases, true);
}

static void modules_tell_of_libraries_and_interpreters(void **state)
{
	static const struct expectation cases[] = {
		{ "read", NULL, "C", "/usr/lib/x86_64-linux-gnu/libc.so.6", OWNER_SYSTEM,
		  "libc.so.6" },
		{ "f", NULL, "C", "/nix/store/x-glibc/lib/libc.so.6", OWNER_SYSTEM, "libc.so.6" },
		{ "SSL_read", NULL, NULL, "/lib/x86_64-linux-gnu/libssl.so.3", OWNER_SYSTEM,
		  "libssl.so.3" },
		{ "g_main_loop_run", NULL, "C", "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0",
		  OWNER_EXECUTOR, "GLib" },
		{ "uv_run", NULL, "C", "/opt/lib/libuv.so.1", OWNER_EXECUTOR, "libuv" },
		{ "_PyEval_EvalFrameDefault", NULL, NULL, "/usr/bin/python3.11", OWNER_STANDARD,
		  "Python" },
		{ "v8::internal::X", NULL, "C++", "/usr/bin/node", OWNER_STANDARD, "Node" },
		{ "f", NULL, NULL, "/venv/lib/python3.11/site-packages/numpy/core.so",
		  OWNER_DEPENDENCY, "core.so" },
		{ "plugin_run", NULL, "C", "/home/me/server/plugins/a.so", OWNER_PROGRAM, NULL },
		{ NULL, NULL, NULL, "linux-vdso.so.1", OWNER_SYSTEM, "linux-vdso.so.1" },
		{ "jitted", NULL, NULL, NULL, OWNER_UNKNOWN, NULL },
	};

	(void)state;
	EXPECT(cases, true);
}

static void scripts_tell_by_where_they_lie(void **state)
{
	static const struct expectation cases[] = {
		{ "f", "/app/web.py", "Python", NULL, OWNER_PROGRAM, NULL },
		{ "<module>", "<string>", "Python", NULL, OWNER_PROGRAM, NULL },
		{ "_run_once", "/usr/lib/python3.11/asyncio/base_events.py", "Python", NULL,
		  OWNER_EXECUTOR, "asyncio" },
		{ "sleep", "/usr/lib/python3.11/threading.py", "Python", NULL, OWNER_STANDARD,
		  "Python" },
		{ "get", "/v/lib/python3.11/site-packages/requests/api.py", "Python", NULL,
		  OWNER_DEPENDENCY, "requests" },
		{ "f", "<frozen importlib._bootstrap>", "Python", NULL, OWNER_STANDARD, "Python" },
		{ "readFileSync", "node:fs", "JavaScript", NULL, OWNER_STANDARD, "Node" },
		{ "q", "/app/node_modules/pg/lib/client.js", "JavaScript", NULL, OWNER_DEPENDENCY,
		  "pg" },
		{ "save", "/app/t.js", "JavaScript", NULL, OWNER_PROGRAM, NULL },
	};

	(void)state;
	EXPECT(cases, false);
}

/* The crate is called as one of smol's, and is the program's all the same. */
static void a_crate_of_the_program_may_have_any_name(void **state)
{
	static const struct ownership blocking = { .executable = executable, .crate = "blocking" };
	static const struct expectation with_files[] = {
		{ "blocking::handle", "/home/me/blocking/src/lib.rs", "Rust", executable,
		  OWNER_PROGRAM, NULL },
		{ "polling::handle", "/home/me/server/polling/src/lib.rs", "Rust", executable,
		  OWNER_PROGRAM, NULL },
		{ "blocking::unblock", CRATES "blocking-1.6.0/src/lib.rs", "Rust", executable,
		  OWNER_EXECUTOR, "blocking" },
		{ "<alloc::vec::Vec<T>>::push", "src/main.rs", "Rust", executable, OWNER_PROGRAM,
		  NULL },
	};
	static const struct expectation without[] = {
		{ "blocking::handle", NULL, "Rust", executable, OWNER_PROGRAM, NULL },
		{ "polling::Poller::wait", NULL, "Rust", executable, OWNER_EXECUTOR, "polling" },
	};

	(void)state;
	EXPECT(with_files, true);
	expect(&blocking, without, sizeof without / sizeof *without, true);
}

static void paths_that_were_remapped_show_their_crates(void **state)
{
	static const struct expectation cases[] = {
		{ "poll_future", "tokio-1.24.2/src/runtime/task/harness.rs", "Rust", executable,
		  OWNER_EXECUTOR, "tokio" },
		{ "poll_future", "/deps/tokio-1.24.2/src/runtime/task/harness.rs", "Rust",
		  executable, OWNER_EXECUTOR, "tokio" },
		{ "f", "external/crates__serde_json-1.0.96/src/de.rs", "Rust", executable,
		  OWNER_DEPENDENCY, "serde_json" },
		{ "f", "external/rules_rust~~crate~crates__tokio-1.38.0/src/lib.rs", "Rust",
		  executable, OWNER_EXECUTOR, "tokio" },
		{ "f", "/home/me/server/vendor/tower-http/src/lib.rs", "Rust", executable,
		  OWNER_DEPENDENCY, "tower_http" },
		{ "f", "/home/me/.cargo/git/checkouts/hyper-0a1b2c3d/9f8e7d6/src/lib.rs", "Rust",
		  executable, OWNER_DEPENDENCY, "hyper" },
		{ "f", "/home/me/server-v2/src/lib.rs", "Rust", executable, OWNER_PROGRAM, NULL },
		{ "f", "library/std/src/thread/mod.rs", "Rust", executable, OWNER_STANDARD, "std" },
	};

	(void)state;
	EXPECT(cases, true);
}

static void a_program_from_a_store_of_crates_is_its_authors(void **state)
{
	static const struct ownership installed = { .executable = executable,
						    .crate = "server",
						    .sources = CRATES "server-1.2.3/" };
	static const struct expectation cases[] = {
		{ "server::handle", CRATES "server-1.2.3/src/main.rs", "Rust", executable,
		  OWNER_PROGRAM, NULL },
		{ "x", CRATES "server-core-1.2.3/src/lib.rs", "Rust", executable, OWNER_DEPENDENCY,
		  "server_core" },
	};

	(void)state;
	expect(&installed, cases, sizeof cases / sizeof *cases, true);
}

static void what_was_installed_with_the_script_is_the_users(void **state)
{
	static const char *packages[] = { "app", "@me/app" };
	static const struct ownership installed = { .executable = "/usr/bin/python3.11",
						    .packages = packages,
						    .package_count = 2 };
	static const struct expectation cases[] = {
		{ "f", "/v/lib/python3.11/site-packages/app/web.py", "Python", NULL, OWNER_PROGRAM,
		  NULL },
		{ "f", "/v/lib/python3.11/site-packages/apple/web.py", "Python", NULL,
		  OWNER_DEPENDENCY, "apple" },
		{ "f", "/usr/lib/node_modules/@me/app/index.js", "JavaScript", NULL, OWNER_PROGRAM,
		  NULL },
		{ "f", "/usr/lib/node_modules/@me/app/node_modules/pg/client.js", "JavaScript",
		  NULL, OWNER_DEPENDENCY, "pg" },
	};

	(void)state;
	expect(&installed, cases, sizeof cases / sizeof *cases, false);
}

static void the_option_own_comes_first(void **state)
{
	static const struct ownership mine = { .executable = executable,
					       .own = "tower_http,*/plugins/*" };
	static const struct expectation cases[] = {
		{ "x", CRATES "tower-http-0.5.2/src/trace.rs", "Rust", executable, OWNER_PROGRAM,
		  NULL },
		{ "x", CRATES "tower-0.5.2/src/lib.rs", "Rust", executable, OWNER_DEPENDENCY,
		  "tower" },
		{ "f", NULL, "C", "/usr/lib/server/plugins/a.so", OWNER_PROGRAM, NULL },
	};

	(void)state;
	expect(&mine, cases, sizeof cases / sizeof *cases, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_files_tell_first),
		cmocka_unit_test(names_tell_where_files_are_not_known),
		cmocka_unit_test(modules_tell_of_libraries_and_interpreters),
		cmocka_unit_test(scripts_tell_by_where_they_lie),
		cmocka_unit_test(a_crate_of_the_program_may_have_any_name),
		cmocka_unit_test(paths_that_were_remapped_show_their_crates),
		cmocka_unit_test(a_program_from_a_store_of_crates_is_its_authors),
		cmocka_unit_test(what_was_installed_with_the_script_is_the_users),
		cmocka_unit_test(the_option_own_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
