import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { z } from 'zod';

const program = createRequire(import.meta.url).resolve('autocannon');

export interface Shots {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const answerForm = z.object({
  requests: z.object({ average: z.number() }),
  latency: z.object({ p50: z.number(), p99: z.number() }),
  errors: z.number(),
  non2xx: z.number(),
  timeouts: z.number(),
});

/** So many connections send the same request again and again. A process of its own, so that it is not in the server's way. */
export async function shoot(
  url: string,
  body: string,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<Shots> {
  const child = spawn(
    process.execPath,
    [
      program,
      '--json',
      ...['--connections', String(connections)],
      ...['--duration', String(seconds)],
      ...['--method', 'POST'],
      ...['--headers', 'content-type: application/json'],
      ...['--body', body],
      url,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  const told = answerForm.parse(JSON.parse(output));
  if (told.errors + told.non2xx + told.timeouts > 0) {
    throw new Error(
      `${url}: ${told.errors} errors, ${told.non2xx} refusals, ${told.timeouts} without an answer`,
    );
  }
  return { perSecond: told.requests.average, p50: told.latency.p50, p99: told.latency.p99 };
}
