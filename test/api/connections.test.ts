import { beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { matrix } from '../security/matrix/index.ts';
import { people } from '../security/matrix/people.ts';
import { readRelations } from '../security/matrix/relations.ts';
import { buildWorld } from '../security/matrix/world.ts';
import { type GraphqlError, recordStatements, startTestApi, type TestApi } from './api.ts';
import { findParents, type Growth, growRows } from './growth.ts';
import {
  type ApiModel,
  fieldsOf,
  hasArgument,
  isCallable,
  isConnectionField,
  readApiModel,
  rowTypeOf,
  withoutLimits,
} from './schema-model.ts';

const readers = ['owner', 'admin', 'moderator', 'member'] as const;
type Reader = (typeof readers)[number];

/** A connection of the schema, at a place where it holds rows. */
interface Place {
  /** Type.field */
  readonly name: string;
  readonly reader: Reader;
  /** The field with its arguments, between what stands around it. */
  readonly around: readonly [before: string, after: string];
  readonly field: string;
  readonly hasLast: boolean;
  readonly orders: readonly string[];
  readonly path: readonly string[];
  readonly selection: string;
}

/** Connections that hold no two rows here, each with the reason. */
const argumentsOnly = 'takes arguments: a list of its own, not a walk over a table';
const ownRow = 'everybody sees one row of their own';
const oneRow = 'a constraint admits no second row of the kind beside the first';
const orphans = 'copies stand under parents that no policy lets anybody see';
const ownConditions = 'a list of what meets conditions, which no row here does';
const unfilled: Readonly<Record<string, string>> = {
  'Channel.permissionOverrides': oneRow,
  'Channel.reads': ownRow,
  'Channel.slowmodeMarks': ownRow,
  'ChannelMessage.attachments': orphans,
  'ChannelMessage.mentions': orphans,
  'Comment.replies': orphans,
  'Forum.bans': oneRow,
  'Group.roles': oneRow,
  'GroupMember.roles': orphans,
  'GroupRole.memberRoles': orphans,
  'Message.attachments': orphans,
  'PermissionBit.rolePermissions': orphans,
  'Poll.options': oneRow,
  'PollOption.votes': ownRow,
  'Query.analyticsEventCounts': argumentsOnly,
  'Query.channelReactionCounts': argumentsOnly,
  'Query.groupMemberRoles': orphans,
  'Query.hitAndRuns': ownConditions,
  'Query.myWallets': oneRow,
  'Query.pinnedChannelMessages': argumentsOnly,
  'Query.previewGroupInvite': argumentsOnly,
  'Query.unreadChannels': argumentsOnly,
  'Torrent.works': oneRow,
  'User.bans': oneRow,
  'User.forumBans': oneRow,
  'User.privacyRequests': oneRow,
  'User.requestBounties': orphans,
  'User.slowmodeMarks': ownRow,
  'Webhook.channelMessages': orphans,
};

let db: TestDatabase;
let api: TestApi;
let model: ApiModel;
let growth: Growth;
const tokens = new Map<Reader, string>();
let places: readonly Place[] = [];
let empty: readonly string[] = [];
let known: ReadonlySet<string> = new Set();

beforeAll(async () => {
  db = await testDatabase();
  await buildWorld(db, matrix, await readRelations(db));
  for (const reader of readers)
    await db.query('update core.users set banned_until = null where id = $1', [people[reader].id]);
  growth = await growRows(db);
  api = await startTestApi(db, withoutLimits);
  model = await readApiModel(db, api);
  for (const reader of readers) tokens.set(reader, await api.signIn(people[reader].id));
  ({ places, empty, known } = await findPlaces());
});

interface Edge {
  readonly cursor: string;
  readonly node: unknown;
}

interface Page {
  readonly edges: readonly Edge[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount?: number;
}

/** How a place is asked: the text of the request depends on this alone, so it is planned once for all pages. */
interface Asked {
  readonly direction: 'forward' | 'backward';
  /** Of the page, for each place or for all. */
  readonly size: number | readonly number[];
  readonly order?: ((place: Place) => string) | undefined;
  readonly more?: string;
}

/** Asks many places at once, each from where it has come to. */
async function readPages(
  over: readonly Place[],
  asked: Asked,
  cursors: readonly (string | undefined)[] = [],
): Promise<Page[]> {
  return (await tryPages(over, asked, cursors)).map((page, index) => {
    if (!('edges' in page)) throw new Error(`${over[index]?.name}: ${JSON.stringify(page)}`);
    return page;
  });
}

/** As `readPages`, with the error where one is refused. */
async function tryPages(
  over: readonly Place[],
  { direction, size, order, more = '' }: Asked,
  cursors: readonly (string | undefined)[] = [],
): Promise<(Page | GraphqlError)[]> {
  const [count, from] = direction === 'forward' ? ['first', 'after'] : ['last', 'before'];
  const pages: (Page | GraphqlError)[] = [];
  for (const reader of readers) {
    const mine = over
      .map((place, index) => ({ place, index }))
      .filter(({ place }) => place.reader === reader);
    for (let at = 0; at < mine.length; at += 30) {
      const chunk = mine.slice(at, at + 30);
      const variables: Record<string, unknown> = {};
      const text = chunk.map(({ place, index }) => {
        variables[`c${index}`] = cursors[index] ?? null;
        variables[`s${index}`] = sizeAt(size, index);
        const ordered = order ? `, orderBy: ${order(place)}` : '';
        const connection = `${place.field}(${count}: $s${index}, ${from}: $c${index}${ordered}) {
          edges { cursor node { ${place.selection} } }
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor } ${more} }`;
        return `p${index}: ${place.around[0]}${connection}${place.around[1]}`;
      });
      const declared = chunk.map(({ index }) => `$s${index}: Int, $c${index}: Cursor`);
      const { data, errors } = await api.ask(`query (${declared.join(', ')}) { ${text.join('\n')} }`, {
        variables,
        token: tokens.get(reader) ?? '',
      });
      if (!data) throw new Error(JSON.stringify(errors.slice(0, 3)));
      for (const { place, index } of chunk) {
        const error = errors.find(({ path }) => path?.[0] === `p${index}`);
        pages[index] = error ?? place.path.reduce((value, key) => value?.[key], data[`p${index}`]);
      }
    }
  }
  return pages;
}

function sizeAt(size: Asked['size'], index: number): number {
  return typeof size === 'number' ? size : (size[index] ?? 1);
}

const idOf = ({ node }: Edge): string => JSON.stringify(node);

interface Walked {
  readonly rows: string[];
  readonly faults: string[];
  cursor: string | undefined;
  isOpen: boolean;
}

/** Walks all places from one end to the other, in step. `between` is done after each page. */
async function walk(over: readonly Place[], asked: Asked, between?: () => Promise<void>): Promise<Walked[]> {
  const { direction, size } = asked;
  const walkers = over.map((): Walked => ({ rows: [], faults: [], cursor: undefined, isOpen: true }));
  for (let round = 0; walkers.some(({ isOpen }) => isOpen); round += 1) {
    if (round > 30) {
      const endless = over.filter((_, index) => walkers[index]?.isOpen);
      throw new Error(`no end to ${endless.map(({ name }) => name).join(', ')}`);
    }
    const pages = await readPages(
      over,
      asked,
      walkers.map(({ cursor }) => cursor),
    );
    await between?.();
    walkers.forEach((walker, index) => {
      const page = pages[index];
      if (!page || !walker.isOpen) return;
      const ids = page.edges.map(idOf);
      if (direction === 'forward') walker.rows.push(...ids);
      else walker.rows.unshift(...ids);
      const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
      const isMore = direction === 'forward' ? hasNextPage : hasPreviousPage;
      const isBehind = direction === 'forward' ? hasPreviousPage : hasNextPage;
      if (walker.cursor === undefined && isBehind) walker.faults.push('rows before the first page');
      if (page.edges.length > sizeAt(size, index)) walker.faults.push('a page that is too long');
      if (isMore && page.edges.length < sizeAt(size, index))
        walker.faults.push('a short page that is not the last');
      const isFramed = startCursor === page.edges[0]?.cursor && endCursor === page.edges.at(-1)?.cursor;
      if (page.edges.length > 0 && !isFramed) walker.faults.push('cursors that are not those of its edges');
      const cursor = direction === 'forward' ? endCursor : startCursor;
      walker.isOpen = isMore && cursor !== null;
      if (walker.isOpen) walker.cursor = cursor ?? undefined;
    });
  }
  return walkers;
}

/** Every connection of the schema, each where it holds most rows. */
async function findPlaces(): Promise<{
  readonly places: Place[];
  readonly empty: string[];
  readonly known: ReadonlySet<string>;
}> {
  const { schema } = model;
  const best = new Map<string, { place: Place; count: number }>();
  const all = new Set<string>();
  const consider = (place: Place, page: Page | undefined | null): void => {
    const count = page?.edges.length ?? 0;
    if (count > 1 && count > (best.get(place.name)?.count ?? 0)) best.set(place.name, { place, count });
  };
  const connectionsOf = (typeName: string) => {
    const type = typeName === 'Query' ? schema.getQueryType() : model.types.get(typeName)?.type;
    return fieldsOf(type).filter((field) => isConnectionField(field));
  };
  const placesOf = (
    typeName: string,
    reader: Reader,
    around: Place['around'],
    path: readonly string[],
  ): Place[] =>
    connectionsOf(typeName).flatMap((field): Place[] => {
      all.add(`${typeName}.${field.name}`);
      // Those that a function gives have no `last` and are asked for with `first` alone.
      if (!isCallable(field)) return [];
      const rows = schema.getType(rowTypeOf(schema, field));
      if (!rows || !('getFields' in rows)) return [];
      const fields = Object.keys(rows.getFields());
      const orderBy = field.args.find((argument) => argument.name === 'orderBy');
      return [
        {
          name: `${typeName}.${field.name}`,
          reader,
          around,
          field: field.name,
          hasLast: hasArgument(field, 'last'),
          // The walks without an order go by the default.
          orders: (/serves here: (.*)\./.exec(orderBy?.description ?? '')?.[1] ?? '')
            .split(', ')
            .filter((order) => order !== '' && order !== orderBy?.defaultValue),
          path: [...path, field.name].slice(typeName === 'Query' ? 1 : 0),
          selection: fields.includes('nodeId')
            ? 'nodeId'
            : fields
                .filter((name) => !/^node/.test(name))
                .slice(0, 3)
                .join(' '),
        },
      ];
    });

  const isFilled = (place: Place): boolean => (best.get(place.name)?.count ?? 0) > 2;
  const parents = await findParents(db);
  for (const reader of readers) {
    const asked = placesOf('Query', reader, ['', ''], []);
    for (const type of model.types.values()) {
      if (type.lookup === undefined) continue;
      const lookup = schema.getQueryType()?.getFields()[type.lookup];
      const lookupOf = (key: readonly string[]): string => {
        const given = type.key.map((column, place) => {
          const name = model.fieldOfColumn(type.relation.name, column);
          const isNumber = String(lookup?.args.find((each) => each.name === name)?.type).startsWith('Int');
          return `${name}: ${isNumber ? key[place] : JSON.stringify(key[place])}`;
        });
        return `${type.lookup}(${given.join(', ')}) { `;
      };
      const own = parents.filter(({ parent }) => parent === type.relation.name);
      const { rows } = await db.query<{ key: string[] }>(
        `select array[${type.key.map((column) => `"${column}"::text`).join(', ')}] as key
         from ${type.relation.name} order by 1 limit 2`,
      );
      for (const field of connectionsOf(type.name)) {
        const child = model.types.get(rowTypeOf(schema, field))?.relation.name;
        const keys = own.filter((each) => each.child === child).map(({ key }) => key);
        const tried = keys.length > 0 ? keys : rows.map(({ key }) => key);
        for (const key of tried) {
          asked.push(
            ...placesOf(type.name, reader, [lookupOf(key), ' }'], []).filter(
              ({ field: name }) => name === field.name,
            ),
          );
        }
      }
    }
    const open = asked.filter((place) => !isFilled(place));
    for (const [index, page] of (await tryPages(open, { direction: 'forward', size: 8 })).entries()) {
      const place = open[index];
      if (place) consider(place, page && 'edges' in page ? page : null);
    }
  }
  return {
    places: [...best.values()].map(({ place }) => place),
    empty: [...all].filter((name) => !best.has(name)).sort(),
    known: all,
  };
}

/** The page of a hundred that a walk is compared with. */
async function references(over: readonly Place[], order?: (place: Place) => string): Promise<string[][]> {
  const pages = await readPages(over, { direction: 'forward', size: 100, order });
  return pages.map((page) => page.edges.map(idOf));
}

function compare(
  over: readonly Place[],
  walked: readonly { readonly rows: readonly string[]; readonly faults: readonly string[] }[],
  wanted: readonly (readonly string[])[],
): string[] {
  return over.flatMap((place, index) => {
    const { rows = [], faults = [] } = walked[index] ?? {};
    const told = faults.map((fault) => `${place.name}: ${fault}`);
    const isSame = JSON.stringify(rows) === JSON.stringify(wanted[index]);
    return isSame
      ? told
      : [...told, `${place.name}: ${rows.length} rows, not the ${wanted[index]?.length} in order`];
  });
}

describe('every connection of the schema', () => {
  it('holds rows here, or is listed with the reason why not', () => {
    expect(places.length).toBeGreaterThan(150);
    expect(empty.filter((name) => !(name in unfilled))).toEqual([]);
    expect(Object.keys(unfilled).filter((name) => !known.has(name))).toEqual([]);
  });

  it('gives each row once, in one order, page by page from either end', async () => {
    const wanted = await references(places);
    for (const direction of ['forward', 'backward'] as const) {
      const chosen = places.flatMap((place, index) => {
        const rows = wanted[index] ?? [];
        return direction === 'forward' || place.hasLast ? [{ place, rows }] : [];
      });
      const over = chosen.map(({ place }) => place);
      const rows = chosen.map((each) => each.rows);
      expect(compare(over, await walk(over, { direction, size: inPages(3, rows) }), rows)).toEqual([]);
    }
  });

  it('does so in every order that it offers', async () => {
    const most = Math.max(...places.map(({ orders }) => orders.length));
    for (let index = 0; index < most; index += 1) {
      const over = places.filter(({ orders }) => orders[index] !== undefined);
      const order = (place: Place): string => place.orders[index] ?? '';
      const wanted = await references(over, order);
      const size = inPages(2, wanted);
      expect(compare(over, await walk(over, { direction: 'forward', size, order }), wanted)).toEqual([]);
    }
  });

  it('counts when it is asked to, and only then', async () => {
    const counted = places.filter(({ name, hasLast }) => hasLast && countsOf(name));
    let pages: Page[] = [];
    const counting = (statements: readonly { readonly text: string }[]): string[] =>
      statements.map(({ text }) => text).filter((text) => /select[^;]{0,40}count\(\*\)/i.test(text));
    const asked: Asked = { direction: 'forward', size: 100 };
    const plain = await recordStatements(() => readPages(counted, asked));
    expect(counting(plain)).toEqual([]);
    const asking = await recordStatements(async () => {
      pages = await readPages(counted, { ...asked, more: 'totalCount' });
    });
    expect(counting(asking)).not.toEqual([]);
    const wrong = counted.flatMap((place, index) => {
      const page = pages[index];
      return page && !page.pageInfo.hasNextPage && page.totalCount !== page.edges.length
        ? [`${place.name}: ${page.totalCount} counted, ${page.edges.length} there`]
        : [];
    });
    expect(wrong).toEqual([]);
  });

  it('neither misses nor repeats a row that stays while others come and go, in either direction', async () => {
    const over = places.filter(({ hasLast }) => hasLast);
    const before = await references(over);
    const size = inPages(3, before);
    let isBusy: Promise<void> | undefined;
    // Two walks towards each other; what happens between two pages of the one happens during the other.
    const meanwhile = () => {
      isBusy ??= growth.churn().finally(() => {
        isBusy = undefined;
      });
      return isBusy;
    };
    const walks = await Promise.all(
      (['forward', 'backward'] as const).map((direction) => walk(over, { direction, size }, meanwhile)),
    );
    const after = (await references(over)).map((rows) => new Set(rows));
    const faults = over.flatMap((place, index) => {
      const stayed = (before[index] ?? []).filter((row) => after[index]?.has(row));
      if ((before[index]?.length ?? 0) >= 100 || (after[index]?.size ?? 0) >= 100) return [];
      return walks.flatMap((walked) => {
        const rows = walked[index]?.rows ?? [];
        const missed = stayed.filter((row) => !rows.includes(row));
        const repeated = rows.length - new Set(rows).size;
        return [
          ...(missed.length > 0 ? [`${place.name}: ${missed.length} of ${stayed.length} missed`] : []),
          ...(repeated > 0 ? [`${place.name}: ${repeated} repeated`] : []),
        ];
      });
    });
    expect(faults).toEqual([]);
  });
});

/** The size of pages, so that the rows of each place fill so many. */
function inPages(count: number, rows: readonly (readonly string[])[]): number[] {
  return rows.map((each) => Math.max(1, Math.ceil(each.length / count)));
}

/** Not every connection has a count. */
function countsOf(name: string): boolean {
  const [typeName = '', fieldName = ''] = name.split('.');
  const type = model.schema.getType(typeName);
  const field = type && 'getFields' in type ? type.getFields()[fieldName] : undefined;
  const connection = field && model.schema.getType(String(field.type).replaceAll(/[[\]!]/g, ''));
  return Boolean(connection && 'getFields' in connection && 'totalCount' in connection.getFields());
}
