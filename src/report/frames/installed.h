/*
 * Where Python packages are installed: site-packages, dist-packages, and any other directory that
 * pip filled (pip install --target, a zipped deployment), which has the packages' *.dist-info.
 */
#ifndef REPORT_INSTALLED_H
#define REPORT_INSTALLED_H

struct session;

/*
 * The rest of the path after that directory, "requests/api.py", a part of `file`; NULL: in none.
 * Without a session only the first two are known. The answers for directories are kept.
 */
const char *installed_path(struct session *session, const char *file);

void installed_deinit(struct session *session);

#endif
