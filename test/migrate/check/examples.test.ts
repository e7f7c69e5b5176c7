import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { checkFile } from '../../../src/migrate/check/check.ts';
import type { Rule } from '../../../src/migrate/check/rule.ts';
import { rules } from '../../../src/migrate/check/rules/index.ts';
import { raiseScene, runInScene } from '../../../src/migrate/check/run-in-scene.ts';
import { sceneWorld } from '../../../src/migrate/check/scene.ts';
import { effectOf } from '../../../src/migrate/plan/classify.ts';
import { splitStatements } from '../../../src/migrate/split.ts';
import { connect } from '../../../src/postgres/connect.ts';
import { createScratch, dropScratch } from './scratch.ts';

let url: string;
let client: Client;

beforeAll(async () => {
  url = await createScratch(inject('serverUrl'));
  client = await connect(url, 'test');
  // As the engine does, so that what a migration may not do is refused here as well.
  await client.query('set role stoa_owner');
});
afterAll(async () => {
  await client.end();
  await dropScratch(inject('serverUrl'), url);
});

async function found(world: Awaited<ReturnType<typeof sceneWorld>>, script: string): Promise<string[]> {
  const statements = await splitStatements(script, { path: 'example.sql', line: 1 });
  const file = { file: 'example.sql', up: { text: script, line: 1 } };
  const { findings } = await checkFile(file, statements, world, '2030-01-01');
  return findings.filter(({ level }) => level !== 'note').map(({ rule, message }) => `${rule}: ${message}`);
}

describe.each(rules.map((rule): [string, Rule] => [rule.id, rule]))('%s', (id, rule) => {
  const { bad, good, refusedWith } = rule.examples;

  it('finds its bad example, which runs', async () => {
    const statements = await splitStatements(bad, { path: 'example.sql', line: 1 });
    const file = { file: 'example.sql', up: { text: bad, line: 1 } };
    const { findings } = await checkFile(file, statements, await sceneWorld(), '2030-01-01');
    expect(findings.map((finding) => finding.rule)).toContain(id);
    const repeated = findings.filter(({ rule: name }) => rule.covers.includes(name));
    expect(repeated, 'squawk says the same again').toEqual([]);

    await raiseScene(client);
    const run = runInScene(client, url, bad);
    if (refusedWith !== undefined) await expect(run).rejects.toMatchObject({ code: refusedWith });
    else if (id === 'not-null-without-default') await expect(run).rejects.toMatchObject({ code: '23502' });
    else await run;
  });

  it('finds nothing in its good example, which runs and makes nobody wait long', async () => {
    await raiseScene(client);
    let world = await sceneWorld();
    for (const script of good) {
      expect(await found(world, script)).toEqual([]);
      // The next file meets what this one made as something in use.
      world = world.copy();
      world.release();
      for (const { statement, measurement } of await runInScene(client, url, script, { keep: true })) {
        expect(['scans', 'rewrites'], statement.text).not.toContain(effectOf(measurement));
      }
    }
  });
});

it('no two rules have one name, and each names only rules of squawk that exist', async () => {
  const { squawkRules } = await import('../../../src/migrate/check/squawk.ts');
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  expect(rules.filter(({ id }) => squawkRules.includes(id))).toEqual([]);
  for (const { covers } of rules) expect(squawkRules).toEqual(expect.arrayContaining([...covers]));
});
