import { afterRecoveryHooks } from '../restore/hooks.ts';
import { restore } from '../restore/restore.ts';
import type { RestoreInto } from './restored.ts';

/** What an emergency uses too; the server that comes of it is started by the drill, where nobody reaches it. */
export const restoreInto: RestoreInto = async ({ vault, backup, target, folder, onStep, signal }) => {
  const { cluster, ...restored } = await restore({
    vault,
    backup,
    target,
    into: folder,
    // Written down in the folder, and never listened on.
    postgresPort: 54_320,
    afterRecovery: afterRecoveryHooks({ vault }),
    durable: false,
    tablespaces: { kind: 'beside' },
    onStep,
    ...(signal === undefined ? {} : { signal }),
  });
  return { ...restored, dataDirectory: cluster };
};
