import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import pino from 'pino';
import { vi } from 'vitest';
import type { RealtimeLimits } from '../../src/api/realtime/limits.ts';
import { type RunningApi, startApi } from '../../src/api/server.ts';
import { authDatabase } from '../../src/auth/database.ts';
import { openSession } from '../../src/auth/sessions.ts';
import { loadConfig } from '../../src/config.ts';
import { resolveModules } from '../../src/modules.ts';
import { createPool } from '../../src/postgres/connect.ts';
import { openTracker } from '../../src/tracker/endpoint.ts';
import { afterFile } from '../harness/after-file.ts';
import { sharedSchema } from '../harness/graphql-schema.ts';
import type { TestDatabase } from '../harness/index.ts';

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape that it asked for
  readonly data: any;
  readonly errors: readonly GraphqlError[];
}

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

export interface AskOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  /** An access token. */
  readonly token?: string;
}

export interface TestApi extends RunningApi {
  ask(query: string, options?: AskOptions): Promise<GraphqlAnswer>;
  /** Signs somebody in without asking for a password; the access token. */
  signIn(userId: string): Promise<string>;
  /** What the server wrote, one object a line. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
}

/** The real server on a free port over the given database; stopped after the last test of the file. */
export async function startTestApi(
  db: TestDatabase,
  settings: Readonly<Record<string, string>> = {},
  realtime: Partial<RealtimeLimits> = {},
): Promise<TestApi> {
  const config = await loadConfig({
    env: {
      STOA_ENVIRONMENT: 'test',
      STOA_PORT: '0',
      STOA_DATA_DIR: join(tmpdir(), 'stoa-that-is-never-made'),
      STOA_PUBLIC_URL: 'http://localhost:5678',
      ...settings,
    },
    cwd: tmpdir(),
  });
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'info', base: null }, { write: (line) => log.push(JSON.parse(line)) });
  const ready = { ...config, trackerUrl: db.urlFor('stoa_tracker') };
  const hasTracker = resolveModules(config.modules).some(({ name }) => name === 'tracker');
  const api = await startApi(
    {
      ...ready,
      gatewayUrl: db.urlFor('stoa_gateway'),
      authUrl: db.urlFor('stoa_auth'),
      mediaUrl: db.urlFor('stoa_media'),
      secretKey: Buffer.alloc(32, 7),
    },
    {
      logger,
      realtime,
      endpoints: hasTracker ? [openTracker({ config: ready, log: logger })] : [],
      schemaOf: sharedSchema(db, [config.modules, config.api.limits, config.api.introspection]),
    },
  );
  const signInPool = createPool(db.urlFor('stoa_auth'), { applicationName: 'test sign-in', max: 1 });
  afterFile(async () => {
    await api.close();
    await signInPool.end();
  });
  return {
    ...api,
    log,
    async ask(query, { variables, token } = {}) {
      const response = await fetch(api.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ query, variables }),
      });
      const answer = (await response.json()) as Pick<GraphqlAnswer, 'data'> & Partial<GraphqlAnswer>;
      const { data, errors = [] } = answer;
      return { status: response.status, headers: response.headers, data, errors };
    },
    async signIn(userId) {
      const { accessToken } = await openSession(authDatabase(signInPool), userId, {});
      return accessToken;
    },
  };
}

/** Every statement that this process sent while `work` ran, without those that frame a transaction. */
export async function recordStatements(work: () => Promise<unknown>): Promise<RecordedStatement[]> {
  const sent = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    return sent.mock.calls
      .map(([first, second]) => statementOf(first, second))
      .filter(
        ({ text }) => !/^(begin|commit|rollback|select from \(select set_config|set jit)/i.test(text.trim()),
      );
  } finally {
    sent.mockRestore();
  }
}

export interface RecordedStatement {
  readonly text: string;
  readonly values: unknown[];
}

/** The engine calls every table by an alias like this. Sessions, rates and readiness send statements of their own. */
export const isOfPlan = ({ text }: RecordedStatement): boolean => /__[a-z_]+__/.test(text);

function statementOf(first: unknown, second: unknown): RecordedStatement {
  if (typeof first === 'string') return { text: first, values: Array.isArray(second) ? second : [] };
  if (typeof first === 'object' && first !== null && 'text' in first) {
    const values = 'values' in first && Array.isArray(first.values) ? first.values : [];
    return { text: String(first.text), values };
  }
  throw new Error('a statement of a kind that is not recorded');
}
