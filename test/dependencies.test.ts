import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';

const lockShape = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), resolved: z.string().optional() }),
  ),
});
const lock = lockShape.parse(
  JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')),
);

test('one graphql serves everything that builds or runs the schema', () => {
  const copies = Object.entries(lock.packages).filter(([path]) => /(^|\/)node_modules\/graphql$/.test(path));
  expect(copies.map(([path]) => path)).toEqual(['node_modules/graphql']);
  const shown: unknown = JSON.parse(
    execFileSync('npm', ['ls', 'graphql', '--json', '--all'], { encoding: 'utf8', maxBuffer: 1e8 }),
  );
  const versions = new Set(
    [...JSON.stringify(shown).matchAll(/"graphql":\{"version":"([^"]+)"/g)].map(([, version]) => version),
  );
  expect([...versions]).toHaveLength(1);
});

test('the lock file names no registry, so any may serve the packages', () => {
  const addressed = Object.entries(lock.packages).filter(([, { resolved }]) => resolved?.startsWith('http'));
  expect(addressed).toEqual([]);
});
