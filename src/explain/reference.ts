import { randomBytes } from 'node:crypto';
import { type LoadProgress, loadScale } from '../demo/index.ts';
import { migrateUp } from '../migrate/index.ts';
import { withDatabase } from '../postgres/connect.ts';
import { prepareDatabase } from '../postgres/prepare.ts';
import { loginUrl } from '../postgres/roles.ts';
import { startScratchServer } from '../postgres/scratch.ts';

/**
 * The community whose plans are kept in docs/plans: `stoa seed load --scale 0.1 --seed 1`, ten thousand members, in the
 * embedded server. Large enough that indexes pay, and there in half a minute.
 */
export const reference = { scale: 0.1, seed: 1 } as const;

export interface ReferenceDatabase {
  /** As superuser. */
  readonly databaseUrl: string;
  readonly gatewayUrl: string;
}

export interface ReferenceOptions {
  readonly scale?: number;
  readonly onStep?: (step: string) => void;
  readonly onLoaded?: (progress: LoadProgress) => void;
}

/** A server with that community for the length of `work`, removed afterwards whatever happened. */
export async function withReferenceDatabase<Result>(
  work: (database: ReferenceDatabase) => Promise<Result>,
  { scale = reference.scale, onStep = () => undefined, onLoaded }: ReferenceOptions = {},
): Promise<Result> {
  onStep('server');
  const server = await startScratchServer({
    prefix: 'stoa-reference-',
    settings: {
      // Statistics of every row instead of a drawn few, and none that appear meanwhile: the same plans each time.
      default_statistics_target: '1000',
      autovacuum: 'off',
    },
  });
  try {
    const password = randomBytes(18).toString('base64url');
    await prepareDatabase(server.url, 'reference', { stoa_gateway: password });
    const databaseUrl = withDatabase(server.url, 'reference');
    onStep('migrations');
    await migrateUp({ databaseUrl });
    onStep('community');
    await loadScale({
      databaseUrl,
      scale,
      seed: reference.seed,
      ...(onLoaded === undefined ? {} : { onProgress: onLoaded }),
    });
    return await work({ databaseUrl, gatewayUrl: loginUrl(databaseUrl, 'stoa_gateway', password) });
  } finally {
    await server.stop();
  }
}
