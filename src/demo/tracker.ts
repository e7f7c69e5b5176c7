import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { hasTable } from './base.ts';
import type { Chance } from './chance.ts';
import type { Person } from './people.ts';
import { insertRows } from './rows.ts';

export interface TrackerCounts {
  readonly torrents: number;
  readonly peers: number;
  readonly requests: number;
}

const dayMs = 86_400_000;
const mib = 1_048_576;

/** Written for this project: things that somebody might share with the consent of whoever made them. */
const works: readonly {
  readonly name: string;
  readonly category: string;
  readonly tags: readonly string[];
}[] = [
  {
    name: 'Harbour at five in the morning (field recordings)',
    category: 'music',
    tags: ['field-recording', 'flac'],
  },
  { name: 'Choir of the third floor: spring concert', category: 'music', tags: ['live', 'flac'] },
  { name: 'The night train, a radio play in four parts', category: 'audiobooks', tags: ['radio', 'drama'] },
  { name: 'City maps 1890 to 1930, scanned', category: 'books', tags: ['maps', 'scan'] },
  { name: 'A reader for learners of Portuguese', category: 'books', tags: ['languages'] },
  { name: 'Bridges of the region, a documentary', category: 'film', tags: ['documentary', '1080p'] },
  { name: 'Street football, 8 mm, restored', category: 'film', tags: ['silent', 'scan'] },
  { name: 'Lighthouse, an adventure in text', category: 'games', tags: ['text-adventure'] },
  { name: 'Open street pictures, winter edition', category: 'pictures', tags: ['photos'] },
  { name: 'Botanical drawings of the herbarium', category: 'pictures', tags: ['scan'] },
  { name: 'Sheet music for small ensembles', category: 'books', tags: ['scores', 'scan'] },
  { name: 'Sounds of a workshop, sample library', category: 'music', tags: ['samples', 'field-recording'] },
  { name: 'Weather notes of a lighthouse keeper', category: 'audiobooks', tags: ['diary'] },
  { name: 'Kitchen table chess, with source', category: 'games', tags: ['source'] },
  { name: 'Lectures on soil, recorded in 2019', category: 'film', tags: ['lectures', '1080p'] },
  { name: 'Tram sounds, line 14, end to end', category: 'music', tags: ['field-recording'] },
];

const wishes = [
  { title: 'The autumn concert, if anybody recorded it', category: 'music' },
  { title: 'Maps of the suburbs before 1950', category: 'books' },
  { title: 'A restored copy of the harbour film', category: 'film' },
];

const remarks = ['Thank you!', 'Seeding until the weekend.', 'The second part is the best.', 'Nice scan.'];

/** 20 octets in hex, as a column of type bytea reads them. */
function digestOf(text: string): string {
  return `\\x${createHash('sha1').update(text).digest('hex')}`;
}

async function categoryIds(client: ClientBase): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ id: number; slug: string }>(
    'select id, slug from tracker.categories',
  );
  return new Map(rows.map(({ id, slug }) => [slug, id]));
}

interface Torrent {
  readonly id: string;
  readonly uploader: Person;
  readonly status: 'approved' | 'pending' | 'rejected';
  readonly sizeBytes: number;
  readonly at: Date;
  readonly work: (typeof works)[number];
}

