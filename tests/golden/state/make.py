#!/usr/bin/env python3
"""Makes what is missing here of state.db's golden files: one for each version of its schema (version-NN.db.gz), and answers.json,
what commands must say of each after this program has brought it to its own version.

A file that is there is never made anew: later programs must open what was there then. The steps of the schema are those of
src/state/state_schema.c, where a step is never changed; the rows are those that the built program (FIRSTHAND, else
build/firsthand) writes when it is asked for some of everything, without what the version did not have yet. First:

    ninja -C build tests/state_of_version
"""
import gzip
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
MAKER = os.path.join(ROOT, 'build', 'tests', 'state_of_version')
PROGRAM = os.environ.get('FIRSTHAND', os.path.join(ROOT, 'build', 'firsthand'))
NEWER = 9999  # the version that newer.db.gz says it is of
CONTENT_SINCE = 12  # lines of the audit trail have a digest of what they speak of

# Some of everything that a command can make; what only pages make follows below.
MADE = [
    ['config', 'set', 'timezone', 'Europe/Oslo'],
    ['config', 'set', 'organisation', 'Shop'],
    ['user', 'add', 'ada@example.com', '--name', 'Ada', '--role', 'admin'],
    ['user', 'add', 'bob@example.com', '--name', 'Bob <b>', '--role', 'viewer'],
    ['keys', 'create', '--kind', 'write', '--name', 'web'],
    ['keys', 'create', '--kind', 'secret', '--name', 'reports'],
    ['segment', 'save', 'big', '-'],
    ['source', 'set', 'web', '--channel', 'site', '--zone', 'Europe/Berlin'],
    ['survey', 'save', 'nps', '-'],
    ['survey', 'publish', 'nps'],
    ['channel', 'add', 'webhook', 'helpdesk', 'examples/webhooks/intercom.json'],
    ['catalogue', 'set', 'event', 'Order', '--owner', 'Ada', '--description', 'paid'],
    ['note', 'add', 'Release 3', '--at', '2026-03-01T12:00:00Z', '--kind', 'release'],
    ['internal', 'set', '--email-domain', 'example.com'],
    ['privacy', 'set', '--after-erasure', 'refuse'],
    ['retention', 'set', '-'],
]
INPUT = {
    'survey': '{"name":"How was it?","languages":["en"],"questions":[{"id":"q","type":"nps","title":{"en":"Would you?"}}]}',
    'segment': '{"trait":["plan","=","pro"]}',
    'retention': '{"rules":[{"event":"Page Viewed","keep_days":365}],"quarantine_days":90}',
}
ROWS = [
    "INSERT INTO views (id, name, page, query, owner, updated_ms, pinned)"
    " VALUES (1, 'Orders', 'trends', '{\"series\":[{\"event\":\"Order\"}]}', 'ada@example.com', 1772359200000, 1)",
    "INSERT INTO dashboards VALUES (1, 'Weekly', '{\"tiles\":[]}', 'ada@example.com', 1, 1772359200000)",
    "INSERT INTO quotas VALUES ('web', 1772359260000, 5, 1772409600000, 70)",
    "INSERT INTO erasures (customer, asked_ms, due_ms) VALUES ('user:ann', 1772359200000, 4102444800000)",
    "INSERT INTO jobs VALUES ('sign-ins', 1772362800000, 1772359200000, 3, 1772359200000, 0, 7, NULL, NULL)",
    "INSERT INTO survey_responses VALUES ('r-1', 'nps', 1, 1, 'link', 'en', 'ann', NULL, 'settled', '', 1, 1772359200000,"
    " 1772359200000, 1772359201000, 1772359202000)",
]
# Which commands are asked, and since which version of the schema there is something to ask.
ASKED = [
    [1, ['user', 'list']], [1, ['keys', 'list']], [1, ['segment', 'list']], [1, ['source', 'list']],
    [1, ['retention', 'show']], [1, ['privacy', 'show']], [1, ['internal', 'show']], [1, ['erasure', 'verify']],
    [4, ['survey', 'list']], [5, ['erasure', 'list']], [6, ['channel', 'list']],
    [8, ['note', 'list']],
]


