import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestDatabase } from '../harness/index.ts';

const script = fileURLToPath(new URL('dying.ts', import.meta.url));

export interface Death {
  /** How many steps it took, where it was not killed. */
  readonly steps: number | undefined;
  readonly signal: NodeJS.Signals | null;
}

/** Runs the work in a process of its own, which dies before its nth step; 0 lets it live. */
export async function diesAt(
  step: number,
  work: 'retire' | 'chat' | 'retention',
  db: TestDatabase,
  folder: string,
  subject = '',
): Promise<Death> {
  const child = spawn(process.execPath, [script, work, String(step), db.url, folder, subject], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (signal === null && code !== 0) throw new Error(`it failed with ${code}`);
  // What the server still does for it is part of where it was cut off.
  for (;;) {
    const { rowCount } = await db.query(
      "select from pg_catalog.pg_stat_activity where application_name = 'stoa dying' and datname = current_database()",
    );
    if (rowCount === 0) break;
    await sleep(10);
  }
  return { steps: said === '' ? undefined : Number(said), signal };
}
