/* Rust's names, shorter: as their author would write them. */
#ifndef REPORT_RUST_NAME_H
#define REPORT_RUST_NAME_H

#include "support/strings.h"

/*
 * "Server::poll" of "<Server as Future>::poll"; "app::show_user" of a function that a macro put
 * into "<app::show_user as HttpServiceFactory>::register::show_user";
 * "std::process::Command::status" of "<std::process::Command>::status". Generic arguments of more
 * than 40 bytes become "..". Kept.
 */
const char *rust_short_name(struct strings *strings, const char *name);

#endif
