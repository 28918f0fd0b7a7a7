// An HTTP server that answers with 4 KB and prints its port: no call of it blocks.
"use strict";
const body = Buffer.alloc(4096, "x");
const server = require("http").createServer((request, response) => response.end(body));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
