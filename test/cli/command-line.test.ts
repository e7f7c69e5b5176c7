import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { exitCodeMeanings } from '../../src/cli/exit-codes.ts';
import { buildProgram } from '../../src/cli/main.ts';
import { exitCodes } from '../../src/errors.ts';
import { temporaryProject } from '../harness/installation.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function everyCommand(command: Command, path: readonly string[] = []): { path: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const here = [...path, child.name()];
    const deeper = everyCommand(child, here);
    return [{ path: here.join(' '), command: child }, ...deeper];
  });
}

describe('the command line', async () => {
  const project = await temporaryProject();
  const commands = everyCommand(buildProgram());

  test('explains itself', async () => {
    const { code, stdout } = await project.run(['help']);
    expect(code).toBe(exitCodes.ok);
    expect(stdout).toContain('stoa up');
    expect(stdout.split('\n').filter((line) => line.length > 110)).toEqual([]);
  });

  test('says what every command is for', () => {
    expect(commands.filter(({ command }) => command.description() === '').map(({ path }) => path)).toEqual(
      [],
    );
  });

  test('documents every exit code', async () => {
    const { stdout } = await project.run(['help', 'exit-codes']);
    expect(exitCodeMeanings.map(([code]) => code)).toEqual(Object.values(exitCodes));
    for (const [code, meaning] of exitCodeMeanings) {
      expect(stdout).toContain(`${code}  ${meaning}`);
    }
  });

  test('refuses words that it does not know with its own exit code', async () => {
    const { code, stdout, stderr } = await project.run(['upp']);
    expect(code).toBe(exitCodes.usage);
    expect(stdout).toBe('');
    expect(stderr).toContain("unknown command 'upp'");
  });

  test('tells a program what went wrong as JSON', async () => {
    const { code, stderr } = await project.run(['status', '--json'], { STOA_PORT: 'abc' });
    expect(code).toBe(exitCodes.configuration);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'config.invalid', cure: expect.any(String) } });
  });

  test('says that nothing runs where nothing runs, and creates nothing by asking', async () => {
    const { code, stdout } = await project.run(['status', '--json']);
    expect(code).toBe(exitCodes.ok);
    expect(JSON.parse(stdout)).toMatchObject({
      process: null,
      database: { state: 'stopped' },
      migrations: null,
    });
    expect((await project.run(['down'])).code).toBe(exitCodes.ok);
    expect(existsSync(project.dataDir)).toBe(false);
  });
});

/** Another Node on this machine that is too old to read TypeScript. */
function findOldNode(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return candidates.find((candidate) => {
    if (!existsSync(candidate)) return false;
    const [major = 0, minor = 0] = execFileSync(candidate, ['--version'], { encoding: 'utf8' })
      .slice(1)
      .split('.')
      .map(Number);
    return major < 22 || (major === 22 && minor < 18);
  });
}
const oldNode = findOldNode();

describe.skipIf(oldNode === undefined)('started by an old Node', () => {
  const runOld = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(oldNode ?? '', [join(root, 'bin', 'stoa'), ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });

  test('it goes on with the one that npm installed, and keeps the exit code', () => {
    expect(runOld(['--version']).stdout).toMatch(/^stoa \d/);
    expect(runOld(['upp']).status).toBe(exitCodes.usage);
  });

  test('it says what to do where there is none', () => {
    const { status, stderr } = runOld(['--version'], { STOA_NODE_CHOSEN: '1' });
    expect(status).toBe(exitCodes.configuration);
    expect(stderr).toMatch(/Stoa needs Node 22\.18 or newer; this is v\d+/);
  });
});
