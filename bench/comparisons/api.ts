import { isDeepStrictEqual } from 'node:util';
import type { Client } from 'pg';
import { type Shots, shoot } from '../harness/autocannon.ts';
import type { FreshBench } from '../harness/bench.ts';
import type { Comparison, Measured, Unit } from '../harness/report.ts';
import { alternate } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';
import { processorMs, serveHandWritten, serveHandWrittenGraphql, serveStoa } from '../harness/serving.ts';

const connections = 8;

const questions = [
  {
    name: 'feed',
    path: '/',
    query: `query ($slug: String!) {
      forumBySlug(slug: $slug) {
        name
        posts(orderBy: HOT, first: 25) { nodes { title score commentCount author { username } } }
      }
    }`,
  },
  {
    name: 'deeper',
    path: '/deeper',
    query: `query ($slug: String!) {
      forumBySlug(slug: $slug) {
        name
        posts(orderBy: HOT, first: 25) { nodes {
          title score commentCount forum { slug } author { username }
          comments(orderBy: NEW, first: 3) { nodes { content author { username } } }
        } }
      }
    }`,
  },
] as const;

const names = ['ours', 'graphql', 'written'] as const;
type Name = (typeof names)[number];

interface Figures extends Shots {
  /** Processor time in ms of a request. */
  readonly process: number;
  readonly postgres: number;
}

const forms: Readonly<Record<Name, Pick<Measured, 'form' | 'role'>>> = {
  ours: { form: 'GraphQL, all modules', role: 'stoa' },
  graphql: { form: 'graphql-js and batched SQL', role: 'peer' },
  written: { form: 'node:http and one SQL', role: 'peer' },
};

/** Until a process is no faster after more: the engine of Stoa is the largest of the three. */
const warmRequests: Readonly<Record<Name, number>> = { ours: 12_000, graphql: 6_000, written: 4_000 };
const warmMs = 10_000;

/** The first requests are planned, and run as bytecode: a busy machine takes longer to come to an end with that. */
async function warm(url: string, body: string, requests: number): Promise<void> {
  const begun = performance.now();
  for (let done = 0; done < requests && performance.now() - begun < warmMs; ) {
    done += (await shoot(url, body, { connections, seconds: 2 })).perSecond * 2;
  }
}

const ask = async (url: string, body: string): Promise<unknown> =>
  (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json();

/** Processor time of the processes of PostgreSQL that serve clients, by their ids. */
async function backends(client: Client): Promise<ReadonlyMap<number, number>> {
  const { rows } = await client.query<{ pid: number }>(
    "select pid from pg_stat_activity where usename in ('stoa_gateway', 'stoa_auth')",
  );
  return new Map(rows.map(({ pid }) => [pid, processorMs(pid)]));
}

/** What they had since; of those that ended meanwhile, nothing is known. */
async function spentSince(client: Client, before: ReadonlyMap<number, number>): Promise<number> {
  let spent = 0;
  for (const [pid, ms] of await backends(client)) spent += ms - (before.get(pid) ?? 0);
  return spent;
}

const api: FreshBench = {
  summary: 'A nested feed over HTTP: 25 posts of a forum with their authors; and with their newest comments.',
  async run({ server, rounds, forMs }) {
    const database = await server.community();
    const slug = await withClient(database.url, async (client) => {
      const { rows } = await client.query<{ slug: string }>(
        "select slug from forums.forums where slug <> 'bench' and is_public order by post_count desc limit 1",
      );
      return rows[0]?.slug ?? '';
    });
    const stoa = await serveStoa(database);
    const written = await serveHandWritten(database.urlFor('stoa_gateway'), slug);
    const graphql = await serveHandWrittenGraphql(database.urlFor('stoa_gateway'));
    try {
      const seconds = Math.max(2, Math.round(forMs / 1_000));
      const comparisons: Comparison[] = [];
      await withClient(database.url, async (client) => {
        for (const { name, path, query } of questions) {
          const body = JSON.stringify({ query, variables: { slug } });
          const served = {
            ours: { url: `${stoa.origin}/graphql`, pid: stoa.pid },
            graphql: { url: graphql.origin, pid: graphql.process.pid },
            written: { url: `${written.origin}${path}`, pid: written.process.pid },
          };
          const own = await ask(served.ours.url, body);
          for (const form of names) {
            const { url } = served[form];
            const other = await ask(url, body);
            if (!isDeepStrictEqual(own, other)) {
              throw new Error(
                `the answers differ: ${JSON.stringify(own).slice(0, 400)} and ${JSON.stringify(other).slice(0, 400)}`,
              );
            }
            await warm(url, body, warmRequests[form]);
          }
          const measure = (form: Name) => async (): Promise<Figures> => {
            const { url, pid } = served[form];
            const [before, beforeOfDatabase] = [processorMs(pid), await backends(client)];
            const shots = await shoot(url, body, { connections, seconds });
            const requests = shots.perSecond * seconds;
            return {
              ...shots,
              process: (processorMs(pid) - before) / requests,
              postgres: (await spentSince(client, beforeOfDatabase)) / requests,
            };
          };
          const seen = await alternate(rounds, {
            ours: measure('ours'),
            graphql: measure('graphql'),
            written: measure('written'),
          });
          const comparison = (what: string, unit: Unit, figure: keyof Figures): Comparison => ({
            what: `${name}: ${what}`,
            unit,
            forms: names.map((form) => ({
              ...forms[form],
              figures: seen(form).map((figures) => figures[figure]),
            })),
          });
          comparisons.push(
            comparison('requests', 'per second', 'perSecond'),
            comparison('median time', 'ms', 'p50'),
            comparison('99th percentile', 'ms', 'p99'),
            comparison('CPU, server', 'ms', 'process'),
            comparison('CPU, PostgreSQL', 'ms', 'postgres'),
          );
        }
      });
      return {
        comparisons,
        notes: [
          `autocannon, ${connections} connections, on the same machine; all answers are the same JSON, all under row security as a visitor, one process each.`,
          'CPU is processor time of one request, which another load on the machine changes less than the times.',
        ],
      };
    } finally {
      await stoa.remove();
      await written.stop();
      await graphql.stop();
    }
  },
};

export default api;
