/* GLib's locks, which are futexes of its own. */
#include "locks.h"

#include <glib.h>

static GMutex mutex;
static GRecMutex recursive;
static GRWLock rwlock;

static void take_mutex(void)
{
	g_mutex_lock(&mutex); /* EXPECT warning lock-across-yield role=acquired case=g_mutex */
}

static void give_mutex(void)
{
	g_mutex_unlock(&mutex);
}

static void take_recursive(void)
{
	g_rec_mutex_lock(&recursive); /* EXPECT warning lock-across-yield role=acquired case=g_rec_mutex */
	g_rec_mutex_lock(&recursive);
	g_rec_mutex_unlock(&recursive);
}

static void give_recursive(void)
{
	g_rec_mutex_unlock(&recursive);
}

static void take_reader(void)
{
	g_rw_lock_reader_lock(&rwlock); /* EXPECT warning lock-across-yield role=acquired case=g_reader */
}

static void give_reader(void)
{
	g_rw_lock_reader_unlock(&rwlock);
}

static void take_writer(void)
{
	g_rw_lock_writer_lock(&rwlock); /* EXPECT warning lock-across-yield role=acquired case=g_writer */
}

static void give_writer(void)
{
	g_rw_lock_writer_unlock(&rwlock);
}

static void take_and_give(void)
{
	g_mutex_lock(&mutex);
	g_mutex_unlock(&mutex);
	g_rec_mutex_lock(&recursive);
	g_rec_mutex_lock(&recursive);
	g_rec_mutex_unlock(&recursive);
	g_rec_mutex_unlock(&recursive);
	g_rw_lock_reader_lock(&rwlock);
	g_rw_lock_reader_unlock(&rwlock);
	if (g_mutex_trylock(&mutex))
		g_mutex_unlock(&mutex);
}

static const struct lock_case cases[] = {
	{ "g_mutex", NULL, take_mutex, give_mutex, NULL },
	{ "g_rec_mutex", NULL, take_recursive, give_recursive, NULL },
	{ "g_reader", NULL, take_reader, give_reader, NULL },
	{ "g_writer", NULL, take_writer, give_writer, NULL },
	{ "g_released", NULL, take_and_give, take_and_give, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

const struct lock_case *const library_lock_cases = cases;
