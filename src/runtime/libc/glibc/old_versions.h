/*
 * Functions of glibc that have another form for older programs: another layout of the same object,
 * or other results. They are exported with the version that such a program requests, and only
 * forward. tests/versions.py compares this list with libc.
 *
 * OLD_VERSION(name, version)	a form of its own
 * SAME_VERSION(name, version)	the newest form under an older version, beside one of the above
 */
/* clang-format off */
OLD_VERSION(glob, GLIBC_2.2.5)
OLD_VERSION(glob64, GLIBC_2.2.5)
OLD_VERSION(lio_listio, GLIBC_2.2.5)
OLD_VERSION(lio_listio64, GLIBC_2.2.5)
OLD_VERSION(nftw, GLIBC_2.2.5)
OLD_VERSION(nftw64, GLIBC_2.2.5)
OLD_VERSION(posix_spawn, GLIBC_2.2.5)
OLD_VERSION(posix_spawnp, GLIBC_2.2.5)
OLD_VERSION(pthread_cond_destroy, GLIBC_2.2.5)
OLD_VERSION(pthread_cond_timedwait, GLIBC_2.2.5)
OLD_VERSION(pthread_cond_wait, GLIBC_2.2.5)
OLD_VERSION(quick_exit, GLIBC_2.10)
OLD_VERSION(realpath, GLIBC_2.2.5)
SAME_VERSION(lio_listio, GLIBC_2.4)
SAME_VERSION(lio_listio64, GLIBC_2.4)

/* clang-format on */
#undef OLD_VERSION
#undef SAME_VERSION
