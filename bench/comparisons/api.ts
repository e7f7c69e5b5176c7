import { isDeepStrictEqual } from 'node:util';
import { type Shots, shoot } from '../harness/autocannon.ts';
import type { Bench } from '../harness/bench.ts';
import type { Comparison, Unit } from '../harness/report.ts';
import { alternate } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';
import { serveHandWritten, serveStoa } from '../harness/serving.ts';

const connections = 8;

const query = `query ($slug: String!) {
  forumBySlug(slug: $slug) {
    name
    posts(orderBy: HOT, first: 25) { nodes { title score commentCount author { username } } }
  }
}`;

const ask = async (url: string, body: string): Promise<unknown> =>
  (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json();

const api: Bench = {
  summary: 'A nested feed over HTTP: 25 posts of a forum with their authors.',
  async run({ server, rounds, forMs }) {
    const database = await server.community();
    const slug = await withClient(database.url, async (client) => {
      const { rows } = await client.query<{ slug: string }>(
        "select slug from forums.forums where slug <> 'bench' and is_public order by post_count desc limit 1",
      );
      return rows[0]?.slug ?? '';
    });
    const body = JSON.stringify({ query, variables: { slug } });
    const stoa = await serveStoa(database);
    const written = await serveHandWritten(database.urlFor('stoa_gateway'), slug);
    try {
      const ours = `${stoa.origin}/graphql`;
      const [oneAnswer, otherAnswer] = [await ask(ours, body), await ask(written.origin, body)];
      if (!isDeepStrictEqual(oneAnswer, otherAnswer)) {
        throw new Error(
          `the answers differ: ${JSON.stringify(oneAnswer).slice(0, 400)} and ${JSON.stringify(otherAnswer).slice(0, 400)}`,
        );
      }
      const options = { connections, seconds: Math.max(2, Math.round(forMs / 1_000)) };
      // Both get warm: the first requests are planned and compiled.
      await shoot(ours, body, { connections, seconds: 2 });
      await shoot(written.origin, body, { connections, seconds: 2 });
      const seen: Record<'ours' | 'peer', Shots[]> = { ours: [], peer: [] };
      const measure = (form: 'ours' | 'peer', url: string) => async () => {
        const shots = await shoot(url, body, options);
        seen[form].push(shots);
        return shots.perSecond;
      };
      await alternate(rounds, { ours: measure('ours', ours), peer: measure('peer', written.origin) });
      const comparison = (what: string, unit: Unit, figure: keyof Shots): Comparison => ({
        what,
        unit,
        forms: [
          { form: 'GraphQL, all modules', role: 'stoa', figures: seen.ours.map((shots) => shots[figure]) },
          {
            form: 'node:http and one SQL statement',
            role: 'peer',
            figures: seen.peer.map((shots) => shots[figure]),
          },
        ],
      });
      return {
        comparisons: [
          comparison('requests', 'per second', 'perSecond'),
          comparison('median time', 'ms', 'p50'),
          comparison('99th percentile', 'ms', 'p99'),
        ],
        notes: [
          `autocannon, ${connections} connections, on the same machine; both answers are the same JSON, both under row security as a visitor, one process each.`,
        ],
      };
    } finally {
      await stoa.remove();
      await written.stop();
    }
  },
};

export default api;