async function makeTorrents(
  client: ClientBase,
  chance: Chance,
  torrents: readonly Torrent[],
  moderator: Person,
): Promise<void> {
  const categories = await categoryIds(client);
  const pieces = torrents.map((torrent) => ({ torrent, files: 1 + chance.below(5) }));
  await insertRows(
    client,
    'tracker.torrents',
    pieces.map(({ torrent, files }, index) => ({
      id: torrent.id,
      info_hash: digestOf(torrent.id),
      name: torrent.work.name,
      description: 'Made and shared by members.',
      category_id: categories.get(torrent.work.category),
      uploader_id: torrent.uploader.id,
      is_anonymous: index % 7 === 6,
      size_bytes: torrent.sizeBytes,
      file_count: files,
      piece_length: mib,
      metadata: {},
      moderation_status: torrent.status,
      approved_at: torrent.status === 'approved' ? new Date(torrent.at.getTime() + 3_600_000) : null,
      is_active: true,
      is_freeleech: index === 0,
      upload_factor: 1,
      inserted_at: torrent.at,
      updated_at: torrent.at,
    })),
  );
  await insertRows(
    client,
    'tracker.torrent_files',
    pieces.flatMap(({ torrent, files }) =>
      Array.from({ length: files }, (_, position) => ({
        torrent_id: torrent.id,
        position,
        path: `${torrent.work.name.replaceAll(/[^a-zA-Z0-9]+/g, '-')}/part-${position + 1}.bin`,
        size_bytes: Math.floor(torrent.sizeBytes / files) + (position === 0 ? torrent.sizeBytes % files : 0),
      })),
    ),
  );
  await insertRows(
    client,
    'tracker.torrent_moderation',
    torrents.flatMap((torrent) => [
      {
        id: chance.idAt(torrent.at),
        torrent_id: torrent.id,
        moderator_id: null,
        action: 'submitted',
        reason: null,
        changes: {},
        inserted_at: torrent.at,
      },
      ...(torrent.status === 'pending'
        ? []
        : [
            {
              id: chance.idAt(new Date(torrent.at.getTime() + 3_600_000)),
              torrent_id: torrent.id,
              moderator_id: moderator.id,
              action: torrent.status,
              reason: torrent.status === 'rejected' ? 'Please say who made it.' : null,
              changes: {},
              inserted_at: new Date(torrent.at.getTime() + 3_600_000),
            },
          ]),
    ]),
  );
  const tags = [...new Set(torrents.flatMap(({ work }) => work.tags))].map((name) => ({
    id: chance.idAt(torrents[0]?.at ?? new Date(0)),
    name,
    inserted_at: torrents[0]?.at,
  }));
  await insertRows(client, 'tracker.tags', tags);
  await insertRows(
    client,
    'tracker.torrent_tag_assignments',
    torrents.flatMap(({ id, work, uploader, at }) =>
      work.tags.map((name) => ({
        torrent_id: id,
        tag_id: tags.find((tag) => tag.name === name)?.id,
        assigned_by: uploader.id,
        inserted_at: at,
      })),
    ),
  );
}

/** The figures of all torrents, of those too that wait for approval. */
async function countSwarms(client: ClientBase, torrents: readonly Torrent[], now: Date): Promise<void> {
  await client.query(
    `insert into tracker.torrent_statistics
       (torrent_id, seeders, leechers, times_completed, total_uploaded, total_downloaded, view_count, last_announce_at,
        last_seeded_at, updated_at)
     select
       torrent.id,
       count(session.peer_id) filter (where session.is_seeder),
       count(session.peer_id) filter (where not session.is_seeder),
       moved.completed, moved.uploaded, moved.downloaded, moved.people * 7,
       max(session.last_announce_at), max(session.last_announce_at) filter (where session.is_seeder), $2
     from tracker.torrents as torrent
     left join tracker.peers as session on session.torrent_id = torrent.id
     cross join lateral (
       select
         count(history.completed_at) as completed, count(*) as people,
         coalesce(sum(history.uploaded), 0) as uploaded, coalesce(sum(history.downloaded), 0) as downloaded
       from tracker.user_torrents as history
       where history.torrent_id = torrent.id
     ) as moved
     where torrent.id = any ($1)
     group by torrent.id, moved.completed, moved.people, moved.uploaded, moved.downloaded
     on conflict (torrent_id) do nothing`,
    [torrents.map(({ id }) => id), now],
  );
}

