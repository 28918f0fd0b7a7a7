/* Rust's names as reports show them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/frames/rust_name.h"

static void expect(const char *name, const char *shown)
{
	struct strings strings;

	strings_init(&strings);
	assert_string_equal(rust_short_name(&strings, name), shown);
	strings_deinit(&strings);
}

static void a_method_is_its_types(void **state)
{
	(void)state;
	expect("<std::process::Command>::status", "std::process::Command::status");
	expect("<actix_server::server::Server as core::future::future::Future>::poll",
	       "actix_server::server::Server::poll");
	expect("<app::Pool<app::Key> as core::ops::drop::Drop>::drop", "app::Pool<app::Key>::drop");
}

static void a_parameter_says_less_than_the_trait(void **state)
{
	(void)state;
	expect("<F as core::ops::function::FnOnce<()>>::call_once",
	       "core::ops::function::FnOnce<()>::call_once");
	expect("<&mut app::Pool>::get", "<&mut app::Pool>::get");
}

static void a_function_that_a_macro_put_into_an_impl_is_itself(void **state)
{
	(void)state;
	expect("<app::show_user as actix_web::service::HttpServiceFactory>::register::show_user::"
	       "{{closure}}",
	       "app::show_user::{{closure}}");
	expect("<app::Job as app::Run>::run::{{closure}}", "app::Job::run::{{closure}}");
}

static void long_arguments_are_left_out(void **state)
{
	(void)state;
	expect("axum::serve::connection<tokio::net::TcpListener, axum::routing::Router<()>>",
	       "axum::serve::connection<..>");
	expect("app::get<u32>", "app::get<u32>");
	expect("app::main::{{closure}}", "app::main::{{closure}}");
	expect("app::map<fn(u32) -> app::A>::run", "app::map<fn(u32) -> app::A>::run");
}

static void names_that_are_none_stay(void **state)
{
	(void)state;
	expect("<", "<");
	expect("<a", "<a");
	expect("<a as ", "<a as ");
	expect("<>::", "<>::");
	expect("<a::b as >::", "a::b as ::");
	expect("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_method_is_its_types),
		cmocka_unit_test(a_parameter_says_less_than_the_trait),
		cmocka_unit_test(a_function_that_a_macro_put_into_an_impl_is_itself),
		cmocka_unit_test(long_arguments_are_left_out),
		cmocka_unit_test(names_that_are_none_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
