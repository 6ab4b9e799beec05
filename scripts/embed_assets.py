#!/usr/bin/env python3
"""Turns built pages and scripts into an assembler file and a C table: embed_assets.py OUT.S OUT.c [DIST ...]

A DIST holds manifest.txt, a line per file: URL path, MIME type, file. Where FILE.gz exists it is embedded too.
The table is `http_assets` of src/http/http_assets.h. Without any DIST (-Dweb=false) it is empty.
"""
import hashlib
import os
import sys


def c_string(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def main():
    out_s, out_c, *dists = sys.argv[1:]
    assembler = ['/* Made by scripts/embed_assets.py. */', '    .section .rodata']
    rows, externs = [], []
    files = []
    for dist in dists:
        manifest = os.path.join(dist, 'manifest.txt')
        if not os.path.exists(manifest):
            sys.exit(f'embed_assets: {manifest} is missing; run scripts/web.sh first')
        with open(manifest, encoding='utf-8') as lines:
            files += [(dist, *line.split('\t')) for line in lines.read().splitlines()]

    def embed(label, path):
        quoted = os.path.abspath(path)
        assembler.extend([
            f'    .global {label}_begin', f'    .global {label}_end', '    .balign 16',
            f'{label}_begin:', f'    .incbin {c_string(quoted)}', f'{label}_end:', '    .byte 0'])
        externs.append(f'extern const unsigned char {label}_begin[], {label}_end[];')

    for index, (dist, url, mime, name) in enumerate(files):
        path = os.path.join(dist, name)
        with open(path, 'rb') as file:
            digest = hashlib.sha256(file.read()).hexdigest()[:20]
        label = f'http_asset_{index}'
        embed(label, path)
        packed = 'NULL, NULL'
        if os.path.exists(path + '.gz'):
            embed(label + '_gz', path + '.gz')
            packed = f'{label}_gz_begin, {label}_gz_end'
        rows.append(f'    {{{c_string(url)}, {c_string(mime)}, {c_string(digest)}, '
                    f'{label}_begin, {label}_end, {packed}}},')
    assembler.append('    .section .note.GNU-stack,"",%progbits')
    c = ['/* Made by scripts/embed_assets.py. */', '#include "http_assets.h"', '']
    c += externs
    c += ['', 'const struct http_asset http_assets[] = {'] + rows
    c += ['    {NULL, NULL, NULL, NULL, NULL, NULL, NULL},', '};',
          f'const size_t http_asset_count = {len(rows)};', '']
    # The digests in the table change with the content, so the files change only when the pages do.
    assembler.insert(1, '/* ' + ' '.join(row.split('"')[5] for row in rows) + ' */')
    for path, text in ((out_s, '\n'.join(assembler) + '\n'), (out_c, '\n'.join(c))):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)


main()
