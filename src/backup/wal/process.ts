import { z } from 'zod';
import { exitCodes } from '../../errors.ts';
import { openStorage } from '../../storage/open.ts';
import { openVault } from '../vault.ts';
import { formatLsn } from './position.ts';
import { type RunningReceiver, startReceiver } from './receiver.ts';

/*
 * The receiver as a process of its own: its options come as the first message of the one that started it, because what
 * is secret in them belongs neither on a command line nor into an environment. It ends with that process, however that
 * ended.
 */

export const receiverSettingsShape = z.strictObject({
  url: z.string(),
  slot: z.string(),
  spoolFolder: z.string(),
  partialEveryMs: z.int().positive(),
  spoolLimit: z.int().positive(),
  stopPatienceMs: z.int().positive(),
  recipients: z.array(z.string()),
  storage: z.strictObject({
    storage: z.string(),
    storageAccessKeyId: z.string().optional(),
    storageSecretAccessKey: z.string().optional(),
  }),
});
export type ReceiverSettings = z.infer<typeof receiverSettingsShape>;

/** What the receiver tells the process that started it. */
export const receiverNewsShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('state'), state: z.string(), problem: z.string().optional() }),
  z.strictObject({ kind: z.literal('gap'), from: z.string(), to: z.string(), timeline: z.int() }),
]);
export type ReceiverNews = z.infer<typeof receiverNewsShape>;

function tell(news: ReceiverNews): void {
  // Nobody listens any more once the channel is closed.
  if (process.connected) process.send?.(news, undefined, undefined, () => {});
}

async function receive(settings: ReceiverSettings): Promise<RunningReceiver> {
  const { recipients, storage, ...options } = settings;
  const vault = openVault({
    storage: await openStorage({
      storage: storage.storage,
      storageAccessKeyId: storage.storageAccessKeyId,
      storageSecretAccessKey: storage.storageSecretAccessKey,
    }),
    recipients,
    identities: [],
  });
  return startReceiver({
    ...options,
    vault,
    onState: ({ state, problem }) =>
      tell({ kind: 'state', state, ...(problem === undefined ? {} : { problem }) }),
    onGap: ({ from, to, timeline }) =>
      tell({ kind: 'gap', from: formatLsn(from), to: formatLsn(to), timeline }),
  });
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  const begun = Promise.withResolvers<RunningReceiver>();
  // Ctrl-C reaches this process too; whoever started it stops it in its own order.
  process.on('SIGINT', () => {});
  const stop = (): void => {
    void begun.promise.then((receiver) => receiver.stop());
  };
  process.on('SIGTERM', stop);
  process.on('disconnect', stop);
  process.once('message', (message) => {
    receive(receiverSettingsShape.parse(message)).then(begun.resolve, begun.reject);
    process.on('message', (later) => {
      if (later === 'stop') stop();
    });
  });
  try {
    await (await begun.promise).ended;
    process.exit(exitCodes.ok);
  } catch (error) {
    tell({
      kind: 'state',
      state: 'stopped',
      problem: error instanceof Error ? error.message : String(error),
    });
    process.exitCode = exitCodes.database;
    process.disconnect?.();
    setImmediate(() => process.exit());
  }
}
