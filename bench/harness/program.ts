import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { print } from '../../src/cli/output.ts';
import type { Bench, BenchContext } from './bench.ts';
import { type BenchReport, describeReport } from './report.ts';
import { reportForm } from './results.ts';

/** Arguments that make a program small enough to run with all. */
export type Arguments = (context: BenchContext) => readonly string[];

/**
 * A bench that is a program of its own, with a server of its own. Figures that it hands over come into the table; what
 * it prints besides is shown as it is.
 */
export function program(name: string, summary: string, argumentsFor: Arguments): Bench {
  const path = fileURLToPath(new URL(`../${name}.ts`, import.meta.url));
  return {
    summary,
    async run(context) {
      const args = argumentsFor(context);
      const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
      let output = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      let report: BenchReport = { comparisons: [] };
      child.on('message', (message) => {
        report = reportForm.parse(message);
      });
      const [code] = await once(child, 'close');
      if (code !== 0) throw new Error(`bench/${name}.ts ended with ${code}:\n${output}`);
      const how = `node bench/${[`${name}.ts`, ...args].join(' ')}; its arguments: the head of that file`;
      return {
        ...report,
        notes: [...(report.notes ?? []), how],
        ...(output === '' ? {} : { output }),
      };
    },
  };
}

/** The last thing that a program does with its figures: to whoever runs it among all, else printed. */
export async function handOver(report: BenchReport): Promise<void> {
  if (!process.connected) {
    print(describeReport(report));
    return;
  }
  await new Promise<void>((resolve, reject) => {
    process.send?.(report, (error) => (error ? reject(error) : resolve()));
  });
}
