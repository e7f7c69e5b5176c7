import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from '../../bench/harness/options.ts';
import { type Ratio, ratioToOurs } from '../../bench/harness/ratio.ts';
import { type BenchReport, type Comparison, describeReport } from '../../bench/harness/report.ts';
import { readResult } from '../../bench/harness/results.ts';
import { alternate } from '../../bench/harness/rounds.ts';
import { quantile, summarise } from '../../bench/harness/statistics.ts';
import { registry } from '../../bench/registry.ts';

const recorded = fileURLToPath(new URL('./recorded-run.json', import.meta.url));
const runner = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));

function comparison(unit: Comparison['unit'], ours: number[], peer: number[]): Comparison {
  return {
    what: 'a page',
    unit,
    forms: [
      { form: 'keyset', role: 'stoa', figures: ours },
      { form: 'OFFSET', role: 'peer', figures: peer },
    ],
  };
}

function peerRatio(compared: Comparison): Ratio | undefined {
  const [, peer] = compared.forms;
  return peer && ratioToOurs(compared, peer);
}

describe('a summary of rounds', () => {
  it('is the middle one, the lowest and the highest, in whatever order they came', () => {
    expect(summarise([9, 1, 5])).toEqual({ median: 5, low: 1, high: 9 });
    expect(summarise([4, 2]).median).toBe(3);
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
  });
});

describe('rounds', () => {
  it('measure each form once, and begin with another one each time', async () => {
    const order: string[] = [];
    const form = (name: string, figure: number) => async () => {
      order.push(name);
      return figure + order.length / 100;
    };
    const figures = await alternate({ count: 3, first: 0 }, { ours: form('ours', 1), peer: form('peer', 2) });
    expect(order).toEqual(['ours', 'peer', 'peer', 'ours', 'ours', 'peer']);
    expect(figures('ours')).toEqual([1.01, 1.04, 1.05]);
    expect(figures('peer')).toEqual([2.02, 2.03, 2.06]);
  });

  it('leave out a form that cannot be measured here', async () => {
    const figures = await alternate({ count: 2, first: 0 }, { ours: async () => 1, peer: undefined });
    expect(figures('ours')).toEqual([1, 1]);
    expect(figures('peer')).toEqual([]);
  });

  it('go on taking turns where the pass before ended', async () => {
    const order: string[] = [];
    const form = (name: string) => async () => order.push(name);
    await alternate({ count: 1, first: 1 }, { ours: form('ours'), peer: form('peer'), limit: form('limit') });
    expect(order).toEqual(['peer', 'limit', 'ours']);
  });

  it('begin after each form was done once that does not count, where the first time is another', async () => {
    let done = 0;
    const figures = await alternate(
      { count: 2, first: 0 },
      { ours: async () => ++done, peer: async () => ++done },
      { isWarmedUp: true },
    );
    expect([figures('ours'), figures('peer')]).toEqual([
      [3, 6],
      [4, 5],
    ]);
  });

  it('end with the first form that fails', async () => {
    const failing = alternate(
      { count: 2, first: 0 },
      { ours: async () => 1, peer: () => Promise.reject(new Error('no index')) },
    );
    await expect(failing).rejects.toThrow('no index');
  });
});

describe('the ratio', () => {
  it('is above 1 where ours takes less time, and where it gets more done', () => {
    expect(peerRatio(comparison('ms', [2, 2, 90], [10, 10, 10]))?.median).toBe(5);
    expect(peerRatio(comparison('per second', [300], [100]))?.median).toBe(3);
    expect(peerRatio(comparison('MB/s', [50], [100]))?.median).toBe(0.5);
    expect(peerRatio(comparison('bytes', [50], [25]))?.median).toBe(0.5);
  });

  it('is that of each round: a machine that is slow for some rounds is no part of its spread', () => {
    const busy = comparison('ms', [1, 3, 1.5], [2, 6, 3.3]);
    expect(peerRatio(busy)).toEqual({ median: 2, low: 2, high: expect.closeTo(2.2), isPaired: true });
    // The medians alone would say 1 and 0.5.
    const turned = comparison('per second', [100, 200, 400], [400, 200, 100]);
    expect(peerRatio(turned)).toEqual({ median: 1, low: 0.25, high: 4, isPaired: true });
  });

  it('is that of the medians, without a spread and marked, where a form was not measured in each round', () => {
    const lacking = comparison('ms', [1, 2, 3], [8, 12]);
    expect(peerRatio(lacking)).toEqual({ median: 5, low: 5, high: 5, isPaired: false });
    const lackingOurs = comparison('ms', [2, 2], [8, 10, 90]);
    expect(peerRatio(lackingOurs)).toEqual({ median: 5, low: 5, high: 5, isPaired: false });
    const text = describeReport({ comparisons: [lacking] });
    expect(text).toMatch(/OFFSET .* ≈5\.0×\n/);
    expect(text).toContain('≈: not measured in the same rounds');
    expect(describeReport({ comparisons: [comparison('ms', [1, 2], [8, 12])] })).not.toContain('≈');
  });

  it('is not told of nothing: that is not so many times less than something', () => {
    expect(peerRatio(comparison('ms', [0], [90]))).toBeUndefined();
    expect(peerRatio(comparison('ms', [0, 0], [90]))).toBeUndefined();
  });

  it('is not printed for ours', () => {
    const compared = comparison('ms', [1], [2]);
    expect(compared.forms[0] && ratioToOurs(compared, compared.forms[0])).toBeUndefined();
  });
});

