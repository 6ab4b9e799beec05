"""./check arm64: the loops that have vector twins on x86-64, for 64-bit ARM, where the compiler makes NEON of the portable ones.

Builds them and their tests with Debian's cross compiler, with the flags of a release, and runs the tests under qemu, which takes ARM's
instructions one by one: whether they are right, not how fast they are. The rest of the server is not built, since its libraries
are not here for ARM; tests/arm64/cmocka.h stands in for the library of the tests.
"""
import os
import re
import shutil

from check_tools import run

DIRECTORY = os.path.join('build-check', 'arm64')
COMPILER, MACHINE = 'aarch64-linux-gnu-gcc', 'qemu-aarch64'
# -O3 as a release has it; what a file needs of the rest of its module is left out by section.
FLAGS = ['-O3', '-std=gnu17', '-D_GNU_SOURCE', '-ffunction-sections', '-fdata-sections', '-Wall', '-Wextra', '-Werror',
         '-Itests/arm64', '-Isrc/base', '-Isrc/store', '-Isrc/stats', '-Isrc/query']
SOURCES = {
    'base': ['buf', 'cpu', 'fail', 'mem', 'random', 'str', 'thread'],
    'store': ['codec_find', 'codec_ints', 'codec_ints_encode', 'codec_pack', 'codec_parted', 'narrow_rows'],
    'query': ['funnel_plain', 'marks', 'memory', 'pairs', 'places', 'select', 'slots', 'times'],
}
TESTS = ['base/test_cpu', 'store/test_codec_find', 'store/test_codec_times', 'store/test_codec_vectors',
         'query/test_query_funnel_plain', 'query/test_query_marks', 'query/test_query_pairs']
# A vector register of four numbers of 32 bits, as the disassembler writes it.
NEON = re.compile(r'\bv\d+\.(4s|2d|16b|8h)\b')


def compile_loops(result):
    """The object files; None where one does not compile."""
    objects = []
    for module, names in SOURCES.items():
        for name in names:
            made = os.path.join(DIRECTORY, f'{module}_{name}.o')
            code, output = run([COMPILER, *FLAGS, '-c', f'src/{module}/{module}_{name}.c', '-o', made])
            if code != 0:
                result.one(f'{made} for ARM', False, output)
                return None
            objects.append(made)
    return objects


def run_test(result, test, objects):
    program = os.path.join(DIRECTORY, os.path.basename(test))
    code, output = run([COMPILER, *FLAGS, '-static', '-Wl,--gc-sections', '-o', program,
                        f'tests/unit/{test}.c', *objects, '-lm'])
    if code != 0:
        result.one(f'{program} for ARM', False, output)
        return
    code, output = run([MACHINE, program], timeout=600)
    told = re.findall(r'^(ok|not ok|skipped) (\w+)$', output, re.M)
    for how, name in told:
        if how == 'skipped':
            result.skipped += 1
        else:
            result.one(f'{test}: {name}', how == 'ok', output)
    if not told or (code != 0) != any(how == 'not ok' for how, _ in told):
        result.one(f'{test} ran to its end', False, output)


def suite(result):
    code, output = run(['scripts/setup.sh', 'arm64'])
    if code != 0 or shutil.which(COMPILER) is None or shutil.which(MACHINE) is None:
        result.skipped += 1
        result.notes.append(f'skipped: arm64 ({COMPILER} and {MACHINE} are not here)\n{output}')
        return
    os.makedirs(DIRECTORY, exist_ok=True)
    objects = compile_loops(result)
    if objects is None:
        return
    code, output = run(['aarch64-linux-gnu-objdump', '-d', *[made for made in objects if 'store_' in made]])
    result.one('the compiler makes NEON of the loops', code == 0 and NEON.search(output) is not None, output)
    for test in TESTS:
        run_test(result, test, objects)
