"""./check fuzz: the targets of tests/fuzz under libFuzzer, and what they tried."""
import glob
import os
import re
import subprocess
import time

import trials
from check_tools import JOBS, LOGS, Result

DIRECTORY = 'build-check/fuzz'
OPTIONS = ['-Dfuzz=true', '-Dweb=false', '-Db_sanitize=address,undefined', '-Db_lundef=false', '-Dbuildtype=debugoptimized']


def targets():
    return sorted(os.path.basename(os.path.dirname(path)) for path in glob.glob('tests/fuzz/*/target.c'))


def programs():
    return [f'tests/fuzz/fuzz_{name}' for name in targets()]


def start(name, seconds, log):
    found = os.path.join(DIRECTORY, 'found', name)  # what is new stays there for the next time
    os.makedirs(found, exist_ok=True)
    return subprocess.Popen(
        [os.path.join(DIRECTORY, 'tests', 'fuzz', f'fuzz_{name}'), f'-max_total_time={seconds}', '-timeout=10',
         '-rss_limit_mb=2048', f'-artifact_prefix={os.path.join(LOGS, name)}-', found, f'tests/fuzz/{name}/corpus'],
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        env=dict(os.environ, UBSAN_OPTIONS='halt_on_error=1:print_stacktrace=1'))


def piece(total):
    """Every target for FUZZ_SECONDS, as many at once as there are processors; one line of the record."""
    seconds = os.environ.get('FUZZ_SECONDS', '30')
    queue, running, runs = targets(), {}, 0
    result, trial, cpu = Result(), trials.Trial('fuzz'), trials.cpu_seconds()
    while queue or running:
        while queue and len(running) < int(JOBS):
            name = queue.pop(0)
            log = open(os.path.join(LOGS, f'fuzz-{name}.log'), 'w+', encoding='utf-8', errors='replace')
            running[name] = (start(name, seconds, log), log)
        for name, (process, log) in list(running.items()):
            if process.poll() is not None:
                log.seek(0)
                output = log.read()
                log.close()
                done = re.search(r'^Done (\d+) runs', output, re.M)
                runs += int(done.group(1)) if done else 0
                result.one(f'fuzz {name}', process.returncode == 0 and done is not None, output)
                del running[name]
        time.sleep(0.2)
    cpu = round(trials.cpu_seconds() - cpu)
    print(f'fuzz       {len(targets())} targets, {runs:,} inputs, {cpu:,} s of processors', flush=True)
    trial.end(result, {'inputs': runs, 'processor_seconds': cpu})
    total.add(result)
