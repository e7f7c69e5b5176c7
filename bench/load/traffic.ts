import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Dictionary, decode } from '../../src/bencode.ts';
import type { Answer, Asked, Balancer, Failure } from './balancer.ts';
import { type Client, type Community, peerIdOf } from './community.ts';
import * as operations from './operations.ts';

export const kinds = [
  'hot feed',
  'messages page',
  'overview',
  'channel page',
  'send message',
  'send to channel',
  'ack',
  'vote',
  'comment',
  'announce',
  'sign-in',
] as const;
export type Kind = (typeof kinds)[number];

/** Of a hundred requests. Sign-ins come by themselves. */
const shares: Readonly<Partial<Record<Kind, number>>> = {
  'hot feed': 28,
  'messages page': 18,
  overview: 14,
  'channel page': 8,
  'send message': 8,
  'send to channel': 4,
  ack: 4,
  vote: 6,
  comment: 3,
  announce: 7,
};
const wheel = kinds.flatMap((kind) => Array<Kind>(shares[kind] ?? 0).fill(kind));

const answerShape = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        extensions: z.object({ code: z.string().optional(), reason: z.string().optional() }).optional(),
      }),
    )
    .optional(),
});
const pageShape = z.object({
  channel: z.object({ messages: z.object({ nodes: z.array(z.object({ id: z.string() })) }) }),
});

export interface Tally {
  readonly times: Record<Kind, number[]>;
  /** By code. */
  readonly before: Record<string, number>;
  readonly after: Record<string, number>;
}

export interface TrafficOptions {
  readonly community: Community;
  readonly balancer: Balancer;
  /** How long a client waits between two requests, on average. */
  readonly thinkMs: number;
  readonly signal: AbortSignal;
}

function pick<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function graphql(client: Client | undefined, query: string, variables: object): Asked {
  return {
    method: 'POST',
    path: '/graphql',
    headers: {
      'content-type': 'application/json',
      ...(client === undefined
        ? { 'x-forwarded-for': '198.19.0.1' }
        : { 'x-forwarded-for': client.address, authorization: `Bearer ${client.token}` }),
    },
    body: JSON.stringify({ query, variables }),
  };
}

function judgeGraphql({ status, body }: Answer): Failure {
  if (status !== 200) return `HTTP ${status}`;
  const { errors } = answerShape.parse(JSON.parse(body.toString('utf8')));
  const [error] = errors ?? [];
  return error && (error.extensions?.reason ?? error.extensions?.code ?? error.message);
}

function judgeAnnounce({ status, body }: Answer): Failure {
  if (status !== 200) return `HTTP ${status}`;
  const told = decode(body);
  const reason = told instanceof Dictionary ? told.get('failure reason') : 'no dictionary';
  return reason === undefined ? undefined : `announce: ${String(reason)}`;
}

const escaped = (hex: string): string => hex.replace(/../g, '%$&');

/** Everything that the clients do until they are told to stop. */
export async function runTraffic(options: TrafficOptions): Promise<Tally> {
  const { community, balancer, thinkMs, signal } = options;
  const tally: Tally = {
    times: Object.fromEntries(kinds.map((kind) => [kind, [] as number[]])) as Record<Kind, number[]>,
    before: {},
    after: {},
  };
  const count = (failures: Record<string, number>, kind: Kind, failure: Failure): void => {
    if (failure === undefined) return;
    const name = `${kind}: ${failure}`;
    failures[name] = (failures[name] ?? 0) + 1;
  };
  const send = async (kind: Kind, asked: Asked): Promise<Answer | undefined> => {
    const outcome = await balancer.send(asked, kind === 'announce' ? judgeAnnounce : judgeGraphql);
    tally.times[kind].push(outcome.ms);
    count(tally.before, kind, outcome.first);
    count(tally.after, kind, outcome.last);
    return outcome.last === undefined ? outcome.answer : undefined;
  };
  const lastSeen = new Map<string, string>();

  const requestOf = (client: Client, kind: Kind): Asked | undefined => {
    const { conversationId, channelId } = client;
    const key = randomUUID();
    const content = `load ${key}`;
    switch (kind) {
      case 'hot feed':
        return graphql(client, operations.hotFeed, { forumId: community.forumId });
      case 'messages page':
        return graphql(client, operations.messagesPage, { conversationId });
      case 'overview':
        return graphql(client, operations.overview, {});
      case 'channel page':
        return graphql(client, operations.channelPage, { channelId });
      case 'send message':
        return graphql(client, operations.sendMessage, { conversationId, content, key });
      case 'send to channel':
        return graphql(client, operations.sendChannelMessage, { channelId, content, key });
      case 'ack': {
        const messageId = lastSeen.get(client.id);
        return messageId === undefined
          ? undefined
          : graphql(client, operations.ackChannel, { channelId, messageId });
      }
      case 'vote':
        return graphql(client, operations.votePost, {
          postId: pick(community.postIds),
          direction: pick([1, -1]),
        });
      case 'comment':
        return graphql(client, operations.createComment, { postId: pick(community.postIds), content, key });
      case 'announce':
        return {
          method: 'GET',
          path: `/${client.passkey}/announce?info_hash=${escaped(pick(community.infoHashes))}&peer_id=${escaped(peerIdOf(client))}&port=6881&uploaded=0&downloaded=0&left=0&compact=1`,
          headers: { 'x-forwarded-for': client.address, 'user-agent': 'load/1.0' },
        };
      case 'sign-in':
        return graphql(undefined, operations.signIn, {
          name: pick(community.logins),
          password: community.password,
        });
    }
  };
  const pause = (ms: number): Promise<unknown> =>
    sleep(ms * (0.5 + Math.random()), undefined, { signal }).catch(() => {});

  const live = async (client: Client): Promise<void> => {
    // Not all at the same moment.
    await pause(thinkMs * Math.random());
    while (!signal.aborted) {
      const kind = pick(wheel);
      const asked = requestOf(client, kind);
      if (asked) {
        const answer = await send(kind, asked);
        if (answer && kind === 'channel page') {
          const { data } = answerShape.parse(JSON.parse(answer.body.toString('utf8')));
          const [newest] = pageShape.parse(data).channel.messages.nodes;
          if (newest) lastSeen.set(client.id, newest.id);
        }
      }
      await pause(thinkMs);
    }
  };
  const signInNowAndThen = async (): Promise<void> => {
    const [somebody] = community.clients;
    while (!signal.aborted && somebody) {
      const asked = requestOf(somebody, 'sign-in');
      if (asked) await send('sign-in', asked);
      await pause(2_000);
    }
  };
  await Promise.all([...community.clients.map(live), signInNowAndThen()]);
  return tally;
}
