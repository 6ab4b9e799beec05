// Every command that the documentation and --help show is run: none may be refused as wrong use.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { binary, must, root, temporaryDirectory } from '../support/firsthand.mjs';

function markdown(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

// Lines of fenced shell blocks that begin with the command, continued lines joined.
function commandsOf(file) {
  const found = [];
  for (const [, block] of readFileSync(join(root, file), 'utf8').matchAll(/```(?:sh|console|shell)\n(.*?)```/gs)) {
    for (const line of block.replace(/\\\n\s*/g, ' ').split('\n')) {
      const command = line.replace(/^\$ /, '').trim();
      if (/(^|[|;&(]\s*)(build\/)?firsthand /.test(command)) found.push(command);
    }
  }
  return found;
}

function helpExamples() {
  const names = [...must(['--help']).split('Commands\n')[1].split('\nOptions')[0].matchAll(/^ {2}(\S+(?: \S+)?) {2,}/gm)]
    .map(([, name]) => name);
  assert.ok(names.length > 20, names.join());
  return names.flatMap((name) => {
    const help = must([...name.split(' '), '--help']);
    return help.split('\n\n')[0].split('\n').slice(1).map((line) => ({ from: `${name} --help`, command: line.trim() }));
  });
}

test('commands shown in the docs and in --help run', (t) => {
  const work = temporaryDirectory(t);
  // What the examples speak of: a demo in ./shop and ./data, a binary on the path, files by their names.
  must(['demo', '--customers', '60', '--days', '60', '--data', join(work, 'data'), '--quiet']);
  must(['segment', 'save', 'pro', '-', '--data', join(work, 'data')], { input: '{"trait":["plan","=","pro"]}' });
  cpSync(join(work, 'data'), join(work, 'shop'), { recursive: true });
  for (const folder of ['bin', 'build', 'examples']) mkdirSync(join(work, folder), { recursive: true });
  for (const path of ['bin/firsthand', 'build/firsthand']) {
    writeFileSync(join(work, path), `#!/bin/sh\nexec "${binary}" "$@"\n`, { mode: 0o755 });
  }
  cpSync(join(root, 'examples'), join(work, 'examples'), { recursive: true });
  const event = '{"userId":"ann","event":"Order Completed","ts":"2026-05-01T10:00:00Z"}\n';
  writeFileSync(join(work, 'events.ndjson'), event);
  writeFileSync(join(work, 'messages.ndjson'), '{"type":"track","event":"A","userId":"ann"}\n');
  writeFileSync(join(work, 'posthog.ndjson'), '{"event":"A","distinct_id":"ann","timestamp":"2026-05-01T10:00:00Z"}\n');
  spawnSync('gzip', ['-k', 'events.ndjson'], { cwd: work });
  writeFileSync(join(work, 'orders.csv'),
    'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n' +
    '1,A,Thing,2,2010-12-01 08:26:00,2.55,17850,United Kingdom\n');
  writeFileSync(join(work, 'access.log'), '203.0.113.7 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5\n');
  const mail = 'From: Ann <ann@example.com>\nDate: Fri, 01 May 2026 09:30:00 +0200\nSubject: Lamp\n\nBroken.\n';
  writeFileSync(join(work, 'letter.eml'), mail);
  writeFileSync(join(work, 'desk.mbox'), `From ann@example.com Fri May  1 09:30:00 2026\n${mail}`);
  writeFileSync(join(work, 'notes.txt'), 'Nice, but nobody answers the phone.\n');
  writeFileSync(join(work, 'question.json'), '{"kind":"customers"}');
  writeFileSync(join(work, 'sample.json'), JSON.stringify({ topic: 'x', created_at: '2026-05-01T09:30:00Z', message: 'Where is my order?' }));
  writeFileSync(join(work, 'plan.json'), '{"trait":["plan","=","pro"]}');
  writeFileSync(join(work, 'policy.json'), '{"waiting_days":14}');
  writeFileSync(join(work, 'rules.json'), '{"wrong":{"scores":{"nps":4}}}');
  writeFileSync(join(work, 'fix.json'), '[{"op":"remove","path":"/note"}]');

  const all = [
    ...['README.md', ...markdown('docs')].flatMap((file) => commandsOf(file).map((command) => ({ from: file, command }))),
    ...helpExamples(),
  ];
  assert.ok(all.length > 30, `${all.length} commands found`);
  let ran = 0;
  for (const { from, command } of all) {
    // A server runs until it is stopped; writing outside the directory is not for a test. Both are only parsed.
    const text = /\bserve\b/.test(command) ? command.replace(/serve.*/, 'serve --help')
      : command.replace(/ > \/etc\S+/, ' > /dev/null');
    const done = spawnSync('bash', ['-c', text], {
      cwd: work, encoding: 'utf8', timeout: 60000,
      env: { ...process.env, PATH: `${join(work, 'bin')}:${process.env.PATH}`, FIRSTHAND_DATA: '' },
    });
    ran++;
    // 3: the example speaks of a customer, key or row that this demo does not have; 4: the demo is there already.
    assert.ok([0, 3, 4].includes(done.status), `${from}: ${command}\nexit ${done.status}\n${done.stderr}`);
    assert.doesNotMatch(done.stderr, /usage:|unknown (option|command)/, `${from}: ${command}`);
  }
  assert.equal(ran, all.length);
});
