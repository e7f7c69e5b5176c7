import { exitCodes, StoaError } from './errors.ts';

/**
 * A module is one PostgreSQL schema, its folder under `migrations/` and its folder under `sql/`.
 * Base modules are always there; the others are chosen with the setting `modules` (`STOA_MODULES`).
 */
export interface Module {
  readonly name: string;
  readonly schema: string;
  readonly base: boolean;
  /** Modules whose tables this one references. */
  readonly requires: readonly string[];
  readonly summary: string;
}

/** In the order in which they are created: what a module requires stands above it, or is needed at run time only. */
export const modules: readonly Module[] = [
  {
    name: 'core',
    schema: 'core',
    base: true,
    requires: [],
    summary: 'accounts, profiles, settings, presence',
  },
  { name: 'ops', schema: 'ops', base: true, requires: ['core'], summary: 'operation of the database itself' },
  { name: 'auth', schema: 'auth', base: true, requires: ['core'], summary: 'credentials and sessions' },
  { name: 'media', schema: 'media', base: true, requires: ['core'], summary: 'uploaded files' },
  {
    name: 'notifications',
    schema: 'notifications',
    base: true,
    requires: ['core', 'auth'],
    summary: 'the bell and push registration',
  },
  { name: 'audit', schema: 'audit', base: true, requires: ['core'], summary: 'history and privacy requests' },
  { name: 'social', schema: 'social', base: true, requires: ['core'], summary: 'friends and blocks' },
  {
    name: 'forums',
    schema: 'forums',
    base: false,
    requires: ['media'],
    summary: 'forums, posts, comments, votes',
  },
  {
    name: 'messaging',
    schema: 'messaging',
    base: false,
    requires: ['media'],
    summary: 'direct messages of two people and of small groups',
  },
  {
    name: 'governance',
    schema: 'governance',
    base: false,
    requires: ['ledger'],
    summary: 'tokens, holdings, proposals, weighted ballots',
  },
  // Movements make balances, and a token is what moves: each of the two comes with the other.
  {
    name: 'ledger',
    schema: 'ledger',
    base: false,
    requires: ['governance'],
    summary: 'movements of tokens and money',
  },
  {
    name: 'groups',
    schema: 'groups',
    base: false,
    requires: ['media'],
    summary: 'groups with channels, roles, messages, threads, voice',
  },
  {
    name: 'workspace',
    schema: 'workspace',
    base: false,
    requires: ['groups'],
    summary: 'projects with members, tasks and documents',
  },
  {
    name: 'tracker',
    schema: 'tracker',
    base: false,
    requires: ['media'],
    summary: 'a private BitTorrent community: torrents, requests, swarms, points',
  },
  {
    name: 'moderation',
    schema: 'moderation',
    base: false,
    requires: [],
    summary: 'reports, work queue, warnings, bans',
  },
  {
    name: 'insight',
    schema: 'insight',
    base: false,
    requires: ['groups'],
    summary: 'analyses and summaries of groups, reputation, health',
  },
];

/**
 * The modules that are in force for a choice such as `['forums']`: the base, the chosen ones, and whatever
 * they require, in creation order. No choice means every module.
 */
export function resolveModules(chosen?: readonly string[]): readonly Module[] {
  if (chosen === undefined) return modules;
  const byName = new Map(modules.map((module) => [module.name, module]));
  const wanted = new Set(modules.filter((module) => module.base).map((module) => module.name));
  const add = (name: string): void => {
    const module = byName.get(name);
    if (!module) {
      throw new StoaError('modules.unknown', `There is no module named "${name}".`, {
        cure: `Choose from: ${modules.map((known) => known.name).join(', ')}.`,
        exitCode: exitCodes.configuration,
      });
    }
    wanted.add(name);
    for (const required of module.requires) if (!wanted.has(required)) add(required);
  };
  for (const name of chosen) add(name);
  return modules.filter((module) => wanted.has(module.name));
}
