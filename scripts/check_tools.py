"""What the suites of scripts/check.py are made of: counting, running, building."""
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join('build-check', 'logs')
JOBS = str(os.cpu_count() or 2)


class Result:
    """Counts of one suite, and what to show when something failed."""

    def __init__(self):
        self.passed, self.failed, self.skipped, self.notes = 0, 0, 0, []

    def one(self, name, ok, output=''):
        """Counts a check that either holds or not."""
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            self.notes.append(f'FAILED {name}\n{tail(output)}')

    def add(self, part):
        """Counts of a part too."""
        self.passed += part.passed
        self.failed += part.failed
        self.skipped += part.skipped
        self.notes += part.notes


def tail(text, lines=60):
    return '\n'.join(text.splitlines()[-lines:])


def run(command, env=None, timeout=3600, cwd=None):
    """The command's exit code and all it printed."""
    merged = dict(os.environ, **(env or {}))
    try:
        done = subprocess.run(command, env=merged, cwd=cwd, timeout=timeout, text=True, errors='replace',
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        text = late.stdout if isinstance(late.stdout, str) else (late.stdout or b'').decode('utf-8', 'replace')
        return 124, text + f'\nstopped after {timeout} s'


def configure(directory, options, env=None):
    if not os.path.exists(os.path.join(directory, 'build.ninja')):
        if os.path.exists(directory):
            shutil.rmtree(directory)
        return run(['meson', 'setup', directory, '-Dtests=true', '-Dwerror_all=true', *options], env)
    return 0, ''


def build(result, directory, options=(), env=None, targets=()):
    """Configures and builds; counts as a check of its own, since warnings are errors."""
    code, output = configure(directory, list(options), env)
    if code == 0:
        code, output = run(['ninja', '-C', directory, *targets])
    result.one(f'build {directory}', code == 0, '\n'.join(
        line for line in output.splitlines() if not line.startswith('[')) if code else '')
    return code == 0


def cmocka_count(log, result):
    """Adds the single tests that cmocka's runners printed; says which failed."""
    passed = sum(int(n) for n in re.findall(r'\[  PASSED  \] (\d+) test', log))
    failed = re.findall(r'\[  FAILED  \] (?!\d+ test)(\S+)', log)
    result.passed += passed
    result.failed += len(set(failed))
    return passed, failed


def meson_tests(result, directory, suites=(), env=None, timeout_multiplier='1'):
    command = ['meson', 'test', '-C', directory, '--no-rebuild', '--print-errorlogs',
               '--num-processes', JOBS, '-t', timeout_multiplier]
    for suite in suites:
        command += ['--suite', suite]
    code, output = run(command, env)
    log_path = os.path.join(directory, 'meson-logs', 'testlog.txt')
    log = open(log_path, encoding='utf-8', errors='replace').read() if os.path.exists(log_path) else ''
    passed, failed = cmocka_count(log, result)
    # Reference cases (tests/stats) count one by one, by the line that each file's run ends with.
    for good, bad in re.findall(r'^(\d+) passed, (\d+) failed$', log, re.M):
        passed += int(good)
        result.passed += int(good)
        result.failed += int(bad)
        failed += ['reference cases'] * int(bad)
    # Programs that are no cmocka runners (fuzz replays) count as one test each, by meson's own words.
    plain = re.findall(r'^\s*\d+/\d+ \S*(?:fuzz|crash|property)\S*.*?\s(OK|FAIL|TIMEOUT|ERROR)\b', output, re.M)
    result.passed += sum(1 for word in plain if word == 'OK')
    result.failed += sum(1 for word in plain if word != 'OK')
    if code != 0:
        if not failed and all(word == 'OK' for word in plain):
            result.failed += 1
        result.notes.append(f'FAILED meson test in {directory}\n{tail(output, 120)}')
    if passed == 0 and not plain:
        result.one(f'{directory} ran tests', False, output)


def node_tests(result, files, cwd, env=None, timeout=1800, concurrency=1):
    if not files:
        result.one(f'tests in {cwd}', False, 'no test files')
        return
    merged = dict(env or {})
    command = ['node', '--test', '--test-reporter=tap', *files]
    if concurrency == 1:
        command.insert(2, '--test-concurrency=1')
    done = subprocess.run(command, cwd=cwd, env=dict(os.environ, **merged), text=True, errors='replace',
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout, check=False)
    counts = {key: int(n) for key, n in re.findall(r'^# (pass|fail|skipped|cancelled) (\d+)$', done.stdout, re.M)}
    result.passed += counts.get('pass', 0)
    bad = counts.get('fail', 0) + counts.get('cancelled', 0)
    result.failed += bad
    result.skipped += counts.get('skipped', 0)
    for name, reason in re.findall(r'^\s*ok \d+ - (.*?) # SKIP ?(.*)$', done.stdout, re.M):
        result.notes.append(f'skipped: {name} ({reason or "no reason given"})')
    if bad or done.returncode != 0 or not counts:
        if not bad:
            result.failed += 1
        # What failed, each with what it said; the whole where nothing says so.
        blocks = re.findall(r'^not ok \d+ .*?^  \.\.\.$', done.stdout, re.M | re.S)
        shown = '\n'.join(tail(block, 40) for block in blocks) if blocks else tail(done.stdout, 150)
        result.notes.append(f'FAILED node tests in {cwd}\n{shown}')
