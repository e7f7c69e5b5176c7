import { beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { type Persona, personas } from '../security/matrix/cells.ts';
import { matrix } from '../security/matrix/index.ts';
import { expected, type Inventory, takeInventory } from '../security/matrix/observe.ts';
import { people } from '../security/matrix/people.ts';
import { readRelations } from '../security/matrix/relations.ts';
import { buildWorld } from '../security/matrix/world.ts';
import { type GraphqlError, startTestApi, type TestApi } from './api.ts';
import {
  type ApiModel,
  fieldsOf,
  isCallable,
  isConnectionField,
  isLeafField,
  keyOfNode,
  readApiModel,
  rowTypeOf,
  type TableType,
  targetOf,
  withoutLimits,
} from './schema-model.ts';

/** What a persona may see of a table, by the cells of the security matrix. */
interface Sight {
  readonly isDenied: boolean;
  readonly keys: ReadonlySet<string>;
  /** Rows of the migrations, which have no labels. */
  readonly hasOthers: boolean;
  readonly without: ReadonlySet<string>;
}

let db: TestDatabase;
let api: TestApi;
let model: ApiModel;
const tokens = new Map<Persona, string | undefined>();
const inventories = new Map<string, Inventory>();
const sights = new Map<string, Sight>();

/** As the API writes it: a time of PostgreSQL lacks the T and the digits that are zero. */
const inApi = (value: string | null | undefined): string | null => {
  const [, day, seconds, fraction = ''] =
    /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?\+00(?::00)?$/.exec(value ?? '') ?? [];
  return day === undefined ? (value ?? null) : `${day}T${seconds}.${fraction.padEnd(6, '0')}+00:00`;
};
const keyText = (values: readonly (string | null | undefined)[]): string => JSON.stringify(values.map(inApi));

function keyOfRow({ relation, key }: TableType, row: readonly (string | null)[]): (string | null)[] {
  return key.map((column) => row[relation.columns.indexOf(column)] ?? null);
}

function sightOf(type: TableType, persona: Persona): Sight {
  const table = matrix[type.relation.name];
  const inventory = inventories.get(type.name);
  const known = sights.get(`${persona} ${type.name}`);
  if (known) return known;
  if (!table || !inventory) throw new Error(`the matrix has no cells for ${type.relation.name}`);
  const { select } = expected(table.cells[persona], persona, table, inventory);
  const sight: Sight =
    select === 'denied'
      ? { isDenied: true, keys: new Set(), hasOthers: false, without: new Set() }
      : {
          isDenied: false,
          keys: new Set(
            select.rows.map((label) => keyText(keyOfRow(type, inventory.labelled.get(label) ?? []))),
          ),
          hasOthers: select.unlabelled > 0,
          without: new Set(select.without ?? []),
        };
  sights.set(`${persona} ${type.name}`, sight);
  return sight;
}

beforeAll(async () => {
  db = await testDatabase();
  const relations = await readRelations(db);
  await buildWorld(db, matrix, relations);
  api = await startTestApi(db, withoutLimits);
  model = await readApiModel(db, api);
  for (const type of model.types.values()) {
    const table = matrix[type.relation.name];
    const relation = relations.get(type.relation.name);
    if (table && relation) inventories.set(type.name, await takeInventory(db, relation, table));
  }
  for (const persona of personas) {
    if (persona === 'anonymous') continue;
    const { id, bannedUntil } = people[persona];
    await db.query('update core.users set banned_until = null where id = $1', [id]);
    tokens.set(persona, await api.signIn(id));
    await db.query('update core.users set banned_until = $2 where id = $1', [id, bannedUntil]);
  }
});

/** A name for each part of the request, so that what is refused is refused by itself. */
interface Part {
  readonly alias: string;
  readonly text: string;
  readonly about: 'rows' | 'row' | 'column' | 'relation';
  readonly subject: string;
}

function partsOf(type: TableType, isSplit: boolean): Part[] {
  const inventory = inventories.get(type.name);
  const columns = new Map(
    type.relation.columns.map((column) => [model.fieldOfColumn(type.relation.name, column), column]),
  );
  const withheld = new Set(personas.flatMap((persona) => [...sightOf(type, persona).without]));
  const isNode = type.type.getFields()['nodeId'] !== undefined;
  const open: string[] = isNode ? ['nodeId'] : ['__typename'];
  const single: [string, Part['about'], string][] = [];
  for (const field of fieldsOf(type.type)) {
    if (field.name === 'nodeId' || !isCallable(field)) continue;
    const column = columns.get(field.name);
    if (isLeafField(field)) {
      if (column !== undefined && !withheld.has(column)) open.push(field.name);
      else single.push([field.name, column === undefined ? 'relation' : 'column', field.name]);
      continue;
    }
    const target = targetOf(field.type).name;
    const rows = isConnectionField(field) ? rowTypeOf(model.schema, field) : target;
    const inner = model.schema.getType(rows);
    const hasNodeId = inner && 'getFields' in inner && 'nodeId' in inner.getFields();
    const selection = hasNodeId ? 'nodeId' : '__typename';
    single.push([
      field.name,
      'relation',
      isConnectionField(field)
        ? `${field.name}(first: 100) { nodes { ${selection} } }`
        : `${field.name} { ${selection} }`,
    ]);
  }
  // Where no connection lists all rows, they are looked up one by one.
  const lookups = [...(inventory?.labelled.values() ?? [])].flatMap((row) => {
    if (type.lookup === undefined) return [];
    const key = keyOfRow(type, row);
    const lookup = model.schema.getQueryType()?.getFields()[type.lookup];
    const given = type.key.map((column, place) => {
      const name = model.fieldOfColumn(type.relation.name, column);
      const argument = lookup?.args.find((each) => each.name === name);
      return `${name}: ${literalOf(key[place], String(argument?.type))}`;
    });
    return [`${type.lookup}(${given.join(', ')})`];
  });
  const parts: Part[] = lookups.map((lookup, place) => ({
    alias: `row${place}`,
    // Where there is a list of all rows, its columns are asked for there.
    text: `${lookup} { ${type.connection === undefined ? open.join(' ') : open[0]} }`,
    about: 'row',
    subject: [...(inventory?.labelled.keys() ?? [])][place] ?? '',
  }));
  const every = (selection: string): string[] =>
    type.connection === undefined
      ? lookups.slice(0, 3).map((lookup) => `${lookup} { ${selection} }`)
      : [`${type.connection}(first: 100, orderBy: PRIMARY_KEY_ASC) { nodes { ${selection} } }`];
  if (type.connection !== undefined) {
    parts.push({ alias: 'rows', text: every(open.join(' '))[0] ?? '', about: 'rows', subject: '' });
  }
  // In one piece: what is refused in it is asked for again in pieces.
  const relations = single.filter(([, about]) => about === 'relation');
  if (relations.length > 0 && !isSplit) {
    const merged = every(relations.map(([, , selection]) => selection).join(' '));
    merged.forEach((text, place) => {
      parts.push({ alias: `relations_${place}`, text, about: 'relation', subject: 'relations' });
    });
  }
  for (const [name, about, selection] of single) {
    if (about === 'relation' && !isSplit) continue;
    every(selection).forEach((text, place) => {
      parts.push({ alias: `${name}_${place}`, text, about, subject: name });
    });
  }
  return parts;
}

/** Every row in an answer, by its type and key. */
function* nodesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  if ('nodeId' in value && typeof value.nodeId === 'string') yield value.nodeId;
  for (const inner of Object.values(value)) yield* nodesIn(inner);
}

