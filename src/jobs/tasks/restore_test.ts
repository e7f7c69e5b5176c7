import { createRequire } from 'node:module';
import { listBackups } from '../../backup/catalog.ts';
import { conductDrill } from '../../backup/drill/conduct.ts';
import { newestRecorded, recordDrill } from '../../backup/drill/record.ts';
import { restoreInto } from '../../backup/drill/restorer.ts';
import { openBackupVault } from '../../backup/open.ts';
import type { Vault } from '../../backup/vault.ts';
import { databaseOf } from '../../postgres/connect.ts';
import { recorded, type StoaTask } from '../task.ts';

const { version } = createRequire(import.meta.url)('../../../package.json') as { readonly version: string };

async function hasPhysical({ storage }: Vault): Promise<boolean> {
  return (await listBackups(storage)).some((id) => !id.includes('-logical-'));
}

/** Restores the newest backup to the newest noted point, or in every other month to any moment, and records what it found. */
const restoreTest: StoaTask = (_payload, context) =>
  recorded('restore_test', context, async () => {
    const { config, log } = context;
    const vault = await openBackupVault(config);
    try {
      const recorded = await newestRecorded(context.query);
      // That there should be one by now is for those to say who look at backups.
      if (recorded === undefined && !(await hasPhysical(vault)))
        return { rowsAffected: 0, detail: { verdict: null, reason: 'there is no backup yet' } };
      const now = new Date();
      const { report, backup, targetAt } = await conductDrill({
        vault,
        wish: {
          backup: 'newest',
          to: now.getUTCMonth() % 2 === 0 ? 'point' : 'random',
          recorded,
          now,
          chance: Math.random(),
        },
        restoreInto,
        database: databaseOf(config.databaseUrl),
        stoaVersion: version,
        freshnessSeconds: 600,
        isDeep: false,
        ...(context.abortSignal === undefined ? {} : { signal: context.abortSignal }),
      });
      await recordDrill(context.query, backup, report, targetAt);
      if (report.verdict === 'failed')
        log.error({ backup: report.backup, failure: report.failure }, 'restore drill');
      return {
        rowsAffected: 0,
        detail: {
          verdict: report.verdict,
          backup: report.backup,
          rpo: report.rpo.seconds,
          rto: report.rto.total,
        },
      };
    } finally {
      vault.storage.close();
    }
  });

export default restoreTest;
