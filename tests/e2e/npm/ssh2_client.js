// node's ssh2 as a program: ssh2_client.js PORT USER key:FILE|password:TEXT MODE [ARGUMENT ...]
// Modes: exec COMMAND; shell (input is typed); sftp FILE REMOTE BACK; forward PORT
'use strict';
const fs = require('fs');
const path = require('path');
const { Client } = require(path.join(process.env.NODE_MODULES, 'ssh2'));

const [port, username, auth, mode, ...rest] = process.argv.slice(2);
const colon = auth.indexOf(':');
const secret = auth.slice(colon + 1);
const login = auth.startsWith('key:') ? { privateKey: fs.readFileSync(secret) } : { password: secret };
const algorithms = process.env.ALGORITHMS ? JSON.parse(process.env.ALGORITHMS) : undefined;
const client = new Client();

function fail(error) {
  if (!error) return;
  console.error(String(error));
  process.exit(254);
}

function finish(status) {
  client.end();
  process.exitCode = status;
}

function join(stream) {
  stream.on('exit', (code) => { process.exitCode = code; });
  stream.on('close', () => finish(process.exitCode));
  stream.pipe(process.stdout);
  process.stdin.pipe(stream);
}

const modes = {
  exec: (command) => client.exec(command, (error, stream) => { fail(error); join(stream); }),
  shell: () => client.shell({ term: 'xterm', rows: 31, cols: 97 },
    (error, stream) => { fail(error); join(stream); }),
  sftp: (file, remote, back) => client.sftp((error, sftp) => {
    fail(error);
    sftp.fastPut(file, remote, (e) => {
      fail(e);
      sftp.fastGet(remote, back, (e2) => { fail(e2); finish(0); });
    });
  }),
  forward: (to) => client.forwardOut('127.0.0.1', 1, '127.0.0.1', Number(to),
    (error, stream) => { fail(error); process.exitCode = 0; join(stream); }),
};

client.on('ready', () => modes[mode](...rest));
client.on('error', fail);
client.connect({ host: '127.0.0.1', port: Number(port), username, algorithms, ...login });
