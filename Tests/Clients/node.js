// The official client in Node, told what to do by lines of JSON on standard input; answers each with a line.
// Its Node build takes `ws` and an XMLHttpRequest from npm; Debian has the same two. The bundle reads attachments for
// polling with a FileReader.
'use strict';
const readline = require('node:readline');
globalThis.WebSocket = require('ws');
globalThis.XMLHttpRequest = require('xmlhttprequest').XMLHttpRequest;
globalThis.FileReader = class {
  async readAsDataURL(blob) {
    this.result = `data:;base64,${Buffer.from(await blob.arrayBuffer()).toString('base64')}`;
    this.onload();
  }
};
const io = require(process.argv[2]);
require('./scenarios.js');

const calls = {
  names: () => [globalThis.scenarios.names, globalThis.scenarios.recovery],
  run: ({ url, transports, name }) => globalThis.scenarios.run(io, url, transports, name),
  hold: ({ url, transports }) => globalThis.scenarios.hold(io, url, transports),
  comeBack: () => globalThis.scenarios.comeBack(),
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { call, ...options } = JSON.parse(line);
    let answer;
    try {
      answer = { result: (await calls[call](options)) ?? null };
    } catch (error) {
      answer = { error: String(error.stack ?? error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}

main();