/** Who has what, and who is in a swarm now; totals follow from it. */
async function fillSwarms(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  torrents: readonly Torrent[],
  now: Date,
): Promise<number> {
  const peers = torrents.flatMap((torrent) =>
    [
      torrent.uploader,
      ...chance.several(
        people.filter((person) => person !== torrent.uploader),
        2 + chance.below(12),
      ),
    ].map((person, seat) => {
      const isUploader = seat === 0;
      const isComplete = isUploader || chance.next() < 0.7;
      const loaded = isUploader
        ? 0
        : isComplete
          ? torrent.sizeBytes
          : Math.floor(torrent.sizeBytes * chance.next());
      const first = new Date(torrent.at.getTime() + 7_200_000 + chance.below(dayMs));
      return {
        torrent,
        person,
        isUploader,
        isComplete,
        isHere: isUploader || chance.next() < 0.8,
        uploaded: Math.floor(torrent.sizeBytes * chance.next() * (isComplete ? 2.5 : 0.3)),
        downloaded: loaded,
        seedSeconds: isComplete ? 3_600 * (1 + chance.below(300)) : 0,
        first,
        last: new Date(now.getTime() - chance.below(1_500_000)),
        address: `198.51.100.${1 + chance.below(250)}`,
        port: 20_000 + chance.below(30_000),
      };
    }),
  );
  await insertRows(
    client,
    'tracker.user_torrents',
    peers.map(
      ({ torrent, person, isUploader, isComplete, uploaded, downloaded, seedSeconds, first, last }) => ({
        user_id: person.id,
        torrent_id: torrent.id,
        uploaded,
        downloaded,
        seed_seconds: seedSeconds,
        has_leeched: !isUploader,
        first_announce_at: first,
        last_announce_at: last,
        completed_at:
          isComplete && !isUploader ? new Date(Math.min(first.getTime() + 7_200_000, last.getTime())) : null,
      }),
    ),
  );
  const here = peers.filter(({ isHere }) => isHere);
  await insertRows(
    client,
    'tracker.peers',
    here.map(({ torrent, person, uploaded, downloaded, isComplete, address, port, first, last }) => ({
      torrent_id: torrent.id,
      user_id: person.id,
      peer_id: digestOf(`${torrent.id} ${person.id}`),
      ip_address: address,
      port,
      uploaded,
      downloaded,
      left_bytes: isComplete ? 0 : torrent.sizeBytes - downloaded,
      user_agent: chance.pick(['qBittorrent/5.0.2', 'Transmission/4.0.6', 'Deluge/2.1.1']),
      started_at: first,
      last_announce_at: last,
    })),
  );
  await client.query(
    `insert into tracker.user_statistics as totals (user_id, uploaded, downloaded, seed_seconds, torrents_snatched)
     select history.user_id, sum(history.uploaded), sum(history.downloaded), sum(history.seed_seconds), count(history.completed_at)
     from tracker.user_torrents as history
     group by history.user_id
     on conflict (user_id) do update
     set uploaded = excluded.uploaded,
         downloaded = excluded.downloaded,
         seed_seconds = excluded.seed_seconds,
         torrents_snatched = excluded.torrents_snatched`,
  );
  return here.length;
}

/** Points: what everybody started with, what was earned by seeding, and three requests, of which one was filled. */
async function fillRequests(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  torrents: readonly Torrent[],
  now: Date,
): Promise<void> {
  const categories = await categoryIds(client);
  const balances = new Map<Person, number>();
  const movements: object[] = [];
  const move = (person: Person, amount: number, kind: string, at: Date, more: object = {}): string => {
    const id = chance.idAt(at);
    const balance = (balances.get(person) ?? 0) + amount;
    balances.set(person, balance);
    movements.push({
      user_id: person.id,
      id,
      amount,
      balance_after: balance,
      kind,
      torrent_id: null,
      request_id: null,
      description: null,
      ...more,
      inserted_at: at,
    });
    return id;
  };
  const start = new Date(now.getTime() - 60 * dayMs);
  for (const person of people)
    move(person, 400 + chance.below(600), 'adjustment', start, { description: 'Welcome' });

  const filled = torrents.find(({ work }) => work.category === wishes[0]?.category);
  const requests = wishes.map((wish, index) => {
    const at = new Date(now.getTime() - (12 - index) * dayMs);
    const asker = people[(index * 3 + 2) % people.length] ?? people[0];
    const isFilled = index === 0 && filled !== undefined && filled.uploader !== asker;
    return { wish, at, asker, isFilled, id: chance.idAt(at), filledAt: new Date(at.getTime() + 2 * dayMs) };
  });
  await insertRows(
    client,
    'tracker.requests',
    requests.map(({ wish, at, asker, isFilled, id, filledAt }) => ({
      id,
      requester_id: asker?.id,
      category_id: categories.get(wish.category),
      title: wish.title,
      description: 'Any format will do.',
      status: isFilled ? 'filled' : 'pending',
      filled_torrent_id: isFilled ? filled?.id : null,
      filled_by: isFilled ? filled?.uploader.id : null,
      filled_at: isFilled ? filledAt : null,
      confirmed_at: isFilled ? filledAt : null,
      inserted_at: at,
      updated_at: at,
    })),
  );
  const bounties = requests.flatMap(({ id, asker, at, wish }) =>
    [
      asker,
      ...chance.several(
        people.filter((person) => person !== asker),
        2,
      ),
    ].flatMap((person, seat) => {
      if (!person) return [];
      const amount = 50 + 10 * chance.below(10);
      const when = new Date(at.getTime() + seat * 3_600_000);
      const debit = move(person, -amount, 'bounty_escrow', when, { request_id: id, description: wish.title });
      return [
        {
          id: chance.idAt(when),
          request_id: id,
          user_id: person.id,
          amount,
          is_initial: seat === 0,
          debit_transaction_id: debit,
          inserted_at: when,
          person,
        },
      ];
    }),
  );
  for (const { id, isFilled, filledAt } of requests) {
    if (!isFilled || !filled) continue;
    const total = bounties
      .filter((bounty) => bounty.request_id === id)
      .reduce((sum, { amount }) => sum + amount, 0);
    move(filled.uploader, total, 'bounty_payout', filledAt, { request_id: id, torrent_id: filled.id });
  }
  await insertRows(client, 'tracker.bonus_transactions', movements);
  await insertRows(
    client,
    'tracker.request_bounties',
    bounties.map(({ person: _person, ...row }) => row),
  );
  await insertRows(
    client,
    'tracker.request_votes',
    requests.flatMap(({ id, at }) =>
      chance.several(people, 5).map((person) => ({ request_id: id, user_id: person.id, inserted_at: at })),
    ),
  );
  await client.query(
    `insert into tracker.user_statistics as totals (user_id, seedbonus, bounty_spent, bounty_earned)
     select
       movement.user_id, sum(movement.amount),
       coalesce(-sum(movement.amount) filter (where movement.kind = 'bounty_escrow'), 0),
       coalesce(sum(movement.amount) filter (where movement.kind = 'bounty_payout'), 0)
     from tracker.bonus_transactions as movement
     group by movement.user_id
     on conflict (user_id) do update
     set seedbonus = excluded.seedbonus, bounty_spent = excluded.bounty_spent, bounty_earned = excluded.bounty_earned`,
  );
}

