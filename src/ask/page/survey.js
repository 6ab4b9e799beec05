'use strict';
// Some work for each page, so that masses of answers cost their sender something: finds a number whose SHA-256, with the
// page's token, begins with zeros. Without this script the page works all the same.
(() => {
  const form = document.querySelector('form');
  const token = form && form.elements.t && form.elements.t.value;
  const field = form && form.elements.w;
  if (!token || !field) return;
  const K = [], H0 = [];
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (found < 8) H0.push(Math.sqrt(n) % 1 * 4294967296 | 0);
    K.push(Math.cbrt(n) % 1 * 4294967296 | 0);
    found++;
  }
  const turn = (x, n) => x >>> n | x << 32 - n;
  const first = (text) => { // the first 32 bits of the hash of an ASCII text
    const blocks = (text.length + 9 + 63) >> 6, words = new Int32Array(blocks * 16), w = new Int32Array(64);
    for (let i = 0; i < text.length; i++) words[i >> 2] |= text.charCodeAt(i) << 24 - (i & 3) * 8;
    words[text.length >> 2] |= 128 << 24 - (text.length & 3) * 8;
    words[words.length - 1] = text.length * 8;
    let h = H0;
    for (let at = 0; at < words.length; at += 16) {
      for (let i = 0; i < 64; i++) {
        if (i < 16) { w[i] = words[at + i]; continue; }
        const a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >>> 3) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ b >>> 10);
      }
      let s = h.slice();
      for (let i = 0; i < 64; i++) {
        const e = s[4], a = s[0];
        const one = s[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + (e & s[5] ^ ~e & s[6]) + K[i] + w[i] | 0;
        const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + (a & s[1] ^ a & s[2] ^ s[1] & s[2]) | 0;
        s = [one + two | 0, a, s[1], s[2], s[3] + one | 0, e, s[5], s[6]];
      }
      h = h.map((x, i) => x + s[i] | 0);
    }
    return h[0];
  };
  let nonce = 0;
  const work = () => {
    for (let i = 0; i < 400; i++, nonce++) {
      if (first(`${token}:${nonce}`) >>> 20 === 0) { field.value = String(nonce); return; }
    }
    setTimeout(work, 0);
  };
  setTimeout(work, 0);
})();
