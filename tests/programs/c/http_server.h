/* A server of small answers, in a thread of its own that blocks as it likes. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#define HTTP_BODY "hello\n"

/* Answers so many requests, then ends. Writes the address to ask: http://127.0.0.1:PORT/ */
void http_server_start(unsigned requests, char *url, unsigned long size);
void http_server_join(void);

#endif
