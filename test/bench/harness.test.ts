import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Comparison, describeReport, ratioToOurs } from '../../bench/harness/report.ts';
import { alternate } from '../../bench/harness/rounds.ts';
import { quantile, summarise } from '../../bench/harness/statistics.ts';
import { registry } from '../../bench/registry.ts';

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

function peerRatio(compared: Comparison): number | undefined {
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
    const figures = await alternate(3, { ours: form('ours', 1), peer: form('peer', 2) });
    expect(order).toEqual(['ours', 'peer', 'peer', 'ours', 'ours', 'peer']);
    expect(figures('ours')).toEqual([1.01, 1.04, 1.05]);
    expect(figures('peer')).toEqual([2.02, 2.03, 2.06]);
  });

  it('leave out a form that cannot be measured here', async () => {
    const figures = await alternate(2, { ours: async () => 1, peer: undefined });
    expect(figures('ours')).toEqual([1, 1]);
    expect(figures('peer')).toEqual([]);
  });

  it('end with the first form that fails', async () => {
    const failing = alternate(2, { ours: async () => 1, peer: () => Promise.reject(new Error('no index')) });
    await expect(failing).rejects.toThrow('no index');
  });
});

describe('the ratio', () => {
  it('is above 1 where ours takes less time, and where it gets more done', () => {
    expect(peerRatio(comparison('ms', [2, 2, 90], [10, 10, 10]))).toBe(5);
    expect(peerRatio(comparison('per second', [300], [100]))).toBe(3);
    expect(peerRatio(comparison('MB/s', [50], [100]))).toBe(0.5);
    expect(peerRatio(comparison('bytes', [50], [25]))).toBe(0.5);
  });

  it('is not told of nothing: that is not so many times less than something', () => {
    expect(peerRatio(comparison('ms', [0], [90]))).toBeUndefined();
  });

  it('is not printed for ours', () => {
    const compared = comparison('ms', [1], [2]);
    expect(compared.forms[0] && ratioToOurs(compared, compared.forms[0])).toBeUndefined();
  });
});

describe('a report', () => {
  it('shows median, spread and ratio, plans and notes within 100 columns', () => {
    const text = describeReport({
      comparisons: [comparison('ms', [0.25, 0.2, 0.4], [25, 20, 40])],
      plans: [{ of: 'the page', text: 'Limit\n  ->  Index Scan' }],
      notes: ['In the server.'],
    });
    expect(text).toMatch(/a page\s+keyset\s+stoa\s+0\.25\s+0\.20–0\.40\s+ms/);
    expect(text).toMatch(/OFFSET\s+peer\s+25\.0\s+20\.0–40\.0\s+ms\s+100×/);
    expect(text).toContain('Plan, the page:\n  Limit\n    ->  Index Scan');
    expect(text).toContain('- In the server.');
    const [table = ''] = text.split('\n\n');
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
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
  ])('refuses %j before it starts a server', (args, message) => {
    const { status, stderr } = spawnSync(process.execPath, [runner, ...args], { encoding: 'utf8' });
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});
