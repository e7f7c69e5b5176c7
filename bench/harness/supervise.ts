import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPostmasterFile, stopSignals } from '../../src/postgres/cluster.ts';
import { isAlive } from '../../src/postgres/process-identity.ts';
import { findRunAs } from '../../src/postgres/run-as.ts';
import { reachableDataFolder } from '../../src/postgres/staging.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A server that is left in this folder, or one below, ends at once: nothing of it is kept. */
async function endServers(folder: string): Promise<void> {
  const folders = [folder];
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )) {
    folders.push(join(folder, name));
  }
  for (const place of folders) {
    const postmaster = readPostmasterFile(place);
    if (!postmaster || !isAlive(postmaster.pid)) continue;
    process.kill(postmaster.pid, stopSignals.immediate);
    // It takes its file away last; whoever would reap its process may be gone.
    while (readPostmasterFile(place)?.pid === postmaster.pid && isAlive(postmaster.pid)) await sleep(20);
  }
}

function tellGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch (error) {
    // Nobody of it is left.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * Runs a module of node in a process group of its own, with a folder for all temporary files of it and of whatever it
 * starts. However it ends, by itself, by a signal to this process or by a crash: afterwards no process of the group, no
 * PostgreSQL server and no file of it is left. Resolves with its exit code.
 */
export async function supervise(path: string, args: readonly string[]): Promise<number> {
  // Started by root, the servers run as another user, and would be put elsewhere where that one cannot come.
  const folder = reachableDataFolder(mkdtempSync(join(tmpdir(), 'stoa-bench-run-')), findRunAs());
  const child = spawn(process.execPath, [path, ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: 'inherit',
    detached: true,
  });
  const closed: Promise<[number | null, NodeJS.Signals | null]> = once(child, 'exit').then(
    ([code, signal]) => [code, signal],
  );
  let interruptedBy: NodeJS.Signals | undefined;
  const interrupt = (signal: NodeJS.Signals): void => {
    interruptedBy ??= signal;
    tellGroup(child, 'SIGKILL');
  };
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const [code, signal] = await closed;
    const endedBy = interruptedBy ?? signal;
    return endedBy ? 128 + constants.signals[endedBy] : (code ?? 1);
  } finally {
    tellGroup(child, 'SIGKILL');
    await endServers(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    for (const signal of signals) process.off(signal, interrupt);
  }
}
