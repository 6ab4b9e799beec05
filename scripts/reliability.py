#!/usr/bin/env python3
"""RELIABILITY.md, out of the promises and the kept record of long runs.

reliability.py write    writes RELIABILITY.md
reliability.py check    says whether it is as it would be written (lint does)
reliability.py keep     moves what ran since (build-check/trials.ndjson) to docs/reliability/record.ndjson, and writes
"""
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.chdir(ROOT)

import crash  # noqa: E402
import trials  # noqa: E402

PAGE = 'RELIABILITY.md'
INTRO = '''# Reliability

What firsthand promises about data, the test that proves each promise, and how far that test has been run. This page is written by
`scripts/reliability.py` from `docs/reliability/promises.json` and from the record of runs in `docs/reliability/record.ndjson`; `./check
lint` fails where it does not match them. A number here is a number of that record, and nothing else is claimed.

*Long runs* are those that are started by hand, over many more cases than a change has to pass. Their counts are added up since the last
one that failed: a failure sets a count back to nothing. The commit is the last one that changed code; a `+` says that there were changes
beside it. All other tests named here run with every change, by `./check`.
'''


def number(n):
    return f'{n:,}'


def goals_of(promise):
    """By part, what a long run must reach."""
    goals = dict(promise.get('goals', {}))
    for part in crash.PARTS:
        if part.name in promise.get('crash', ()):
            goals[part.name] = part.goals
    return goals


def runs_of(promise, record):
    """Sentences, one for each count, and how many of them have reached their goal."""
    found, reached = [], 0
    for part, goals in goals_of(promise).items():
        lines, failure = trials.lines_of(part, record)
        for what, goal in goals.items():
            have = sum(line['counts'].get(what, 0) for line in lines)
            reached += have >= goal
            of = f'{number(have)} of {number(goal)} {what.replace("_", " ")}'
            if not have:
                text = f'**not run long yet**: 0 of {number(goal)} {what.replace("_", " ")}'
            elif have >= goal:
                text = f'{of} in {len(lines)} run{"s" if len(lines) > 1 else ""}, without a failure'
            else:
                text = f'**not run long enough yet**: {of} in {len(lines)} run{"s" if len(lines) > 1 else ""}, without a failure'
            if lines:
                last = lines[-1]
                text += f' (last {last["date"][:10]}, commit {last["commit"]})'
            if failure:
                text += f'; a run failed on {failure["date"][:10]}, at commit {failure["commit"]}'
            found.append(f'`{part}`: {text}')
    return found, reached


def state(promise, record):
    found, reached = runs_of(promise, record)
    if not found:
        return 'with every change'
    return 'reached' if reached == len(found) else f'**{reached} of {len(found)} long runs reached**'


def page(promises, record):
    out = [INTRO]
    out.append('| | promise | long runs |\n|---|---|---|')
    for i, promise in enumerate(promises, 1):
        out.append(f'| {i} | [{promise["title"]}](#{i}) | {state(promise, record)} |')
    for i, promise in enumerate(promises, 1):
        found, _ = runs_of(promise, record)
        out.append(f'\n<a id="{i}"></a>\n## {i}. {promise["title"]}\n\n{promise["promise"]}\n')
        out.append('* Proved by ' + ', '.join(f'`{path}`' for path in promise['tests']) + '.')
        out.extend(f'* Long run {text}.' for text in found)
        out.append('* To run it: ' + ', '.join(f'`{command}`' for command in promise['run']) + '.')
        if promise.get('not'):
            out.append(f'* Not proved by this: {promise["not"]}')
    return '\n'.join(out) + '\n'


def problems_of(promises, record):
    """What is wrong with the promises and the record themselves."""
    for promise in promises:
        for path in promise['tests']:
            if not os.path.exists(path):
                yield f'{trials.PROMISES}: {promise["title"]}: there is no {path}'
        for name in promise.get('crash', ()):
            if name not in [part.name for part in crash.PARTS]:
                yield f'{trials.PROMISES}: {promise["title"]}: ./check crash has no part {name}'
    for part in crash.PARTS:
        if not any(part.name in promise.get('crash', ()) for promise in promises):
            yield f'{trials.PROMISES}: no promise is proved by {part.name} of ./check crash'
    for i, line in enumerate(record, 1):
        missing = [key for key in ('date', 'commit', 'part', 'failed', 'counts') if key not in line]
        if missing:
            yield f'{trials.KEPT}:{i}: it lacks {", ".join(missing)}'


def keep():
    """Moves lines to the record; those of one part and commit become one, until one fails."""
    record = trials.read(trials.KEPT)
    added = trials.read(trials.LOG)
    for line in added:
        same = next((old for old in reversed(record) if old['part'] == line['part']), None)
        if (same is None or line['part'] in trials.MEASURED
                or (same['commit'], same['failed'], line['failed']) != (line['commit'], 0, 0)):
            record.append(line)
            continue
        for key in ('seconds', 'cpu_seconds', 'passed', 'runs'):
            if key in same and key in line:
                same[key] = round(same[key] + line[key], 1)
        for what, count in line['counts'].items():
            same['counts'][what] = same['counts'].get(what, 0) + count
        same['date'] = max(same['date'], line['date'])
    with open(trials.KEPT, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(line) + '\n' for line in record)
    if os.path.exists(trials.LOG):
        os.remove(trials.LOG)
    print(f'{len(added)} runs kept in {trials.KEPT}')


def main():
    command = sys.argv[1] if len(sys.argv) == 2 else ''
    if command not in ('write', 'check', 'keep'):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if command == 'keep':
        keep()
    with open(trials.PROMISES, encoding='utf-8') as file:
        promises = json.load(file)
    record = trials.read(trials.KEPT)
    problems = list(problems_of(promises, record))
    text = page(promises, record)
    if command == 'check':
        written = ''
        if os.path.exists(PAGE):
            with open(PAGE, encoding='utf-8') as file:
                written = file.read()
        if written != text:
            problems.append(f'{PAGE} is not what its promises and its record say: scripts/reliability.py write')
    elif not problems:
        with open(PAGE, 'w', encoding='utf-8') as file:
            file.write(text)
    for problem in problems:
        print(problem)
    print(f'{len(promises)} promises, {len(record)} lines of record, {len(problems)} problems')
    return 1 if problems else 0


sys.exit(main())
