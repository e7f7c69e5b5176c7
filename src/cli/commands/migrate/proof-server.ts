import type { Config } from '../../../config.ts';
import { readyConfig } from '../../../postgres/database.ts';
import { withScratchServer } from '../../../postgres/scratch.ts';

/**
 * A server on which databases can be made for a proof: the one of the settings, else the embedded one when it runs,
 * else a temporary one that is gone afterwards.
 */
export function withProofServer<Result>(
  settings: Config,
  work: (adminUrl: string) => Promise<Result>,
): Promise<Result> {
  const adminUrl = readyConfig(settings)?.adminUrl;
  return adminUrl === undefined ? withScratchServer(work) : work(adminUrl);
}
