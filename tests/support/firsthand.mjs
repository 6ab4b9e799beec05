// Starts the real binary for tests: one-off commands and servers on directories of their own.
// The binary is $FIRSTHAND, else build/firsthand.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

// A server with sanitizers in it has other threads, files and memory than one without: what is said of these is not said of it.
export const instrumented = process.env.FIRSTHAND_INSTRUMENTED !== undefined && 'the program is instrumented';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const binary = process.env.FIRSTHAND ?? join(root, 'build/firsthand');

// A directory that is removed at the end of the test.
export function temporaryDirectory(t, name = 'firsthand-') {
  const directory = mkdtempSync(join(tmpdir(), name));
  t?.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

// Runs a command to its end: { code, stdout, stderr }.
export function run(args, { input, env, cwd } = {}) {
  const done = spawnSync(binary, args, {
    input, cwd, encoding: 'utf8', maxBuffer: 1 << 30, env: { ...process.env, FIRSTHAND_DATA: '', ...env },
  });
  // A command may end without having read all of its input: the broken pipe is ours then, not its fault.
  if (done.error && !(done.error.code === 'EPIPE' && done.status !== null)) throw done.error;
  return { code: done.status, signal: done.signal, stdout: done.stdout, stderr: done.stderr };
}

// The same, and an error where the exit code is not 0.
export function must(args, options) {
  const done = run(args, options);
  if (done.code !== 0) throw new Error(`firsthand ${args.join(' ')}: exit ${done.code}\n${done.stderr}`);
  return done.stdout;
}

// The policy without its quiet hours, for what must come out the same at any hour.
export function withoutQuietHours(data) {
  must(['policy', 'set', '-', '--data', data], { input: '{"waiting_days":7,"quiet_hours":null}' });
}

export class Server {
  // Resolves once it serves. `data` must exist or be made by the server.
  static async start(data, { args = [], env = {} } = {}) {
    const server = new Server();
    server.data = data;
    server.process = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0', ...args], {
      env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.stdout = '';
    server.stderr = '';
    server.process.stderr.on('data', (chunk) => { server.stderr += chunk; });
    server.exited = new Promise((done) => server.process.on('exit', (code, signal) => done({ code, signal })));
    server.url = await new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`no address within 20 s\n${server.stdout}${server.stderr}`)), 20000);
      server.process.stdout.on('data', (chunk) => {
        server.stdout += chunk;
        const found = /serves on (http\S+)/.exec(server.stdout);
        if (found) { clearTimeout(timer); done(found[1]); }
      });
      server.exited.then(({ code, signal }) => {
        clearTimeout(timer);
        fail(new Error(`exit ${code ?? signal}\n${server.stdout}${server.stderr}`));
      });
    });
    return server;
  }

  async stop(signal = 'SIGTERM') {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    return this.exited;
  }

  key(kind, name, extra = []) {
    return must(['keys', 'create', '--kind', kind, '--name', name, '--data', this.data, ...extra]).trim();
  }

  // fetch on a path; a body that is no string is sent as JSON. Answers { status, headers, text, json }.
  async request(path, { method, key, body, headers = {} } = {}) {
    const answer = await fetch(this.url + path, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), ...headers },
      body: body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      redirect: 'manual',
    });
    const text = await answer.text();
    let json;
    try { json = JSON.parse(text); } catch { json = undefined; }
    return { status: answer.status, headers: answer.headers, text, json };
  }

  query(key, question) {
    return this.request('/api/v1/query', { key, body: question });
  }
}

// A server on a directory of its own, stopped and removed after the test.
export async function serverFor(t, options) {
  const data = temporaryDirectory(t);
  const server = await Server.start(data, options);
  t.after(() => server.stop('SIGKILL'));
  return server;
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// An administrator's requests, as the pages make them.
export async function adminOf(t, server) {
  const file = join(temporaryDirectory(t), 'password');
  writeFileSync(file, 'correct horse battery');
  must(['user', 'add', 'ada@example.com', '--name', 'Ada', '--role', 'admin', '--password-file', file, '--data', server.data]);
  const headers = { 'x-firsthand': '1', 'content-type': 'application/json' };
  const signed = await server.request('/api/v1/sign-in', { body: { email: 'ada@example.com', password: 'correct horse battery' }, headers });
  const cookie = signed.headers.get('set-cookie').split(';')[0];
  return (path, body, method) => server.request(path, { method, body, headers: { ...headers, cookie } });
}
