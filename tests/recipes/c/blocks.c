#include <unistd.h>
#include <uv.h>

static void deliver_blocking(uv_timer_t *timer)
{
	usleep(5000);
	uv_close((uv_handle_t *)timer, NULL);
}

int main(void)
{
	uv_timer_t timer;

	uv_timer_init(uv_default_loop(), &timer);
	uv_timer_start(&timer, deliver_blocking, 20, 0);
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
