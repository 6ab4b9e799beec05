#!/usr/bin/env python3
"""Text files as C strings: embed_text.py OUT.h NAME=FILE... makes `static const char NAME[]`."""
import sys


def literal(data):
    lines, line = [], ''
    for byte in data:
        c = chr(byte)
        line += '\\n' if c == '\n' else '\\' + c if c in '"\\' else c if 32 <= byte < 127 and c != '?' else f'\\{byte:03o}'
        if len(line) > 100:
            lines.append(line)
            line = ''
    return '\n    '.join(f'"{part}"' for part in lines + [line])


def main():
    with open(sys.argv[1], 'w', encoding='utf-8') as out:
        out.write('/* Made by scripts/embed_text.py. */\n#pragma once\n')
        for pair in sys.argv[2:]:
            name, path = pair.split('=', 1)
            with open(path, 'rb') as file:
                out.write(f'\nstatic const char {name}[] =\n    {literal(file.read())};\n')


main()
