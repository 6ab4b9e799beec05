// A shop on another origin than the server, with scripts from npm packages; and a browser to visit it.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

// `files`: address -> path of a script; `html`: of every other address. Answers the origin.
export async function shop(t, files, html) {
  const pages = createServer((request, response) => {
    const file = files[request.url];
    if (file) response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(file));
    else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  });
  await new Promise((done) => pages.listen(0, '127.0.0.1', done));
  t.after(() => { pages.closeAllConnections?.(); pages.close(); });
  return `http://127.0.0.1:${pages.address().port}`;
}

// A page whose requests to other machines are noted in `foreign`.
export async function visitor(t) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const foreign = [];
  page.on('request', (request) => {
    const host = new URL(request.url()).hostname;
    if (host !== '127.0.0.1' && host !== 'localhost') foreign.push(request.url());
  });
  return { browser, page, foreign };
}
