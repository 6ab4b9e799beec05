"""The parts of ./check crash: what is tried, how it is run, and how much of it makes a long run."""
import os
import re
import time

import crash_sites
import trials
from check_tools import Result, cmocka_count, node_tests, run

DIRECTORY = 'build-check/gcc'
CHUNK_SECONDS = 120  # a long run is made of pieces of about this length; each is a line of the record


class Program:
    """A test in C whose seeds go on from where the last run ended."""

    def __init__(self, name, goals):
        self.name, self.goals = f'crash/{name}', goals
        self.target = f'tests/crash/test_{name}'

    def run(self, result, env, begin, times):
        code, output = run([os.path.join(DIRECTORY, self.target)],
                           {**env, 'FIRSTHAND_CRASH_RUNS': str(times), 'FIRSTHAND_CRASH_FROM': str(begin)}, timeout=24 * 3600)
        passed, _ = cmocka_count(output, result)
        if code != 0 or passed == 0:
            result.one(f'{self.name} from {begin}, {times} times', False, output)
        counts = {}
        for line in re.findall(r'^crash: (.*)$', output, re.M):
            for number, what in re.findall(r'(\d+) ([a-z ]+)', line):
                counts[what] = counts.get(what, 0) + int(number)
        return counts


class Served:
    """A test of the running server that does something CYCLES times."""

    def __init__(self, name, file, setting, what, goal, cycles):
        self.name, self.goals = f'crash/{name}', {what: goal}
        self.file, self.setting, self.what, self.cycles = file, setting, what, cycles

    def run(self, result, env, begin, times):
        del begin  # every cycle is another anyway
        cycles = self.cycles * times
        skipped = result.skipped
        node_tests(result, [self.file], 'tests', {**env, self.setting: str(cycles)}, 24 * 3600)
        return {self.what: 0 if result.skipped > skipped else cycles}


class Sites:
    """Every place of the source that calls the disk; run once, with other programs."""
    name, goals = 'crash/sites', {'complete rounds': 1}

    def run(self, result, env, begin, times):
        del env, begin, times
        return crash_sites.check(result)


# The goals are those of RELIABILITY.md.
PARTS = [
    Program('store_states', {'states': 1_000_000}),
    Program('store_faults', {'faults': 100_000, 'memory faults': 100_000}),
    Program('store_cut', {'cuts': 1000}),
    Program('store_rot', {'flips': 100_000}),
    Program('store_erasures', {'erasures': 10_000}),
    Program('store_bulk_cut', {'cuts': 1000}),
    Program('backup_cut', {'cuts': 1000}),
    Program('state_cut', {'states': 100_000, 'faults': 10_000}),
    Program('app_cut', {'cuts': 1000, 'faults': 10_000}),
    Program('state_rot', {'flips': 100_000}),
    Program('interrupts', {'interrupts': 10_000}),
    Sites(),
    Served('kills', 'api/kill.test.mjs', 'KILL_CYCLES', 'kills', 2000, 6),
    Served('images', 'api/disk-images.test.mjs', 'IMAGE_CUTS', 'cuts', 1000, 3),
    Served('full_disks', 'api/full-disk.test.mjs', 'FULL_CYCLES', 'full disks', 200, 5),
    Served('survey_kills', 'api/surveys-kill.test.mjs', 'KILL_CYCLES', 'kills', 200, 6),
]


def targets():
    return [part.target for part in PARTS if isinstance(part, Program)]


def words(counts):
    return ', '.join(f'{number:,} {what}' for what, number in counts.items()) or 'nothing that counts'


def one(part, total, env, begin, times):
    """A run of a part, its line in the record, and a line for who watches."""
    result, trial = Result(), trials.Trial(part.name)
    counts = part.run(result, env, begin, times)
    line = trial.end(result, counts, runs=times)
    rate = ', '.join(f'{number / max(line["cpu_seconds"], 0.1):,.1f} {what} a CPU second' for what, number in counts.items() if number)
    print(f'{part.name:22} {words({what: number for what, number in counts.items() if number})} in {line["seconds"]:.0f} s; {rate}', flush=True)
    total.add(result)
    return line


def sample(total, env):
    """Every part once, in its ordinary size."""
    for part in PARTS:
        one(part, total, env, 0, 1)


class Progress:
    """How far a part has come since it last failed, as RELIABILITY.md counts it."""

    def __init__(self, part):
        self.part = part
        lines, _ = trials.lines_of(part.name, trials.known())
        self.runs = sum(line.get('runs', 0) for line in lines)
        self.seconds = sum(line['seconds'] for line in lines)
        self.counts = {what: sum(line['counts'].get(what, 0) for line in lines) for what in part.goals}
        self.dead = False  # it counts nothing on this machine

    def add(self, line):
        self.runs += line['runs']
        self.seconds += line['seconds']
        for what in self.counts:
            self.counts[what] += line['counts'].get(what, 0)
        self.dead = not any(self.counts.values())

    def reached(self):
        """From 0 to 1."""
        return min(min(self.counts[what], goal) / goal for what, goal in self.part.goals.items())

    def seconds_left(self):
        return self.seconds * (1 / self.reached() - 1) if self.reached() else None

    def times(self):
        """Of the next piece: what takes CHUNK_SECONDS, but no more than is missing."""
        if not self.runs:
            return 1
        fit = self.runs / self.seconds * CHUNK_SECONDS
        missing = self.runs * (1 / self.reached() - 1) if self.reached() else fit
        return max(1, round(min(fit, missing + 1)))


def until_reached(total, env, hours):
    """The part that is furthest behind, piece by piece, until all have reached their goals, something fails, or time is up."""
    end = time.monotonic() + hours * 3600
    commit = trials.commit_of_code()
    all_parts = [Progress(part) for part in PARTS]
    while total.failed == 0 and time.monotonic() < end:
        behind = [progress for progress in all_parts if progress.reached() < 1 and not progress.dead]
        if not behind:
            break
        progress = min(behind, key=Progress.reached)
        progress.add(one(progress.part, total, env, progress.runs, progress.times()))
        left = [other.seconds_left() for other in behind]
        print(f'{progress.part.name:22} {100 * progress.reached():.1f} %: '
              + ', '.join(f'{progress.counts[what]:,} of {goal:,} {what}' for what, goal in progress.part.goals.items())
              + ('' if None in left else f'; all parts: about {sum(left) / 60:.0f} min more'), flush=True)
    for progress in all_parts:
        print(f'{progress.part.name:22} {"reached" if progress.reached() >= 1 else "NOT reached"}: {words(progress.counts)}')
    total.one('commit of the code did not change meanwhile', commit == trials.commit_of_code(), commit)
