// Callbacks that block: in a child, in a file's synchronous write, in a computation.
const fs = require('fs');
const child = require('child_process');

function slow() {
  child.execSync('sleep 0.1');
}

function spawns() {
  child.spawnSync('sleep', ['0.1']);
}

function waits() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

function computes() {
  const end = Date.now() + 300;
  let number = 0;
  while (Date.now() < end)
    number += 1;
  return number;
}

function syncs() {
  const file = fs.openSync('out.txt', 'w');
  fs.writeSync(file, 'x'.repeat(100000));
  fs.fsyncSync(file);
  fs.closeSync(file);
}

const steps = [slow, spawns, waits, computes, syncs];
function next() {
  const step = steps.shift();
  if (step)
    step();
  if (steps.length)
    setTimeout(next, 10);
}
setTimeout(next, 20);