/** Lines of the first table of a report. */
const tableOf = (report: BenchReport): string[] =>
  (describeReport(report).split('\n\n')[0] ?? '').split('\n');

describe('a report', () => {
  it('shows median, spread, ratio and the spread of that, plans and notes', () => {
    const text = describeReport({
      comparisons: [comparison('ms', [0.25, 0.2, 0.4], [25, 22, 36])],
      plans: [{ of: 'the page', text: 'Limit\n  ->  Index Scan' }],
      notes: ['In the server.'],
    });
    expect(text).toMatch(/a page\n\s+keyset\s+stoa\s+0\.25\s+0\.20–0\.40\s+ms\n/);
    expect(text).toMatch(/OFFSET\s+peer\s+25\.0\s+22\.0–36\.0\s+ms\s+100×\s+90\.0–110\n/);
    expect(text).toContain('Plan, the page:\n  Limit\n    ->  Index Scan');
    expect(text).toContain('- In the server.');
  });

  it('fits 100 columns without a cut, in every bench of a recorded run', () => {
    for (const { name, report } of readResult(recorded).benches) {
      if (!report || report.comparisons.length === 0) continue;
      const lines = tableOf({ comparisons: report.comparisons });
      for (const line of lines) expect(line.length, name).toBeLessThanOrEqual(100);
      for (const { what, forms } of report.comparisons) {
        expect(lines, name).toContain(what);
        for (const { form } of forms) {
          expect(lines, name).toContainEqual(expect.stringContaining(`  ${form}  `));
        }
      }
    }
  });
});

describe('the registry', () => {
  it('names every bench once, loads it, and each has a summary', async () => {
    const names = registry.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, load } of registry) {
      expect((await load()).summary, name).toMatch(/^[A-Z].*\.$/);
      const files = [`../../bench/${name}.ts`, `../../bench/comparisons/${name}.ts`];
      expect(
        files.some((file) => existsSync(new URL(file, import.meta.url))),
        name,
      ).toBe(true);
    }
  });
});

describe('the runner', () => {
  it.each([
    [['nothing-like-it'], 'There is no bench nothing-like-it.'],
    [['feed', '--rounds', '0'], '--rounds is a whole number above 0.'],
    [['feed', '--scale', 'much'], '--scale is a number above 0.'],
    [['feed', '--passes', '0'], '--passes is a whole number above 0.'],
    [['feed', '--passes', '1.5'], '--passes is a whole number above 0.'],
    [['feed', '--passes', '4', '--rounds', '3'], '--passes 4 is more than --rounds 3'],
  ])('refuses %j before it starts a server', (args, message) => {
    const { status, stderr } = spawnSync(process.execPath, [runner, ...args], { encoding: 'utf8' });
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  it('makes three passes, and fewer where there are fewer rounds', () => {
    expect(readOptions([], {})).toMatchObject({ rounds: 9, passes: 3 });
    expect(readOptions(['--rounds', '2'], {})).toMatchObject({ rounds: 2, passes: 2 });
    expect(readOptions(['--rounds', '2', '--passes', '1'], {})).toMatchObject({ rounds: 2, passes: 1 });
    expect(() => readOptions(['--passes', '10'], {})).toThrow(UsageError);
  });
});