function literalOf(value: string | null | undefined, type: string): string {
  if (type.startsWith('Int')) return String(value);
  const isBytes = type.startsWith('Base64');
  return JSON.stringify(isBytes ? Buffer.from((value ?? '').slice(2), 'hex').toString('base64') : value);
}

const codesOfRefusal = new Set(['FORBIDDEN', 'UNAUTHENTICATED', 'NOT_FOUND']);

describe('what a persona sees through the API', () => {
  /** Types whose rows only a function gives: no root field leads to them. */
  it('is checked for every type with a root field', () => {
    const unchecked = [...model.types.values()]
      .filter(({ name }) => !inventories.has(name))
      .map(({ name }) => name);
    expect(unchecked).toEqual([]);
  });

  it.each(personas)('%s: the rows and columns of the security matrix, and not one more', async (persona) => {
    const faults: string[] = [];
    for (const type of model.types.values()) {
      if (type.connection === undefined && type.lookup === undefined) continue;
      const sight = sightOf(type, persona);
      const token = tokens.get(persona);
      const askFor = async (asked: readonly Part[]) => {
        if (asked.length === 0) return { data: {}, errors: [] };
        const { data, errors } = await api.ask(
          `{ ${asked.map(({ alias, text }) => `${alias}: ${text}`).join('\n')} }`,
          token === undefined ? {} : { token },
        );
        if (!data) faults.push(`${type.name}: no answer: ${JSON.stringify(errors[0])}`);
        return { data: data ?? {}, errors };
      };
      let parts = partsOf(type, false);
      const isAbout = (...kinds: readonly Part['about'][]) =>
        parts.filter(({ about }) => kinds.includes(about));
      const answers = [await askFor(parts)];
      if (answers[0]?.errors.some(({ path }) => String(path?.[0]).startsWith('relations_'))) {
        parts = partsOf(type, true);
        answers.push(await askFor(isAbout('relation')));
      }
      const data = Object.assign({}, ...answers.map((answer) => answer.data));
      const errors = answers.flatMap((answer) => answer.errors);
      const errorOf = new Map<string, GraphqlError>();
      for (const error of errors) {
        const alias = String(error.path?.[0]);
        errorOf.set(alias, error);
        if (!codesOfRefusal.has(String(error.extensions['code']))) {
          faults.push(`${type.name}.${alias}: ${error.extensions['code']} ${error.message}`);
        }
      }
      for (const { alias, about, subject } of parts) {
        const at = `${type.name} ${about} ${subject}`;
        const answer: unknown = data[alias];
        if (sight.isDenied && about !== 'relation') {
          if (!errorOf.has(alias) || answer !== null) faults.push(`${at}: should be refused`);
          continue;
        }
        if (about === 'column' && sight.without.has(columnOf(type, subject))) {
          if (!errorOf.has(alias)) faults.push(`${at}: a withheld column is told`);
          continue;
        }
        if (about === 'column' && errorOf.has(alias)) faults.push(`${at}: refused`);
        if (about === 'row' || about === 'rows') {
          const refusal = errorOf.get(alias);
          if (refusal) faults.push(`${at}: refused: ${JSON.stringify(refusal)}`);
          const keys = new Set([...nodesIn(answer)].map((nodeId) => keyText(keyOfNode(nodeId))));
          if (type.type.getFields()['nodeId'] === undefined) continue;
          if (about === 'row') {
            const row = inventories.get(type.name)?.labelled.get(subject) ?? [];
            const isSeen = keys.size > 0;
            const isToBeSeen = sight.keys.has(keyText(keyOfRow(type, row)));
            if (isSeen !== isToBeSeen) faults.push(`${at}: ${isSeen ? 'is seen' : 'is not seen'}`);
          } else {
            const more = [...keys].filter((key) => !sight.keys.has(key));
            const less = [...sight.keys].filter((key) => !keys.has(key));
            if (more.length > 0 && !sight.hasOthers) faults.push(`${at}: too many: ${more.join(' ')}`);
            if (less.length > 0 && keys.size < 100) faults.push(`${at}: too few: ${less.join(' ')}`);
          }
        }
      }
      // Whatever came along by a relation has to be in sight too.
      for (const { alias, about, subject } of parts) {
        if (about !== 'relation') continue;
        for (const nodeId of nodesIn(data[alias])) {
          const other = typeOfNode(nodeId);
          if (!other) {
            faults.push(`${type.name}.${subject}: a row of an unknown kind: ${codecOf(nodeId)}`);
            continue;
          }
          const seen = sightOf(other, persona);
          const isInSight = seen.keys.has(keyText(keyOfNode(nodeId))) || seen.hasOthers;
          if (seen.isDenied || !isInSight) {
            faults.push(`${type.name}.${subject} leads to ${other.name} ${keyOfNode(nodeId).join(' ')}`);
          }
        }
      }
    }
    expect(faults).toEqual([]);
    expect(api.log.filter((line) => line['msg'] === 'unexpected error in a request')).toEqual([]);
  });
});

function codecOf(nodeId: string): string {
  const [codec]: unknown[] = JSON.parse(Buffer.from(nodeId, 'base64').toString('utf8'));
  return String(codec);
}

function typeOfNode(nodeId: string): TableType | undefined {
  return model.types.get(codecOf(nodeId));
}

function columnOf({ relation }: TableType, field: string): string {
  return relation.columns.find((column) => model.fieldOfColumn(relation.name, column) === field) ?? '';
}
