import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claims } from '../../bench/claims.ts';
import { compareRuns } from '../../bench/harness/agreement.ts';
import { describeAgreement } from '../../bench/harness/agreement-tables.ts';
import { markdownOf } from '../../bench/harness/markdown.ts';
import { describeRun } from '../../bench/harness/outcome.ts';
import { forMachines, type RunResult, readResult, saveResult } from '../../bench/harness/results.ts';
import { registry } from '../../bench/registry.ts';

const recorded = fileURLToPath(new URL('./recorded-run.json', import.meta.url));
const runner = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stoa-bench-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [runner, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
};

/** The recorded run with the figures of one form replaced. */
function withFigures(bench: string, form: string, figures: number[]): RunResult {
  const copy = readResult(recorded);
  for (const { name, report } of copy.benches) {
    for (const measured of report?.comparisons[0]?.forms ?? []) {
      if (name === bench && measured.form === form) measured.figures = figures;
    }
  }
  return copy;
}

describe('a saved run', () => {
  it('is read as it was written', () => {
    const path = join(folder, 'again.json');
    saveResult(path, readResult(recorded));
    expect(readResult(path)).toEqual(readResult(recorded));
    expect(forMachines(readResult(recorded))).toHaveProperty(
      'benches.0.report.comparisons.0.forms.0.median',
      expect.any(Number),
    );
  });

  it('that is something else is refused before anything is measured', () => {
    const path = join(folder, 'other.json');
    writeFileSync(path, '{"benches": [{"name": "feed"}]}');
    const { status, stderr } = run('feed', '--compare', path);
    expect(stderr).toContain('is not what --json prints');
    expect(status).toBe(2);
  });
});

describe('two runs', () => {
  it('agree with themselves in every figure', () => {
    const { figures, unmatched } = compareRuns(readResult(recorded), readResult(recorded));
    expect(figures.length).toBeGreaterThan(80);
    expect(figures.filter(({ isWithin }) => !isWithin)).toEqual([]);
    expect(unmatched).toEqual([]);
  });

  it('differ in a figure whose median lies outside of the lowest and highest round of the other', () => {
    const then = withFigures('votes', 'votePost, all its rules', [90, 100, 130]);
    const now = withFigures('votes', 'votePost, all its rules', [60, 80, 110]);
    const told = compareRuns(now, then);
    expect(told.figures.filter(({ isWithin }) => !isWithin)).toMatchObject([
      { bench: 'votes', form: 'votePost, all its rules', ratio: 0.8, earlier: { low: 90, high: 130 } },
    ]);
    const inside = withFigures('votes', 'votePost, all its rules', [60, 91, 400]);
    expect(compareRuns(inside, then).figures.every(({ isWithin }) => isWithin)).toBe(true);
    expect(told.figures.every(({ doSpreadsMeet }) => doSpreadsMeet)).toBe(true);
    const apart = compareRuns(withFigures('votes', 'votePost, all its rules', [60, 80, 89]), then);
    expect(apart.figures.filter(({ doSpreadsMeet }) => !doSpreadsMeet)).toMatchObject([{ isWithin: false }]);
    expect(describeAgreement(apart)).toMatch(/0\.80×\s+no\s+apart/);
    const text = describeAgreement(told);
    expect(text).toContain(`${told.figures.length - 1} of ${told.figures.length} figures lie within`);
    expect(text).toMatch(/90\.0–130\s+80\.0\s+0\.80×\s+no/);
  });

  it('agree in a size that prints the same', () => {
    const then = withFigures('votes', 'votePost, all its rules', [58.91, 58.91]);
    const now = withFigures('votes', 'votePost, all its rules', [58.93, 58.93]);
    expect(compareRuns(now, then).figures.every(({ isWithin }) => isWithin)).toBe(true);
  });

  it('name what only one of them has, but not the benches that were left out this time', () => {
    const then = readResult(recorded);
    const feed = readResult(recorded).benches.filter(({ name }) => name === 'feed');
    const now = { ...then, benches: feed };
    expect(compareRuns(now, then).unmatched).toEqual([]);
    feed[0]?.report?.comparisons.pop();
    expect(compareRuns(now, then).unmatched).not.toEqual([]);
  });

  it('are compared by the command without measuring, and differences are no failure', () => {
    const other = join(folder, 'slower.json');
    saveResult(other, withFigures('votes', 'votePost, all its rules', [1, 2, 3]));
    const { status, stdout } = run('--from', other, '--compare', recorded);
    expect(stdout).toMatch(/figures lie within the spread of the earlier run/);
    expect(status).toBe(0);
    const { stdout: json } = run('--from', other, '--compare', recorded, '--json');
    expect(JSON.parse(json)).toHaveProperty('agreement.figures.0.isWithin');
  });
});

