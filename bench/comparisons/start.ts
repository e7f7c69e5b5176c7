import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FreshBench } from '../harness/bench.ts';
import { alternate } from '../harness/rounds.ts';
import { residentMB, serveHandWritten, serveStoa } from '../harness/serving.ts';

const start: FreshBench = {
  summary: 'From the command to the first answer, and the memory then, with all modules.',
  async run({ server, rounds }) {
    const database = await server.community();
    const question = JSON.stringify({ query: '{ __typename }' });
    const forms = {
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
          return { elapsed, memory: residentMB(stoa.pid) };
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
          return { elapsed, memory: residentMB(written.process.pid) };
        } finally {
          await written.stop();
        }
      },
      async limit() {
        const begun = performance.now();
        await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
        return { elapsed: performance.now() - begun, memory: Number.NaN };
      },
    };
    // The first start of a pass reads files that are not in memory.
    const started = await alternate(rounds, forms, { isWarmedUp: true });
    const figures = (form: keyof typeof forms) => started(form).map(({ elapsed }) => elapsed);
    const memory = (form: keyof typeof forms) => started(form).map((each) => each.memory);
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
            { form: 'stoa serve', role: 'stoa', figures: memory('ours') },
            { form: 'node:http and one SQL statement', role: 'peer', figures: memory('peer') },
          ],
        },
      ],
      notes: ['The database is warm. Ready is asked every 50 ms, so times are up to that much too long.'],
    };
  },
};

export default start;
