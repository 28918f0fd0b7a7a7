#include "held_types.h"

#include <stdint.h>
#include <string.h>

#include "shared/pattern.h"

#define PATH_SIZE 256

/* Matched against the path without generic arguments; the first match counts. */
static const struct {
	const char *pattern;
	enum held_class class;
} held_types[] = {
	{ "std::sync::*MutexGuard", HELD_LOCK },
	{ "std::sync::*RwLockReadGuard", HELD_LOCK },
	{ "std::sync::*RwLockWriteGuard", HELD_LOCK },
	{ "std::sync::reentrant_lock::ReentrantLockGuard", HELD_LOCK },
	{ "lock_api::*Guard", HELD_LOCK }, /* parking_lot re-exports these */
	{ "spin::*Guard", HELD_LOCK },
	{ "dashmap::mapref::*", HELD_LOCK },
	{ "core::cell::Ref", HELD_BORROW },
	{ "core::cell::RefMut", HELD_BORROW },
	{ "tokio::sync::*Guard", HELD_ASYNC_LOCK },
	{ "tokio::sync::semaphore::*Permit", HELD_ASYNC_LOCK },
	{ "async_lock::*Guard*", HELD_ASYNC_LOCK },
	{ "futures_util::lock::*Guard", HELD_ASYNC_LOCK },
	{ "alloc::rc::Rc", HELD_NON_SEND },
	{ "alloc::rc::Weak", HELD_NON_SEND },
	{ "tracing::span::Entered", HELD_NON_SEND },
	/* C++ */
	{ "std::*lock_guard", HELD_LOCK },
	{ "std::*scoped_lock", HELD_LOCK },
	{ "std::*unique_lock", HELD_LOCK },
	{ "std::*shared_lock", HELD_LOCK },
	{ "boost::*lock_guard", HELD_LOCK },
	{ "boost::*_lock", HELD_LOCK }, /* unique, shared, upgrade, strict, reverse */
	{ "absl::*MutexLock", HELD_LOCK },
	{ "absl::*MutexLockMaybe", HELD_LOCK },
	{ "absl::*SpinLockHolder", HELD_LOCK },
	{ "tbb::*scoped_lock", HELD_LOCK },
	{ "folly::*LockedPtr", HELD_LOCK },
	{ "folly::*Holder", HELD_LOCK }, /* of SharedMutex: ReadHolder, WriteHolder, ... */
	{ "QMutexLocker", HELD_LOCK },
	{ "QReadLocker", HELD_LOCK },
	{ "QWriteLocker", HELD_LOCK },
	{ "cppcoro::*async_mutex_lock", HELD_ASYNC_LOCK },
};

/* Removes generic arguments. False if the path is too long. */
static bool held_type_path(const char *name, char path[PATH_SIZE])
{
	size_t length = strcspn(name, "<");

	if (length >= PATH_SIZE)
		return false;
	memcpy(path, name, length);
	path[length] = '\0';
	return true;
}

/* std re-exports what is in core and alloc. */
static bool held_pattern_fits(const char *pattern, const char *path)
{
	static const char std[] = "std::";
	static const char *const crates[] = { "core::", "alloc::" };

	if (pattern_matches(pattern, strlen(pattern), path))
		return true;
	if (strncmp(pattern, std, strlen(std)) != 0)
		return false;
	for (size_t i = 0; i < sizeof crates / sizeof *crates; i++)
		if (!strncmp(path, crates[i], strlen(crates[i])) &&
		    pattern_matches(pattern + strlen(std), strlen(pattern + strlen(std)),
				    path + strlen(crates[i])))
			return true;
	return false;
}

bool held_is_own(const char *name, const struct held_patterns *own)
{
	char path[PATH_SIZE];
	bool found = false;

	if (!own || !own->count || !held_type_path(name, path))
		return false;
	for (size_t i = 0; i < own->count; i++)
		if (held_pattern_fits(own->patterns[i], path)) {
			found = true;
			if (own->matched)
				own->matched[i] = true;
		}
	return found;
}

enum held_class held_class_of(const char *name, const struct held_patterns *own)
{
	char path[PATH_SIZE];

	if (held_is_own(name, own))
		return HELD_LOCK;
	if (!held_type_path(name, path))
		return HELD_NOTHING;
	for (size_t i = 0; i < sizeof held_types / sizeof *held_types; i++)
		if (pattern_matches(held_types[i].pattern, strlen(held_types[i].pattern), path))
			return held_types[i].class;
	return HELD_NOTHING;
}
