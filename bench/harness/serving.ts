import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../src/postgres/port.ts';
import { ApiProcess } from '../load/fleet.ts';
import type { CommunityDatabase } from './server.ts';

/** A process of `stoa serve` with every module and no limit of requests, started already. */
export async function serveStoa({ url, urlFor }: CommunityDatabase): Promise<ApiProcess> {
  const served = new ApiProcess('stoa', await findFreePort(), {
    databaseUrl: url,
    urlFor,
    drainDelayMs: 0,
    environment: { STOA_RATE_ADDRESS: '0', STOA_RATE_ACCOUNT: '0' },
  });
  try {
    await served.start();
  } catch (error) {
    await served.remove();
    throw error;
  }
  return served;
}

export interface HandWritten {
  readonly origin: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** bench/harness/hand-written.ts, listening. */
export async function serveHandWritten(databaseUrl: string, slug: string): Promise<HandWritten> {
  const path = fileURLToPath(new URL('./hand-written.ts', import.meta.url));
  const child = spawn(process.execPath, [path, slug], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = await once(child.stdout, 'data');
  return {
    origin: `http://127.0.0.1:${String(first).trim()}`,
    process: child,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Resident memory in MB, as the kernel counts it; Linux only. */
export function residentMB(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
