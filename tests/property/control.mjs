// Speaks to a running server through DIR/control.sock, as the command line does: how tests seal rows, make keys and
// set things without starting a process for each. Frames are u32 length, u8 kind, payload.
import { connect } from 'node:net';
import { join } from 'node:path';
import { must } from '../support/firsthand.mjs';

// As src/app/app_wire.h numbers them.
const HELLO = 1;
const CALL = 2;
const DONE = 11;

const version = (() => {
  let known;
  return () => (known ??= /\d+\.\d+\.\d+\S*/.exec(must(['version']))[0]);
})();

function varint(n) {
  const bytes = [];
  for (; n > 127; n = Math.floor(n / 128)) bytes.push((n % 128) | 128);
  return Buffer.from([...bytes, n]);
}

function text(string) {
  const bytes = Buffer.from(string);
  return Buffer.concat([varint(bytes.length + 1), bytes]);
}

export class Control {
  static async open(directory) {
    const control = new Control();
    control.socket = connect(join(directory, 'control.sock'));
    control.received = Buffer.alloc(0);
    control.waiting = [];
    control.socket.on('data', (chunk) => control.receive(chunk));
    control.socket.on('error', (error) => control.waiting.splice(0).forEach((w) => w.fail(error)));
    control.socket.on('close', () => control.waiting.splice(0).forEach((w) => w.fail(new Error('socket closed'))));
    await control.exchange(HELLO, Buffer.from(version()));
    return control;
  }

  receive(chunk) {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 5) {
      const length = this.received.readUInt32LE(0);
      if (this.received.length < 5 + length) return;
      const [kind, payload] = [this.received[4], this.received.subarray(5, 5 + length)];
      this.received = this.received.subarray(5 + length);
      const { done, fail } = this.waiting.shift();
      if (kind === DONE) done(payload.toString());
      else fail(new Error(`the server refused: ${payload.toString().replace(/[^\x20-\x7e]+/g, ' ')}`));
    }
  }

  exchange(kind, payload) {
    const head = Buffer.alloc(5);
    head.writeUInt32LE(payload.length);
    head[4] = kind;
    this.socket.write(Buffer.concat([head, payload]));
    return new Promise((done, fail) => { this.waiting.push({ done, fail }); });
  }

  // One operation; `input` is JSON text. Answers JSON text.
  call(operation, input = '{}') {
    return this.exchange(CALL, Buffer.concat([text(operation), text(input)]));
  }

  close() {
    this.socket.destroy();
  }
}
