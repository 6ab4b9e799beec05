#!/usr/bin/env python3
"""House rules that no compiler checks: labelled header comments, banned names, sizes of files."""
import glob
import os
import re
import sys

LABELS = ('What:', 'Owner:', 'Threads:', 'Failure:', 'Limits/cost:', 'Units:', 'Example:', 'Not here:')
BANNED = ('strcpy', 'strcat', 'sprintf', 'vsprintf', 'strncpy', 'strtok', 'atoi', 'atol', 'atof', 'gets', 'gmtime',
          'localtime', 'rand', 'srand', 'setjmp', 'longjmp', 'alloca', 'system', 'popen', 'mktemp', 'tmpnam')
PARSERS = ('strtol', 'strtoul', 'strtoll', 'strtoull', 'strtod', 'strtof', 'strptime')
HEAP = ('malloc', 'calloc', 'realloc', 'free', 'strdup', 'asprintf')
MAY = {
    'src/base/base_mem.c': set(HEAP),
    'src/base/base_str.c': {'strtod'},  # after its own check of the form
}
FILE_LINES_MAX = 1000


def code_only(text):
    """Without comments and strings, keeping the lines."""
    def blank(match):
        return re.sub(r'[^\n]', ' ', match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def main():
    problems = []
    for path in sorted(glob.glob('src/**/*.[ch]', recursive=True)):
        with open(path, encoding='utf-8') as file:
            text = file.read()
        code = code_only(text)
        lines = text.count('\n')
        if lines > FILE_LINES_MAX:
            problems.append(f'{path}: {lines} lines, at most {FILE_LINES_MAX}')
        if path.endswith('.h'):
            if '#pragma once' not in code:
                problems.append(f'{path}: no #pragma once')
            comment = text.split('*/', 1)[0]
            name = os.path.basename(path)
            if not comment.startswith(f'/* {name} '):
                problems.append(f'{path}: the first line does not begin "/* {name} — "')
            missing = [label for label in LABELS if label not in comment]
            if missing:
                problems.append(f'{path}: the header comment lacks {", ".join(missing)}')
        for name in BANNED + PARSERS + HEAP:
            if name in MAY.get(path, ()):
                continue
            for match in re.finditer(r'(?<![\w.>])' + name + r'\s*\(', code):
                line = code.count('\n', 0, match.start()) + 1
                problems.append(f'{path}:{line}: {name} is banned here')
        if 'pthread_' in code and 'base_thread' not in path:
            problems.append(f'{path}: pthread outside base_thread')
    for path in sorted(glob.glob('src/*/')):
        if not os.path.exists(os.path.join(path, 'README.md')):
            problems.append(f'{path}: no README.md')
    for problem in problems:
        print(problem)
    print(f'{len(problems)} problems')
    return 1 if problems else 0


sys.exit(main())
