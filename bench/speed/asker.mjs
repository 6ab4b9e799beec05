// Asks one server over one connection, with as little between the call and the socket as node has: fetch takes 1 to 2 ms a call by itself
// and http.request half of one, which would be most of what a small question seems to take. A server closes what has been idle for long,
// while another side loads, say: then the next call connects anew before its time begins. Knows of HTTP/1.1 what firsthand answers
// questions with: a body whose length is said.
import net from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');

export class Asker {
  constructor(url, key) {
    const { hostname, port, host } = new URL(url);
    this.place = { host: hostname, port: Number(port), noDelay: true };
    this.head = `Host: ${host}\r\nAuthorization: Bearer ${key}\r\n`;
  }

  connect() {
    return new Promise((done, fail) => {
      const socket = net.connect(this.place, () => done(socket));
      this.socket = socket;
      const end = (error) => { if (this.socket === socket) this.end(error); fail(error); };
      socket.on('data', (chunk) => this.take(chunk));
      socket.on('error', end);
      socket.on('close', () => end(new Error('the connection was closed')));
    });
  }

  // { status, text, ms }: until the last byte was there. One call at a time.
  async ask(path, body) {
    if (this.busy) throw new Error('another call is under way');
    this.busy = true;
    try {
      if (this.socket === undefined) await this.connect();
      return await this.call(path, body);
    } finally {
      this.busy = false;
    }
  }

  call(path, body) {
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

  // Of this connection; the next call makes another.
  end(error) {
    const { pending, socket } = this;
    this.pending = undefined;
    this.socket = undefined;
    socket?.destroy();
    pending?.fail(error);
  }

  stop() { this.end(new Error('the asker was stopped')); }
}
