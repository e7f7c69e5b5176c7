import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/main.ts';
import type { Outcome } from '../harness/installation.ts';

/** What a command prints, by running it in this process: for commands that end by themselves and start no server. */
export async function here(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
  const dataDir = mkdtempSync(join(tmpdir(), 'stoa-here-'));
  const before = { ...process.env };
  const written = { stdout: '', stderr: '' };
  const streams = ['stdout', 'stderr'] as const;
  const originals = streams.map((name) => process[name].write);
  for (const name of streams) {
    process[name].write = (text: string | Uint8Array) => {
      written[name] += String(text);
      return true;
    };
  }
  try {
    Object.assign(process.env, { ...env, STOA_DATA_DIR: dataDir, STOA_ENVIRONMENT: 'test' });
    process.exitCode = 0;
    await main(args);
    return { code: Number(process.exitCode), ...written };
  } finally {
    for (const [index, name] of streams.entries()) {
      const original = originals[index];
      if (original) process[name].write = original;
    }
    process.exitCode = 0;
    process.env = before;
    rmSync(dataDir, { recursive: true, force: true });
  }
}
