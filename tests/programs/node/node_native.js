// Native functions that compute for long, called by JavaScript: the turn must name the function and
// file of their caller. V8 can be asked for the line of a call only where JavaScript itself runs;
// otherwise the source shows it if the function has one such call, and else the function's own is
// reported.
const crypto = require('crypto');
const zlib = require('zlib');

const text = JSON.stringify(Array.from({ length: 400000 }, (_, i) => ({ i, s: 'item ' + i })));
const bytes = crypto.randomBytes(16000000);

function parse_below() {
    const before = text.length;

    // not here: JSON.parse(text)
    const items = JSON.parse(text); // EXPECT error|warning busy kind=long-turn case=parse_below
    return items.length < before;
}
function derive_of_two(short) { // EXPECT error|warning busy kind=long-turn case=derive_of_two
    if (short)
        return crypto.pbkdf2Sync('p', 's', 1, 64, 'sha512');
    return crypto.pbkdf2Sync('p', 's', 400000, 64, 'sha512');
}
const { pbkdf2Sync } = crypto;
class Deriver {
    static derive() {
        const salt = 's';
        return pbkdf2Sync('p', salt, 400000, 64, 'sha512'); // EXPECT error|warning busy kind=long-turn case=derive_below
    }
}
function parse() { JSON.parse(text); } // EXPECT error|warning busy kind=long-turn case=parse
const match = () => /^(a+)+$/.test('a'.repeat(22) + '!'); // EXPECT error|warning busy kind=long-turn case=match
class Packer { gzip() { zlib.gzipSync(bytes); } } // EXPECT error|warning busy kind=long-turn case=gzip
async function derive() { crypto.pbkdf2Sync('p', 's', 400000, 64, 'sha512'); } // EXPECT error|warning busy kind=long-turn case=derive

const cases = { parse, match, gzip: () => new Packer().gzip(), derive, parse_below, derive_of_two, derive_below: Deriver.derive };
const name = process.argv[2];
setTimeout(() => cases[name](), 20);
setTimeout(() => console.log(name), 40);
