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
export const serveHandWritten = (databaseUrl: string, slug: string): Promise<HandWritten> =>
  serve('./hand-written.ts', databaseUrl, [slug]);

/** bench/harness/hand-written-graphql.ts, listening. */
export const serveHandWrittenGraphql = (databaseUrl: string): Promise<HandWritten> =>
  serve('./hand-written-graphql.ts', databaseUrl, []);

async function serve(file: string, databaseUrl: string, args: readonly string[]): Promise<HandWritten> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
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

/** Processor time in ms that a process has had so far, of its threads together; Linux only. */
export function processorMs(pid: number | undefined): number {
  // After the name, which may hold spaces. The kernel counts in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
