import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { isAlive } from '../../src/postgres/process-identity.ts';

const started = z.object({ folder: z.string(), server: z.number(), others: z.array(z.number()) });

const program = fileURLToPath(new URL('./supervised.ts', import.meta.url));

/** Whoever lost its parent stays in the list until it is reaped; it runs no more. */
function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
  } catch {
    // Gone meanwhile, or no Linux.
    return isAlive(pid);
  }
}

/**
 * test/bench/supervised.ts starts a server and a process that hear nothing of signals, as a bench that is broken off.
 * Without the watch in bench/harness/supervise.ts both go on.
 */
it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a run that is ended by %s leaves no process, no server and no file', async (signal, code) => {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-test-'));
  try {
    const running = spawn(process.execPath, [program, 'watch'], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(running, 'close');
    const [line] = await once(createInterface({ input: running.stdout }), 'line');
    const { folder: own, server, others } = started.parse(JSON.parse(String(line)));
    expect([server, ...others].filter(isRunning)).toHaveLength(3);
    expect(existsSync(own)).toBe(true);
    running.kill(signal);
    expect((await ended)[0]).toBe(code);
    // At once: left alone, it would notice after a while that its files are gone.
    expect(isRunning(server)).toBe(false);
    await expect.poll(() => others.filter(isRunning)).toEqual([]);
    expect(existsSync(own)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
