/* Shortens Rust names to what their author would write. */
#ifndef REPORT_RUST_NAME_H
#define REPORT_RUST_NAME_H

#include "support/strings.h"

/*
 * "Server::poll" for "<Server as Future>::poll"; "app::show_user" for a function that a macro put
 * into "<app::show_user as HttpServiceFactory>::register::show_user";
 * "std::process::Command::status" for "<std::process::Command>::status". Generic arguments of more
 * than 40 bytes become "..". Kept.
 */
const char *rust_short_name(struct strings *strings, const char *name);

#endif
