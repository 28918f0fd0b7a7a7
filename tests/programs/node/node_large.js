// Functions of a large source, 1.5 million characters of two bytes each, call one that computes, from 60 places:
// the lines of their positions are looked up in every sample, which must not bring the program to a halt.
"use strict";

const fs = require("fs");

const DEPTH = 10, WAYS = 60;

function compute() {
    const end = process.cpuUsage().user + 10000;

    while (process.cpuUsage().user < end)
        for (let i = 0; i < 100000; i++); // EXPECT error busy kind=long-turn case=compute
}

const lines = ["// \u2026"];
for (let i = 0; i < 30000; i++)
    lines.push(`// line ${String(i).padStart(42, "-")}`);
for (let i = 0; i < DEPTH; i++)
    lines.push(`function f${i}(callback) { return ${i ? `f${i - 1}(callback)` : "callback()"} + 1 }`);
for (let i = 0; i < WAYS; i++)
    lines.push(`function way${i}(callback) { return f${DEPTH - 1}(callback) + ${i} }`);
lines.push(`module.exports = [${Array.from({ length: WAYS }, (_, i) => `way${i}`).join(", ")}]`, "");
fs.writeFileSync("large.js", lines.join("\n"));
const large = require(process.cwd() + "/large.js");

setTimeout(() => {
    for (const way of large)
        way(compute);
    console.log("done");
}, 20);
