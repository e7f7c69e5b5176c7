import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { makeSchema } from 'postgraphile/graphile-build';
import { buildSchema, type GraphQLSchema } from 'postgraphile/graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { makePreset } from '../../src/api/preset.ts';
import { findNameFaults, findUndescribed } from '../../src/api/schema-rules.ts';
import { printSdl } from '../../src/api/sdl.ts';
import { compareSdl } from '../../src/api/sdl-changes.ts';
import { refusalsOfSignIn } from '../../src/auth/refusals.ts';
import { modules, resolveModules } from '../../src/modules.ts';
import { createPool } from '../../src/postgres/connect.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

/** Enough where one fault is looked for: the whole schema takes seconds to build. */
const withForums = resolveModules(['forums']);

let db: TestDatabase;
let sdl: string;
let schema: GraphQLSchema;

beforeAll(async () => {
  db = await testDatabase();
  sdl = await printSdl({ gatewayUrl: db.urlFor('stoa_gateway'), modules });
  schema = buildSchema(sdl);
});

const typeNames = (of: GraphQLSchema): string[] =>
  Object.keys(of.getTypeMap()).filter((name) => !name.startsWith('__'));

describe('the schema', () => {
  it('is the committed one', () => {
    const file = new URL('../../docs/schema.graphql', import.meta.url);
    expect(existsSync(file)).toBe(true);
    const committed = readFileSync(file, 'utf8');
    expect(compareSdl(committed, sdl)).toEqual([]);
    expect(committed === sdl, 'docs/schema.graphql is not current: run "stoa api schema --write"').toBe(true);
  });

  it('calls each thing by the name that its comment gives', async () => {
    const { rows } = await db.query<{ type: string }>(
      `select replace(initcap(replace((regexp_match(obj_description(pg_class.oid, 'pg_class'), '^@name (\\S+)'))[1], '_', ' ')), ' ', '') as type
       from pg_class
       where relkind in ('r', 'p', 'v')
         and obj_description(oid, 'pg_class') ~ '^@name '
         and has_any_column_privilege('stoa_admin', oid, 'select')`,
    );
    expect(rows.length).toBeGreaterThan(20);
    expect(typeNames(schema)).toEqual(expect.arrayContaining(rows.map((row) => row.type)));
  });

  it('says nothing twice: no type stutters, none carries a schema', () => {
    const stutters = typeNames(schema).filter((name) => {
      const words = name.match(/[A-Z][a-z0-9]+/g) ?? [];
      return words.some((word, place) => {
        const next = words[place + 1];
        return next !== undefined && word.replace(/s$/, '') === next.replace(/s$/, '');
      });
    });
    expect(stutters).toEqual([]);
    expect(
      typeNames(schema).filter((name) => /^(Core|Forums|Social|Media|Notifications)[A-Z]/.test(name)),
    ).toEqual([]);
  });

  it('has `id` for the identifier of a row and `nodeId` for the opaque one', () => {
    const { posts, post } = schema.getQueryType()?.getFields() ?? {};
    expect(post?.args.map((argument) => `${argument.name}: ${argument.type}`)).toEqual(['id: UUID!']);
    expect(posts?.args.map((argument) => argument.name)).not.toContain('offset');
    expect(sdl).toContain('nodeId: ID!');
    expect(sdl).not.toContain('rowId');
  });

  it('has no name that would have to be unlearnt', () => {
    expect(findNameFaults(schema)).toEqual([]);
  });

  it('calls the rows below a row by what they are', () => {
    const fieldsOf = (name: string): string[] => {
      const type = schema.getType(name);
      return type && 'getFields' in type ? Object.keys(type.getFields()) : [];
    };
    expect(fieldsOf('Forum')).toEqual(expect.arrayContaining(['categories', 'moderators', 'bans', 'posts']));
    expect(fieldsOf('Group')).toEqual(expect.arrayContaining(['members', 'roles', 'invites', 'settings']));
    expect(fieldsOf('ChannelMessage')).toEqual(
      expect.arrayContaining(['attachments', 'reactions', 'replies', 'pin', 'analyses']),
    );
    expect(fieldsOf('User')).toEqual(
      expect.arrayContaining(['sentMessages', 'blocks', 'receivedFriendships']),
    );
    expect(fieldsOf('PollOption')).toEqual(expect.arrayContaining(['poll', 'votes']));
    expect(fieldsOf('VotePostPayload')).toContain('tally');
  });

  it('says something about everything in it', () => {
    expect(findUndescribed(schema)).toEqual([]);
  });

  it('tells of each mutation what it may be refused for', () => {
    const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
    const silent = mutations
      .filter(
        ({ description }) =>
          !/\n\n(May be refused for:\n(- [A-Z_]+: [a-z0-9_., ]+\n?)+|Refuses nothing\.)$/.test(
            description ?? '',
          ),
      )
      .map(({ name }) => name);
    expect(silent).toEqual([]);
    const descriptionOf = (name: string) => mutations.find((field) => field.name === name)?.description;
    expect(descriptionOf('createPost')).toMatch(/- FORBIDDEN: .*forum\.banned/);
    expect(descriptionOf('signIn')).toMatch(/- UNAUTHENTICATED: .*sign_in\.failed/);
  });

  it('knows every function that signing in calls', () => {
    const folder = new URL('../../src/auth/', import.meta.url);
    const text = readdirSync(folder)
      .filter((file) => !['operator.ts', 'refusals.ts'].includes(file))
      .map((file) => readFileSync(new URL(file, folder), 'utf8'))
      .join('\n');
    const called = [...text.matchAll(/select (?:\* from )?(auth\.[a-z_]+)\(/g)].map(([, name]) => name);
    const declared = new Set([...refusalsOfSignIn.values()].flatMap(({ calls }) => calls));
    // The one is asked with every request and refuses by saying nothing, the other raises what it is told.
    const unlisted = new Set(['auth.authenticate', 'auth.refuse']);
    expect(called.filter((name) => !unlisted.has(name ?? '') && !declared.has(name ?? ''))).toEqual([]);
    expect([...declared].filter((name) => !called.includes(name))).toEqual([]);
    const raised = [...text.matchAll(/refuse\('([a-z_.]+)'/g)].map(([, reason]) => reason);
    const told = new Set([...refusalsOfSignIn.values()].flatMap(({ reasons }) => reasons));
    expect(raised.filter((reason) => !told.has(reason ?? ''))).toEqual([]);
  });

  it('shows nothing of secrets, partitions, the queue or operation', async () => {
    expect(sdl).not.toMatch(/passwordHash|tokenHash|secretCiphertext|graphileWorker/i);
    expect(
      typeNames(schema).filter((name) => /BackupRun|RetentionPolic|IdempotencyKey|ErrorCode/.test(name)),
    ).toEqual([]);
  });

  it('writes through procedures only', () => {
    const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
    expect(mutations).toEqual(expect.arrayContaining(['createPost', 'votePost', 'signIn', 'updateProfile']));
    expect(
      mutations.filter((name) => /ByNodeId$|ById$|^(create|update|delete)(User|Comment)Vote/.test(name)),
    ).toEqual([]);
  });

  it('keeps what serves policies to itself', () => {
    const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    expect(roots).not.toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^(fail|uuidv7|requireMember|currentUserId|myReadableForumIds)$/),
      ]),
    );
  });
});

