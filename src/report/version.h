/* The version that reports name. */
#ifndef REPORT_VERSION_H
#define REPORT_VERSION_H

#define YIELDSAN_VERSION "0.1.0"

#endif
