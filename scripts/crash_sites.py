"""Every place of the source that calls the disk: was it reached by the crash tests, and did its call fail there?

The programs of tests/crash are built for this without optimizations that lose a caller (DIRECTORY), and note who calls
(tests/crash/disk_sites.h). What is not reached is named, and what never failed, but for calls whose failing the source
passes over ("(void)!").
"""
import glob
import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor

from check_tools import cmocka_count, run

DIRECTORY = 'build-check/sites'
OPTIONS = ['-Dweb=false', '-Doptimization=1', '-Dwerror_all=false']
PROGRAMS = ['store_faults', 'store_bulk_cut', 'backup_cut', 'app_cut']
# All of these modules; and of app what holds data. Its other files ask a disk for settings, secrets and names of folders before anything
# is done, or give it on to these modules.
SOURCES = ['src/store/*.c', 'src/backup/*.c', 'src/privacy/*.c', 'src/app/app.c', 'src/app/app_erase.c', 'src/app/app_moment.c']
CALLS = ('open|read_at|write_at|truncate|reserve|sync|size|map|rename|remove|make_dir|sync_dir|list|measure|write_whole|read_whole')


def targets():
    return [f'tests/crash/test_{name}' for name in PROGRAMS]


def in_source():
    """{(file, line): (function, does nothing follow from its failing?)} of each call."""
    found = {}
    for pattern in SOURCES:
        for path in sorted(glob.glob(pattern)):
            with open(path, encoding='utf-8') as file:
                for number, line in enumerate(file, 1):
                    for match in re.finditer(rf'(\(void\)!)?\bdisk_({CALLS})\(', line):
                        found[(path, number)] = (f'disk_{match.group(2)}', match.group(1) is not None)
    return found


def lines_of(program, addresses):
    """The places in the source that calls at these addresses come from."""
    code, output = run(['addr2line', '-e', program, *[hex(address - 1) for address in addresses]])
    if code != 0:
        raise OSError(output)
    places = []
    for text in output.splitlines():
        match = re.match(r'(.*?):(\d+)', text)
        places.append((os.path.relpath(os.path.normpath(os.path.join(DIRECTORY, match.group(1)))), int(match.group(2)))
                      if match else None)
    return places


def noted(name):
    """What a program said, and a line for each place that called."""
    program = os.path.join(DIRECTORY, 'tests', 'crash', f'test_{name}')
    with tempfile.TemporaryDirectory() as folder:
        notes = os.path.join(folder, 'sites')
        code, output = run([program], {'FIRSTHAND_CRASH_SITES': notes})
        if not os.path.exists(notes):
            return code, output, []
        with open(notes, encoding='utf-8') as file:
            rows = [line.split() for line in file]
    return code, output, list(zip(rows, lines_of(program, [int(row[1], 16) for row in rows])))


def observed(result):
    """{(file, line): [calls, failed]}."""
    seen = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        told = list(pool.map(noted, PROGRAMS))
    for name, (code, output, rows) in zip(PROGRAMS, told):
        passed, _ = cmocka_count(output, result)
        if code != 0 or passed == 0:
            result.one(f'{name} for its calls', False, output)
            continue
        for (_, _, calls, failed), place in rows:
            counts = seen.setdefault(place, [0, 0])
            counts[0] += int(calls)
            counts[1] += int(failed)
    return seen


def check(result):
    """Says which places are not reached or never failed; the counts for the record."""
    source, seen = in_source(), observed(result)
    silent = []
    for (path, line), (name, ignored) in source.items():
        calls, failed = seen.get((path, line), (0, 0))
        if not calls or not (failed or ignored):
            silent.append(f'{path}:{line}: {name} was never {"made to fail" if calls else "reached"}')
    result.one(f'all {len(source)} calls of the disk in {", ".join(SOURCES)} fail in a crash test', not silent, '\n'.join(silent))
    return {'complete rounds': 0 if silent else 1, 'call sites': len(source) - len(silent)}
