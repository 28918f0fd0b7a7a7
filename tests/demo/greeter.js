// A service that greets each client, and its clients. It works, and blocks its event loop in two
// places.
"use strict";

const { execFileSync } = require("child_process");
const { pbkdf2Sync } = require("crypto");
const net = require("net");

const CLIENTS = 4;

function greeting() {
  // execFile would let others go on.
  return execFileSync("sh", ["-c", "sleep 0.05; uname -n"]);
}

function sign(text) {
  // pbkdf2 computes on a thread of its own.
  return pbkdf2Sync(text, "salt", 200000, 32, "sha256").toString("hex");
}

const server = net.createServer((socket) => {
  const text = greeting();
  socket.end(text + sign(text));
});

server.listen(0, "127.0.0.1", () => {
  let left = CLIENTS;
  for (let i = 0; i < CLIENTS; i++) {
    const client = net.connect(server.address().port, "127.0.0.1");
    client.resume().on("end", () => {
      if (--left === 0) server.close();
    });
  }
});
