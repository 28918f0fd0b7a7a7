/* The version that reports name; a build may override it. */
#ifndef REPORT_VERSION_H
#define REPORT_VERSION_H

#ifndef YIELDSAN_VERSION
#define YIELDSAN_VERSION "0.1.0"
#endif

#endif
