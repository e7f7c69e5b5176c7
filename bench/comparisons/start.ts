import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Bench } from '../harness/bench.ts';
import { alternate } from '../harness/rounds.ts';
import { residentMB, serveHandWritten, serveStoa } from '../harness/serving.ts';

const start: Bench = {
  summary: 'From the command to the first answer, and the memory then, with all modules.',
  async run({ server, rounds }) {
    const database = await server.community();
    const memory: Record<'ours' | 'peer', number[]> = { ours: [], peer: [] };
    const question = JSON.stringify({ query: '{ __typename }' });
    const figures = await alternate(rounds, {
      async ours() {
        const begun = performance.now();
        const stoa = await serveStoa(database);
        try {
          const answer = await fetch(`${stoa.origin}/graphql`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: question,
          });
          if (!answer.ok) throw new Error(`the first answer was ${answer.status}`);
          await answer.arrayBuffer();
          const elapsed = performance.now() - begun;
          memory.ours.push(residentMB(stoa.pid));
          return elapsed;
        } finally {
          await stoa.remove();
        }
      },
      async peer() {
        const begun = performance.now();
        const written = await serveHandWritten(database.urlFor('stoa_gateway'), 'nothing');
        try {
          await (await fetch(written.origin, { method: 'POST', body: question })).arrayBuffer();
          const elapsed = performance.now() - begun;
          memory.peer.push(residentMB(written.process.pid));
          return elapsed;
        } finally {
          await written.stop();
        }
      },
      async limit() {
        const begun = performance.now();
        await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
        return performance.now() - begun;
      },
    });
    return {
      comparisons: [
        {
          what: 'start to first answer',
          unit: 'ms',
          forms: [
            { form: 'stoa serve, schema from database', role: 'stoa', figures: figures('ours') },
            { form: 'node:http and one SQL statement', role: 'peer', figures: figures('peer') },
            { form: 'node that does nothing', role: 'limit', figures: figures('limit') },
          ],
        },
        {
          what: 'memory then',
          unit: 'MB',
          forms: [
            { form: 'stoa serve', role: 'stoa', figures: memory.ours },
            { form: 'node:http and one SQL statement', role: 'peer', figures: memory.peer },
          ],
        },
      ],
      notes: ['The database is warm. Ready is asked every 50 ms, so times are up to that much too long.'],
    };
  },
};

export default start;
