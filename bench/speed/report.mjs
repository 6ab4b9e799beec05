// The tables of a run, for the terminal and as Markdown.
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { binary, root } from '../../tests/support/firsthand.mjs';
import { peerPackage } from './peer.mjs';

const PEERS = ['clickhouse-a', 'clickhouse-p', 'clickhouse-z', 'duckdb'];

const number = (value) => (value === undefined || value === null ? '' : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toFixed(3));

// The least of the peers, projections apart.
function best(byEngine, field) {
  const values = PEERS.filter((name) => byEngine[name] && !byEngine[name].beyond).map((name) => byEngine[name][field]);
  return values.length > 0 ? { [field]: Math.min(...values) } : undefined;
}

function lines({ questions, results, options }) {
  const engines = options.engines;
  const quiet = engines.includes('quiet');
  const head = ['question', ...engines.flatMap((name) => [name, 'CPU']), 'in server', 'best peer / firsthand', 'CPU', 'firsthand / floor', 'CPU', ...(quiet ? ['firsthand / quiet', 'CPU'] : [])];
  const body = questions.map(({ id, what }) => {
    const all = results.get(id);
    const ours = all.firsthand;
    const ratio = (a, b, field) => (a && b && a[field] !== undefined && b[field] > 0 ? `${number(a[field] / b[field])}x` : '');
    return [`${id} ${what}`, ...engines.flatMap((name) => [all[name]?.beyond ?? number(all[name]?.ms), number(all[name]?.cpu_ms)]), number(ours?.elapsed_ms),
      ratio(best(all, 'ms'), ours, 'ms'), ratio(best(all, 'cpu_ms'), ours, 'cpu_ms'), ratio(ours, all.floor, 'ms'), ratio(ours, all.floor, 'cpu_ms'), ...(quiet ? [ratio(ours, all.quiet, 'ms'), ratio(ours, all.quiet, 'cpu_ms')] : [])];
  });
  return [head, ...body];
}

export function table(report) {
  const rows = lines(report);
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')).join('\n');
}

const markdownTable = ([head, ...body]) => [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');

function output(command, args) {
  try { return execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim(); } catch { return 'unknown'; }
}

function loadTable({ loads, options }) {
  const perEvent = (bytes) => (bytes / options.rows).toFixed(2);
  const rows = Object.entries(loads).filter(([name]) => options.engines.includes(name)).map(([name, load]) => {
    const parts = Object.entries(load.bytes).filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a);
    return [name, number(load.queryable_s), (options.rows / load.queryable_s / 1e6).toFixed(2), load.merged_s === null ? 'not asked for' : number(load.merged_s),
      perEvent(parts.reduce((sum, [, bytes]) => sum + bytes, 0)), parts.map(([part, bytes]) => `${part} ${perEvent(bytes)}`).join(', ')];
  });
  return markdownTable([['engine', 'queryable s', 'M events/s', 'merged s', 'bytes an event', 'of which'], ...rows]);
}

// What the peers keep of an event, in firsthand's columns: those of the file, with ids two more; then what only firsthand keeps.
const COLUMNS = ['ts', 'event', 'country', 'plan', 'device', 'price', 'page', 'customers'];
const IDS = ['message_id', 'received_at'];

function columnsTable({ loads, options }) {
  const columns = loads.firsthand?.columns;
  if (!columns) return '';
  const kept = options.variant === 'ids' ? [...COLUMNS, ...IDS] : COLUMNS;
  const perEvent = (bytes) => (bytes / options.rows).toFixed(3);
  const total = (names) => names.reduce((sum, name) => sum + (columns[name] ?? 0), 0);
  const others = Object.keys(columns).filter((name) => !kept.includes(name));
  const rows = [...kept, ...others].map((name) => [name, perEvent(columns[name] ?? 0)]);
  return `\n## Bytes of an event in firsthand's segments, by column\n\n${markdownTable([['column', 'bytes an event'], ...rows, ['the columns that peers keep too', perEvent(total(kept))], ['all', perEvent(total([...kept, ...others]))]])}\n`;
}

