import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import { Logger, runOnce } from 'graphile-worker';
import pino from 'pino';
import type { Mail } from '../../src/auth/mailer.ts';
import { type AuthService, createAuthService } from '../../src/auth/service.ts';
import { loadConfig } from '../../src/config.ts';
import sendMail from '../../src/jobs/tasks/send_mail.ts';
import { createPool } from '../../src/postgres/connect.ts';
import type { ReadyConfig } from '../../src/postgres/database.ts';
import { afterFile } from '../harness/after-file.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

/** The cheapest that argon2 takes: tests are about what is compared, not about what it costs. */
export const cheapArgon2 = { memoryKiB: 1024, passes: 2, parallelism: 1, concurrency: 4, queue: 1000 };

export const siteUrl = 'https://community.example';

export interface Person {
  readonly userId: string;
  readonly email: string;
  readonly username: string;
  readonly password: string;
}

export interface SignInFixture {
  readonly db: TestDatabase;
  readonly service: AuthService;
  readonly config: ReadyConfig & { readonly secretKey: Buffer };
  /** Everything that was logged so far. */
  logged(): string;
  /** Another process over the same database. */
  anotherService(options?: ServiceOptions): Promise<AuthService>;
  /** Runs the queue and returns the mails that came out of it. */
  deliver(): Promise<Mail[]>;
  /** Somebody who has registered. */
  person(username: string): Promise<Person>;
}

export interface ServiceOptions {
  readonly argon2?: Partial<typeof cheapArgon2>;
  readonly now?: () => Date;
}

/** A service that takes mail and keeps it. */
async function mailService(): Promise<{ readonly url: string; readonly mails: Mail[] }> {
  const mails: Mail[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      mails.push(JSON.parse(body));
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterFile(() => {
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the mail service has no address');
  return { url: `http://127.0.0.1:${address.port}/`, mails };
}

export function tokenIn(mail: Mail | undefined): string {
  const token = mail?.text.match(/#token=([\w-]{43})\b/)?.[1];
  if (token === undefined) throw new Error(`no token in the mail "${mail?.subject ?? '(none)'}"`);
  return token;
}

/** The reason with which something is refused; fails when it is not. */
export async function refusalOf(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  throw error ?? new Error('it was not refused');
}

/** How often each outcome came: a reason, or `ok`. */
export async function outcomesOf(attempts: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const settled of await Promise.allSettled(attempts)) {
    const outcome = settled.status === 'fulfilled' ? 'ok' : String(settled.reason?.code ?? settled.reason);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

export async function signInFixture(): Promise<SignInFixture> {
  const db = await testDatabase();
  const mail = await mailService();
  const lines: string[] = [];
  const log = pino(
    { level: 'trace' },
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    }),
  );
  const pools = [
    createPool(db.urlFor('stoa_auth'), { applicationName: 'sign-in', max: 10 }),
    createPool(db.urlFor('stoa_worker'), { applicationName: 'worker', max: 4 }),
  ] as const;
  const [authPool, workerPool] = pools;
  afterFile(async () => {
    for (const pool of pools) await pool.end();
  });

  const settings = await loadConfig({
    env: { STOA_ENVIRONMENT: 'test', STOA_PUBLIC_URL: siteUrl, STOA_MAILER: mail.url },
  });
  const config = {
    ...settings,
    argon2: cheapArgon2,
    adminUrl: db.url,
    databaseUrl: db.url,
    gatewayUrl: db.urlFor('stoa_gateway'),
    authUrl: db.urlFor('stoa_auth'),
    mediaUrl: db.urlFor('stoa_media'),
    trackerUrl: db.urlFor('stoa_tracker'),
    workerUrl: db.urlFor('stoa_worker'),
    secretKey: randomBytes(32),
  } satisfies ReadyConfig;
  const anotherService = ({ argon2, now }: ServiceOptions = {}): Promise<AuthService> =>
    createAuthService({
      pool: authPool,
      config: { ...config, argon2: { ...cheapArgon2, ...argon2 } },
      ...(now ? { now } : {}),
    });
  const service = await anotherService();

  return {
    db,
    service,
    config,
    logged: () => lines.join(''),
    anotherService,
    async deliver() {
      mail.mails.length = 0;
      await runOnce({
        pgPool: workerPool,
        schema: 'graphile_worker',
        noHandleSignals: true,
        logger: new Logger(() => () => {}),
        taskList: { send_mail: (payload, helpers) => sendMail(payload, { ...helpers, config, log }) },
      });
      return [...mail.mails];
    },
    async person(username) {
      const email = `${username}@example.org`;
      const password = `correct horse of ${username}`;
      await service.register({ email, password, username }, {});
      const { rows } = await db.query<{ user_id: string }>(
        'select user_id from auth.accounts where email = $1',
        [email],
      );
      const userId = rows[0]?.user_id;
      if (userId === undefined) throw new Error(`${username} was not registered`);
      return { userId, email, username, password };
    },
  };
}
