// russh (Rust, by its binding for node) as a program: the client with mlkem768x25519-sha256.
// russh_client.js PORT USER key:FILE|password:TEXT MODE [ARGUMENT ...]
// Modes: exec COMMAND; shell (input is typed); sftp FILE REMOTE BACK; forward PORT
// The binding tells no exit status, so exec prints it behind the output.
'use strict';
const fs = require('fs');
const path = require('path');
const russh = require(path.join(process.env.NODE_MODULES, 'russh'));

const [port, user, auth, mode, ...rest] = process.argv.slice(2);
const secret = auth.slice(auth.indexOf(':') + 1);
const OPEN_READ = russh.OPEN_READ, OPEN_NEW = russh.OPEN_WRITE | russh.OPEN_CREATE | russh.OPEN_TRUNCATE;

async function logIn() {
  const transport = await russh.SshTransport.newSocket('127.0.0.1:' + port);
  const preferred = { kex: process.env.KEX ? [process.env.KEX] : undefined };
  const client = await russh.SSHClient.connect(transport, async () => true, { preferred });
  const result = auth.startsWith('key:')
    ? await client.authenticateWithKeyPair(user, await russh.KeyPair.parse(fs.readFileSync(secret, 'utf8')), null)
    : await client.authenticateWithPassword(user, secret);
  if (!(result instanceof russh.AuthenticatedSSHClient)) throw new Error('login refused');
  return result;
}

function ended(channel) {
  channel.data$.subscribe((data) => process.stdout.write(data));
  return new Promise((resolve) => channel.closed$.subscribe({ next: resolve, complete: resolve }));
}

async function session(client) {
  return client.activateChannel(await client.openSessionChannel());
}

const modes = {
  exec: async (client, command) => {
    const channel = await session(client), end = ended(channel);
    await channel.requestExec(command);
    await end;
  },
  shell: async (client) => {
    const channel = await session(client), end = ended(channel);
    await channel.requestPTY('xterm', { columns: 97, rows: 31, pixWidth: 0, pixHeight: 0 });
    await channel.requestShell();
    await channel.write(fs.readFileSync(0));
    await end;
  },
  sftp: async (client, file, remote, back) => {
    const sftp = await client.activateSFTP(await client.openSessionChannel());
    const there = await sftp.open(remote, OPEN_NEW);
    await there.writeAll(fs.readFileSync(file));
    await there.shutdown();
    const again = await sftp.open(remote, OPEN_READ), parts = [];
    for (let part = await again.read(32768); part.length > 0; part = await again.read(32768))
      parts.push(Buffer.from(part));
    fs.writeFileSync(back, Buffer.concat(parts));
  },
  forward: async (client, to) => {
    const channel = await client.activateChannel(await client.openTCPForwardChannel({
      addressToConnectTo: '127.0.0.1', portToConnectTo: Number(to),
      originatorAddress: '127.0.0.1', originatorPort: 1 }));
    const end = ended(channel);
    await channel.write(fs.readFileSync(0));
    await channel.eof();
    await end;
  },
};

logIn().then((client) => modes[mode](client, ...rest).then(() => client.disconnect()))
  .then(() => process.stdout.write('', () => process.exit(0)), (error) => { console.error(String(error)); process.exit(254); });
