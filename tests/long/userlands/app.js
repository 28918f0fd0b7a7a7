const { execFileSync } = require('child_process');

let left = 3;

function handler() {
	execFileSync('/ys/loop', ['nap']);
	if (--left)
		setTimeout(handler, 10);
	else
		console.log('done');
}

setTimeout(handler, 10);
