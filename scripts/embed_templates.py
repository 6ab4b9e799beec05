#!/usr/bin/env python3
"""Survey templates as one C table: embed_templates.py OUT.c TEMPLATE.json... (the name is the file's)."""
import json
import os
import sys


def literal(text):
    data = text.encode('utf-8')
    lines, line = [], ''
    for byte in data:
        c = chr(byte)
        line += '\\' + c if c in '"\\' else c if 32 <= byte < 127 and c != '?' else f'\\{byte:03o}'
        if len(line) > 100:
            lines.append(line)
            line = ''
    return '\n    '.join(f'"{part}"' for part in lines + [line])


def main():
    out, paths = sys.argv[1], sorted(sys.argv[2:])
    rows = []
    for path in paths:
        with open(path, encoding='utf-8') as file:
            template = json.load(file)
        survey = json.dumps(template['survey'], ensure_ascii=False, separators=(',', ':'))
        name = os.path.basename(path)[:-len('.json')]
        rows.append(f'    {{{literal(name)},\n    {literal(template["summary"])},\n    {literal(survey)}}},\n')
    with open(out, 'w', encoding='utf-8') as file:
        file.write('/* Made by scripts/embed_templates.py from src/ask/templates. */\n#include "ask_template.h"\n\n'
                   'const struct ask_template ask_templates[] = {\n' + ''.join(rows) + '};\n'
                   'const size_t ask_template_count = sizeof ask_templates / sizeof ask_templates[0];\n')


main()