it('without the module, there are no forums', async () => {
  const base = await printSdl({ gatewayUrl: db.urlFor('stoa_gateway'), modules: resolveModules([]) });
  expect(
    base
      .split('\n')
      .filter((line) => /forum|\bposts?\b|groups? |project|\btasks?\b|\bdocuments?\b/i.test(line)),
  ).toEqual([]);
  expect(base).toContain('type User ');
});

it('aggregates are there for the table that asks for them, and for no other', async () => {
  const counting = [...sdl.matchAll(/^type (\w+)Aggregates /gm)].map(([, name]) => name);
  expect(counting).toContain('PollOption');
  expect(counting.filter((name) => !name?.startsWith('PollOption'))).toEqual([]);
  const counted = await testDatabase();
  await counted.query(
    `comment on table forums.posts is E'@name post\\n@behavior +resource:aggregates +resource:groupedAggregates\\nA post.'`,
  );
  const text = await printSdl({ gatewayUrl: counted.urlFor('stoa_gateway'), modules: withForums });
  expect(text).toContain('type PostAggregates');
  expect(text).not.toContain('type CommentAggregates');
  await counted.drop();
});

describe('the start is refused', () => {
  it.each([
    [
      'when an exposed table has no name',
      `create table core.notes (id uuid primary key); grant select on core.notes to stoa_member;`,
      'core.notes is exposed and has no @name',
    ],
    [
      'when two tables want the same name',
      `create table core.papers (id uuid primary key); comment on table core.papers is E'@name paper\\nOne.';
       create table social.papers (id uuid primary key); comment on table social.papers is E'@name paper\\nTwo.';
       grant select on core.papers, social.papers to stoa_member;`,
      'social.papers and the table core.papers would both be the type Paper',
    ],
    [
      'when a name stutters',
      `create table forums.things (id uuid primary key); comment on table forums.things is E'@name forums_forum\\nx';
       grant select on forums.things to stoa_member;`,
      'stutters: ForumsForum',
    ],
    [
      'when two procedures want the same name',
      `create function core.knock() returns integer language sql as 'select 1';
       create function social.knock() returns integer language sql as 'select 1';
       grant execute on function core.knock(), social.knock() to stoa_member;`,
      'social.knock and the function core.knock would both be the mutation knock',
    ],
    [
      'when a function takes the name of a table',
      `create function core.whoever() returns text language sql stable as $$ select 'x' $$;
       comment on function core.whoever() is E'@name user\\nx'; grant execute on function core.whoever() to stoa_member;`,
      'would both be the query user',
    ],
    [
      'when a procedure exists with several argument lists',
      `create function core.ring(p_a integer) returns integer language sql as 'select 1';
       create function core.ring(p_a text) returns integer language sql as 'select 1';
       grant execute on function core.ring(integer), core.ring(text) to stoa_member;`,
      'core.ring exists with several argument lists',
    ],
    [
      'when a look-up would spell out its columns',
      `create table core.leaflets (id uuid primary key, slug text, language text, constraint leaflets_key unique (slug, language));
       comment on table core.leaflets is E'@name leaflet\\nx'; grant select on core.leaflets to stoa_member;`,
      'Query.leafletBySlugAndLanguage spells out its columns',
    ],
    [
      'when a list would be called after one of two keys to the same table',
      `create table core.swaps (id uuid primary key, one_id uuid references core.users, two_id uuid references core.users);
       create index on core.swaps (one_id); create index on core.swaps (two_id);
       comment on table core.swaps is E'@name swap\\nx'; grant select on core.swaps to stoa_member;
       comment on constraint swaps_one_id_fkey on core.swaps is E'@foreignFieldName userSwap\\nx';`,
      'User.userSwap is a list with a singular name',
    ],
    [
      'when what a mutation returns is called like the mutation',
      `create function core.shuffle(out deck text, out hand text) language sql volatile as $$ select 'a', 'b' $$;
       grant execute on function core.shuffle() to stoa_member;`,
      'Shuffle is called like a mutation',
    ],
    [
      'when a column shows the inside',
      `create table core.badges (id uuid primary key, storage_path text); comment on table core.badges is E'@name badge\\nx';
       grant select on core.badges to stoa_member;`,
      'Badge.storagePath is of the inside',
    ],
    [
      'when an index declares an order that no cursor can follow',
      `create table core.marks (id uuid primary key, at timestamptz); comment on table core.marks is E'@name mark\\nx';
       grant select on core.marks to stoa_member;
       create index marks_at_idx on core.marks (at desc, id desc); comment on index core.marks_at_idx is E'@order LATEST\\nx';`,
      'at may be null',
    ],
  ])('%s', async (_when, faulty, message) => {
    const broken = await testDatabase();
    await broken.query(faulty);
    const pool = createPool(broken.urlFor('stoa_gateway'), { applicationName: 'test names', max: 1 });
    const build = makeSchema(
      makePreset({
        pool,
        modules: withForums,
        log: { error: () => {} },
        isVisitor: () => true,
        introspection: true,
        explorer: false,
        requestOf: () => undefined,
      }),
    );
    await expect(build).rejects.toMatchObject({
      name: 'StoaError',
      message: expect.stringContaining(message),
      cure: expect.any(String),
    });
    await pool.end();
    await broken.drop();
  });
});
