import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bench, BenchContext, OpenBench, Pass } from '../../bench/harness/bench.ts';
import { Course } from '../../bench/harness/course.ts';
import { mergeReports } from '../../bench/harness/merge.ts';
import { lastingProgram } from '../../bench/harness/program.ts';
import type { BenchReport } from '../../bench/harness/report.ts';
import { shareOut } from '../../bench/harness/rounds.ts';
import { type BenchServer, startBenchServer } from '../../bench/harness/server.ts';
import { isAlive } from '../../src/postgres/process-identity.ts';

function report(
  figures: readonly [ours: number[], peer: number[]],
  more: Partial<BenchReport> = {},
): BenchReport {
  return {
    comparisons: [
      {
        what: 'a page',
        size: '10 rows',
        unit: 'ms',
        forms: [
          { form: 'keyset', role: 'stoa', figures: figures[0] },
          { form: 'OFFSET', role: 'peer', figures: figures[1] },
        ],
      },
    ],
    ...more,
  };
}

/** The same with something else in the place of a part of its comparison. */
function changed(change: object): BenchReport {
  return { comparisons: report([[1], [2]]).comparisons.map((each) => ({ ...each, ...change })) };
}

describe('rounds', () => {
  it.each([
    [9, 3, [3, 3, 3]],
    [7, 3, [3, 2, 2]],
    [2, 2, [1, 1]],
    [5, 1, [5]],
  ])('%d are shared out among %d passes without one lost', (rounds, passes, counts) => {
    const parts = Array.from({ length: passes }, (_, number) => shareOut(rounds, passes, number));
    expect(parts.map(({ count }) => count)).toEqual(counts);
    expect(parts.map(({ first, count }) => first + count).at(-1)).toBe(rounds);
    parts.slice(1).forEach(({ first }, index) => {
      expect(first).toBe((parts[index]?.first ?? 0) + (parts[index]?.count ?? 0));
    });
  });
});

describe('the reports of passes', () => {
  it('are one report, with the figures of all passes in order', () => {
    const merged = mergeReports([
      report([
        [1, 2],
        [10, 20],
      ]),
      report([[3], [30]]),
    ]);
    expect(merged).toEqual(
      report([
        [1, 2, 3],
        [10, 20, 30],
      ]),
    );
  });

  it('keep the plans of the first, the output of the last, and lines that differ in figures once', () => {
    const plan = { of: 'the page', text: 'Index Scan' };
    const merged = mergeReports([
      report([[1], [2]], {
        plans: [plan],
        notes: ['1,000 rows, 5.0 a page', 'THE FORMS DIFFER'],
        output: 'one',
      }),
      report([[1], [2]], { plans: [], notes: ['1,200 rows, 4.8 a page'], output: 'two' }),
    ]);
    expect(merged).toMatchObject({ plans: [plan], output: 'two' });
    expect(merged.notes).toEqual(['1,200 rows, 4.8 a page', 'THE FORMS DIFFER']);
  });

  it.each([
    [
      'another form',
      {
        forms: [
          { form: 'keyset', role: 'stoa', figures: [1] },
          { form: 'none', role: 'peer', figures: [1] },
        ],
      },
    ],
    ['a form less', { forms: [{ form: 'keyset', role: 'stoa', figures: [1] }] }],
    ['another unit', { unit: 'bytes' }],
    ['another size', { size: '11 rows' }],
    ['another name', { what: 'a book' }],
  ])('are refused where a later one has %s', (_, change) => {
    expect(() => mergeReports([report([[1], [2]]), changed(change)])).toThrow(
      /Pass 2 measured something else than the first: .* in the place of .*a page/,
    );
  });

  it('are refused where a later one has a comparison less, or more', () => {
    const none: BenchReport = { comparisons: [] };
    expect(() => mergeReports([report([[1], [2]]), none])).toThrow('nothing in the place of');
    expect(() => mergeReports([none, report([[1], [2]])])).toThrow('in the place of nothing');
  });
});