describe('the ratios of two runs', () => {
  const peer = 'vote row, then counter, by a client';
  const ours = 'votePost, all its rules';
  const both = (own: number[], others: number[]): RunResult => {
    const copy = withFigures('votes', ours, own);
    const [compared] = copy.benches.find(({ name }) => name === 'votes')?.report?.comparisons ?? [];
    for (const measured of compared?.forms ?? []) if (measured.form === peer) measured.figures = others;
    return copy;
  };
  const ratioOf = (now: RunResult, then: RunResult) =>
    compareRuns(now, then).ratios.find(({ bench, what, form }) => {
      return bench === 'votes' && what === 'one hot post' && form === peer;
    });
  const then = both([100, 200, 300], [50, 100, 200]);

  it('agree where those of the rounds do, on a machine that is a quarter as fast', () => {
    const slower = both([25, 50, 75], [12.5, 26, 50]);
    expect(compareRuns(slower, then).figures.filter(({ isWithin }) => !isWithin)).not.toEqual([]);
    expect(ratioOf(slower, then)).toMatchObject({
      isWithin: true,
      doSpreadsMeet: true,
      earlier: { median: 2, low: 1.5, high: 2 },
    });
  });

  it('differ where the median lies outside of the earlier rounds, and meet where a round does not', () => {
    expect(ratioOf(both([100, 100, 100], [100, 100, 60]), then)).toMatchObject({
      isWithin: false,
      doSpreadsMeet: true,
      now: { median: 1, low: 1, high: expect.closeTo(1.67) },
    });
    expect(ratioOf(both([100, 100, 100], [100, 100, 90]), then)).toMatchObject({ doSpreadsMeet: false });
  });

  it('are left out where a form was not measured in each round', () => {
    expect(ratioOf(both([100, 200], [50, 100, 200]), then)).toBeUndefined();
    expect(ratioOf(then, both([100, 200, 300], [50, 100]))).toBeUndefined();
  });

  it('are counted, apart from the figures', () => {
    const told = compareRuns(both([100, 100, 100], [100, 100, 90]), then);
    expect(told.ratios.length).toBeGreaterThan(40);
    const away = told.ratios.filter(({ isWithin }) => !isWithin).length;
    expect(away).toBeGreaterThan(0);
    expect(describeAgreement(told)).toContain(
      `${told.ratios.length - away} of ${told.ratios.length} ratios lie within the spread of the earlier run. Of ${told.ratios.length - away} the`,
    );
    for (const line of describeAgreement(told).split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

describe('the machine of two runs', () => {
  const onMachine = (...figures: number[][]): RunResult => {
    const copy = readResult(recorded);
    figures.forEach((each, index) => {
      const bench = copy.benches[index];
      if (bench) bench.yardsticks = [{ what: 'node', figures: each }];
    });
    return copy;
  };

  it('is told beside the figures, with the times of fixed work of all passes', () => {
    const told = compareRuns(onMachine([30], [32, 31]), onMachine([20, 21], [25]));
    expect(told.yardsticks).toMatchObject([
      {
        what: 'node',
        isWithin: false,
        doSpreadsMeet: false,
        earlier: { low: 20, high: 25 },
        now: { low: 30, high: 32 },
      },
    ]);
    expect(describeAgreement(told)).toMatch(
      /node\s+21\.0\s+20\.0–25\.0\s+31\.0\s+30\.0–32\.0\s+1\.5×\s+no\s+apart/,
    );
    expect(describeAgreement(told)).toContain('took another time than in the earlier run');
    const same = describeAgreement(compareRuns(onMachine([22]), onMachine([20, 25])));
    expect(same).toContain('took what it took in the earlier run');
  });

  it('is in the head of a run and of the tables of the pages', () => {
    expect(describeRun(onMachine([20, 21], [25]))).toContain('Fixed work: node 21.0 ms (20.0–25.0)\n');
    expect(markdownOf(onMachine([20, 21], [25])).text).toContain('Fixed work: node 21.0 ms (20.0–25.0).');
  });

  it('is not told of a file from before it was measured, which is one pass', () => {
    const old = readResult(recorded);
    expect(old.passes).toBe(1);
    expect(compareRuns(onMachine([20]), old).yardsticks).toEqual([]);
    expect(describeAgreement(compareRuns(old, old))).not.toContain('fixed work');
    expect(markdownOf(old).text).toContain(': medians of 7 rounds in 1 pass, scale 0.1.\n');
  });
});

describe('the tables of the pages', () => {
  it('have the spread of each ratio, where there is one', () => {
    const two = withFigures('votes', 'votePost, all its rules', [950, 950, 1900, 950, 950, 950, 950]);
    const votes = (run: RunResult): string =>
      markdownOf(run).text.match(/\| votes on one post \|.*\|/)?.[0] ?? '';
    expect(votes(two)).toMatch(/\| 0\.50× \(0\.48–1\.0\) \|$/);
    expect(votes(withFigures('votes', 'votePost, all its rules', [950]))).toMatch(/\| ≈0\.50× \|$/);
  });

  it('have a line for each claim, from the figures of the run', () => {
    const { text, missing } = markdownOf(readResult(recorded));
    expect(missing).toEqual([]);
    const [inReadme = '', onPage = ''] = text.split('<!-- docs/benchmarks.md');
    for (const { bench, label, inReadme: isChosen } of claims) {
      const line = `| \`${bench}\` | ${label}`;
      expect(onPage).toContain(line);
      if (isChosen) expect(inReadme).toContain(line);
    }
    const votes = markdownOf(withFigures('votes', 'votePost, all its rules', [1234, 1234])).text;
    expect(votes).toMatch(/\| `votes` \| votes on one post \| 1,234\/s \| vote row, then counter/);
  });

  it('say what a run has no figure for', () => {
    const { status, stderr } = (() => {
      const path = join(folder, 'part.json');
      const all = readResult(recorded);
      saveResult(path, { ...all, benches: all.benches.filter(({ name }) => name !== 'tally') });
      return run('--from', path, '--markdown');
    })();
    expect(stderr).toContain('No figure for tally: closing a proposal');
    expect(status).toBe(1);
  });

  it('are what README.md claims: each figure there has a bench that is asked for by that name', () => {
    const section = /## Figures\n(.*?)\n## /s.exec(readme)?.[1] ?? '';
    const rows = section.split('\n').filter((line) => /^\| `[a-z]/.test(line));
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) {
      const [, name = '', what = ''] = row.split('|').map((cell) => cell.trim());
      const bench = name.replaceAll('`', '');
      const told = claims.filter((claim) => claim.bench === bench && claim.inReadme);
      expect(
        told.some(({ label }) => what.startsWith(label)),
        row,
      ).toBe(true);
    }
  });
});

describe('the summary of a run', () => {
  it('has a line for each bench within 100 columns, and names those that failed', () => {
    const all = readResult(recorded);
    const [first, ...rest] = all.benches;
    if (!first) throw new Error('nothing is recorded');
    const { report: _, ...failing } = first;
    const text = describeRun({ ...all, benches: [{ ...failing, failed: 'no index' }, ...rest] });
    for (const { name } of all.benches) expect(text).toMatch(new RegExp(`^${name} `, 'm'));
    expect(text).toContain('; failed: feed');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

describe('the benches', () => {
  /** What must be measured, and what beside it: the forms by part of their name. */
  const wanted: Readonly<Record<string, Readonly<Record<string, readonly RegExp[]>>>> = {
    'hot-feed': {
      'first page': [/keyset/, /score \/ 2\^/, /its index alone/],
      'page 100': [/keyset/, /score \/ 2\^/, /its index alone/],
      'upkeep of an hour': [/nothing/, /falls with age/],
    },
    votes: {
      'one hot post': [/votePost/, /by a client/, /same indexes/],
      'many posts': [/votePost/, /by a client/, /same indexes/],
    },
    messages: {
      send: [/sendMessage/, /insert/, /NOTIFY/],
      'newest 50': [/key/, /OFFSET/],
      'page 1,000': [/key/, /OFFSET/],
      'indexes per message': [/id v7/, /id v4/],
    },
    unread: Object.fromEntries(
      ['2', '100', '10,000'].flatMap((members) => [
        [`read, ${members} members`, [/marker/, /COUNT/, /counter per participant/]],
        [`send, ${members} members`, [/sendMessage/, /counters of all/]],
      ]),
    ),
    'row-security': { 'hot feed of a forum, 25': [/stoa_member/, /no policies/] },
    friends: { '10 suggestions': [/directed edges/, /one row a pair/] },
    announce: { 'announces over HTTP': [/Stoa/, /bittorrent-tracker/, /function alone/] },
    tally: { 'closing a proposal': [/counted/, /fetched/] },
    api: {
      'feed: requests': [/GraphQL/, /graphql-js/, /node:http/],
      'feed: 99th percentile': [/GraphQL/, /graphql-js/, /node:http/],
    },
    start: { 'start to first answer': [/stoa serve/], 'memory then': [/stoa serve/] },
    jobs: { jobs: [/stoa work/, /graphile-worker/] },
    retention: {
      'rows that go': [/batches/, /one DELETE/],
      'a month that goes': [/partition/, /one DELETE/],
    },
    migrations: { 'a new database': [/stoa migrate up/, /./] },
    backup: {
      backup: [/encrypted/, /pg_basebackup, zstd/],
      'backup, not compressed': [/pg_basebackup/, /read and compared/],
    },
    restore: { restore: [/encrypted/] },
  };

  it.each(Object.keys(wanted))('can be asked for as %s, and compare what they are for', (asked) => {
    const entries = registry.filter(({ name, also }) => [name, ...also].includes(asked));
    expect(entries).not.toEqual([]);
    const comparisons = readResult(recorded)
      .benches.filter((bench) => entries.some(({ name }) => name === bench.name))
      .flatMap(({ report }) => report?.comparisons ?? []);
    for (const [what, forms] of Object.entries(wanted[asked] ?? {})) {
      const names =
        comparisons.find((comparison) => comparison.what === what)?.forms.map(({ form }) => form) ?? [];
      for (const form of forms) expect(names, what).toContainEqual(expect.stringMatching(form));
    }
  });

  it('answer no two to one word, but migrations', () => {
    const words = registry.flatMap(({ name, also }) => [name, ...also]);
    const twice = words.filter((word, index) => words.indexOf(word) !== index);
    expect(twice).toEqual(['migrations']);
  });
});
