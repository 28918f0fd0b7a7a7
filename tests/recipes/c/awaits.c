#include <uv.h>

static void deliver(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, NULL);
}

int main(void)
{
	uv_timer_t timer;

	uv_timer_init(uv_default_loop(), &timer);
	uv_timer_start(&timer, deliver, 5, 0);
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
