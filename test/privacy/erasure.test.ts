import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyLog } from '../../src/audit/seals.ts';
import { checkInvariants } from '../../src/doctor/invariants.ts';
import { connect } from '../../src/postgres/connect.ts';
import { type ErasureOutcome, erasePeople } from '../../src/privacy/erasure.ts';
import { createUser } from '../harness/index.ts';
import { type Community, community, contentOfOthers, copyOf, type Member } from './community.ts';

const eraser = fileURLToPath(new URL('./eraser-process.ts', import.meta.url));

let world: Community;
beforeAll(async () => {
  world = await community({ people: 18, scale: 0.7 });
});

function memberAt(index: number): Member {
  const member = world.members[index];
  if (!member) throw new Error(`there is no member ${index}`);
  return member;
}

async function erase(...people: readonly Member[]): Promise<readonly ErasureOutcome[]> {
  const requests: string[] = [];
  for (const person of people) requests.push(await world.request(person));
  return world.asWorker((client) => erasePeople(client, world.places, requests));
}

async function eraseOne(member: Member): Promise<ErasureOutcome> {
  const [outcome] = await erase(member);
  if (!outcome) throw new Error('no outcome');
  return outcome;
}

async function brokenInvariants(url: string): Promise<unknown> {
  return (await checkInvariants({ databaseUrl: url })).filter(({ state }) => state !== 'holds');
}

/** Members who write, vote and answer until they are told to stop, each at a connection of its own. */
function traffic(people: readonly Member[]): {
  stop(): Promise<{ done: number; failures: readonly string[] }>;
} {
  let isOn = true;
  let done = 0;
  const failures = new Set<string>();
  const act = async (member: Member, turn: number): Promise<void> => {
    await world.db.as(
      { role: 'stoa_member', userId: member.id, ip: member.address },
      async (client) => {
        const { rows: posts } = await client.query<{ id: string }>(
          'select id from forums.posts where deleted_at is null order by id offset $1 limit 1',
          [turn % 20],
        );
        const { rows: talks } = await client.query<{ id: string }>(
          'select id from messaging.conversations order by id offset $1 limit 1',
          [turn % 2],
        );
        if (posts[0])
          await client.query('select forums.vote_post($1, $2)', [posts[0].id, turn % 2 === 0 ? 1 : -1]);
        if (posts[0])
          await client.query('select forums.create_comment($1, $2)', [posts[0].id, `Word ${turn}`]);
        if (talks[0])
          await client.query('select messaging.send_message($1, $2)', [talks[0].id, `Word ${turn}`]);
      },
      { commit: true },
    );
    done += 1;
  };
  const loops = people.map(async (member, offset) => {
    for (let turn = offset; isOn; turn += 1) {
      try {
        await act(member, turn);
      } catch (error) {
        // Whoever is gone is told so; nobody else is refused anything but for going too fast.
        const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
        if (!['ST401', 'ST403', 'ST404', 'ST429'].includes(code)) failures.add(`${code} ${error}`);
      }
      // As people do: the processor belongs to what is tested.
      await sleep(20);
    }
  });
  return {
    async stop() {
      isOn = false;
      await Promise.all(loops);
      return { done, failures: [...failures] };
    },
  };
}

