/* The web-framework handler in whose turn a finding lies: for scripts, whose stacks show it. */
#ifndef REPORT_HANDLER_H
#define REPORT_HANDLER_H

struct finding;
struct session;

/*
 * "task: @app.get("/user/{id}") show_user at app.py:10 > load at app.py:4": the program's functions
 * from the one that the framework called inwards, with the route if the source shows it. NULL: no
 * known framework. Kept.
 */
const char *handler_text(struct session *session, const struct finding *finding);

#endif
