'use strict';
const childProcess = require('child_process');
const test = require('node:test');

function deliverBlocking() {
    childProcess.execSync('sleep 0.05');
}

test('delivers blocking', async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    deliverBlocking();
});
