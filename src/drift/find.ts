import { acceptedIdentities } from '../doctor/accepted.ts';
import { connectAsOwner, surveyMigrations } from '../migrate/survey.ts';
import { type Drift, drift, type Portrait, portray } from './compare.ts';
import { type ReplayPlace, withReplayedHistory, withReplayServer } from './replay.ts';

export interface DriftReport {
  readonly differences: readonly Drift[];
  /** Left out of `differences`, because somebody accepted them. */
  readonly accepted: readonly Drift[];
  /** Migrations that were replayed: those that the database has applied. */
  readonly migrations: number;
  /** Things that were compared. */
  readonly facts: number;
  readonly elapsedMs: number;
}

export interface FindDriftOptions {
  /** May create databases; where it may not, a temporary server is used. */
  readonly adminUrl: string;
  /** The live database, as a login that may become stoa_owner. */
  readonly databaseUrl: string;
  readonly root?: string;
  readonly onApplied?: (position: number, count: number) => void;
}

async function look(url: string): Promise<{ portrait: Portrait; accepted: ReadonlySet<string> }> {
  const client = await connectAsOwner(url);
  try {
    return { portrait: await portray(client), accepted: await acceptedIdentities(client) };
  } finally {
    await client.end();
  }
}

/** The migrations that a database has applied, replayed; refused where files of them are gone or were edited. */
export async function withHistoryOf<Result>(
  options: FindDriftOptions,
  work: (history: {
    readonly url: string;
    readonly migrations: number;
    readonly place: ReplayPlace;
  }) => Promise<Result>,
): Promise<Result> {
  const root = options.root === undefined ? {} : { root: options.root };
  const { applied } = await surveyMigrations({ databaseUrl: options.databaseUrl, ...root });
  const names = applied.map(({ name }) => name);
  return withReplayServer(options.adminUrl, (place) =>
    withReplayedHistory(
      place,
      { ...root, names, ...(options.onApplied === undefined ? {} : { onApplied: options.onApplied }) },
      (url) => work({ url, migrations: names.length, place }),
    ),
  );
}

export async function findDrift(options: FindDriftOptions): Promise<DriftReport> {
  return withHistoryOf(options, ({ url, migrations }) => compareWith(url, migrations, options));
}

export async function compareWith(
  historyUrl: string,
  migrations: number,
  { databaseUrl }: Pick<FindDriftOptions, 'databaseUrl'>,
): Promise<DriftReport> {
  const begun = performance.now();
  const history = await look(historyUrl);
  const live = await look(databaseUrl);
  const every = drift(history.portrait, live.portrait);
  return {
    differences: every.filter(({ id }) => !live.accepted.has(id)),
    accepted: every.filter(({ id }) => live.accepted.has(id)),
    migrations,
    facts: live.portrait.facts.length,
    elapsedMs: performance.now() - begun,
  };
}
