"""Keeps what long tests tried: one line of JSON a run, in build-check/trials.ndjson.

A line says when, at which commit of the code, which part, for how long, how much of it passed, and the counts. What is
worth keeping goes from there to docs/reliability/record.ndjson (scripts/reliability.py keep).
"""
import json
import os
import resource
import subprocess
import time

LOG = os.path.join('build-check', 'trials.ndjson')
KEPT = os.path.join('docs', 'reliability', 'record.ndjson')
PROMISES = os.path.join('docs', 'reliability', 'promises.json')
MEASURED = ('coverage',)  # parts that measure something: their last run counts alone
CODE = ('src', 'tests', 'meson.build')  # what a run is about; documents may change beside it


def git(*arguments):
    done = subprocess.run(['git', *arguments], text=True, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return done.stdout.strip()


def commit_of_code():
    """The last commit that changed the code; with a + where it was changed since."""
    return git('log', '-1', '--format=%h', '--abbrev=12', '--', *CODE) + ('+' if git('status', '--porcelain', '--', *CODE) else '')


def read(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8') as file:
        return [json.loads(line) for line in file if line.strip()]


def known():
    """All lines, kept or not yet."""
    return read(KEPT) + read(LOG)


def lines_of(part, record):
    """The runs of a part that count, which are those after the last one that failed; and that one."""
    lines = sorted((line for line in record if line['part'] == part), key=lambda line: line['date'])
    failed = [i for i, line in enumerate(lines) if line['failed']]
    good = lines[failed[-1] + 1:] if failed else lines
    return good[-1:] if part in MEASURED else good, lines[failed[-1]] if failed else None


def progress(part):
    """By count of a part, how much there is and how much its promise asks for."""
    with open(PROMISES, encoding='utf-8') as file:
        goals = next(promise['goals'][part] for promise in json.load(file) if part in promise.get('goals', {}))
    lines, _ = lines_of(part, known())
    return {what: (sum(line['counts'].get(what, 0) for line in lines), goal) for what, goal in goals.items()}


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Trial:
    """One run of one part, from its making to end()."""

    def __init__(self, part, begin=None):
        self.part, self.begin, self.cpu = part, begin or time.monotonic(), cpu_seconds()
        self.commit = commit_of_code()

    def end(self, result, counts, **more):
        """Writes the line. `result`: of the suite so far; only what it counts of this part may be in it."""
        seconds = time.monotonic() - self.begin
        line = {'date': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'commit': self.commit, 'part': self.part,
                'seconds': round(seconds, 1), 'cpu_seconds': round(cpu_seconds() - self.cpu, 1),
                'passed': result.passed, 'failed': result.failed, 'counts': {k: n for k, n in counts.items() if n}, **more}
        os.makedirs(os.path.dirname(LOG), exist_ok=True)
        with open(LOG, 'a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')
        return line
