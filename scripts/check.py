#!/usr/bin/env python3
"""Runs the suites of docs/testing.md and counts their tests. Called by ./check, which installs what is needed.

check.py              every suite that a change must pass: all but those by hand
check.py SUITE ...    some of them
check.py --list       their names
"""
import glob
import os
import re
import subprocess
import sys
import time

import arm64
import coverage
import crash
import crash_sites
import fuzz
import trials
from check_tools import JOBS, LOGS, ROOT, Result, build, configure, meson_tests, node_tests, run, tail

os.chdir(ROOT)

CLANG = {'CC': 'clang', 'CXX': 'clang++'}
ASAN_OPTIONS = ['-Dweb=false', '-Db_sanitize=address,undefined', '-Db_lundef=false', '-Dbuildtype=debugoptimized']


# ---- the suites -------------------------------------------------------------------------------------


def suite_lint(result):
    """Layers, headers, formatting, shell scripts."""
    for script in ('check_layers.py', 'check_headers.py', 'reliability.py check'):
        code, output = run(['python3', *os.path.join('scripts', script).split()])
        result.one(script, code == 0, output)
    files = sorted(glob.glob('src/**/*.[ch]', recursive=True) + glob.glob('src/**/*.cc', recursive=True)
                   + glob.glob('tests/**/*.[ch]', recursive=True) + glob.glob('bench/**/*.[ch]', recursive=True))
    files = [file for file in files if 'node_modules' not in file]
    code, output = run(['clang-format', '--dry-run', '--Werror', *files])
    result.one('clang-format', code == 0, output)
    shell = ['run', 'check', '.ci/run', *glob.glob('scripts/*.sh')]
    code, output = run(['shellcheck', '-x', *shell])
    result.one('shellcheck', code == 0, output)


def suite_unit(result):
    """All C tests, gcc, warnings as errors."""
    if build(result, 'build-check/gcc', ['-Dweb=false']):
        meson_tests(result, 'build-check/gcc')


