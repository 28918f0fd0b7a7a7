#include "lock_advice.h"

#include <string.h>

#include "report/model/finding.h"

/* By name, else by family; the last line fits all. */
static const struct {
	const char *name;
	uint32_t family;
	const char *text;
} advice[] = {
	{ "asyncio", FAMILY_UNKNOWN,
	  "release it before control goes back to the event loop, or use asyncio.Lock with `async "
	  "with'" },
	{ "uvloop", FAMILY_UNKNOWN,
	  "release it before control goes back to the event loop, or use asyncio.Lock with `async "
	  "with'" },
	{ "Trio", FAMILY_UNKNOWN,
	  "release it before control goes back to the event loop, or use trio.Lock with `async "
	  "with'" },
	{ "Twisted", FAMILY_UNKNOWN,
	  "release it before control goes back to the reactor, or use defer.DeferredLock" },
	{ NULL, FAMILY_TOKIO,
	  "end the guard's scope, or drop it, before the .await; where the lock must be held over "
	  "one, use tokio::sync::Mutex" },
	{ NULL, FAMILY_ASYNC_TASK,
	  "end the guard's scope, or drop it, before the .await; where the lock must be held over "
	  "one, use async_lock::Mutex" },
	{ NULL, FAMILY_COROUTINE,
	  "release it before the coroutine is suspended; where it must be held, keep a flag and a "
	  "queue of waiting coroutines instead" },
	{ NULL, FAMILY_UNKNOWN,
	  "release it before the callback returns to the loop; where state must stay reserved, "
	  "keep "
	  "a flag that the loop's own callbacks look at, or hand the data over by a queue" },
};

const char *lock_advice(const struct finding *finding)
{
	size_t i, last = sizeof advice / sizeof *advice - 1;

	for (i = 0; i < last; i++)
		if (advice[i].name ? !strcmp(advice[i].name, finding->executor)
				   : advice[i].family == finding->family)
			break;
	return advice[i].text;
}
