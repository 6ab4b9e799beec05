// Debian's dovecot as an IMAP server on free ports of loopback, with a configuration, certificate and maildir of its own.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { sleep, temporaryDirectory } from './firsthand.mjs';

const BINARY = '/usr/sbin/dovecot';
export const whyNoDovecot = existsSync(BINARY) ? false : 'dovecot-imapd is not installed (scripts/setup.sh)';

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

function certificate(directory, name) {
  const done = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-keyout', join(directory, `${name}.key`), '-out', join(directory, `${name}.pem`), '-subj', '/CN=mail.test',
    '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-addext', 'basicConstraints=critical,CA:TRUE'], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
  return join(directory, `${name}.pem`);
}

export class Dovecot {
  // One account: support, with `password`.
  static async start(t, { password = 'mail secret' } = {}) {
    const dovecot = new Dovecot();
    dovecot.directory = temporaryDirectory(t, 'fh-mail-');
    chmodSync(dovecot.directory, 0o755);
    dovecot.imap = await freePort();
    dovecot.imaps = await freePort();
    dovecot.ca = certificate(dovecot.directory, 'server');
    const { username, uid, gid } = userInfo();
    dovecot.owner = uid === 0 ? [65534, 65534] : [uid, gid]; // root reads no mail
    const own = uid === 0 ? '' : `default_internal_user = ${username}\ndefault_login_user = ${username}\n`;
    dovecot.maildir = join(dovecot.directory, 'mail/Maildir');
    for (const folder of ['cur', 'new', 'tmp', '.Support/cur', '.Support/new', '.Support/tmp']) {
      mkdirSync(join(dovecot.maildir, folder), { recursive: true });
    }
    if (uid === 0) {
      for (const path of ['', ...readdirSync(join(dovecot.directory, 'mail'), { recursive: true })]) {
        chownSync(join(dovecot.directory, 'mail', path), ...dovecot.owner);
      }
    }
    writeFileSync(join(dovecot.directory, 'users'), `support:{PLAIN}${password}::::::\n`);
    writeFileSync(join(dovecot.directory, 'dovecot.conf'), `
protocols = imap
listen = 127.0.0.1
base_dir = ${dovecot.directory}/run
state_dir = ${dovecot.directory}/state
log_path = ${dovecot.directory}/log
${own}mail_location = maildir:${dovecot.maildir}
first_valid_uid = 0
first_valid_gid = 0
mail_uid = ${dovecot.owner[0]}
mail_gid = ${dovecot.owner[1]}
ssl = required
ssl_cert = <${dovecot.directory}/server.pem
ssl_key = <${dovecot.directory}/server.key
disable_plaintext_auth = yes
passdb {
  driver = passwd-file
  args = ${dovecot.directory}/users
}
userdb {
  driver = static
  args = uid=${dovecot.owner[0]} gid=${dovecot.owner[1]} home=${dovecot.directory}/mail
}
service imap-login {
  ${uid === 0 ? '' : 'chroot ='}
  inet_listener imap {
    port = ${dovecot.imap}
  }
  inet_listener imaps {
    port = ${dovecot.imaps}
    ssl = yes
  }
}
service anvil {
  ${uid === 0 ? '' : 'chroot ='}
}
service stats {
  ${uid === 0 ? '' : 'chroot ='}
}
`);
    dovecot.process = spawn(BINARY, ['-F', '-c', join(dovecot.directory, 'dovecot.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
    dovecot.stderr = '';
    dovecot.process.stderr.on('data', (chunk) => { dovecot.stderr += chunk; });
    dovecot.exited = new Promise((done) => dovecot.process.on('exit', done));
    t.after(() => dovecot.stop());
    for (let turn = 0; turn < 200; turn++) {
      if (dovecot.process.exitCode !== null) throw new Error(`dovecot ended: ${dovecot.stderr}${dovecot.log()}`);
      if (await dovecot.answers()) return dovecot;
      await sleep(50);
    }
    throw new Error(`dovecot does not answer: ${dovecot.stderr}${dovecot.log()}`);
  }

  answers() {
    return new Promise((done) => {
      const socket = connect(this.imap, '127.0.0.1');
      socket.once('data', () => { socket.destroy(); done(true); });
      socket.once('error', () => done(false));
      socket.setTimeout(1000, () => { socket.destroy(); done(false); });
    });
  }

  log() {
    try { return readFileSync(join(this.directory, 'log'), 'utf8'); } catch { return ''; }
  }

  // Puts a mail into a folder, as a delivery does: in tmp, then in new.
  deliver(text, folder = '') {
    this.count = (this.count ?? 0) + 1;
    const name = `${1777627800 + this.count}.M${this.count}.test`;
    const path = join(this.maildir, folder, 'new', name);
    writeFileSync(path, text.replace(/\r?\n/g, '\r\n'));
    chownSync(path, ...this.owner);
  }

  // Names of files hold the flags: what is in them must stay as it was.
  files(folder = '') {
    return ['new', 'cur'].flatMap((part) => readdirSync(join(this.maildir, folder, part)).map((name) => `${part}/${name}`)).sort();
  }

  async stop() {
    if (this.process.exitCode === null) this.process.kill('SIGTERM');
    await this.exited;
  }
}
