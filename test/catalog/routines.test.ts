import { beforeAll, describe, expect, it } from 'vitest';
import { readRoutines } from '../../src/catalog/model/routines.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    create schema scratch;
    create function scratch.refuse() returns void language plpgsql as $$
    begin
      perform core.fail('input.empty'); -- not 'input.malformed'
    end $$;
    create function scratch.pass_on() returns void language sql begin atomic select scratch.refuse(); end;
    create function scratch.choose(p_long boolean) returns void language plpgsql as $$
    begin
      perform scratch.pass_on();
      perform core.fail(case when p_long then 'input.too_long' else 'not.registered' end);
    end $$;
    create function scratch.loop_back() returns void language plpgsql as $$
    begin
      perform scratch.loop_back();
      perform scratch.choose(true);
    end $$;
  `);
});

async function routine(name: string) {
  const functions = await readRoutines(
    db.pool,
    ['scratch'],
    new Set(['input.empty', 'input.malformed', 'input.too_long']),
  );
  return functions('scratch').find((found) => found.name === name);
}

describe('the reasons of a function', () => {
  it('are those that its body names, comments left out', async () => {
    expect(await routine('scratch.refuse')).toMatchObject({
      ownReasons: ['input.empty'],
      reasons: ['input.empty'],
    });
  });

  it('include those of the functions it calls, however deep', async () => {
    expect(await routine('scratch.pass_on')).toMatchObject({
      calls: ['scratch.refuse'],
      ownReasons: [],
      reasons: ['input.empty'],
    });
    expect(await routine('scratch.choose')).toMatchObject({
      ownReasons: ['input.too_long'],
      reasons: ['input.empty', 'input.too_long'],
    });
  });

  it('are found when functions call themselves', async () => {
    expect((await routine('scratch.loop_back'))?.reasons).toEqual(['input.empty', 'input.too_long']);
  });
});
