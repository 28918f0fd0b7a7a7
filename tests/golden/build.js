// A build script that does its work in callbacks: a child process, a wait for a worker, a pipe that is filled later.
const { execSync } = require('child_process');
const fs = require('fs');

function version() {
  return execSync('sleep 0.12; echo v1').toString().trim();
}

function waitForWorker() {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(cell, 0, 0, 80);
}

function readAnswer() {
  return fs.readFileSync('answer', 'utf8');
}

setTimeout(() => {
  version();
  setTimeout(() => {
    waitForWorker();
    setTimeout(readAnswer, 10);
  }, 10);
}, 10);