/** Torrents with their swarms, requests with bounties, a collage, and what waits for a moderator. */
export async function fillTracker(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  now: Date,
): Promise<TrackerCounts> {
  const moderator = people[1] ?? people[0];
  if (!moderator) throw new Error('there is nobody to share');
  const torrents = works.map((work, index): Torrent => {
    const at = new Date(now.getTime() - (index + 1) * 1.7 * dayMs - chance.below(dayMs));
    return {
      id: chance.idAt(at),
      uploader: people[(index * 2) % Math.max(1, Math.min(people.length, 12))] ?? moderator,
      status: index === 0 || index === 1 ? 'pending' : index === 2 ? 'rejected' : 'approved',
      sizeBytes: (20 + chance.below(900)) * mib + chance.below(mib),
      at,
      work,
    };
  });
  await makeTorrents(client, chance, torrents, moderator);
  const listed = torrents.filter(({ status }) => status === 'approved');
  const peers = await fillSwarms(client, chance, people, listed, now);
  await countSwarms(client, torrents, now);
  await fillRequests(client, chance, people, listed, now);
  await insertRows(
    client,
    'tracker.comments',
    listed.flatMap((torrent) =>
      chance.several(people, chance.below(3)).map((person, index) => {
        const at = new Date(torrent.at.getTime() + (index + 2) * 7_200_000);
        return {
          id: chance.idAt(at),
          torrent_id: torrent.id,
          author_id: person.id,
          content: chance.pick(remarks),
          inserted_at: at,
          updated_at: at,
        };
      }),
    ),
  );
  const collage = { id: chance.idAt(new Date(now.getTime() - dayMs)), at: new Date(now.getTime() - dayMs) };
  await insertRows(client, 'tracker.collections', [
    {
      id: collage.id,
      owner_id: moderator.id,
      name: 'Sounds of the city',
      description: 'Recorded by members.',
      kind: 'collage',
      inserted_at: collage.at,
      updated_at: collage.at,
    },
  ]);
  await insertRows(
    client,
    'tracker.collection_items',
    listed
      .filter(({ work }) => work.category === 'music')
      .map((torrent, position) => ({
        collection_id: collage.id,
        torrent_id: torrent.id,
        position,
        added_by: torrent.uploader.id,
        inserted_at: collage.at,
      })),
  );
  if (await hasTable(client, 'moderation.queue_items')) {
    await insertRows(
      client,
      'moderation.queue_items',
      torrents
        .filter(({ status }) => status === 'pending')
        .map((torrent) => ({
          id: chance.idAt(torrent.at),
          queue_type: 'approval',
          item_type: 'torrent',
          item_id: torrent.id,
          subject_user_id: torrent.uploader.id,
          submitted_by: torrent.uploader.id,
          metadata: { name: torrent.work.name },
          inserted_at: torrent.at,
          updated_at: torrent.at,
        })),
    );
  }
  return { torrents: torrents.length, peers, requests: wishes.length };
}
