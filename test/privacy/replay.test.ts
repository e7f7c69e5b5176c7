import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/postgres/connect.ts';
import { erasePeople } from '../../src/privacy/erasure.ts';
import { isNamedIn, readLedger } from '../../src/privacy/erasure-ledger.ts';
import { replayErasures } from '../../src/privacy/ledger.ts';
import { type Community, community, copyOf, type Member } from './community.ts';

let world: Community;
let gone: readonly Member[];
/** The database as it was before anybody was erased: what a restore to that moment brings back. */
let earlier: Awaited<ReturnType<typeof copyOf>>;

beforeAll(async () => {
  world = await community({ people: 4 });
  gone = world.members.slice(0, 3);
  earlier = await copyOf(world.db);
  const requests: string[] = [];
  for (const member of gone) requests.push(await world.request(member));
  await world.asWorker((client) => erasePeople(client, world.places, requests));
});

async function replay(url: string): Promise<unknown> {
  const client = await connect(url, 'test replay');
  try {
    return await replayErasures(client, world.places);
  } finally {
    await client.end();
  }
}

describe('the erasure ledger', () => {
  it('knows who was erased and when, in a chain, and nothing of them in clear', async () => {
    const { records, faults } = await readLedger(world.places.ledger);
    expect(faults).toEqual([]);
    expect(records.map(({ entry }) => entry.userId)).toEqual(gone.map(({ id }) => id));
    const text = JSON.stringify(records).toLowerCase();
    for (const { email, username, displayName, wallet, address } of gone) {
      for (const word of [email, username, displayName, wallet, address]) {
        expect(text).not.toContain(word.toLowerCase());
      }
    }
    const [first] = records;
    if (!first) throw new Error('the ledger is empty');
    expect(await isNamedIn(first.entry, gone[0]?.email.toUpperCase() ?? '')).toBe(true);
    expect(await isNamedIn(first.entry, 'nobody@example.org')).toBe(false);
  });

  it('erases again whoever came back with a restore, with a certificate, and once is enough', async () => {
    const people = () =>
      earlier.query(
        `select count(*) filter (where erased_at is null)::int as there,
           (select count(*) from auth.accounts where user_id = any ($1) and email is not null)::int as addresses,
           (select count(*) from audit.erasures where user_id = any ($1) and certificate is not null and is_replay)::int as proved
         from core.users where id = any ($1)`,
        [gone.map(({ id }) => id)],
      );
    expect((await people()).rows).toEqual([{ there: 3, addresses: 3, proved: 0 }]);
    expect(await replay(earlier.url)).toEqual({ replayed: 3, alreadyGone: 0, failed: [] });
    expect((await people()).rows).toEqual([{ there: 0, addresses: 0, proved: 3 }]);
    expect(await replay(earlier.url)).toEqual({ replayed: 0, alreadyGone: 3, failed: [] });
    // Nothing was written to the ledger a second time.
    expect((await readLedger(world.places.ledger)).records).toHaveLength(3);
    expect(await replay(world.db.url)).toEqual({ replayed: 0, alreadyGone: 3, failed: [] });
  });

  it('misses an entry that was taken out, in the middle and at the end', async () => {
    const { records } = await readLedger(world.places.ledger);
    const keep = async (index: number): Promise<() => Promise<unknown>> => {
      const record = records[index];
      if (!record) throw new Error(`no entry ${index}`);
      await world.places.ledger.delete(record.key);
      return () => world.places.ledger.put(record.key, Buffer.from(`${JSON.stringify(record.entry)}\n`));
    };
    const putBackMiddle = await keep(1);
    expect((await readLedger(world.places.ledger)).faults).toEqual([{ sequence: 2, reason: 'missing' }]);
    await putBackMiddle();
    expect((await readLedger(world.places.ledger)).faults).toEqual([]);
    const putBackLast = await keep(2);
    // The ledger cannot know of its own end; the certificates in the database do.
    expect(await replay(world.db.url)).toMatchObject({
      failed: [{ requestId: records[2]?.entry.requestId, code: 'privacy.ledger_entry' }],
    });
    await putBackLast();
    expect(await replay(world.db.url)).toMatchObject({ failed: [] });
  });
});
