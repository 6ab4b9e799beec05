"""./check coverage: which lines of parsers and of recovery the C tests run, by gcov."""
import json
import os
import re
import subprocess

import trials
from check_tools import JOBS, ROOT, Result, run

DIRECTORY = 'build-check/coverage'
OPTIONS = ['-Dweb=false', '-Db_coverage=true', '-Dbuildtype=debug', '-Doptimization=0', '-Dwerror_all=false']
BUILD_ENV = {'CCACHE_DISABLE': '1'}  # notes of lines out of a cache do not fit what was built beside them
LEAST_PERCENT = 95  # of the lines of all of them; as in docs/reliability/promises.json
LEAST_OF_FILE = 80  # so that none hides behind the others
# Cut at every call; without optimisation it takes as long as all others together.
NOT_RUN = ['store_bulk_cut']

# Whatever reads bytes that came from outside, or that lay on a disk, and what finishes what a crash cut. A file that
# becomes one of these is added here.
FILES = {
    'base': [
        'base_base64', 'base_json_check', 'base_json_split', 'base_time_parse', 'base_unicode', 'base_zone_rule',
        'base_zone_tzif', 'base_zstd',
    ],
    'net': [
        'net_address', 'net_form', 'net_http', 'net_imap',
    ],
    'http': [
        'http_auth', 'http_input', 'http_router',
    ],
    'intake': [
        'intake_body', 'intake_csv', 'intake_decimal', 'intake_draft', 'intake_feed', 'intake_feed_xml',
        'intake_flatten', 'intake_gzip', 'intake_hook', 'intake_html', 'intake_import', 'intake_import_csv',
        'intake_log', 'intake_mail', 'intake_mail_mime', 'intake_mail_words', 'intake_map', 'intake_map_row',
        'intake_mbox', 'intake_own', 'intake_patch', 'intake_patch_apply', 'intake_piece', 'intake_piece_read',
        'intake_posthog', 'intake_posthog_body', 'intake_posthog_facts', 'intake_posthog_survey', 'intake_segment',
        'intake_settings', 'intake_way', 'intake_where', 'intake_window',
    ],
    'query': [
        'query_cursor', 'query_formula', 'query_funnel_parse', 'query_parse', 'query_parse_breakdown',
        'query_parse_compare', 'query_parse_internal', 'query_parse_list', 'query_parse_matcher',
        'query_parse_predicate', 'query_parse_range', 'query_parse_segment', 'query_parse_where', 'query_paths_parse',
        'query_read', 'query_retention_parse', 'query_score_parse', 'query_trend_parse', 'query_verbatims_parse',
    ],
    'friction': [
        'friction_form',
    ],
    'ask': [
        'ask_check', 'ask_check_logic', 'ask_check_texts', 'ask_form', 'ask_survey', 'ask_survey_aim',
        'ask_survey_logic', 'ask_survey_question',
    ],
    'act': [
        'act_form', 'act_policy_form',
    ],
    'sql': [
        'sql_wire',
    ],
    'store': [
        'store_codec_heap', 'store_codec_ints', 'store_codec_parted', 'store_codec_values', 'store_frame_read',
        'store_identity_run', 'store_journal', 'store_load', 'store_manifest', 'store_removal', 'store_removal_dedup',
        'store_removal_identity', 'store_removal_import', 'store_removal_old', 'store_removal_people',
        'store_removal_quarantine', 'store_removal_rows', 'store_replay', 'store_run', 'store_segment',
        'store_segment_check', 'store_segment_check_cubes', 'store_segment_check_days', 'store_segment_check_places', 'store_segment_cubes', 'store_segment_days', 'store_segment_directory', 'store_segment_places',
        'store_verify',
    ],
    'backup': [
        'backup_list', 'backup_object', 'backup_restore', 'backup_verify',
    ],
    'privacy': [
        'privacy_log',
    ],
    'state': [
        'state_db', 'state_move', 'state_pages', 'state_statements', 'state_verify',
    ],
}


def sources():
    return [f'src/{module}/{name}.c' for module, names in FILES.items() for name in names]


def forget():
    """Counts of older runs."""
    for folder, _, names in os.walk(DIRECTORY):
        for name in names:
            if name.endswith('.gcda'):
                os.remove(os.path.join(folder, name))


def run_tests(result):
    listed = run(['meson', 'test', '-C', DIRECTORY, '--no-rebuild', '--list'])[1]
    names = re.findall(r'^firsthand:\S+ / (\S+)$', listed, re.M)
    names = [name for name in names if name not in NOT_RUN]
    code, output = run(['meson', 'test', '-C', DIRECTORY, '--no-rebuild', '--num-processes', JOBS, '-t', '8', *names],
                       timeout=3 * 3600)
    result.one(f'{len(names)} programs of tests', code == 0 and len(names) > 100, output)


def counts_of(wanted):
    """By source, by line: how often it ran, in whichever program."""
    lines = {source: {} for source in wanted}
    notes = [os.path.join(folder, name) for folder, _, names in os.walk(DIRECTORY) for name in names
             if name.endswith('.gcda') and any(name.endswith(os.path.basename(source) + '.gcda') for source in wanted)]
    for i in range(0, len(notes), 50):
        done = subprocess.run(['gcov', '--json-format', '--stdout', *(os.path.relpath(note, DIRECTORY) for note in notes[i:i + 50])],
                              cwd=DIRECTORY, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=False)
        for text in done.stdout.splitlines():
            for file in json.loads(text)['files'] if text.startswith('{') else []:
                source = os.path.relpath(os.path.join(DIRECTORY, file['file']), '.')
                for line in file['lines'] if source in lines else []:
                    before = lines[source].get(line['line_number'], 0)
                    lines[source][line['line_number']] = before + line['count']
    return lines


def measure(total):
    """Runs the tests, tells the worst files, and adds a line to the record."""
    result, trial = Result(), trials.Trial('coverage')
    forget()
    run_tests(result)
    wanted = sources()
    for source in wanted:
        result.one(f'there is {source}', os.path.exists(os.path.join(ROOT, source)))
    rows = [(sum(1 for n in lines.values() if n), len(lines), source) for source, lines in counts_of(wanted).items()]
    ran, all_lines = sum(row[0] for row in rows), sum(row[1] for row in rows)
    percent = 100 * ran / max(all_lines, 1)
    worst = sorted((100 * good / max(count, 1), count - good, source) for good, count, source in rows)
    told = [f'{part:5.1f} %  {missing:4} lines  {source}' for part, missing, source in worst]
    print(f'coverage   {ran:,} of {all_lines:,} lines of {len(rows)} files, {percent:.2f} %; the worst:', *told[:15], sep='\n           ')
    result.one(f'{LEAST_PERCENT} % of the lines of parsers and recovery', percent >= LEAST_PERCENT, '\n'.join(told[:40]))
    result.one(f'{LEAST_OF_FILE} % of each file', worst[0][0] >= LEAST_OF_FILE, told[0])
    trial.end(result, {'percent_of_lines': round(percent, 2), 'lines': all_lines, 'files': len(rows)})
    total.add(result)
