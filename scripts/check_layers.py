#!/usr/bin/env python3
"""The direction of includes, as docs/architecture.md draws it; and one place for each third-party header."""
import glob
import os
import re
import sys

LEVELS = {
    'base': 0,
    'net': 1, 'parquet': 1, 'store': 1, 'state': 1, 'stats': 1, 'friction': 1,
    'query': 2, 'text': 2, 'access': 2, 'backup': 2,
    'export': 3, 'intake': 3, 'ask': 3, 'foresee': 3, 'act': 3, 'experiment': 3, 'share': 3, 'privacy': 3, 'sql': 3,
    'app': 4,
    'http': 5, 'cli': 5,
}
MAY_USE = {
    'base': set(), 'net': {'base'}, 'parquet': {'base'}, 'store': {'base'}, 'state': {'base'}, 'stats': {'base'},
    'friction': {'base'},
    'query': {'base', 'store', 'stats'},
    'text': {'base', 'store', 'stats'},
    'access': {'base', 'state'},
    'backup': {'base', 'store'},
    'intake': {'base', 'net', 'store', 'state', 'stats', 'query', 'text', 'access'},
    'ask': {'base', 'net', 'store', 'state', 'stats', 'query', 'text', 'access'},
    'act': {'base', 'net', 'store', 'state', 'stats', 'query', 'text', 'access'},
    'sql': {'base', 'store'},
    'privacy': {'base', 'store', 'state', 'stats', 'query', 'text', 'access'},
    'export': {'base', 'parquet', 'store', 'query'},
    'app': {'base', 'net', 'store', 'state', 'stats', 'query', 'text', 'access', 'export', 'intake', 'ask',
            'act', 'sql', 'friction', 'backup', 'privacy'},
    'http': {'app', 'net', 'base'},
    'cli': {'app', 'net', 'base'},
}
# A third-party header stands in exactly one file.
ONE_PLACE = {
    'microhttpd.h': 1, 'curl/curl.h': 1, 'expat.h': 1, 'simdjson.h': 1, 'zstd.h': 1, 'xxhash.h': 1, 'sodium.h': 1,
    're2/re2.h': 1, 'gmime/gmime.h': 1, 'utf8proc.h': 1, 'qrencode.h': 1,
}
# zlib inflates what arrives (intake), deflates answers (net), packs a customer's copy (act).
# SQLite keeps what is no event (state: the database, and the sums of its pages), and runs statements (sql: the engine, and the tables it sees).
SEVERAL = {'zlib.h': 3, 'sqlite3.h': 4}


def modules_of_headers():
    owners = {}
    for path in glob.glob('src/*/*.h'):
        owners[os.path.basename(path)] = path.split('/')[1]
    return owners


def main():
    owners = modules_of_headers()
    problems, places = [], {}
    names = {}
    for path in sorted(glob.glob('src/**/*.*', recursive=True)):
        if not path.endswith(('.c', '.h', '.cc')):
            continue
        other = names.setdefault(os.path.basename(path), path)
        if other != path:
            problems.append(f'{path}: a file of this name is {other} already')
        parts = path.split('/')
        module = parts[1] if len(parts) > 2 else 'main'
        with open(path, encoding='utf-8') as file:
            includes = re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', file.read(), re.M)
        for kind, header in includes:
            if header in ONE_PLACE or header in SEVERAL:
                places.setdefault(header, set()).add(path)
            if kind != '"' or header not in owners:
                continue
            owner = owners[header]
            if owner == module:
                continue
            if header.endswith('_internal.h'):
                problems.append(f'{path}: {header} is internal to {owner}')
            if module == 'main':
                continue
            if owner not in MAY_USE[module]:
                problems.append(f'{path}: {module} (level {LEVELS[module]}) may not use {owner} '
                                f'(level {LEVELS[owner]})')
    for header, paths in places.items():
        most = ONE_PLACE.get(header) or SEVERAL[header]
        if len(paths) > most:
            problems.append(f'{header} is included in {len(paths)} files, at most {most}: {", ".join(sorted(paths))}')
    for problem in problems:
        print(problem)
    print(f'{len(names)} files, {len(problems)} problems')
    return 1 if problems else 0


sys.exit(main())
