import type { Bench, BenchContext, OpenBench, Pass } from './bench.ts';
import { measureYardsticks } from './fixed-work.ts';
import { describeThisMachine, type Machine } from './machine.ts';
import { mergeReports } from './merge.ts';
import type { BenchReport } from './report.ts';
import { type BenchResult, reportForm } from './results.ts';
import { mergeYardsticks, type Yardstick } from './yardstick.ts';

/** One bench on its way through the passes of a run. */
export class Course {
  readonly #name: string;
  readonly #bench: Bench;
  readonly #context: BenchContext;
  readonly #reports: BenchReport[] = [];
  readonly #yardsticks: (readonly Yardstick[])[] = [];
  #machine: Machine | undefined;
  #open: OpenBench | undefined;
  #elapsedMs = 0;
  #failed: string | undefined;

  constructor(name: string, bench: Bench, context: BenchContext) {
    this.#name = name;
    this.#bench = bench;
    this.#context = context;
  }

  /** Why it goes no further. */
  get failed(): string | undefined {
    return this.#failed;
  }

  get summary(): string {
    return this.#bench.summary;
  }

  /** Milliseconds that one pass took; a failure in it is kept, and no pass follows. */
  async run(pass: Pass, number: number): Promise<number> {
    const { server } = this.#context;
    // Before the bench: afterwards its own work would be in them.
    const machine = describeThisMachine(server.version);
    if (this.#machine === undefined || (machine.load[0] ?? 0) > (this.#machine.load[0] ?? 0)) {
      this.#machine = machine;
    }
    const begun = performance.now();
    const { communityMs } = server;
    try {
      this.#yardsticks.push(await measureYardsticks(server.adminUrl));
      this.#reports.push(reportForm.parse(await this.#measure(pass)));
      mergeReports(this.#reports);
    } catch (error) {
      this.#fail(`pass ${number}`, error);
      await this.close();
    }
    // The community is everybody's: whoever comes first only makes it.
    const tookMs = performance.now() - begun - (server.communityMs - communityMs);
    this.#elapsedMs += tookMs;
    return tookMs;
  }

  async #measure(pass: Pass): Promise<BenchReport> {
    const bench = this.#bench;
    if ('run' in bench) return bench.run({ ...this.#context, ...pass });
    this.#open ??= await bench.open(this.#context);
    return this.#open.run(pass);
  }

  #fail(where: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#failed = [this.#failed, `${where}: ${text}`].filter((part) => part !== undefined).join('\n');
  }

  /** What it made for all passes goes. */
  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    try {
      await open?.close();
    } catch (error) {
      this.#fail('at its end', error);
    }
  }

  /** Figures of all passes, or none: a bench that failed in one of them has no fewer rounds, but failed. */
  result(): BenchResult {
    const { server } = this.#context;
    return {
      name: this.#name,
      summary: this.#bench.summary,
      machine: this.#machine ?? describeThisMachine(server.version),
      yardsticks: mergeYardsticks(this.#yardsticks).map(({ what, figures }) => ({
        what,
        figures: [...figures],
      })),
      elapsedMs: Math.round(this.#elapsedMs),
      ...(this.#failed === undefined
        ? { report: reportForm.parse(mergeReports(this.#reports)) }
        : { failed: this.#failed }),
    };
  }
}
