import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withClient } from './server.ts';
import { summarise } from './statistics.ts';
import type { Yardstick } from './yardstick.ts';

const repetitions = 3;
const steps = 20_000_000;
const terms = 200_000;
const writes = 32;

async function timed(work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < repetitions; turn += 1) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return summarise(times).median;
}

/** A generator of numbers by a product and a sum in whole numbers: no memory, no garbage. */
function loop(): number {
  let state = 1;
  for (let step = 0; step < steps; step += 1) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return state;
}

/** Pages that the disk keeps one after the other, as a commit waits for them, in the folder where the servers are. */
async function timedWrites(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
  try {
    const file = await open(join(folder, 'page'), 'w');
    try {
      const page = Buffer.alloc(8_192, 'x');
      return await timed(async () => {
        for (let turn = 0; turn < writes; turn += 1) {
          await file.write(page, 0, page.length, 0);
          await file.datasync();
        }
      });
    } finally {
      await file.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One figure of each. `url` is that of a superuser. */
export async function measureYardsticks(url: string): Promise<readonly Yardstick[]> {
  const inPostgres = await withClient(url, (client) =>
    timed(() => client.query(`select sum(sqrt(n)) from generate_series(1, ${terms}) as n`)),
  );
  return [
    { what: 'node', figures: [await timed(loop)] },
    { what: 'PostgreSQL', figures: [inPostgres] },
    { what: 'disk', figures: [await timedWrites()] },
  ];
}
