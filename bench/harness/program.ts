import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { print } from '../../src/cli/output.ts';
import type { BenchContext, FreshBench, LastingBench } from './bench.ts';
import { type BenchReport, describeReport } from './report.ts';
import { reportForm } from './results.ts';
import { fewRounds, type Rounds } from './rounds.ts';

/** Arguments that make a program small enough to run with all. */
export type Arguments = (context: BenchContext) => readonly string[];

const pathOf = (name: string): string => fileURLToPath(new URL(`../${name}.ts`, import.meta.url));

const howToRun = (name: string, args: readonly string[]): string =>
  `node bench/${[`${name}.ts`, ...args].join(' ')}; its arguments: the head of that file`;

/** A bench that is a program of its own, with a server of its own. What it prints is shown as it is. */
export function program(name: string, summary: string, args: readonly string[]): FreshBench {
  return {
    summary,
    async run() {
      const child = spawn(process.execPath, [pathOf(name), ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      const [code] = await once(child, 'close');
      if (code !== 0) throw new Error(`bench/${name}.ts ended with ${code}:\n${output}`);
      return { comparisons: [], notes: [howToRun(name, args)], output };
    },
  };
}

/**
 * A program that hands over figures. It lasts for the run, with its server and its rows: it is told the rounds of each
 * pass, and hands a report over for each.
 */
export function lastingProgram(name: string, summary: string, argumentsFor: Arguments): LastingBench {
  return {
    summary,
    async open(context) {
      const args = argumentsFor(context);
      const child = spawn(process.execPath, [pathOf(name), ...args], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      const ended = new Promise<unknown>((resolve) => child.once('exit', resolve));
      return {
        async run({ rounds, roundsAtMost }) {
          const answer = once(child, 'message');
          const asked: AskedRounds = { rounds, few: roundsAtMost(fewRounds) };
          // Whoever has ended meanwhile takes no message: its end is told below.
          child.send(asked, () => {});
          const [message]: unknown[] = await Promise.race([
            answer,
            ended.then((code) => {
              throw new Error(`bench/${name}.ts ended with ${code}`);
            }),
          ]);
          const report = reportForm.parse(message);
          return { ...report, notes: [...(report.notes ?? []), howToRun(name, args)] };
        },
        async close() {
          if (child.connected) child.disconnect();
          const code = await ended;
          if (code !== 0) throw new Error(`bench/${name}.ts ended with ${code}`);
        },
      };
    },
  };
}

const roundsForm = z.object({ count: z.number(), first: z.number() });
const askedForm = z.object({ rounds: roundsForm, few: roundsForm });

export interface AskedRounds {
  readonly rounds: Rounds;
  /** Instead of them, where a round takes long. */
  readonly few: Rounds;
}

/** What a lasting program has to measure: pass after pass, or as often as its command line says where it runs alone. */
export async function* askedRounds(alone: number): AsyncGenerator<AskedRounds> {
  if (!process.connected) {
    const rounds = { count: alone, first: 0 };
    yield { rounds, few: rounds };
    return;
  }
  for await (const [message] of on(process, 'message', { close: ['disconnect'] })) {
    yield askedForm.parse(message);
  }
}

/** What such a program does with the figures of a pass: to whoever asked for them, else printed. */
export async function handOver(report: BenchReport): Promise<void> {
  if (!process.connected) {
    print(describeReport(report));
    return;
  }
  await new Promise<void>((resolve, reject) => {
    process.send?.(report, (error) => (error ? reject(error) : resolve()));
  });
}
