import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { loadMigrations } from '../../../src/migrate/load.ts';
import { projectRoot } from '../../../src/migrate/root.ts';
import { resolveModules } from '../../../src/modules.ts';
import { temporaryProject } from '../../harness/installation.ts';
import { emptyDatabase } from '../project.ts';

const folder = await temporaryProject();

it('plans what is pending, writes the plan, and a run holds itself to it', async () => {
  const url = await emptyDatabase();
  const env = { DATABASE_URL: url, STOA_MODULES: 'core' };
  const stoa = (...args: string[]) => folder.run(['migrate', ...args], env);
  const names = (await loadMigrations(projectRoot, resolveModules(['core']))).map(({ name }) => name);
  const [beforeLast = '', last = ''] = names.slice(-2);
  expect(await stoa('up', '--to', beforeLast)).toMatchObject({ code: exitCodes.ok });

  const file = join(folder.folder, 'plan.json');
  const planned = await stoa('plan', '--no-api', '--sample', '0', '--verbose', '--out', file);
  expect(planned).toMatchObject({ code: exitCodes.ok });
  expect(planned.stdout).toContain('1 migration pending');
  expect(planned.stdout).toContain(last);
  for (const line of planned.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  const plan = JSON.parse(readFileSync(file, 'utf8'));
  expect(plan).toMatchObject({ version: 1, drift: [], migrations: [{ name: last }] });

  writeFileSync(file, JSON.stringify({ ...plan, target: { ...plan.target, fingerprint: 'x', applied: [] } }));
  const refused = await stoa('up', '--plan', file);
  expect(refused.code).toBe(exitCodes.refused);
  expect(refused.stderr).toContain(`migration ${names[0]} was applied`);

  writeFileSync(file, JSON.stringify(plan));
  expect(await stoa('up', '--plan', file)).toMatchObject({ code: exitCodes.ok });
  expect((await stoa('plan', '--sample', '0')).stdout).toContain('nothing is pending');

  writeFileSync(file, '{}');
  expect(await stoa('up', '--plan', file)).toMatchObject({ code: exitCodes.input });
  expect(await stoa('up', '--plan', join(folder.folder, 'none.json'))).toMatchObject({
    code: exitCodes.usage,
  });
});
