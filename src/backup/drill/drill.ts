import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect } from '../../postgres/connect.ts';
import { findRunAs } from '../../postgres/run-as.ts';
import { reachableBinaries } from '../../postgres/staging.ts';
import { binariesFor } from '../restore/binaries.ts';
import { instantOfLog } from '../restore/restore.ts';
import type { Vault } from '../vault.ts';
import { reasonOf } from './check.ts';
import { type CheckResult, drillChecks, runChecks } from './checks.ts';
import type { DrillChoice } from './choose.ts';
import { type IsolatedServer, startIsolated } from './isolated-server.ts';
import { beyondAnyDrill, type DrillReport } from './report.ts';
import type { RestoredCluster, RestoreInto } from './restored.ts';

export interface DrillOptions {
  readonly vault: Vault;
  readonly choice: DrillChoice;
  readonly restoreInto: RestoreInto;
  /** Name of the database of Stoa in the cluster. */
  readonly database: string;
  readonly stoaVersion: string;
  readonly freshnessSeconds: number;
  readonly isDeep: boolean;
  /** Where the temporary cluster is made. */
  readonly parentFolder?: string;
  readonly onStep?: (text: string) => void;
  readonly onCheck?: (result: CheckResult) => void;
  readonly signal?: AbortSignal;
}

function inWords({ target, targetAt }: DrillChoice): string {
  if (target.kind === 'time') return `the state at ${target.time}`;
  if (target.kind === 'lsn') return `position ${target.lsn}, of ${targetAt.toISOString()}`;
  return 'the last thing archived';
}

/** How far the last transaction that is there lies before the moment that was recovered to. */
function recoveryPoint(
  { target, targetAt }: DrillChoice,
  restored: RestoredCluster | undefined,
): DrillReport['rpo'] {
  const last = restored?.lastTransactionAt ?? null;
  const nothing = (reason: string): DrillReport['rpo'] => ({
    seconds: null,
    lastTransactionAt: last,
    reason,
  });
  if (restored === undefined) return nothing('nothing was restored');
  if (last === null)
    return nothing('no transaction ended between the backup and the moment that was recovered to');
  const lost = target.kind === 'lsn' ? Math.max(0, targetAt.getTime() - instantOfLog(last)) : restored.rpoMs;
  if (lost === null) return nothing('not measured');
  return { seconds: inSeconds(lost), lastTransactionAt: last, reason: null };
}

function inSeconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1_000;
}

export function notTested(
  checks: readonly CheckResult[],
  restored: RestoredCluster | undefined,
): readonly string[] {
  const left = checks
    .filter(({ state }) => state === 'skipped')
    .map(({ name, findings }) => `${name}: ${findings.join(' ')}`);
  const missed = drillChecks
    .filter(({ name }) => checks.every((result) => result.name !== name))
    .map(({ name }) => `${name}: the drill did not get so far.`);
  const erasures =
    restored?.hooks.includes('erasures') === false
      ? ['erasures: nothing replayed those that came after the backup.']
      : [];
  return [...missed, ...left, ...erasures, ...beyondAnyDrill];
}

/**
 * Restores a backup into a server that nobody else can reach, looks whether everything is there, and throws it away.
 * Answers with the report whatever came of it: a restore that fails is what a drill is there to find. Only where it is
 * stopped (`signal`) there is none.
 */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const { vault, choice, onStep = () => {} } = options;
  const { backup } = choice;
  const begun = new Date();
  let folder: string | undefined;
  let restored: RestoredCluster | undefined;
  let server: IsolatedServer | undefined;
  let checks: readonly CheckResult[] = [];
  let failure: string | null = null;
  let version: string | null = null;
  let checksBegun = performance.now();
  try {
    folder = mkdtempSync(join(options.parentFolder ?? tmpdir(), 'stoa-drill-'));
    // Who runs the server has to pass through.
    chmodSync(folder, 0o711);
    restored = await options.restoreInto({
      vault,
      backup: backup.id,
      target: choice.target,
      folder: join(folder, 'restored'),
      onStep,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    onStep('Starting the restored server where nobody reaches it');
    server = await startIsolated(restored.dataDirectory, reachableBinaries(binariesFor(backup), findRunAs()));
    checksBegun = performance.now();
    const url = server.urlOf(options.database);
    const client = await connect(url, 'drill');
    try {
      const { rows } = await client.query<{ version: string }>(
        `select current_setting('server_version') as version`,
      );
      version = rows[0]?.version ?? null;
      checks = await runChecks(
        {
          client,
          url,
          point: choice.point,
          log: { files: restored.walFiles, faults: restored.logFaults },
          migration: backup.migration,
          targetAt: choice.targetAt,
          freshnessSeconds: options.freshnessSeconds,
          isDeep: options.isDeep,
        },
        drillChecks,
        options.onCheck,
      );
    } finally {
      await client.end();
    }
  } catch (error) {
    // A worker that is stopped has found nothing out.
    if (options.signal?.aborted) throw error;
    failure = reasonOf(error);
  } finally {
    await server?.stop();
    // Where the server's user cannot pass through the folder, its data lie elsewhere; with its tablespaces.
    const cluster = restored && dirname(restored.dataDirectory);
    for (const left of [folder, cluster]) {
      if (left !== undefined) rmSync(left, { recursive: true, force: true, maxRetries: 5 });
    }
  }
  const finished = new Date();
  const size = Object.values(backup.artifacts).reduce((sum, artifact) => sum + artifact.size, 0);
  const isGood = failure === null && checks.every(({ state }) => state !== 'failed');
  const said = new Set(checks.flatMap(({ findings }) => findings));
  const warnings = restored?.warnings.filter((text) => !said.has(text)) ?? [];
  return {
    format: 1,
    verdict: isGood ? 'passed' : 'failed',
    backup: backup.id,
    target: inWords(choice),
    startedAt: begun.toISOString(),
    finishedAt: finished.toISOString(),
    stoa: options.stoaVersion,
    server: version,
    timeline: restored?.timeline ?? null,
    rpo: recoveryPoint(choice, restored),
    rto: {
      unpack: inSeconds(restored?.rto.unpackMs ?? 0),
      log: inSeconds(restored?.rto.logMs ?? 0),
      recover: inSeconds(restored?.rto.recoverMs ?? 0),
      finish: inSeconds(restored?.rto.finishMs ?? 0),
      checks: checks.length === 0 ? 0 : inSeconds(performance.now() - checksBegun),
      total: inSeconds(finished.getTime() - begun.getTime()),
    },
    bytes: size,
    walFiles: restored?.walFiles ?? null,
    checks: checks.map((result) => ({ ...result, findings: [...result.findings] })),
    notTested: [...notTested(checks, restored), ...warnings],
    failure,
  };
}
