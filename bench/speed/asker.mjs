// Asks one server over one connection that stays open, with as little between the call and the socket as node has: fetch takes 1 to 2 ms
// a call by itself and http.request half of one, which would be most of what a small question seems to take. Knows of HTTP/1.1 what
// firsthand answers questions with: a body whose length is said.
import net from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

export class Asker {
  constructor(url, key) {
    const { hostname, port, host } = new URL(url);
    this.head = `Host: ${host}\r\nAuthorization: Bearer ${key}\r\n`;
    this.socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
    this.socket.on('data', (chunk) => this.take(chunk));
    this.socket.on('error', (error) => this.end(error));
    this.socket.on('close', () => this.end(new Error('the connection was closed')));
  }

  // { status, text, ms }: until the last byte was there. One call at a time.
  ask(path, body) {
    if (this.pending) return Promise.reject(new Error('another call is under way'));
    const call = body === undefined
      ? `GET ${path} HTTP/1.1\r\n${this.head}\r\n`
      : `POST ${path} HTTP/1.1\r\n${this.head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return new Promise((done, fail) => {
      this.pending = { done, fail, chunks: [], bytes: 0, whole: undefined, begin: performance.now() };
      this.socket.write(call);
    });
  }

  take(chunk) {
    const call = this.pending;
    if (!call) return this.end(new Error('an answer that nobody waits for'));
    call.chunks.push(chunk);
    call.bytes += chunk.length;
    if (call.whole === undefined) {
      const got = Buffer.concat(call.chunks);
      const at = got.indexOf(HEAD_END);
      if (at < 0) return undefined;
      const head = got.subarray(0, at).toString('latin1');
      const length = /\r\ncontent-length: *(\d+)/i.exec(head);
      if (!length) return this.end(new Error(`an answer without a length: ${head}`));
      Object.assign(call, { status: Number(head.slice(9, 12)), body: at + HEAD_END.length, whole: at + HEAD_END.length + Number(length[1]) });
    }
    if (call.bytes < call.whole) return undefined;
    const ms = performance.now() - call.begin;
    this.pending = undefined;
    call.done({ status: call.status, ms, text: Buffer.concat(call.chunks).toString('utf8', call.body, call.whole) });
    return undefined;
  }

  end(error) {
    this.pending?.fail(error);
    this.pending = undefined;
    this.socket.destroy();
  }

  stop() { this.end(new Error('the asker was stopped')); }
}
