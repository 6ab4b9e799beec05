// A limit of memory that the kernel enforces, where this user may set one (control groups, either version).
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FORMS = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', most: 'memory.max_usage_in_bytes', swap: 'memory.swappiness' },
  { root: '/sys/fs/cgroup', limit: 'memory.max', most: 'memory.peak', swap: 'memory.swap.max' },
];

// Puts a process under `bytes`, pages of files among them, until the test ends. undefined where that cannot be: else a function that
// says how many bytes it had at most, as the kernel counts them.
export function limitMemory(t, pid, bytes) {
  for (const form of FORMS) {
    if (!existsSync(join(form.root, form.limit)) && !existsSync(join(form.root, 'cgroup.subtree_control'))) continue;
    const group = join(form.root, `firsthand-test-${pid}`);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    try {
      writeFileSync(join(group, form.limit), String(bytes));
      if (existsSync(join(group, form.swap))) writeFileSync(join(group, form.swap), '0');
      writeFileSync(join(group, 'cgroup.procs'), String(pid));
    } catch {
      rmdirSync(group);
      continue;
    }
    // Registered after the server was started, so it runs after it was stopped: an empty group can be removed.
    t.after(() => { try { rmdirSync(group); } catch { /* the machine's owner may */ } });
    return () => Number(readFileSync(join(group, form.most), 'utf8'));
  }
  return undefined;
}
