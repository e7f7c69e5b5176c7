import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { buildClientSchema, getIntrospectionQuery } from 'postgraphile/graphql';
import { beforeAll, expect, it, vi } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { chance } from './chance.ts';
import { createForum } from './community.ts';
import { type HostileRequest, hostileRequests, type Operation, operationsOf } from './hostile-requests.ts';

let db: TestDatabase;
let api: TestApi;
let operations: readonly Operation[];
let token: string;
let memberId: string;
const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** They hash a password, which takes long by design and is limited by itself (test/auth/). */
const hashing =
  /^(register|signIn|completeAccount|changePassword|resetPassword|requestEmailChange|.*Wallet.*|.*TwoFactor|.*RecoveryCodes|completeSignIn)/;

beforeAll(async () => {
  db = await testDatabase();
  memberId = await createUser(db, { username: 'somebody' });
  await createForum(db, { slug: 'square', ownerId: memberId, posts: 30 });
  api = await startTestApi(db, {
    STOA_RATE_ADDRESS: '0',
    STOA_RATE_ACCOUNT: '0',
    STOA_BODY_TIMEOUT_MS: '1000',
    STOA_TRUST_PROXY: '1',
  });
  token = await api.signIn(memberId);
  const { data } = await api.ask(getIntrospectionQuery());
  operations = operationsOf(
    buildClientSchema(data),
    (field) => hashing.test(field) || /^signOut/.test(field),
  );
});

/** Names that only the inside knows: roles, tables, files, SQL, stacks. */
const internal =
  /stoa_(anonymous|member|gateway|auth|owner|worker)|node_modules|\.ts:\d|\.js:\d|postgres(ql)?:\/\/|\b(core|auth|ops|parts)\.[a-z_]+|pg_catalog|\bselect .+ from\b|row-level security|violates|SQLSTATE|relation "|RangeError|TypeError|Maximum call stack|dataplan|grafast/i;

interface Outcome {
  readonly status: number;
  readonly text: string;
}

function send(asked: HostileRequest, isSignedIn: boolean): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const sent = request(
      api.url,
      {
        agent,
        method: asked.method,
        headers: { ...(isSignedIn ? { authorization: `Bearer ${token}` } : {}), ...asked.headers },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        answer.on('error', reject);
      },
    );
    // What is too long is refused while it is still being sent.
    sent.on('error', (error: NodeJS.ErrnoException) =>
      ['EPIPE', 'ECONNRESET'].includes(error.code ?? '') ? resolve({ status: 413, text: '' }) : reject(error),
    );
    sent.end(asked.body);
  });
}

interface Tally {
  readonly statuses: Record<string, number>;
  readonly faults: string[];
}

async function attack(count: number, seed: number): Promise<Tally> {
  const by = chance(seed);
  const requests = hostileRequests(count, by, operations);
  const tally: Tally = { statuses: {}, faults: [] };
  const attacker = async (): Promise<void> => {
    for (const asked of requests) {
      const { status, text } = await send(asked, by.upTo(2) === 0);
      tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
      if (status >= 500 || text.includes('"INTERNAL"') || internal.test(text)) {
        tally.faults.push(
          `${asked.kind} → ${status}: ${text.slice(0, 300)} ← ${String(asked.body).slice(0, 300)}`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, attacker));
  return tally;
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapInUse(): number {
  for (let n = 0; n < 3; n += 1) collectGarbage();
  return process.memoryUsage().heapUsed;
}

/**
 * Operations that are answered like any other, differ by their name, and take 2.5 MB each to be kept: together more than what all
 * plans may take.
 */
async function fillPlans(round: number): Promise<void> {
  const fields =
    'id title content linkUrl score commentCount insertedAt author { id username displayName } forum { id name slug }';
  const parts = Array.from({ length: 15 }, (_, n) => `p${n}: posts(first: 2) { nodes { ${fields} } }`).join(
    ' ',
  );
  for (let n = 0; n < 60; n += 1) {
    const { errors } = await api.ask(`query Heavy${round}x${n} { ${parts} }`);
    expect(errors).toEqual([]);
  }
}

it('ten thousand hostile requests break nothing, learn nothing and leave nothing behind', {
  timeout: 240_000,
}, async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const first = await attack(2_000, 1);
  await fillPlans(1);
  const before = heapInUse();

  // Connections that never finish what they began to say, all the while.
  const { hostname, port } = new URL(api.url);
  const slow = Array.from({ length: 20 }, () => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => {});
    socket.write(
      'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"',
    );
    return new Promise<string>((resolve) => {
      let text = '';
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      socket.on('close', () => resolve(text));
    });
  });

  const second = await attack(8_000, 2);
  expect([...first.faults, ...second.faults]).toEqual([]);
  expect(told).not.toHaveBeenCalled();
  told.mockRestore();
  // Some pass the types and are refused by procedures; most do not get that far.
  expect(second.statuses['200']).toBeGreaterThan(100);
  expect(second.statuses['400']).toBeGreaterThan(3_000);
  for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1\.1 408 /);

  expect(api.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  await fillPlans(2);
  // The caches of queries and plans are as full as they were; the lines of the log, which this test keeps, are new.
  const growth = heapInUse() - before;
  expect(growth).toBeLessThan(16 * 1024 * 1024);
  // Some of the requests were allowed, such as another name.
  expect((await api.ask('{ viewer { id } }', { token })).data).toEqual({ viewer: { id: memberId } });
  const { rows } = await db.query(
    `select count(*)::int as stuck from pg_stat_activity
     where datname = current_database() and application_name like 'stoa api' and state <> 'idle'`,
  );
  expect(rows).toEqual([{ stuck: 0 }]);
});
