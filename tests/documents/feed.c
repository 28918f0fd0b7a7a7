/* Two requests of one libuv loop that want one lock: the deadlock of tools/doc/locks.md. */
#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

static pthread_mutex_t buffer = PTHREAD_MUTEX_INITIALIZER;
static uv_timer_t first, second, answer;

/* The answer has arrived: the next request may have the buffer. */
static void answered(uv_timer_t *timer)
{
	(void)timer;
	pthread_mutex_unlock(&buffer);
}

/* Reserves the buffer until the answer has arrived. */
static void request(uv_timer_t *timer)
{
	(void)timer;
	pthread_mutex_lock(&buffer);
	uv_timer_start(&answer, answered, 100, 0);
}

int main(void)
{
	uv_loop_t *loop = uv_default_loop();

	uv_timer_init(loop, &answer);
	uv_timer_init(loop, &first);
	uv_timer_init(loop, &second);
	uv_timer_start(&first, request, 10, 0);
	uv_timer_start(&second, request, 60, 0);
	return uv_run(loop, UV_RUN_DEFAULT);
}