def suite_asan(result):
    """The same tests under AddressSanitizer and UBSan, with clang."""
    if build(result, 'build-check/asan', ASAN_OPTIONS, CLANG):
        meson_tests(result, 'build-check/asan', env={
            'ASAN_OPTIONS': 'detect_leaks=1:strict_string_checks=1',
            'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}, timeout_multiplier='4')


def suite_tsan(result):
    """The tests that use threads, under ThreadSanitizer."""
    if build(result, 'build-check/tsan',
             ['-Dweb=false', '-Db_sanitize=thread', '-Db_lundef=false', '-Dbuildtype=debugoptimized'], CLANG):
        meson_tests(result, 'build-check/tsan', env={'TSAN_OPTIONS': 'halt_on_error=1:second_deadlock_stack=1'},
                    timeout_multiplier='6')


def suite_tidy(result):
    """clang-tidy over src/."""
    code, output = configure('build-check/tidy', ['-Dweb=false'], CLANG)
    if code != 0:
        result.one('configure for clang-tidy', False, output)
        return
    # Sources that the build makes itself must be there to be read.
    code, output = run(['ninja', '-C', 'build-check/tidy', '-t', 'targets', 'all'])
    made = [line.split(':')[0] for line in output.splitlines()
            if line.endswith(': CUSTOM_COMMAND') and line.split(':')[0].endswith(('.h', '.c'))
            and line.startswith('src/')]
    code, output = run(['ninja', '-C', 'build-check/tidy', *made]) if made else (0, '')
    if code != 0:
        result.one('what clang-tidy needs', False, output)
        return
    sources = sorted(glob.glob('src/**/*.c', recursive=True))
    half = (len(sources) + 1) // 2
    workers = [subprocess.Popen(['clang-tidy', '-p', 'build-check/tidy', '--quiet', *part],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                stdin=subprocess.DEVNULL)
               for part in (sources[0::2], sources[1::2]) if part]
    output = ''.join(worker.communicate()[0] for worker in workers)
    found = [line for line in output.splitlines() if re.search(r'(warning|error):', line)]
    result.one(f'clang-tidy over {len(sources)} files ({half} each way)',
               not found and all(worker.returncode == 0 for worker in workers), '\n'.join(found) or output)


def binary(result):
    code, output = run(['scripts/build.sh'])
    result.one('build/firsthand', code == 0, output)
    return code == 0


def real_env():
    return {'FIRSTHAND': os.path.abspath('build/firsthand'), 'NODE_ENV': 'test'}


def npm_suite(result, folder):
    """Type check and unit tests of a folder of TypeScript."""
    code, output = run(['scripts/npm.sh', folder])
    result.one(f'packages of {folder}/', code == 0, output)
    if code == 0:
        code, output = run(['npm', '--prefix', folder, 'run', '--silent', 'typecheck'])
        result.one(f'tsc in {folder}/', code == 0, output)
        code, output = run(['npm', '--prefix', folder, 'run', '--silent', 'test'])
        counts = {key: int(n) for key, n in re.findall(r'^(?:# |ℹ )(pass|fail) (\d+)$', output, re.M)}
        result.passed += counts.get('pass', 0)
        result.failed += counts.get('fail', 0)
        if code != 0 or not counts:
            blocks = re.findall(r'^not ok \d+ .*?^  \.\.\.$', output, re.M | re.S)
            result.one(f'npm test in {folder}/', False, '\n'.join(tail(block, 40) for block in blocks) or output)


def suite_web(result):
    """Type check and unit tests of the pages and of the browser snippet."""
    npm_suite(result, 'web')
    npm_suite(result, 'sdk')


def node_suite(result, folder, timeout):
    if not binary(result):
        return
    code, output = run(['scripts/npm.sh', 'tests'])
    result.one('packages of tests/', code == 0, output)
    if code == 0:
        files = sorted(glob.glob(f'tests/{folder}/*.test.mjs'))
        node_tests(result, [os.path.relpath(f, 'tests') for f in files], 'tests', real_env(), timeout)


def suite_cli(result):
    """Every command of the binary, with nonsense too; every command that the docs show."""
    node_suite(result, 'cli', 900)


def suite_api(result):
    """The running server: routes, Segment's own libraries, kill -9 in mid-load, hostile requests."""
    node_suite(result, 'api', 1200)


def suite_property(result):
    """Random questions over random timelines against the naive reference and SQLite."""
    node_suite(result, 'property', 1200)


def suite_peers(result):
    """What SQL can say, asked of ClickHouse and DuckDB too (600 MB of packages)."""
    code, output = run(['scripts/npm.sh', 'tests/peers'])
    result.one('packages of tests/peers/', code == 0, output)
    if code == 0:
        node_suite(result, 'peers', 3600)


def suite_fuzz(result):
    """Every parser of outside bytes with libFuzzer under ASan and UBSan, FUZZ_SECONDS each (30); --long: for HOURS (8)."""
    if build(result, fuzz.DIRECTORY, fuzz.OPTIONS, CLANG, fuzz.programs()):
        fuzz.piece(result)


def suite_fuzz_long(result):
    """The same again and again, until what RELIABILITY.md asks for is reached, or for HOURS (8)."""
    if build(result, fuzz.DIRECTORY, fuzz.OPTIONS, CLANG, fuzz.programs()):
        until_reached(result, 'fuzz', lambda: fuzz.piece(result))


def suite_coverage(result):
    """Which lines of parsers and recovery the C tests run, by gcov: 95 % at least, and the worst files."""
    if build(result, coverage.DIRECTORY, coverage.OPTIONS, coverage.BUILD_ENV):
        coverage.measure(result)


def hostile_needs(result):
    """The instrumented server, and packages of the tests."""
    if not build(result, 'build-check/asan', ASAN_OPTIONS, CLANG, ['firsthand']):
        return False
    code, output = run(['scripts/npm.sh', 'tests'])
    result.one('packages of tests/', code == 0, output)
    return code == 0


def hostile_piece(result):
    """REQUESTS mutated requests, and their line in the record."""
    part, trial = Result(), trials.Trial('hostile')
    node_tests(part, ['hostile/requests.test.mjs'], 'tests', {
        'FIRSTHAND': os.path.abspath('build-check/asan/firsthand'),
        'ASAN_OPTIONS': 'detect_leaks=1', 'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}, 7200)
    trial.end(part, {'requests': int(os.environ.get('REQUESTS', '20000'))})
    result.add(part)


def suite_hostile(result):
    """Mutated requests to an instrumented server, REQUESTS of them (20,000); SEED repeats a run; --long: for HOURS (8)."""
    if hostile_needs(result):
        hostile_piece(result)


def suite_hostile_long(result):
    """The same again and again, until what RELIABILITY.md asks for is reached, or for HOURS (8)."""
    if hostile_needs(result):
        until_reached(result, 'hostile', lambda: hostile_piece(result))


def until_reached(result, part, piece):
    """Pieces of a part until its goals are reached, one fails, or HOURS are over."""
    end = time.monotonic() + float(os.environ.get('HOURS', '8')) * 3600
    while not result.failed and time.monotonic() < end:
        have = trials.progress(part)
        print(f'{part:10} ' + ', '.join(f'{count:,} of {goal:,} {what}' for what, (count, goal) in have.items()), flush=True)
        if all(count >= goal for count, goal in have.values()):
            break
        piece()


def suite_instrumented(result):
    """The command line and the running server once more, with AddressSanitizer and UBSan in the program."""
    code, output = run(['scripts/npm.sh', 'tests'])
    result.one('packages of tests/', code == 0, output)
    directory = 'build-check/asan-server'
    if (code != 0 or not binary(result)
            or not build(result, directory, [option for option in ASAN_OPTIONS if option != '-Dweb=false'], CLANG, ['firsthand', 'tests/stats_cases'])):
        return
    said = os.path.abspath(os.path.join(LOGS, 'instrumented'))
    for old in glob.glob(f'{said}.*'):
        os.remove(old)
    files = sorted(glob.glob('tests/cli/*.test.mjs') + glob.glob('tests/api/*.test.mjs'))
    node_tests(result, [os.path.relpath(f, 'tests') for f in files], 'tests', {
        'FIRSTHAND': os.path.abspath(os.path.join(directory, 'firsthand')), 'FIRSTHAND_INSTRUMENTED': '1', 'NODE_ENV': 'test',
        'ASAN_OPTIONS': f'detect_leaks=1:log_path={said}',
        'UBSAN_OPTIONS': f'halt_on_error=1:print_stacktrace=1:log_path={said}'}, 7200)
    findings = sorted(glob.glob(f'{said}.*'))
    text = ''
    for finding in findings[:3]:
        with open(finding, encoding='utf-8', errors='replace') as file:
            text += tail(file.read(), 40)
    result.one('nothing was found by the sanitizers', not findings, text)


def suite_overload(result):
    """Ten times the load that fits, for OVERLOAD_SECONDS (600); the api suite has a short one."""
    code, output = run(['scripts/npm.sh', 'tests'])
    result.one('packages of tests/', code == 0, output)
    if code == 0 and binary(result):
        seconds = os.environ.get('OVERLOAD_SECONDS', '600')
        trial = trials.Trial('overload')
        node_tests(result, ['api/overload.test.mjs'], 'tests', {**real_env(), 'OVERLOAD_SECONDS': seconds}, 24 * 3600)
        trial.end(result, {'seconds': int(seconds)})


def suite_soak(result):
    """A server under a third of the load that fits, for MINUTES (60): memory, descriptors, latency stay flat."""
    if binary(result):
        minutes = os.environ.get('MINUTES', '60')
        trial = trials.Trial('soak')
        code, output = run(['node', 'bench/live/soak.mjs', '--minutes', minutes, '--data', 'build-check/soak'], real_env(), 24 * 3600)
        result.one(f'flat over {minutes} minutes', code == 0, output)
        print(tail(output, 8))
        trial.end(result, {'minutes': float(minutes)})


def crash_needs(result):
    """Programs and packages of the crash tests."""
    code, output = run(['scripts/npm.sh', 'tests'])
    result.one('packages of tests/', code == 0, output)
    return (code == 0 and build(result, crash.DIRECTORY, ['-Dweb=false'], targets=crash.targets())
            and build(result, crash_sites.DIRECTORY, crash_sites.OPTIONS, targets=crash_sites.targets()) and binary(result))


def suite_crash(result):
    """Power cuts, failing calls, flipped bits, kills under load, full disks: some of each; `./check crash --long` all."""
    if crash_needs(result):
        crash.sample(result, real_env())


def suite_crash_long(result):
    """The same until what RELIABILITY.md asks for is reached, or for HOURS (8); goes on where it was."""
    if crash_needs(result):
        crash.until_reached(result, real_env(), float(os.environ.get('HOURS', '8')))


def suite_browser(result):
    """The pages in chromium, with axe."""
    node_suite(result, 'browser', 1500)


def suite_sdk(result):
    """The browser snippet in chromium, on a page of another origin; the sizes of its scripts."""
    code, output = run(['scripts/npm.sh', 'sdk'])
    if code == 0:
        code, output = run(['node', 'build.mjs', os.path.abspath('build-check/sdk')], cwd='sdk')
    result.one('sdk/ within its budgets', code == 0, output)
    node_suite(result, 'sdk', 1200)


def suite_arm64(result):
    """The loops that have vector twins, for 64-bit ARM, under qemu (56 MB of packages)."""
    arm64.suite(result)


SUITES = {
    'lint': suite_lint, 'unit': suite_unit, 'web': suite_web, 'cli': suite_cli, 'api': suite_api,
    'property': suite_property, 'browser': suite_browser, 'sdk': suite_sdk, 'asan': suite_asan, 'tsan': suite_tsan,
    'tidy': suite_tidy,
}
# Asked for by name only.
BY_HAND = {'peers': suite_peers, 'arm64': suite_arm64, 'coverage': suite_coverage, 'fuzz': suite_fuzz, 'hostile': suite_hostile, 'instrumented': suite_instrumented, 'crash': suite_crash,
           'overload': suite_overload, 'soak': suite_soak}
# Of these, `./check NAME --long` goes on in pieces, each a line of the record.
LONG = {'crash': suite_crash_long, 'fuzz': suite_fuzz_long, 'hostile': suite_hostile_long}
GROUPS = {'quick': ['lint', 'unit', 'web']}


def main():
    names = sys.argv[1:]
    if len(names) == 2 and names[0] in LONG and names[1] == '--long':
        BY_HAND[f'{names[0]}-long'] = LONG[names[0]]
        names = [f'{names[0]}-long']
    if names == ['--list']:
        for name, suite in SUITES.items():
            print(f'{name:10} {suite.__doc__}')
        for name, suite in BY_HAND.items():
            print(f'{name:10} by hand: {suite.__doc__}')
        print(f'{"quick":10} {", ".join(GROUPS["quick"])}')
        return 0
    chosen = []
    for name in names or list(SUITES):
        chosen += GROUPS.get(name, [name])
    suites = {**SUITES, **BY_HAND}
    unknown = [name for name in chosen if name not in suites]
    if unknown:
        print(f'check: unknown suite {unknown[0]!r}; there are {", ".join([*suites, *GROUPS])}', file=sys.stderr)
        return 2
    os.makedirs(LOGS, exist_ok=True)
    total = Result()
    for name in chosen:
        result, begin = Result(), time.monotonic()
        try:
            suites[name](result)
        except (OSError, subprocess.SubprocessError) as error:
            result.one(name, False, str(error))
        for note in result.notes:
            print(note)
        print(f'{name:10} {result.passed} passed, {result.failed} failed, {result.skipped} skipped '
              f'in {time.monotonic() - begin:.0f} s', flush=True)
        total.add(result)
    print(f'{total.passed} passed, {total.failed} failed' + (f', {total.skipped} skipped' if total.skipped else ''))
    return 1 if total.failed or not total.passed else 0


sys.exit(main())
