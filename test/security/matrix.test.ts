import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { operations, personas } from './matrix/cells.ts';
import { matrix } from './matrix/index.ts';
import {
  actorOf,
  attemptFunction,
  expected,
  type Observation,
  observe,
  takeInventory,
} from './matrix/observe.ts';
import { type Relation, readRelations } from './matrix/relations.ts';
import { buildWorld } from './matrix/world.ts';

let db: TestDatabase;
let relations: ReadonlyMap<string, Relation>;
beforeAll(async () => {
  db = await testDatabase();
  relations = await readRelations(db);
  await buildWorld(db, matrix, relations);
  await db.query(attemptFunction);
});

let cellsChecked = 0;
afterAll(() => {
  const [tables, people, commands] = [Object.keys(matrix).length, personas.length, operations.length];
  console.log(
    `security matrix: ${tables} tables × ${people} personas × ${commands} operations = ${tables * people * commands} cells` +
      ` (${cellsChecked} checked)`,
  );
});

describe('the security matrix', () => {
  it('has cells for every table and view of the modules, and for nothing else', () => {
    expect(Object.keys(matrix).sort()).toEqual([...relations.keys()].sort());
  });

  it.each(Object.entries(matrix))('says what may be done with %s', async (name, table) => {
    const relation = relations.get(name);
    if (relation === undefined) throw new Error(`there is no table ${name}`);
    const inventory = await takeInventory(db, relation, table);

    const wanted: Record<string, Observation> = {};
    const seen: Record<string, Observation> = {};
    for (const persona of personas) {
      wanted[persona] = expected(table.cells[persona], persona, table, inventory);
      seen[persona] = await db.as(actorOf(persona), (client) => observe(client, relation, table, inventory));
      cellsChecked += operations.length;
    }
    expect(seen).toEqual(wanted);
  });

  it('proves "own" with a row of the persona and a row of somebody else', () => {
    const unproven = Object.entries(matrix).flatMap(([name, { rows, cells, isOfCaller }]) =>
      personas
        .filter(() => !isOfCaller)
        .filter((persona) =>
          cells[persona].some(
            (cell) => cell === 'own' || (typeof cell === 'object' && 'rows' in cell && cell.rows === 'own'),
          ),
        )
        .filter((persona) => {
          const isOwn = rows.map(({ belongsTo }) => [belongsTo].flat().some((owner) => owner === persona));
          return !isOwn.includes(true) || !isOwn.includes(false);
        })
        .map((persona) => `${name}: ${persona}`),
    );
    expect(unproven).toEqual([]);
  });
});
