import type { Client } from 'pg';
import type { Vault } from '../vault.ts';

/** Something that must have happened to a restored database before anybody but its owner may log in. */
export interface AfterRecoveryHook {
  /** For people, as `erasures`. */
  readonly name: string;
  /** As superuser, in a database of Stoa. Doing it twice must equal doing it once. */
  run(client: Client): Promise<void>;
}

/** In the order in which they run. */
export function afterRecoveryHooks(_vault: Vault): readonly AfterRecoveryHook[] {
  return [];
}
