'use strict';
const test = require('node:test');

test('delivers', async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
});
