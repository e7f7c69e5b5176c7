import { afterAll, beforeAll, expect, it } from 'vitest';
import { fillCommunity } from '../../bench/load/community.ts';
import { type ApiProcess, makeFleet } from '../../bench/load/fleet.ts';
import { type LoadReport, runRollingRestart } from '../../bench/load/rolling-restart.ts';
import { loadConfig } from '../../src/config.ts';
import { peerId, type Swarm, swarm } from '../sql/tracker/swarm.ts';
import { announceAddress, ask, escaped, type Member, member, realClient } from '../tracker/client.ts';

/** Two processes of `stoa serve` on one database; the last test stops them. */
let fleet: readonly ApiProcess[];
let world: Swarm;

beforeAll(async () => {
  world = await swarm();
  fleet = await makeFleet(2, {
    databaseUrl: world.db.url,
    urlFor: (role) => world.db.urlFor(role),
    drainDelayMs: 300,
  });
  await Promise.all(fleet.map((process) => process.start()));
});
afterAll(() => Promise.all(fleet.map((process) => process.remove())));

/** Asks the processes in turns. */
const originOf = (place: number): string => fleet[place % fleet.length]?.origin ?? '';

it('two processes announce one swarm, and clients of each find those of the other', async () => {
  const torrent = await world.torrent();
  const [seeder, leecher] = [await member(world), await member(world)];
  const here = realClient(`${originOf(0)}/${seeder.passkey}/announce`, torrent.infoHash, 'seeder', 7001);
  const there = realClient(`${originOf(1)}/${leecher.passkey}/announce`, torrent.infoHash, 'leecher', 7002);

  await here.announce('start', { left: 0 });
  expect((await there.announce('start', { left: 1_000 })).peers).toEqual(['127.0.0.1:7001']);
  // The sizes of swarms are counted by a job, for both.
  await world.work('tracker.refresh_torrent_statistics()');
  expect(await there.announce('start', { left: 1_000 })).toMatchObject({ complete: 1, incomplete: 1 });
  expect((await here.announce('start', { left: 0 })).peers).toEqual(['127.0.0.1:7002']);
  await there.announce('complete', { left: 0, downloaded: 1_000 });
  await world.work('tracker.refresh_torrent_statistics()');
  expect(await here.announce('start', { left: 0 })).toMatchObject({ complete: 2, incomplete: 0 });
  expect(await world.figures(torrent)).toMatchObject({ times_completed: 1, total_downloaded: '1000' });
  expect(await world.totals(leecher)).toMatchObject({ downloaded: '1000', torrents_snatched: 1 });
});

it('announces of one person through both processes at the same moment are each credited once', async () => {
  const torrent = await world.torrent();
  const people: Member[] = [];
  for (let index = 0; index < 12; index += 1) people.push(await member(world));
  // A session of each person through each process: they wait for each other at the passkey.
  const tell = (uploaded: number) =>
    Promise.all(
      people.flatMap(({ passkey }, person) =>
        fleet.map(({ origin }, place) =>
          ask(
            announceAddress(
              { torrent, passkey, origin },
              {
                left: '0',
                uploaded: String(uploaded),
                port: String(7_000 + 2 * person + place),
                peer_id: escaped(peerId(`${person} ${place}`)),
                event: uploaded === 0 ? 'started' : undefined,
              },
            ),
          ),
        ),
      ),
    );
  expect((await tell(0)).filter(({ failure }) => failure !== undefined)).toEqual([]);
  await world.letPass(600);
  expect((await tell(5_000)).filter(({ failure }) => failure !== undefined)).toEqual([]);

  for (const person of people) expect(await world.totals(person)).toMatchObject({ uploaded: '10000' });
  expect(await world.peers(torrent)).toHaveLength(24);
  expect(await world.unbalanced()).toEqual([]);
});

it('a rolling restart under traffic is seen by nobody', { timeout: 240_000 }, async () => {
  const { argon2 } = await loadConfig({ env: {} });
  const community = await fillCommunity({
    databaseUrl: world.db.url,
    authUrl: world.db.urlFor('stoa_auth'),
    clients: 20,
    argon2,
  });
  const report: LoadReport = await runRollingRestart({
    databaseUrl: world.db.url,
    community,
    fleet,
    seconds: 8,
    thinkMs: 200,
    healthMs: 100,
  });

  expect(report.violations).toEqual([]);
  // It was traffic, and there was something to lose.
  expect(report.kinds.filter(({ count }) => count === 0)).toEqual([]);
  expect(report.subscriptions.delivered).toBeGreaterThan(10);
  expect(report.restarts).toHaveLength(2);
  for (const { exitCode, answered, running } of report.restarts) {
    expect({ exitCode, answered }).toEqual({ exitCode: 0, answered: running });
  }
  // Each process told its subscribers to come back.
  expect(report.subscriptions.closes['1001']).toBeGreaterThan(0);
  expect(report.connections.atTheEnd).toBe(0);
});