describe('erasing people', () => {
  it('one after the other and at once, under traffic, leaves nothing of them and everything of the others', async () => {
    const gone = world.members.slice(0, 10);
    const ids = gone.map(({ id }) => id);
    const until = new Date();
    const before = await contentOfOthers(world.db.query, ids, until);
    // Two of those who go are writing while it happens.
    const busy = traffic([memberAt(0), memberAt(9), memberAt(12)]);

    const outcomes: ErasureOutcome[] = [];
    for (const member of gone.slice(0, 3)) outcomes.push(...(await erase(member)));
    const together = [gone.slice(3, 5), gone.slice(5, 7), gone.slice(7)];
    outcomes.push(...(await Promise.all(together.map((some) => erase(...some)))).flat());
    const { done, failures } = await busy.stop();

    expect(failures).toEqual([]);
    expect(done).toBeGreaterThan(5);
    expect(outcomes.map(({ scan }) => scan.found)).toEqual(outcomes.map(() => []));
    expect(outcomes.every(({ certificate }) => certificate !== undefined)).toBe(true);
    expect(await contentOfOthers(world.db.query, ids, until)).toEqual(before);
    expect(await brokenInvariants(world.db.url)).toEqual([]);

    // Looked for by hand, not by what is tested.
    for (const { id, email, wallet, file } of gone) {
      const { rows } = await world.db.query(
        `select
           (select count(*) from auth.sessions where user_id = $1)::int as sessions,
           (select count(*) from auth.wallets where address = $2)::int as wallets,
           (select count(*) from audit.logs where concat_ws(' ', logs.*) like '%' || $3 || '%')::int as logged,
           (select count(*) from graphile_worker._private_jobs where payload::text like '%' || $1 || '%')::int as jobs,
           (select count(*) from forums.comments where author_id = $1 and content <> '')::int as comments,
           (select count(*) from messaging.messages where sender_id = $1 and type <> 'system' and content <> '')::int as messages,
           (select count(*) from audit.erasures where user_id = $1 and identifiers is null)::int as proved,
           (select username is null and display_name is null and erased_at is not null from core.users where id = $1) as is_tombstone`,
        [id, wallet, email],
      );
      expect(rows).toEqual([
        {
          sessions: 0,
          wallets: 0,
          logged: 0,
          jobs: 0,
          comments: 0,
          messages: 0,
          proved: 1,
          is_tombstone: true,
        },
      ]);
      expect(await world.places.uploads.head(file)).toBeUndefined();
    }
    expect((await verifyLog(world.db.pool)).faults).toEqual([]);
  });

  it('leaves the certificate in the audit log, without a word of the person', async () => {
    const member = memberAt(10);
    const { certificate } = await eraseOne(member);
    const { rows } = await world.db.query<{ new_values: unknown }>(
      `select new_values from audit.logs where action = 'privacy.erased' and resource_id = $1`,
      [certificate?.request],
    );
    expect(rows).toEqual([{ new_values: certificate }]);
    const text = JSON.stringify(certificate).toLowerCase();
    for (const word of [member.username, member.displayName, member.email, member.wallet, member.address]) {
      expect(text).not.toContain(word.toLowerCase());
    }
  });
});

describe('the proof', () => {
  it('finds an address that was left in a text, a key of JSON, an array or bytes, says where, and waits', async () => {
    const member = memberAt(11);
    await world.db.query(
      `create table core.scraps (id integer primary key, words text, facts jsonb, list text[], content bytea, place inet, liked_by uuid)`,
    );
    await world.db.query('alter table core.scraps owner to stoa_owner');
    await world.db.query(
      `insert into core.scraps
       values
         (1, 'Write to ' || upper($1) || '!', null, null, null, null, null),
         (2, null, jsonb_build_object($1::text, 1), null, null, null, null),
         (3, null, null, array['x', $1], null, null, null),
         (4, null, null, null, convert_to('<' || $1 || '>', 'UTF8'), null, null),
         (5, null, null, null, null, $2, null),
         (6, null, null, null, null, null, $3),
         (7, 'Write to another' || $1, null, null, null, null, null)`,
      [member.email, member.address, member.id],
    );
    const request = await world.request(member);
    const [outcome] = await world.asWorker((client) => erasePeople(client, world.places, [request]));
    expect(outcome?.certificate).toBeUndefined();
    const place = (name: string, kind: string, id: number) => ({
      column: `core.scraps.${name}`,
      kind,
      rows: 1,
      keys: [{ id }],
    });
    expect(outcome?.scan.found).toEqual([
      place('content', 'email', 4),
      place('facts', 'email', 2),
      place('liked_by', 'id', 6),
      place('list', 'email', 3),
      place('place', 'address', 5),
      place('words', 'email', 1),
    ]);
    expect(JSON.stringify(outcome?.scan)).not.toContain(member.email);
    const { rows } = await world.db.query('select status, error from audit.privacy_requests where id = $1', [
      request,
    ]);
    expect(rows).toEqual([{ status: 'running', error: 'found in 6 places' }]);

    await world.db.query('drop table core.scraps');
    const [proved] = await world.asWorker((client) => erasePeople(client, world.places, [request]));
    expect(proved?.certificate).toBeDefined();
  });

  it('tells of a name in what somebody else wrote, and leaves it there', async () => {
    const member = memberAt(14);
    const words = `Thank you, ${member.displayName}!`;
    const { rows } = await world.db.query<{ id: string }>(
      `update forums.comments set content = $2
       where id = (select id from forums.comments where author_id <> $1 and deleted_at is null order by id limit 1)
       returning id`,
      [member.id, words],
    );
    const { certificate, scan } = await eraseOne(member);
    expect(certificate).toBeDefined();
    expect(scan.mentioned).toContainEqual({ column: 'forums.comments.content', kind: 'name', rows: 1 });
    const after = await world.db.query('select content from forums.comments where id = $1', [rows[0]?.id]);
    expect(after.rows).toEqual([{ content: words }]);
  });
});

