/* Marks of yieldsan.h for Node: an addon of Node-API. See marks.js. */
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

#include <yieldsan/yieldsan.h>

/* The library reads a reason as long as the process lives. */
static napi_value allow_begin(napi_env env, napi_callback_info info)
{
	napi_value argument;
	size_t count = 1, length = 0;
	char *reason;

	napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
	if (napi_get_value_string_utf8(env, argument, NULL, 0, &length) != napi_ok)
		length = 0;
	reason = calloc(1, length + 1);
	if (reason)
		napi_get_value_string_utf8(env, argument, reason, length + 1, &length);
	yieldsan_allow_begin(reason ? reason : "");
	return NULL;
}

#define MARK(name, call)                                                                           \
	static napi_value name(napi_env env, napi_callback_info info)                              \
	{                                                                                          \
		(void)env;                                                                         \
		(void)info;                                                                        \
		call;                                                                              \
		return NULL;                                                                       \
	}

MARK(allow_end, yieldsan_allow_end())
MARK(forbid_begin, yieldsan_forbid_begin())
MARK(forbid_end, yieldsan_forbid_end())
MARK(blocking_begin, yieldsan_blocking_begin())
MARK(blocking_end, yieldsan_blocking_end(NULL))

NAPI_MODULE_INIT()
{
	const struct {
		const char *name;
		napi_callback call;
	} marks[] = {
		{ "allowBegin", allow_begin },	     { "allowEnd", allow_end },
		{ "forbidBegin", forbid_begin },     { "forbidEnd", forbid_end },
		{ "blockingBegin", blocking_begin }, { "blockingEnd", blocking_end },
	};
	napi_value function;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (napi_create_function(env, marks[i].name, NAPI_AUTO_LENGTH, marks[i].call, NULL,
					 &function) == napi_ok)
			napi_set_named_property(env, exports, marks[i].name, function);
	return exports;
}
