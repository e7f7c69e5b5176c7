import { linkSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { dataFolder, inDataFolder, readJson, writeJson } from '../data-folder.ts';
import { exitCodes, StoaError } from '../errors.ts';
import { isSameProcess, startTicks } from './process-identity.ts';

/** The one process that runs the embedded server of a data folder; others connect to it. */
const shape = z.object({
  pid: z.number(),
  /** Tells the process from a later one of the same number. */
  ticks: z.string(),
  /** As typed: `up`, `import`, … */
  command: z.string(),
  startedAt: z.string(),
  /** Set once the database can be used. */
  isReady: z.boolean().default(false),
  /** Of the API, where it serves one. */
  url: z.string().optional(),
});
export type Holder = z.infer<typeof shape>;

/**
 * The living holder; one that died without a word counts as none. So does a file that cannot be understood: the
 * machine lost its power while it was written.
 */
export function readHolder(dataDir: string): Holder | undefined {
  let kept: unknown;
  try {
    kept = readJson(dataFolder(dataDir).holder);
  } catch (error) {
    if (!(error instanceof StoaError && error.code === 'data_folder.damaged')) throw error;
  }
  const parsed = shape.safeParse(kept);
  return parsed.success && isSameProcess(parsed.data.pid, parsed.data.ticks) ? parsed.data : undefined;
}

export interface Hold {
  update(change: Partial<Pick<Holder, 'isReady' | 'url'>>): void;
  release(): void;
}

/** Undefined when another living process holds the folder. */
export function takeHold(dataDir: string, command: string): Hold | undefined {
  const { holder: path } = dataFolder(dataDir);
  const claim = `${path}.${process.pid}`;
  let mine: Holder = {
    pid: process.pid,
    ticks: startTicks(process.pid),
    command,
    startedAt: new Date().toISOString(),
    isReady: false,
  };
  return inDataFolder(dataDir, () => {
    writeFileSync(claim, `${JSON.stringify(mine)}\n`, { mode: 0o644 });
    try {
      // A hard link is made by one process only, and the file is whole when its name appears.
      for (let attempt = 0; ; attempt += 1) {
        try {
          linkSync(claim, path);
          break;
        } catch (error) {
          const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
          if (!isTaken || attempt === 3) throw error;
          if (readHolder(dataDir)) return undefined;
          rmSync(path, { force: true });
        }
      }
    } finally {
      rmSync(claim, { force: true });
    }
    return {
      update(change) {
        mine = { ...mine, ...change };
        inDataFolder(dataDir, () => writeJson(path, mine));
      },
      release() {
        rmSync(path, { force: true });
      },
    };
  });
}

export function alreadyRunning(holder: Holder, dataDir: string): StoaError {
  const where = holder.url === undefined ? '' : ` and answers at ${holder.url}`;
  return new StoaError(
    'cluster.already_running',
    holder.command === 'up'
      ? `Stoa is already running here: process ${holder.pid}${where}.`
      : `"stoa ${holder.command}" (process ${holder.pid}) is using the data folder ${dataDir}.`,
    {
      cure:
        holder.command === 'up'
          ? 'Use it, or stop it with "stoa down".'
          : 'Wait until it has ended, or set STOA_DATA_DIR to another folder.',
      exitCode: exitCodes.busy,
    },
  );
}
