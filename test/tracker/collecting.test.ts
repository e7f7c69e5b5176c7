import { beforeAll, describe, expect, it, vi } from 'vitest';
import { recordStatements } from '../api/api.ts';
import { peerId, type Swarm, sha256, swarm, type Torrent } from '../sql/tracker/swarm.ts';
import { announceAddress, ask, escaped, type Member, member, type RawAnswer } from './client.ts';
import { serveTracker, type TestTracker } from './server.ts';

let world: Swarm;
let people: Member[];
let torrent: Torrent;

beforeAll(async () => {
  world = await swarm();
  torrent = await world.torrent();
  people = [];
  for (let index = 0; index < 20; index += 1) people.push(await member(world));
});

/** Longer than a test: only a full set, or the end of the server, sends it off. */
const patient = { STOA_TRACKER_COLLECT_MS: '10000' };

function say(
  api: TestTracker,
  person: Member | undefined,
  changes: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  if (person === undefined) throw new Error('nobody');
  return ask(announceAddress({ torrent, passkey: person.passkey, origin: api.origin }, changes));
}

const figure = (api: TestTracker, name: string): number =>
  api.endpoint.figures.find((candidate) => candidate.name === name)?.read() ?? Number.NaN;

const until = (api: TestTracker, name: string, value: number): Promise<void> =>
  vi.waitFor(() => expect(figure(api, name)).toBe(value), { timeout: 20_000, interval: 5 });

/** While it lasts, whoever announces with this passkey waits. */
async function holding(person: Member | undefined, work: () => Promise<void>): Promise<void> {
  const client = await world.db.pool.connect();
  try {
    await client.query('begin');
    await client.query('select from tracker.passkeys where passkey_hash = $1 for update', [
      sha256(person?.passkey ?? ''),
    ]);
    await work();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const busy = { status: 200, failure: expect.stringContaining('busy'), fields: { 'retry in': 1 } };

describe('announces that come together', () => {
  it('are one statement', async () => {
    const api = await serveTracker(world.db, { ...patient, STOA_TRACKER_SET_SIZE: '20' });
    const answers: RawAnswer[] = [];
    const statements = await recordStatements(async () => {
      answers.push(...(await Promise.all(people.map((person) => say(api, person)))));
    });
    expect(answers.filter(({ failure }) => failure !== undefined)).toEqual([]);
    const sets = statements.filter(({ text }) => text.includes('announce_many'));
    expect(sets.map(({ values }) => JSON.parse(String(values[0])).length)).toEqual([20]);
    expect(figure(api, 'stoa_announces_written')).toBe(20);
    expect(figure(api, 'stoa_announce_sets')).toBe(1);
  });

  it('do not spoil each other: one that the database cannot take fails alone', async () => {
    await world.db.query(`
      create function tracker.refuse_port() returns trigger language plpgsql as $$
      begin
        if new.port = 6666 then raise exception 'cannot take this'; end if;
        return new;
      end $$;
      create trigger refuse_port before insert on tracker.announces for each row execute function tracker.refuse_port()`);
    try {
      const api = await serveTracker(world.db, { ...patient, STOA_TRACKER_SET_SIZE: '3' });
      const answers = await Promise.all([
        say(api, people[0]),
        say(api, people[1], { port: '6666' }),
        say(api, people[2]),
      ]);
      expect(answers.map(({ failure }) => failure === undefined)).toEqual([true, false, true]);
      expect(answers[1]).toMatchObject(busy);
      expect(JSON.stringify(api.log)).toContain('cannot take this');
    } finally {
      await world.db.query(
        'drop trigger refuse_port on tracker.announces; drop function tracker.refuse_port()',
      );
    }
  });

  it('are answered when the server stops, though the moment they wait for is not over', async () => {
    const api = await serveTracker(world.db, patient);
    const answers = Promise.all(people.slice(0, 5).map((person) => say(api, person)));
    await until(api, 'stoa_announces_waiting', 5);
    await api.endpoint.close();
    expect((await answers).map(({ failure }) => failure)).toEqual(Array(5).fill(undefined));
  });
});

describe('when the database does not keep up', () => {
  it('so many wait and the next are told to come back', async () => {
    const api = await serveTracker(world.db, {
      STOA_TRACKER_QUEUE: '2',
      STOA_TRACKER_SET_SIZE: '1',
      STOA_TRACKER_CONNECTIONS: '1',
      STOA_TRACKER_COLLECT_MS: '0',
    });
    const waiting: Promise<RawAnswer>[] = [];
    await holding(people[0], async () => {
      waiting.push(say(api, people[0]));
      await world.untilSomebodyWaits();
      waiting.push(say(api, people[1]), say(api, people[2]));
      await until(api, 'stoa_announces_waiting', 2);
      expect(await say(api, people[3])).toMatchObject(busy);
    });
    expect((await Promise.all(waiting)).map(({ failure }) => failure)).toEqual(Array(3).fill(undefined));
    expect(figure(api, 'stoa_announces_sent_away')).toBe(1);
  });

  it('a set that takes too long is told to come back, and its connection serves the next', async () => {
    const api = await serveTracker(world.db, {
      STOA_STATEMENT_TIMEOUT_MS: '150',
      STOA_TRACKER_CONNECTIONS: '1',
    });
    await holding(people[0], async () => {
      expect(await say(api, people[0])).toMatchObject(busy);
    });
    expect((await say(api, people[0])).failure).toBeUndefined();
  });

  it('a connection that breaks costs its set a retry, and the next is written by another', async () => {
    const api = await serveTracker(world.db, { STOA_TRACKER_CONNECTIONS: '1' });
    await holding(people[0], async () => {
      const lost = say(api, people[0]);
      await world.untilSomebodyWaits();
      await world.db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'stoa announces' and wait_event_type = 'Lock'`,
      );
      expect(await lost).toMatchObject(busy);
    });
    expect((await say(api, people[0])).failure).toBeUndefined();
  });
});

describe('two servers over one database', () => {
  it('count what the clients of the same people say once, and neither blocks the other', async () => {
    const one = await serveTracker(world.db);
    const two = await serveTracker(world.db);
    torrent = await world.torrent();
    const sessions: { api: TestTracker; person: Member; changes: Record<string, string> }[] = people.flatMap(
      (person) => [
        { api: one, person, changes: { peer_id: escaped(peerId('home')), left: '0', port: '6881' } },
        { api: two, person, changes: { peer_id: escaped(peerId('away')), left: '0', port: '6882' } },
      ],
    );
    const all = (changes: Readonly<Record<string, string>>): Promise<RawAnswer[]> =>
      Promise.all(
        sessions.map((session) => say(session.api, session.person, { ...session.changes, ...changes })),
      );
    const begun = await all({ event: 'started' });
    await world.letPass(600);
    // In the other order, and through the other server.
    sessions.reverse();
    for (const [place, session] of sessions.entries()) {
      sessions[place] = { ...session, api: session.api === one ? two : one };
    }
    const ended = await all({ event: '', uploaded: '1000' });
    expect([...begun, ...ended].filter(({ failure }) => failure !== undefined)).toEqual([]);
    expect(await world.figures(torrent)).toMatchObject({ total_uploaded: '40000' });
    expect(await world.peers(torrent)).toHaveLength(40);
    for (const person of people) expect(await world.totals(person)).toMatchObject({ uploaded: '2000' });
  });
});