def steps():
    with open(os.path.join(ROOT, 'src', 'state', 'state_schema.c'), encoding='utf-8') as file:
        text = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
    found = re.findall(r'static const char STEP_(\d+)\[\] =(.*?);\n(?=\n|$)', text, flags=re.S)
    assert [int(number) for number, _ in found] == list(range(1, len(found) + 1)), 'steps of the schema'
    return [''.join(re.findall(r'"((?:[^"\\]|\\.)*)"', body)) for _, body in found]


def firsthand(data, words, text=None):
    done = subprocess.run([PROGRAM, *words, '--data', data], input=text, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        sys.exit(f'firsthand {" ".join(words)}: {done.stderr}')
    return done.stdout


def part(value):
    value = value if isinstance(value, bytes) else value.encode()
    return str(len(value)).encode() + b':' + value


def audit_of_then(rows):
    """Lines of the audit trail with hashes as they were made before each had a digest of what it speaks of (access_audit.c)."""
    before = b''
    out = []
    for number, at_ms, *words, _ in rows:
        before = hashlib.sha256(f'firsthand audit 1\n{number} {at_ms} '.encode() + part(before)
                                + b''.join(part(word) for word in words)).digest()
        out.append((number, at_ms, *words, before))
    return out


def literal(value):
    if value is None:
        return 'NULL'
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def older(source, all_steps, version, folder, *more):
    """Makes state.db of an older version in `folder`, with what that version had of what is in `source`, and runs `more`."""
    layout = sqlite3.connect(':memory:')
    for step in all_steps[:version]:
        layout.executescript(step)
    statements = ['PRAGMA defer_foreign_keys = ON']
    for (table,) in layout.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall():
        names = [row[1] for row in layout.execute(f'PRAGMA table_info({table})')]
        rows = source.execute(f'SELECT {", ".join(names)} FROM {table} ORDER BY 1').fetchall()
        rows = audit_of_then(rows) if table == 'audit' and version < CONTENT_SINCE else rows
        statements += [f'INSERT INTO {table} ({", ".join(names)}) VALUES ({", ".join(map(literal, row))})' for row in rows]
    subprocess.run([MAKER, folder, str(version)], input='\x1e'.join([*statements, *more, '']), text=True, check=True)


def answers(data, version):
    return {' '.join(words): json.loads(firsthand(data, [*words, '--json'])) for since, words in ASKED if since <= version}


def packed(folder):
    with open(os.path.join(folder, 'state.db'), 'rb') as file:
        return gzip.compress(file.read(), 9, mtime=0)


def keep(path, file):
    with open(path, 'wb') as out:
        out.write(file)
    print(f'made {os.path.relpath(path, ROOT)}')


def main():
    all_steps = steps()
    answers_path = os.path.join(HERE, 'answers.json')
    known = {}
    if os.path.exists(answers_path):
        with open(answers_path, encoding='utf-8') as file:
            known = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, 'made')
        for words in MADE:
            firsthand(data, words, INPUT.get(words[0]) if '-' in words else None)
        source = sqlite3.connect(':memory:', isolation_level=None)
        sqlite3.connect(os.path.join(data, 'state.db')).backup(source)
        for row in ROWS:
            source.execute(row)
        for version in range(1, len(all_steps) + 1):
            kept = os.path.join(HERE, f'version-{version:02}.db.gz')
            if os.path.exists(kept):
                continue
            made = os.path.join(folder, f'version-{version}')
            os.mkdir(made, 0o700)
            older(source, all_steps, version, made)
            file = packed(made)
            known[str(version)] = answers(made, version)
            keep(kept, file)
        newer = os.path.join(HERE, 'newer.db.gz')
        if not os.path.exists(newer):
            made = os.path.join(folder, 'newer')
            os.mkdir(made, 0o700)
            older(source, all_steps, len(all_steps), made, f'PRAGMA user_version = {NEWER}')
            keep(newer, packed(made))
    with open(answers_path, 'w', encoding='utf-8') as file:
        json.dump(known, file, indent=1, ensure_ascii=False)
        file.write('\n')


main()