describe('a bench on its way through the passes', () => {
  let server: BenchServer;
  beforeAll(async () => {
    server = await startBenchServer({ scale: 0.01, posts: [], tell: () => {} });
  });
  afterAll(() => server.stop());

  const context = (): BenchContext => ({
    server,
    scale: 0.01,
    members: 10,
    ballots: 10,
    forMs: 10,
    tell: () => {},
  });
  const pass = (number: number): Pass => ({
    rounds: shareOut(4, 2, number),
    roundsAtMost: (most) => shareOut(most, 2, number),
  });
  async function through(bench: Bench): Promise<Course> {
    const course = new Course('pages', bench, context());
    for (const number of [0, 1]) if (course.failed === undefined) await course.run(pass(number), number + 1);
    return course;
  }
  /** As many figures as the pass has rounds: their number among all. */
  const figuresOf = ({ rounds }: Pass): number[] =>
    Array.from({ length: rounds.count }, (_, index) => rounds.first + index);

  it('has the figures of all of them, and those of the machine once a pass', async () => {
    const summary = 'A page.';
    const course = await through({
      summary,
      run: async (each) => report([figuresOf(each), figuresOf(each)]),
    });
    const { report: merged, yardsticks, failed } = course.result();
    expect(failed).toBeUndefined();
    expect(merged?.comparisons[0]?.forms[1]?.figures).toEqual([0, 1, 2, 3]);
    expect(yardsticks.map(({ what }) => what)).toEqual(['node', 'PostgreSQL', 'disk']);
    for (const { figures } of yardsticks) {
      expect(figures).toHaveLength(2);
      for (const figure of figures) expect(figure).toBeGreaterThan(0);
    }
  });

  it('has failed if it failed in one of them, and has no figures of fewer rounds', async () => {
    let passes = 0;
    const course = await through({
      summary: 'A page.',
      async run(each) {
        passes += 1;
        if (passes === 2) throw new Error('no index');
        return report([figuresOf(each), figuresOf(each)]);
      },
    });
    expect(course.result().failed).toMatch(/^pass 2: Error: no index/);
    expect(course.result().report).toBeUndefined();
  });

  it('has failed if a pass measured something else', async () => {
    const reports = [report([[1], [2]]), changed({ unit: 'bytes' })];
    const course = await through({
      summary: 'A page.',
      run: async () => reports.shift() ?? report([[1], [2]]),
    });
    expect(course.result().failed).toMatch(/^pass 2: Error: Pass 2 measured something else/);
  });

  it('keeps what it made from pass to pass, until it is closed, once', async () => {
    const told: string[] = [];
    const open = (run: OpenBench['run']): Bench => ({
      summary: 'A page.',
      async open() {
        told.push('open');
        return { run, close: async () => told.push('close') };
      },
    });
    const course = await through(
      open(async (each) => {
        told.push('run');
        return report([figuresOf(each), figuresOf(each)]);
      }),
    );
    expect(told).toEqual(['open', 'run', 'run']);
    await course.close();
    await course.close();
    expect(told).toEqual(['open', 'run', 'run', 'close']);

    told.length = 0;
    await through(open(() => Promise.reject(new Error('no index'))));
    expect(told).toEqual(['open', 'close']);
  });

  /** test/bench/lasting.ts, as announce, retention and backup are kept. */
  const program = (failsAt: number): Bench =>
    lastingProgram('../test/bench/lasting', 'A program.', () => [String(failsAt)]);

  it('may be a program of its own, one process for all passes, that ends when it is closed', async () => {
    const course = await through(program(0));
    const [rounds, few, processes] =
      course.result().report?.comparisons[0]?.forms.map(({ figures }) => figures) ?? [];
    expect([rounds, few]).toEqual([
      [0, 1, 2, 3],
      [3, 3],
    ]);
    const [pid = 0, ...others] = new Set(processes);
    expect(others).toEqual([]);
    expect(isAlive(pid)).toBe(true);
    await course.close();
    expect(isAlive(pid)).toBe(false);
    expect(course.failed).toBeUndefined();
  });

  it('has failed if its program ends in a later pass', async () => {
    const course = await through(program(2));
    expect(course.result().failed).toMatch(/^pass 2: Error: .*lasting\.ts ended with 1/);
    expect(course.result().report).toBeUndefined();
  });
});
