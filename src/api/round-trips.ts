import 'postgraphile';
import pg, { type Connection, type Pool, type PoolClient } from 'pg';
import type { PgClientQuery, PgClientResult, WithPgClient } from 'postgraphile/@dataplan/pg';
import type { NodePostgresPgClient } from 'postgraphile/adaptors/pg';

/** Statements that a connection keeps prepared; the one that was idle longest is forgotten first. */
export const preparedStatements = 100;

/** A prepared statement that sets settings, and their values. */
interface Settling {
  readonly statement: string;
  /** pg takes no other kind, and leaves it as it is. */
  readonly values: string[];
}

/** What has been done on a connection. */
interface Known {
  /** Statements that set settings, by name: prepared by a round trip of their own. */
  readonly settling: Set<string>;
  /** In the order in which they were used. */
  readonly statements: Set<string>;
}

const knownOf = new WeakMap<PoolClient, Known>();

/**
 * Runs each statement under its settings in one round trip, where the adaptor of the engine takes four: begin, settings,
 * statement, commit. The settings and the statement go out together, with one Sync behind them, so PostgreSQL takes both for one
 * transaction ("Pipelining" in its chapter on the protocol): the settings are gone when it ends, what fails is undone without
 * being told to, and where the settings are refused the statement never runs.
 */
export function oneRoundTrip(pool: Pool): WithPgClient<NodePostgresPgClient> {
  return async (pgSettings, work) => {
    const settings = Object.entries(pgSettings ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const client = await pool.connect();
    try {
      const settling = await prepare(
        client,
        settings.map(([name]) => name),
        settings.map(([, value]) => value),
      );
      return await work(makeClient(client, settling, pgSettings?.['role'] ?? ''));
    } finally {
      client.release();
    }
  };
}

function makeClient(
  rawClient: PoolClient,
  settling: Settling | undefined,
  role: string,
  depth = 0,
): NodePostgresPgClient {
  const send = <Row>({ name, ...query }: PgClientQuery, under?: Settling): Promise<PgClientResult<Row>> =>
    // A plan under row security is made for a role, and made anew when another one uses it: each role has its own.
    run(rawClient, name === undefined ? query : { ...query, name: `${role} ${name}`.slice(0, 63) }, under);
  return {
    rawClient,
    query: (query) => send(query, settling),
    async withTransaction(work) {
      const [begin, commit, rollback] =
        depth === 0
          ? ['begin', 'commit', 'rollback']
          : [`savepoint s${depth}`, `release savepoint s${depth}`, `rollback to savepoint s${depth}`];
      // The transaction begins with its settings, and what follows is under them.
      await send({ text: begin }, settling);
      try {
        const result = await work(makeClient(rawClient, undefined, role, depth + 1));
        await send({ text: commit });
        return result;
      } catch (error) {
        // Where that fails, too, the connection is lost, and the transaction with it.
        await send({ text: rollback }).catch(() => undefined);
        throw error;
      }
    },
  };
}

const statementNames = new Map<string, string>();

/** Of the statement that sets these settings. Their names together would be too long for one. */
function statementFor(settings: readonly string[]): string {
  const names = settings.join();
  const name = statementNames.get(names) ?? `settings ${statementNames.size}`;
  statementNames.set(names, name);
  return name;
}

/** Undefined where nothing is to be set. */
async function prepare(
  client: PoolClient,
  settings: readonly string[],
  values: string[],
): Promise<Settling | undefined> {
  let known = knownOf.get(client);
  if (!known) {
    known = { settling: new Set(), statements: new Set() };
    knownOf.set(client, known);
    // Compiling takes longer than any statement of an API runs.
    await client.query('set jit_optimize_above_cost = -1');
  }
  if (settings.length === 0) return undefined;
  const statement = statementFor(settings);
  if (!known.settling.has(statement)) {
    const calls = settings.map(
      (setting, index) => `set_config(${pg.escapeLiteral(setting)}, $${index + 1}, true)`,
    );
    // Its row has no column, so nothing has to be known of it to read it.
    const text = `select from (select ${calls.join(', ')}) as settings`;
    await client.query({ name: statement, text, values });
    known.settling.add(statement);
  }
  return { statement, values };
}

function run<Row>(
  client: PoolClient,
  { text, values = [], arrayMode, name }: PgClientQuery,
  settling: Settling | undefined,
): Promise<PgClientResult<Row>> {
  return new Promise((resolve, reject) => {
    const config = {
      text,
      values,
      ...(name === undefined ? {} : { name }),
      ...(arrayMode ? { rowMode: 'array' } : {}),
      // Also what has neither name nor values: a simple query would end the transaction before it began.
      queryMode: 'extended',
    };
    const query = new pg.Query(config, (error, answer) => {
      if (error) {
        reject(error);
        return;
      }
      const results: unknown[] = Array.isArray(answer) ? answer : [answer];
      // What is in its rows is known to those who wrote the statement.
      resolve(results.at(-1) as PgClientResult<Row>);
    });
    const { submit } = query;
    query.submit = (connection) => {
      // One write to the socket.
      connection.stream.cork();
      try {
        if (name !== undefined) makeRoom(client, connection, name);
        if (settling) {
          connection.bind(settling, true);
          connection.execute(null, true);
        }
        return submit.call(query, connection);
      } finally {
        connection.stream.uncork();
      }
    };
    client.query(query);
  });
}

/** Has the server forget the statement that was idle longest, where this one would be too many. */
function makeRoom(client: PoolClient, connection: Connection, name: string): void {
  const statements = knownOf.get(client)?.statements;
  if (!statements) return;
  statements.delete(name);
  statements.add(name);
  const [oldest] = statements;
  if (statements.size <= preparedStatements || oldest === undefined) return;
  statements.delete(oldest);
  connection.close({ type: 'S', name: oldest }, true);
  const parsed: unknown = Reflect.get(connection, 'parsedStatements');
  if (typeof parsed === 'object' && parsed !== null) Reflect.deleteProperty(parsed, oldest);
}
