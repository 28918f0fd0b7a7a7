/* Calls that make and name threads. */
#include <string.h>

#include "arguments.h"
#include "runtime/process/origins.h"
#include "call.h"
#include "modules_changed.h"
#include "runtime/trace/current_test.h"

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
			  void *data)
{
	int result;

	modules_changed_look();
	result = real.pthread_create(thread, attributes, run, data);
	if (!result) {
		origins_thread_made(*thread);
		current_test_thread_made(*thread);
	}
	return result;
}

EXPORT int thrd_create(thrd_t *thread, thrd_start_t run, void *data)
{
	int result;

	modules_changed_look();
	result = real.thrd_create(thread, run, data);
	if (!result)
		current_test_thread_made(*thread);
	return result;
}

EXPORT int pthread_setname_np(pthread_t thread, const char *name)
{
	int result = real.pthread_setname_np(thread, name);

	if (!result && pthread_equal(thread, pthread_self()) && !this_thread.vforked)
		thread_named(name);
	return result;
}
