// Native functions that compute for long, called by JavaScript: the turn must name the function and
// file of their caller. Each stands on one line: V8 can be asked for the line of a call only where
// JavaScript itself runs, and otherwise the function's own is reported.
const crypto = require('crypto');
const zlib = require('zlib');

const text = JSON.stringify(Array.from({ length: 400000 }, (_, i) => ({ i, s: 'item ' + i })));
const bytes = crypto.randomBytes(16000000);

function parse() { JSON.parse(text); } // EXPECT error|warning busy kind=long-turn case=parse
const match = () => /^(a+)+$/.test('a'.repeat(22) + '!'); // EXPECT error|warning busy kind=long-turn case=match
class Packer { gzip() { zlib.gzipSync(bytes); } } // EXPECT error|warning busy kind=long-turn case=gzip
async function derive() { crypto.pbkdf2Sync('p', 's', 400000, 64, 'sha512'); } // EXPECT error|warning busy kind=long-turn case=derive

const cases = { parse, match, gzip: () => new Packer().gzip(), derive };
const name = process.argv[2];
setTimeout(() => cases[name](), 20);
setTimeout(() => console.log(name), 40);
