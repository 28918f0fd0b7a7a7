'use strict';
// A well-behaved server: node_http.js PORT_FILE. Ends on SIGTERM.

const fs = require('fs');
const http = require('http');

const listener = http.createServer((_, response) => response.end('hello\n'));

listener.listen(0, '127.0.0.1', async () => {
    const unfinished = process.argv[2] + '.unfinished';
    // Renamed into place: a reader never sees half a number.
    await fs.promises.writeFile(unfinished, String(listener.address().port));
    await fs.promises.rename(unfinished, process.argv[2]);
});

process.on('SIGTERM', () => {
    listener.close(() => console.log('done'));
    listener.closeAllConnections();
});
