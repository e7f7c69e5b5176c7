import type { ApiChanges } from '../../../migrate/plan/plan.ts';
import { resolveModules } from '../../../modules.ts';
import { actingUrl } from '../../../postgres/roles.ts';

export interface ApiReader {
  readonly readApi: (databaseUrl: string) => Promise<string | undefined>;
  readonly compareApi: (before: string, after: string) => ApiChanges;
}

/** Reads the GraphQL schema of a scratch database. Loaded when it is asked for: the API is large. */
export async function apiReader(
  modules: readonly string[] | undefined,
  onFailure: (message: string) => void,
): Promise<ApiReader> {
  const { printSdl } = await import('../../../api/sdl.ts');
  const { compareSdl } = await import('../../../api/sdl-changes.ts');
  return {
    readApi: async (databaseUrl) => {
      const gatewayUrl = actingUrl(databaseUrl, 'stoa_gateway');
      try {
        return await printSdl({ gatewayUrl, modules: resolveModules(modules) });
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        // Before the migrations this is no fault: the server of this version may need what they make.
        onFailure(error.message.split('\n', 1)[0] ?? '');
        return undefined;
      }
    },
    compareApi: (before, after) => {
      const changes = compareSdl(before, after);
      const of = (kind: 'breaking' | 'dangerous'): string[] =>
        changes.filter((change) => change.kind === kind).map(({ description }) => description);
      return { breaking: of('breaking'), dangerous: of('dangerous'), added: added(before, after) };
    },
  };
}

/** Types and fields that are new: `Post.language`, `PostLanguage`. */
function added(before: string, after: string): readonly string[] {
  const known = new Set(members(before));
  const all = members(after).filter((name) => !known.has(name));
  const types = new Set(all.filter((name) => !name.includes('.')));
  // The fields of a new type go without saying.
  return all.filter((name) => !name.includes('.') || !types.has(name.slice(0, name.indexOf('.'))));
}

/** The printed schema has one definition a line and one field a line, arguments and descriptions apart. */
function members(sdl: string): readonly string[] {
  const names: string[] = [];
  let type: string | undefined;
  let isText = false;
  for (const line of sdl.split('\n')) {
    const fences = line.split('"""').length - 1;
    if (isText || fences > 0) {
      if (fences === 1) isText = !isText;
      continue;
    }
    const opened = /^(?:type|input|interface|enum|union|scalar) (\w+)/.exec(line)?.[1];
    if (opened !== undefined) {
      type = opened;
      names.push(opened);
    } else if (line === '}') type = undefined;
    else {
      const field = /^ {2}(\w+)/.exec(line)?.[1];
      if (type !== undefined && field !== undefined) names.push(`${type}.${field}`);
    }
  }
  return names;
}
