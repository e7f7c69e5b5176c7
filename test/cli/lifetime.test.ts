import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/errors.ts';

const lifetime = new URL('../../src/cli/lifetime.ts', import.meta.url).href;

/** A process that opens two things, the second of which takes for ever to close gracefully. */
const script = `
  const { runUntilStopped } = await import(${JSON.stringify(lifetime)});
  const idle = setInterval(() => {}, 1000);
  const code = await runUntilStopped(async (lifetime) => {
    lifetime.add(async (ending) => console.log('first ' + ending));
    lifetime.add((ending) => {
      console.log('second ' + ending);
      return ending === 'gracefully' && process.argv[1] === 'stuck' ? new Promise(() => {}) : Promise.resolve();
    });
    if (process.argv[1] === 'fails') throw new Error('no');
    console.log('started');
  }).catch((error) => { console.log('failed ' + error.message); return 1; });
  clearInterval(idle);
  process.exit(code);
`;

function begin(how: 'stuck' | 'easy' | 'fails'): {
  child: ChildProcess;
  lines: string[];
  ended: Promise<unknown[]>;
} {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, how]);
  const lines: string[] = [];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')));
  return { child, lines, ended: once(child, 'close') };
}

describe('what runs until it is stopped', () => {
  test('closes what it opened, in reverse order, on the first Ctrl-C', async () => {
    const { child, lines, ended } = begin('easy');
    await expect.poll(() => lines).toContain('started');
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await ended).toEqual([exitCodes.ok, null]);
    expect(lines).toEqual(['started', 'second gracefully', 'first gracefully']);
  });

  test('closes all that is left at once on the second Ctrl-C', async () => {
    const { child, lines, ended } = begin('stuck');
    await expect.poll(() => lines).toContain('started');
    child.kill('SIGINT');
    await expect.poll(() => lines).toContain('second gracefully');
    const again = setInterval(() => child.kill('SIGINT'), 200);
    expect(await ended).toEqual([exitCodes.interrupted, null]);
    clearInterval(again);
    expect(lines.slice(2).sort()).toEqual(['first at once', 'second at once']);
  });

  test('closes what was opened before the start failed', async () => {
    const { lines, ended } = begin('fails');
    await ended;
    expect(lines).toEqual(['second gracefully', 'first gracefully', 'failed no']);
  });
});