/** Every row of every table but those that say when something ran, without points in time. */
async function stateOf(url: string): Promise<Record<string, string>> {
  const client = await connect(url, 'test state');
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name
       from pg_catalog.pg_class as c
       where c.relkind in ('r', 'p') and not c.relispartition
         and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'audit', 'ops', 'graphile_worker', 'parts')
         and c.oid::regclass::text <> 'core.search_index_queue'
       order by 1`,
    );
    const state: Record<string, string> = {};
    for (const { name } of tables) {
      const { rows } = await client.query<{ digest: string }>(
        `select coalesce(md5(string_agg(content, '|' order by content)), '') as digest
         from (
           select (
               select jsonb_object_agg(key, value)
               from jsonb_each(to_jsonb(target))
               -- What the platform says of a departure has an id of its own each time.
               where key !~ '_at$|^last_message_id$' and not (key = 'id' and to_jsonb(target) ->> 'type' = 'system')
             )::text as content
           from ${name} as target
         ) as entry`,
      );
      state[name] = rows[0]?.digest ?? '';
    }
    return state;
  } finally {
    await client.end();
  }
}

describe('an erasure that is killed', () => {
  it('at any point goes on and ends in the same state as one that was not', {
    timeout: 600_000,
  }, async () => {
    const member = memberAt(15);
    const request = await world.request(member);
    const copy = await copyOf(world.db);
    const copyFolder = world.folder;
    const worker = new URL(copy.url);
    const points = ['ledger', '1', '40', 'bytes', '150', 'proving'];
    // More of them, at random: STOA_ERASURE_KILLS=50. Before it proves, or nothing would be left to cut off.
    for (let more = Number(process.env['STOA_ERASURE_KILLS'] ?? 0); more > 0; more -= 1) {
      points.splice(-1, 0, String(1 + Math.floor(Math.random() * 150)));
    }
    for (const point of points) {
      const child = spawn(process.execPath, [eraser, worker.href, copyFolder, request, point], {
        stdio: 'inherit',
      });
      const [, signal] = await once(child, 'exit');
      expect({ point, signal }).toEqual({ point, signal: 'SIGKILL' });
    }
    const client = await connect(worker.href, 'test eraser');
    const [outcome] = await erasePeople(client, world.places, [request]).finally(() => client.end());
    expect(outcome?.scan.found).toEqual([]);
    expect(outcome?.certificate).toBeDefined();

    // The same person in the other database, at one go.
    const [whole] = await world.asWorker((other) => erasePeople(other, world.places, [request]));
    expect(whole?.certificate).toBeDefined();
    expect(await stateOf(copy.url)).toEqual(await stateOf(world.db.url));
    expect(await brokenInvariants(copy.url)).toEqual([]);
  });
});

describe('a legal hold', () => {
  const hold = async (kind: string, id: string): Promise<string> => {
    const { rows } = await world.db.query<{ hold: string }>(
      "select ops.place_hold($1, $2, 'Case 7') as hold",
      [kind, id],
    );
    return rows[0]?.hold ?? '';
  };
  const release = (id: string) => world.db.query("select ops.release_hold($1, 'Settled')", [id]);
  const erase = (request: string) =>
    world.asWorker((client) =>
      erasePeople(client, world.places, [request], { isEarly: true }).then(
        ([outcome]) => (outcome?.certificate === undefined ? `held in ${outcome?.heldIn.join()}` : 'done'),
        (error: { code?: string }) => error.code ?? String(error),
      ),
    );
  /** Somebody who wrote in a conversation, and that conversation. */
  const writer = async (nth: number): Promise<{ id: string; conversation: string }> => {
    const { rows } = await world.db.query<{ id: string; conversation: string }>(
      `select distinct on (message.sender_id) message.sender_id as id, message.conversation_id as conversation
       from messaging.messages as message
       where message.sender_id = any ($1) and message.deleted_at is null
       order by message.sender_id, message.id
       offset $2 limit 1`,
      [
        (
          await world.db.query<{ id: string }>(
            'select id from core.users where erased_at is null and id = any ($1) and not core.owns_things(id)',
            [world.members.map(({ id }) => id)],
          )
        ).rows.map(({ id }) => id),
        nth,
      ],
    );
    if (rows[0] === undefined) throw new Error('nobody wrote');
    return rows[0];
  };
  const words = async (id: string, conversation: string): Promise<number> => {
    const { rows } = await world.db.query<{ words: number }>(
      `select count(*)::int as words from messaging.messages
       where sender_id = $1 and conversation_id = $2 and deleted_at is null and content <> ''`,
      [id, conversation],
    );
    return rows[0]?.words ?? 0;
  };

  it('on the person, or on what they wrote in, keeps the request waiting and everything where it is', async () => {
    const { id, conversation } = await writer(0);
    const request = await world.request({ id });
    const before = await words(id, conversation);
    for (const [kind, subject] of [
      ['user', id],
      ['conversation', conversation],
    ] as const) {
      const placed = await hold(kind, subject);
      expect(await erase(request)).toBe('privacy.held');
      expect(await words(id, conversation)).toBe(before);
      await release(placed);
    }
    expect(await erase(request)).toBe('done');
    expect(await words(id, conversation)).toBe(0);
  });

  it('that is placed when it has begun, keeps what is still there, and the proof stays open until it is released', async () => {
    const { id, conversation } = await writer(0);
    const request = await world.request({ id });
    const before = await words(id, conversation);
    await world.asWorker((client) => client.query('select audit.begin_erasure($1, true)', [request]));
    const placed = await hold('conversation', conversation);
    expect(await erase(request)).toBe('held in messaging.messages');
    expect(await words(id, conversation)).toBe(before);
    await release(placed);
    expect(await erase(request)).toBe('done');
    expect(await words(id, conversation)).toBe(0);
  });
});

describe('an erasure is refused', () => {
  it('before its time, for the last administrator, for the platform itself, and for an owner', async () => {
    const attempt = async (id: string, isEarly = true): Promise<string> => {
      const request = await world.request({ id });
      return world.asWorker((client) =>
        erasePeople(client, world.places, [request], { isEarly }).then(
          () => 'done',
          (error: { code?: string }) => error.code ?? String(error),
        ),
      );
    };
    const boss = await createUser(world.db, { username: 'the_boss', role: 'admin' });
    const { rows: platform } = await world.db.query<{ id: string }>(
      'select id from core.users where is_system',
    );
    expect(await attempt(boss)).toBe('privacy.last_administrator');
    expect(await attempt(platform[0]?.id ?? '')).toBe('privacy.system_account');
    await createUser(world.db, { username: 'another_boss', role: 'admin' });
    expect(await attempt(boss)).toBe('done');

    const waiting = memberAt(16);
    await world.db.as(
      { role: 'stoa_member', userId: waiting.id },
      (client) => client.query('select audit.request_erasure()'),
      { commit: true },
    );
    expect(await attempt(waiting.id, false)).toBe('privacy.not_due');

    const { rows: owner } = await world.db.query<{ id: string }>(
      `select owner_id as id from groups.groups as owned join core.users as person on person.id = owned.owner_id
       where not person.is_system and person.erased_at is null order by 1 limit 1`,
    );
    expect(await attempt(owner[0]?.id ?? '')).toBe('account.owns_things');
  });

  it('while another process is at it', async () => {
    const request = await world.request(memberAt(17));
    await world.asWorker(async (holder) => {
      await holder.query('select pg_advisory_lock(hashtextextended($1, 0))', [`audit.erase:${request}`]);
      await expect(
        world.asWorker((client) => erasePeople(client, world.places, [request])),
      ).rejects.toMatchObject({ code: 'privacy.busy' });
    });
  });
});
