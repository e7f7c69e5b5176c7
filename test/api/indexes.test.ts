import { isInputObjectType } from 'postgraphile/graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { isOfPlan, type RecordedStatement, recordStatements, startTestApi, type TestApi } from './api.ts';
import {
  type ApiModel,
  fieldsOf,
  hasArgument,
  isConnectionField,
  readApiModel,
  rowTypeOf,
  withoutLimits,
} from './schema-model.ts';

let db: TestDatabase;
let api: TestApi;
let model: ApiModel;
let token: string;

beforeAll(async () => {
  db = await testDatabase();
  api = await startTestApi(db, withoutLimits);
  model = await readApiModel(db, api);
  token = await api.signIn(await createUser(db, { username: 'admin', role: 'admin' }));
});

/** Views are as good as what they read, and that is told by their own tests. */
const isTable = async (): Promise<ReadonlySet<string>> => {
  const { rows } = await db.query<{ name: string }>(
    `select oid::regclass::text as name from pg_catalog.pg_class where relkind in ('r', 'p')`,
  );
  return new Set(rows.map(({ name }) => name));
};

/** Plans of statements where a scan of a whole table is chosen only if nothing else is possible. */
async function plansOf(statements: readonly RecordedStatement[]): Promise<string[]> {
  const explain = async (role: 'stoa_member' | 'stoa_admin', { text, values }: RecordedStatement) =>
    db.as({ role, userId: '00000000-0000-7000-8000-000000000001' }, async (client) => {
      await client.query('set local enable_seqscan = off; set local enable_sort = off');
      const { rows } = await client.query({ text: `explain (costs off) ${text}`, values });
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
  const plans: string[] = [];
  for (const statement of statements) {
    // What members may not read at all is planned for administrators.
    const plan = await explain('stoa_member', statement).catch((error: { readonly code?: string }) => {
      if (error.code !== '42501') throw error;
      return explain('stoa_admin', statement);
    });
    plans.push(plan);
  }
  return plans;
}

/** Not leak-proof, which only matters where a policy hides rows. */
const withoutPolicy: Readonly<Record<string, string>> = {
  'core.users.username': 'Everybody sees every account.',
};

/** Tagged `@isIndexed`: an index finds it together with what the rows are asked of. */
const withinParent: Readonly<Record<string, string>> = {
  'workspace.tasks.status': 'The column of a board: (project_id, status, position).',
};

/** Orders that an index does not give to the end, each with what is sorted. */
const sortedWithin: readonly RegExp[] = [
  // What one person announced in one instant.
  /Presorted Key: (__announce__\.user_id( DESC)?, )?__announce__\.announced_at/,
  // The top level: PostgreSQL does not see that "parent_id is null" leaves one group of the index. Pages of one post, or
  // of one project, are sorted; below a row the index gives them.
  /Sort Key: __comment__\.score DESC, __comment__\.id/,
  /Sort Key: __document__\.title, __document__\.id/,
];

const isSorted = (plan: string): boolean =>
  /^ *(-> *)?(Incremental )?Sort$/m.test(plan) && !sortedWithin.some((known) => known.test(plan));

describe('what can be asked for is served by an index', () => {
  it('every filter is of a column that leads an index of all rows, and compares without leaks', async () => {
    const tables = await isTable();
    const { rows: led } = await db.query<{ column: string; is_leakproof: boolean }>(
      `select distinct i.indrelid::regclass::text || '.' || a.attname as column, f.proleakproof as is_leakproof
       from pg_catalog.pg_index as i
       join pg_catalog.pg_class as c on c.oid = i.indexrelid
       join pg_catalog.pg_am as m on m.oid = c.relam and m.amname = 'btree'
       join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
       join pg_catalog.pg_opclass as o on o.oid = i.indclass[0]
       join pg_catalog.pg_amop as e
         on e.amopfamily = o.opcfamily and e.amopstrategy = 3 and e.amoplefttype = o.opcintype and e.amoprighttype = o.opcintype
       join pg_catalog.pg_operator as p on p.oid = e.amopopr
       join pg_catalog.pg_proc as f on f.oid = p.oprcode
       where i.indpred is null and i.indisvalid`,
    );
    const leads = new Map(led.map(({ column, is_leakproof: isLeakproof }) => [column, isLeakproof]));
    const faults: string[] = [];
    let checked = 0;
    for (const type of model.types.values()) {
      const filter = model.schema.getType(`${type.name}Filter`);
      if (!isInputObjectType(filter) || !tables.has(type.relation.name)) continue;
      const offered = new Set(Object.keys(filter.getFields()));
      for (const column of type.relation.columns) {
        if (!offered.delete(model.fieldOfColumn(type.relation.name, column))) continue;
        checked += 1;
        const name = `${type.relation.name}.${column}`;
        const isLeakproof = leads.get(name);
        if (isLeakproof === undefined && !(name in withinParent)) faults.push(`${name}: no index`);
        // Under a policy such a comparison is made after it, row by row.
        else if (isLeakproof === false && !(name in withoutPolicy)) faults.push(`${name}: not leak-proof`);
      }
      faults.push(...[...offered].map((left) => `${type.name}Filter.${left}: no column`));
    }
    expect(faults).toEqual([]);
    expect(checked).toBeGreaterThan(150);
    for (const name of Object.keys(withoutPolicy)) {
      const { rows } = await db.query<{ condition: string }>(
        `select distinct pg_get_expr(polqual, polrelid) as condition from pg_catalog.pg_policy
         where polrelid = $1::text::regclass and polcmd in ('r', '*')`,
        [name.replace(/\.\w+$/, '')],
      );
      expect(rows).toEqual([{ condition: 'true' }]);
    }
  });

  it('every order that a connection offers is read from one: no sort', async () => {
    const tables = await isTable();
    const faults: string[] = [];
    let checked = 0;
    const someone = '019a0000-0000-7000-8000-000000000001';
    const owners = [
      { name: 'Query', type: model.schema.getQueryType(), lookup: '' },
      ...[...model.types.values()].flatMap(({ name, type, lookup, relation, key }) => {
        if (lookup === undefined) return [];
        const field = model.schema.getQueryType()?.getFields()[lookup];
        const given = key.map((column) => {
          const argument = model.fieldOfColumn(relation.name, column);
          const kind = String(field?.args.find((each) => each.name === argument)?.type);
          return `${argument}: ${kind.startsWith('Int') ? 1 : kind.startsWith('UUID') ? `"${someone}"` : '"x"'}`;
        });
        return [{ name, type, lookup: `${lookup}(${given.join(', ')})` }];
      }),
    ];
    const asked = owners.flatMap((owner) =>
      fieldsOf(owner.type)
        .filter((field) => isConnectionField(field) && hasArgument(field, 'orderBy'))
        .filter((field) => tables.has(model.types.get(rowTypeOf(model.schema, field))?.relation.name ?? ''))
        .flatMap((field) => {
          const text = field.args.find((argument) => argument.name === 'orderBy')?.description ?? '';
          const orders = (/serves here: (.*)\./.exec(text)?.[1] ?? '').split(', ');
          return orders.map((order) => {
            const connection = `${field.name}(first: 10, orderBy: ${order}) { nodes { __typename } }`;
            return owner.lookup ? `${owner.lookup} { ${connection} }` : connection;
          });
        }),
    );
    for (let at = 0; at < asked.length; at += 40) {
      const fields = asked.slice(at, at + 40).map((text, place) => `f${place}: ${text}`);
      const statements = await recordStatements(async () => {
        expect((await api.ask(`{ ${fields.join('\n')} }`, { token })).errors).toEqual([]);
      });
      const plans = await plansOf(statements.filter(isOfPlan));
      checked += plans.length;
      faults.push(...plans.filter((plan) => isSorted(plan)).map((plan) => plan.slice(0, 1500)));
    }
    expect(checked).toBeGreaterThan(200);
    expect(faults).toEqual([]);
  });

  it('aggregates are offered where a row has few below it', () => {
    const counting = [...model.types.keys()].filter((name) => model.schema.getType(`${name}Aggregates`));
    // At most twenty options to a poll.
    expect(counting).toEqual(['PollOption']);
  });
});
