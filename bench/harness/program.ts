import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';

/** A bench that is a program of its own, with a server of its own; its arguments make it small enough to run with all. */
export function program(name: string, summary: string, args: readonly string[]): Bench {
  const path = fileURLToPath(new URL(`../${name}.ts`, import.meta.url));
  return {
    summary,
    async run() {
      const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      const [code] = await once(child, 'close');
      if (code !== 0) throw new Error(`bench/${name}.ts ended with ${code}:\n${output}`);
      return {
        comparisons: [],
        notes: [`node bench/${[`${name}.ts`, ...args].join(' ')}; its arguments: the head of that file`],
        output,
      };
    },
  };
}
