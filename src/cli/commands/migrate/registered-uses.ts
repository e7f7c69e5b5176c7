import { existsSync } from 'node:fs';
import { apiNamesOf } from '../../../migrate/contract/api-names.ts';
import type { ContractOptions } from '../../../migrate/contract/gate.ts';
import { connectAsOwner } from '../../../migrate/survey.ts';
import { resolveModules } from '../../../modules.ts';
import type { ReadyConfig } from '../../../postgres/database.ts';

/**
 * Looks what a migration takes away up in the operations that clients have registered with this installation. The
 * schema of the API is built for it, and only when there are such operations and something is taken away.
 */
export function registeredUses(config: ReadyConfig): NonNullable<ContractOptions['registeredUses']> {
  const { directory } = config.api.persisted;
  return async (taken) => {
    if (taken.length === 0 || !existsSync(directory)) return [];
    const client = await connectAsOwner(config.databaseUrl);
    const names = await apiNamesOf(client, taken).finally(() => client.end());
    const { printSdl } = await import('../../../api/sdl.ts');
    const { operationsUsing } = await import('../../../api/operation-fields.ts');
    const sdl = await printSdl({ gatewayUrl: config.gatewayUrl, modules: resolveModules(config.modules) });
    return operationsUsing(directory, sdl, names);
  };
}