const formOf = ({ name, ms, sample_ms: sample, beyond }) => `${name}: ${[...(ms === undefined ? [] : [`${number(ms)} ms`]), ...(sample === undefined ? [] : [`sample ${number(sample)} ms`]), ...(beyond ? [beyond] : [])].join(', ')}`;

function formsTable({ questions, engines, options }) {
  const rows = questions.flatMap(({ id }) => Object.entries(engines)
    .filter(([, engine]) => (engine.forms?.[id]?.length ?? 0) > 1)
    .map(([name, engine]) => [id, name, formOf(engine.forms[id][0]), engine.forms[id].slice(1).map(formOf).join('; ')]));
  const sample = options.rows > options.chooseRows
    ? `Each was tried on the events of some customers, about ${options.chooseRows}, once cold and twice hot; those that took at most twice as long as the fastest there, on all events once; the fastest was asked in the rounds.`
    : 'Each once cold and twice hot; the fastest hot one was asked in the rounds.';
  return rows.length === 0 ? '' : `\n## Forms of SQL that were tried\n\n${sample} All of them gave the same answer.\n\n${markdownTable([['question', 'engine', 'kept', 'dropped'], ...rows])}\n`;
}

function peaks({ questions, results, options }) {
  const measured = options.engines.filter((name) => questions.some(({ id }) => results.get(id)[name]?.peak_mb));
  const rows = questions.map(({ id }) => [id, ...measured.map((name) => number(results.get(id)[name]?.peak_mb)), number(results.get(id).firsthand?.scanned)]);
  return measured.length === 0 ? '' : `\n## Memory\n\nThe highest resident memory of the engine's process during each question, MB, pages of mapped files included.\n\n${markdownTable([['question', ...measured, 'events firsthand scanned'], ...rows])}\n`;
}

export function markdown(report) {
  const { options, engines, memory, differences, customers } = report;
  const version = (name) => peerPackage(`${name}/package.json`).version;
  const peers = [['clickhouse', 'chdb'], ['duckdb', '@duckdb/node-api']].filter(([prefix]) => options.engines.some((name) => name.startsWith(prefix)));
  const about = [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} x ${cpus()[0].model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, Linux ${release()}, node ${process.version}.`,
    `${output(binary, ['--version'])}, commit ${output('git', ['rev-parse', '--short', 'HEAD'])}${peers.map(([, name]) => `, ${name} ${version(name)}`).join('')}, ${output('cc', ['--version']).split('\n')[0]}.`,
    `${options.rows} events of ${customers} customers over ${options.days} days, variant ${options.variant}; a peer has ${number(options.seconds)} s and ${options.memoryGb} GB for an answer; ${report.round} of ${options.rounds} rounds, medians. Load average at the end: ${output('cat', ['/proc/loadavg']).split(' ').slice(0, 3).join(', ')}.`,
    `\`node bench/speed/run.mjs ${report.command}\``,
  ];
  const parts = engines.firsthand ? ` Segments at the end: ${engines.firsthand.segments().split(' ').length}.` : '';
  const server = engines.firsthand ? `\nStart after a clean stop: ${number(engines.firsthand.startMs)} ms. A call that asks for nothing: ${number(engines.firsthand.emptyMs)} ms.${parts}${memory ? ` Memory ${memory.idle_s} s after the last question: ${number(memory.own_mb)} MB of its own, ${number(memory.all_mb)} MB with pages of files.` : ''}\n` : '';
  return `# A run of the benchmark\n\n${about.join('\n\n')}\n\n${differences === 0 ? 'All answers were equal.' : `**${differences} answers differed.**`}\n\n## Questions\n\nMilliseconds, and of all processors (CPU).\n\n${markdownTable(lines(report))}\n\n## Load\n\n${loadTable(report)}\n${columnsTable(report)}${server}${peaks(report)}${formsTable(report)}`;
}
