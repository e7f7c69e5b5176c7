/**
 * Does one piece of work and kills itself, without a chance to clean up, before its nth step: a statement to the database,
 * an object for the storage, or, as a step more of that object, the middle of it.
 *
 *   node dying.ts retire|chat|retention STEP URL FOLDER [SUBJECT]
 *
 * Prints how many steps there were when it gets to the end.
 */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { archiveChat } from '../../src/archive/chat.ts';
import { retirePartitions } from '../../src/archive/retire.ts';
import { defaultTransforms } from '../../src/archive/transform.ts';
import { connectOwner } from '../../src/postgres/owner.ts';
import { choosePolicies, listPolicies } from '../../src/retention/policies.ts';
import { runPolicy } from '../../src/retention/run.ts';
import { folderStorage } from '../../src/storage/folder.ts';

const [, , work = '', step = '0', url = '', folder = '', subject = ''] = process.argv;
const last = Number(step);
let steps = 0;
function take(): void {
  steps += 1;
  if (steps === last) process.kill(process.pid, 'SIGKILL');
}

const client = await connectOwner(url, 'dying');
const inner = folderStorage(folder);
const query = client.query.bind(client);
// One function for all the ways of calling it.
Object.defineProperty(client, 'query', {
  value: (...values: Parameters<typeof query>) => {
    take();
    return query(...values);
  },
});
const session = {
  client,
  storage: {
    ...inner,
    put: (key: string, body: Readable | Uint8Array) => {
      take();
      if (body instanceof Uint8Array) return inner.put(key, body);
      return inner.put(
        key,
        Readable.from(
          (async function* halfway() {
            for await (const chunk of body) {
              yield chunk;
              take();
            }
          })(),
        ),
      );
    },
  },
  transforms: defaultTransforms,
};

const now = new Date('2026-07-15T00:00:00Z');
if (work === 'retire') await retirePartitions(session, { parents: [subject], now });
if (work === 'chat') await archiveChat(session);
if (work === 'retention') {
  const [policy] = choosePolicies(await listPolicies(client), subject);
  if (policy !== undefined) await runPolicy(client, policy, { now, pace: 0 });
}
await client.end();
process.stdout.write(`${steps}\n`);
if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
