import type { Client } from 'pg';
import { exitCodes, StoaError } from '../../errors.ts';
import { replayErasures } from '../../privacy/ledger.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Vault } from '../vault.ts';

/** Something that must have happened to a restored database before anybody but its owner may log in. */
export interface AfterRecoveryHook {
  /** For people, as `erasures`. */
  readonly name: string;
  /** As superuser, in a database of Stoa. Doing it twice must equal doing it once. `warn` is told what somebody should hear. */
  run(client: Client, warn: (text: string) => void): Promise<void>;
}

export interface HookOptions {
  /** Where the backups lie, and with them the ledger of erasures. */
  readonly vault: Vault;
  /** Where uploads lie. Left out where a restore is a rehearsal, which takes nothing out of it. */
  readonly uploads?: Storage;
}

/** In the order in which they run. */
export function afterRecoveryHooks(options: HookOptions): readonly AfterRecoveryHook[] {
  return [{ name: 'erasures', run: (client, warn) => eraseAgain(client, warn, options) }];
}

/** Whoever was erased after the backup came back with it, and goes again. */
async function eraseAgain(
  client: Client,
  warn: (text: string) => void,
  { vault, uploads = untouched(vault.storage) }: HookOptions,
): Promise<void> {
  const { rows } = await client.query<{ can: boolean }>(
    "select to_regprocedure('audit.reopen_erasure(uuid,uuid,timestamptz)') is not null as can",
  );
  if (!rows[0]?.can) {
    for await (const { key } of vault.storage.list('erasures/')) {
      throw new StoaError(
        'restore.not_erased',
        `The ledger names people who were erased (${key}), and this backup is older than what erases them.`,
        {
          cure: 'Start the restored folder apart from the network, run "stoa migrate up" and then "stoa privacy replay".',
          exitCode: exitCodes.checkFailed,
        },
      );
    }
    return;
  }
  const { failed } = await replayErasures(client, { uploads, ledger: vault.storage });
  // An entry that is lost or was changed is a matter of its own: what is left of the ledger has been carried out.
  const isOfLedger = (code: string): boolean => /^privacy\.ledger_/.test(code);
  const still = failed.filter(({ code }) => !isOfLedger(code));
  const [first] = still;
  if (first !== undefined) {
    throw new StoaError(
      'restore.not_erased',
      `${still.length} of the people who were erased since are still found: request ${first.requestId}: ${first.reason}`,
      {
        cure: 'See "stoa privacy list" and docs/operations/privacy.md; nobody may use this database before they are gone.',
        exitCode: exitCodes.checkFailed,
      },
    );
  }
  for (const { reason } of failed) warn(`The ledger of erasures: ${reason}`);
}

/** Takes part in everything but removes nothing: what was erased of uploads is gone, and the rest is the living's. */
function untouched(storage: Storage): Storage {
  return { ...storage, delete: async () => false };
}
