/* The files in report/html/, linked in as texts (html_files.S), and the hashes of two of them. The
 * Makefile computes the hashes in the form of a Content-Security-Policy: base64 of SHA-256. */
#ifndef REPORT_FORMATS_HTML_FILES_H
#define REPORT_FORMATS_HTML_FILES_H

#include "html_hashes.h"

extern const char html_page[], html_style[], html_script[];

#endif
