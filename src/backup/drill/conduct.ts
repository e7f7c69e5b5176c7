import { StoaError } from '../../errors.ts';
import type { PhysicalBackup } from '../catalog.ts';
import { reasonOf } from './check.ts';
import { chooseDrill, type DrillWish } from './choose.ts';
import { type DrillOptions, notTested, runDrill } from './drill.ts';
import type { DrillReport } from './report.ts';

export interface ConductOptions extends Omit<DrillOptions, 'choice'> {
  readonly wish: DrillWish;
}

export interface ConductedDrill {
  readonly report: DrillReport;
  /** Undefined where it failed before one could be chosen. */
  readonly backup: PhysicalBackup | undefined;
  readonly targetAt: Date;
}

/** Somebody asked for what is not there, or there is nothing yet that could be proved. */
function isQuestionOfInput(error: unknown, { backup, recorded }: DrillWish): boolean {
  if (!(error instanceof StoaError && error.code === 'drill.no_backup')) return false;
  return recorded === undefined || !['newest', 'oldest'].includes(backup);
}

function failedBefore(options: ConductOptions, begun: Date, error: unknown): DrillReport {
  const { backup, to, recorded } = options.wish;
  const finished = new Date();
  const total = (finished.getTime() - begun.getTime()) / 1_000;
  return {
    format: 1,
    verdict: 'failed',
    backup: backup === 'newest' ? (recorded ?? backup) : backup,
    target: { latest: 'the last thing archived', point: 'the newest noted point', random: 'any moment' }[to],
    startedAt: begun.toISOString(),
    finishedAt: finished.toISOString(),
    stoa: options.stoaVersion,
    server: null,
    timeline: null,
    rpo: { seconds: null, lastTransactionAt: null, reason: 'nothing was restored' },
    rto: { unpack: 0, log: 0, recover: 0, finish: 0, checks: 0, total },
    bytes: null,
    walFiles: null,
    checks: [],
    notTested: [...notTested([], undefined)],
    failure: reasonOf(error),
  };
}

/**
 * Chooses what to restore and drills it. That nothing can be chosen, because the storage does not answer, a key is
 * wrong or what describes the backups is damaged, is a drill that failed, and has its report. Refuses drill.no_backup
 * where there is nothing to prove.
 */
export async function conductDrill(options: ConductOptions): Promise<ConductedDrill> {
  const { wish, ...how } = options;
  const begun = new Date();
  let choice: Awaited<ReturnType<typeof chooseDrill>>;
  try {
    choice = await chooseDrill(options.vault, wish);
  } catch (error) {
    if (isQuestionOfInput(error, wish)) throw error;
    return { report: failedBefore(options, begun, error), backup: undefined, targetAt: wish.now };
  }
  return {
    report: await runDrill({ ...how, choice }),
    backup: choice.backup,
    targetAt: choice.targetAt,
  };
}
