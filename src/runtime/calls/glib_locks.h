/*
 * GLib's locks, which have their own inlined code since 2.32: one line each, as in table.h. The
 * functions are GLib's, wherever it was loaded.
 *
 * GLIB_LOCK(kind, name, try), GLIB_TRY_LOCK(kind, name), GLIB_UNLOCK(kind, name)
 * GLIB_CONDITION(ret, name, params, args): releases `mutex` while it waits
 */
/* clang-format off */
GLIB_LOCK(GLIB_MUTEX, g_mutex_lock, g_mutex_trylock)
GLIB_LOCK(GLIB_MUTEX, g_rec_mutex_lock, g_rec_mutex_trylock)
GLIB_LOCK(GLIB_WRITE, g_rw_lock_writer_lock, g_rw_lock_writer_trylock)
GLIB_LOCK(GLIB_READ, g_rw_lock_reader_lock, g_rw_lock_reader_trylock)
GLIB_TRY_LOCK(GLIB_MUTEX, g_mutex_trylock)
GLIB_TRY_LOCK(GLIB_MUTEX, g_rec_mutex_trylock)
GLIB_TRY_LOCK(GLIB_WRITE, g_rw_lock_writer_trylock)
GLIB_TRY_LOCK(GLIB_READ, g_rw_lock_reader_trylock)
GLIB_UNLOCK(GLIB_MUTEX, g_mutex_unlock)
GLIB_UNLOCK(GLIB_MUTEX, g_rec_mutex_unlock)
GLIB_UNLOCK(GLIB_WRITE, g_rw_lock_writer_unlock)
GLIB_UNLOCK(GLIB_READ, g_rw_lock_reader_unlock)
GLIB_CONDITION(void, g_cond_wait, (void *condition, void *mutex), (condition, mutex))
GLIB_CONDITION(int, g_cond_wait_until, (void *condition, void *mutex, int64_t end_us), (condition, mutex, end_us))
/* clang-format on */
#undef GLIB_CONDITION
#undef GLIB_LOCK
#undef GLIB_TRY_LOCK
#undef GLIB_UNLOCK
